/* Street names along their streets, the important ones first, none over another. */

const NAMES_FROM_SCALE = [0.9, 0.42, 0.24, 0.14, 0.09, 0.06];
const REPEAT_PX = 420;
const NAME_FONT = '500 11px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';

class StreetNames {
  constructor(ranks) {
    this.ranks = ranks;
    this.widths = new Map();
  }

  draw(context, shown, theme, window) {
    context.font = NAME_FONT;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const taken = new Crowd(26);
    for (let rank = shown.length - 1; rank >= 0; rank -= 1) {
      if (window.scale < NAMES_FROM_SCALE[rank]) continue;
      for (const line of shown[rank]) if (line.name) this.drawAlong(context, line, theme, window, taken);
    }
  }

  widthOf(context, name) {
    let width = this.widths.get(name);
    if (width === undefined) {
      width = context.measureText(name).width;
      this.widths.set(name, width);
    }
    return width;
  }

  drawAlong(context, line, theme, window, taken) {
    const textWidth = this.widthOf(context, line.name);
    const walk = new Walk(line.points, window);
    if (walk.length < textWidth + 16) return;
    const count = Math.max(1, Math.floor(walk.length / REPEAT_PX));
    for (let index = 0; index < count; index += 1) {
      const middle = (walk.length * (index + 0.5)) / count;
      const [startX, startY] = walk.at(middle - textWidth / 2);
      const [endX, endY] = walk.at(middle + textWidth / 2);
      // A name is written straight: only where the street is nearly straight too.
      if (Math.hypot(endX - startX, endY - startY) < textWidth * 0.94) continue;
      const x = (startX + endX) / 2;
      const y = (startY + endY) / 2;
      if (x < -40 || y < -40 || x > window.width + 40 || y > window.height + 40) continue;
      let angle = Math.atan2(endY - startY, endX - startX);
      if (Math.abs(angle) > Math.PI / 2) angle += Math.PI;
      const spots = [];
      for (let along = -textWidth / 2; along <= textWidth / 2; along += 13) {
        spots.push([x + Math.cos(angle) * along, y + Math.sin(angle) * along]);
      }
      if (!taken.take(spots)) continue;
      context.save();
      context.translate(x, y);
      context.rotate(angle);
      context.lineWidth = 3.2;
      context.strokeStyle = theme.nameHalo;
      context.strokeText(line.name, 0, 0);
      context.fillStyle = theme.name;
      context.fillText(line.name, 0, 0);
      context.restore();
    }
  }
}

/** Distances along a line on the screen. */
class Walk {
  constructor(points, window) {
    this.xs = [];
    this.ys = [];
    this.sums = [0];
    for (let index = 0; index < points.length; index += 2) {
      this.xs.push((points[index] - window.x) * window.scale + window.width / 2);
      this.ys.push(window.height / 2 - (points[index + 1] - window.y) * window.scale);
      const last = this.xs.length - 1;
      if (last) this.sums.push(this.sums[last - 1] + Math.hypot(this.xs[last] - this.xs[last - 1], this.ys[last] - this.ys[last - 1]));
    }
    this.length = this.sums[this.sums.length - 1];
  }

  at(distance) {
    let index = 1;
    while (index < this.sums.length - 1 && this.sums[index] < distance) index += 1;
    const span = this.sums[index] - this.sums[index - 1] || 1;
    const share = (distance - this.sums[index - 1]) / span;
    return [
      this.xs[index - 1] + (this.xs[index] - this.xs[index - 1]) * share,
      this.ys[index - 1] + (this.ys[index] - this.ys[index - 1]) * share,
    ];
  }
}

/** Remembers which spots of the screen are taken. */
class Crowd {
  constructor(distancePx) {
    this.distancePx = distancePx;
    this.cells = new Map();
  }

  isFree([x, y]) {
    const column = Math.floor(x / this.distancePx);
    const row = Math.floor(y / this.distancePx);
    for (let dc = -1; dc <= 1; dc += 1) {
      for (let dr = -1; dr <= 1; dr += 1) {
        for (const [otherX, otherY] of this.cells.get(`${column + dc},${row + dr}`) ?? []) {
          if ((x - otherX) ** 2 + (y - otherY) ** 2 < this.distancePx ** 2) return false;
        }
      }
    }
    return true;
  }

  /** Takes all spots, or none when one of them is not free. */
  take(spots) {
    if (!spots.every((spot) => this.isFree(spot))) return false;
    for (const spot of spots) {
      const key = `${Math.floor(spot[0] / this.distancePx)},${Math.floor(spot[1] / this.distancePx)}`;
      if (!this.cells.has(key)) this.cells.set(key, []);
      this.cells.get(key).push(spot);
    }
    return true;
  }
}
