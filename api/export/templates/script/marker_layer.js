/* Stops, depots, disposal sites and containers left standing; where there is no room, a marker shrinks to a dot. */

const MARKER_PX = 10.5;

class MarkerLayer {
  constructor(markers, theme, state) {
    this.markers = markers; // [{x, y, kind, index, label, isDue, item}], the least important first
    this.theme = theme;
    this.state = state;
    this.placed = [];
  }

  isShown(marker) {
    if (marker.kind === "unserved") return this.state[marker.isDue ? "showsDue" : "showsWaiting"];
    return !marker.tours.every((index) => this.state.hidden.has(index));
  }

  isDimmed(marker) {
    const {focus} = this.state;
    return focus !== null && !(marker.tours ?? []).includes(focus);
  }

  draw(context, view) {
    const crowd = new Crowd(2 * MARKER_PX + 1);
    this.placed = [];
    for (const marker of this.markers) {
      if (!this.isShown(marker)) continue;
      const x = view.screenX(marker.x);
      const y = view.screenY(marker.y);
      if (x < -30 || y < -30 || x > view.width + 30 || y > view.height + 30) continue;
      this.placed.push({marker, x, y, isLarge: false});
    }
    for (let index = this.placed.length - 1; index >= 0; index -= 1) {
      const spot = this.placed[index];
      const isChosen = spot.marker.item === this.state.chosen;
      const wantsRoom = spot.marker.kind !== "unserved" || spot.marker.isDue;
      spot.isLarge = isChosen || (wantsRoom && !this.isDimmed(spot.marker) && crowd.take([[spot.x, spot.y]]));
    }
    for (const isLarge of [false, true]) {
      for (const spot of this.placed) if (spot.isLarge === isLarge) this.drawMarker(context, spot, view);
    }
    const chosen = this.placed.find((spot) => spot.marker.item === this.state.chosen);
    if (chosen) this.drawMarker(context, chosen, view, true);
    context.globalAlpha = 1;
  }

  drawMarker(context, {marker, x, y, isLarge}, view, isChosen = false) {
    const {theme} = this;
    context.globalAlpha = this.isDimmed(marker) && !isChosen ? 0.35 : 1;
    if (isChosen) {
      context.beginPath();
      context.arc(x, y, MARKER_PX + 7, 0, 2 * Math.PI);
      context.fillStyle = theme.chosen;
      context.fill();
      context.lineWidth = 2;
      context.strokeStyle = theme.ink;
      context.stroke();
    }
    if (marker.kind === "collect") drawStop(context, marker, x, y, isLarge, theme, view);
    else if (marker.kind === "unserved") drawUnserved(context, marker, x, y, isLarge, theme, view);
    else drawPlace(context, marker.kind, x, y, isLarge, theme);
  }

  /** Markers under a point of the screen, the nearest first. */
  at([x, y], reachPx = 14) {
    return this.placed
      .map((spot) => ({marker: spot.marker, distance: Math.hypot(spot.x - x, spot.y - y) - (spot.isLarge ? 5 : 0)}))
      .filter((hit) => hit.distance < reachPx && !this.isDimmed(hit.marker))
      .sort((one, other) => one.distance - other.distance)
      .map((hit) => hit.marker);
  }
}

function drawStop(context, marker, x, y, isLarge, theme, view) {
  const {colour, shape} = tourStyle(marker.index);
  const radius = isLarge ? MARKER_PX : view.scale < 0.08 ? 3 : 4.5;
  tracePath(context, shape, x, y, radius);
  context.lineWidth = isLarge ? 2 : 1.4;
  context.strokeStyle = theme.halo;
  context.stroke();
  context.fillStyle = theme.tour[colour];
  context.fill();
  if (!isLarge) return;
  context.fillStyle = theme.tourInk;
  context.font = `650 ${marker.label.length > 2 ? 9 : 11}px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(marker.label, x, y + (shape === "triangle" ? 2.5 : 0.5));
}

function drawUnserved(context, marker, x, y, isLarge, theme, view) {
  if (!marker.isDue) {
    context.beginPath();
    context.arc(x, y, view.scale < 0.08 ? 2 : 3.6, 0, 2 * Math.PI);
    context.lineWidth = view.scale < 0.08 ? 1.2 : 1.8;
    context.fillStyle = theme.halo;
    context.fill();
    context.strokeStyle = theme.waiting;
    context.stroke();
    return;
  }
  const size = isLarge ? 11 : 6;
  context.beginPath();
  context.moveTo(x, y - size);
  context.lineTo(x + size * 1.1, y + size * 0.85);
  context.lineTo(x - size * 1.1, y + size * 0.85);
  context.closePath();
  context.lineJoin = "round";
  context.lineWidth = 2.5;
  context.strokeStyle = theme.halo;
  context.stroke();
  context.fillStyle = theme.alarm;
  context.fill();
  if (!isLarge) return;
  context.fillStyle = theme.alarmInk;
  context.font = "700 12px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText("!", x, y + 2.5);
}

function drawPlace(context, kind, x, y, isLarge, theme) {
  const size = isLarge ? 11 : 6;
  context.beginPath();
  context.roundRect(x - size, y - size, 2 * size, 2 * size, size / 2);
  context.lineWidth = 2;
  context.strokeStyle = theme.halo;
  context.stroke();
  context.fillStyle = theme.ink;
  context.fill();
  if (!isLarge) return;
  context.save();
  context.translate(x, y);
  context.scale(1.15, 1.15);
  context.fillStyle = theme.halo;
  context.fill(new Path2D(PLACE_PATHS[PLACE_OF_KIND[kind]]));
  context.restore();
}
