/* The base map: streets by rank on plain land. It is drawn ahead on a larger canvas, so that panning only copies. */

const MARGIN = 0.3; // of the window, on each side
const SETTLE_MS = 110;

/* By rank: width on the ground, the narrowest and widest line in pixels, and the scale from which it is drawn. */
const STREET_LOOKS = [
  {groundM: 3, leastPx: 0.6, mostPx: 7, fromScale: 0.11},
  {groundM: 7, leastPx: 0.7, mostPx: 15, fromScale: 0.025},
  {groundM: 8, leastPx: 1.1, mostPx: 18, fromScale: 0.012},
  {groundM: 9, leastPx: 1.4, mostPx: 20, fromScale: 0},
  {groundM: 11, leastPx: 1.9, mostPx: 24, fromScale: 0},
  {groundM: 14, leastPx: 2.2, mostPx: 28, fromScale: 0},
];

class StreetLayer {
  constructor(streets, projection, stepsPerDegree, theme) {
    this.theme = theme;
    this.ranks = streets.lines.map((lines) =>
      lines.map(([packed, nameIndex]) => {
        const points = projection.line(packed, streets.origin, stepsPerDegree);
        return {points, box: boundsOf(points), name: streets.names[nameIndex]};
      }),
    );
    this.ahead = document.createElement("canvas");
    this.drawn = null;
    this.timer = null;
    this.names = new StreetNames(this.ranks);
  }

  get box() {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const line of this.ranks.flat()) boundsOf(line.box, box);
    return box;
  }

  forget() {
    this.drawn = null;
  }

  draw(context, view) {
    const {drawn} = this;
    const sameSize = drawn && drawn.width === view.width && drawn.height === view.height && drawn.ratio === view.ratio;
    if (!sameSize) this.drawAhead(view);
    else if (drawn.scale !== view.scale) this.settle(view);
    else if (!this.covers(view)) this.drawAhead(view);
    context.fillStyle = this.theme.land;
    context.fillRect(0, 0, view.width, view.height);
    const shown = this.drawn;
    const factor = view.scale / shown.scale;
    const width = shown.width * (1 + 2 * MARGIN) * factor;
    const height = shown.height * (1 + 2 * MARGIN) * factor;
    const left = view.screenX(shown.x) - width / 2;
    const top = view.screenY(shown.y) - height / 2;
    const snap = (value) => (factor === 1 ? Math.round(value * view.ratio) / view.ratio : value);
    context.drawImage(this.ahead, snap(left), snap(top), width, height);
  }

  covers(view) {
    const slackX = (view.width * MARGIN) / view.scale;
    const slackY = (view.height * MARGIN) / view.scale;
    return Math.abs(view.x - this.drawn.x) <= slackX && Math.abs(view.y - this.drawn.y) <= slackY;
  }

  /** While zooming the old picture is stretched; the sharp one follows when the hand rests. */
  settle(view) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.drawAhead(view);
      view.draw();
    }, SETTLE_MS);
  }

  drawAhead(view) {
    clearTimeout(this.timer);
    const width = Math.round(view.width * (1 + 2 * MARGIN) * view.ratio);
    const height = Math.round(view.height * (1 + 2 * MARGIN) * view.ratio);
    if (this.ahead.width !== width || this.ahead.height !== height) Object.assign(this.ahead, {width, height});
    this.drawn = {x: view.x, y: view.y, scale: view.scale, width: view.width, height: view.height, ratio: view.ratio};
    const context = this.ahead.getContext("2d");
    context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    drawStreets(context, this.ranks, this.names, this.theme, {
      x: view.x,
      y: view.y,
      scale: view.scale,
      width: view.width * (1 + 2 * MARGIN),
      height: view.height * (1 + 2 * MARGIN),
    });
  }
}

/** All streets within a window {x, y, scale, width, height} onto any canvas. */
function drawStreets(context, ranks, names, theme, window) {
  context.fillStyle = theme.land;
  context.fillRect(0, 0, window.width, window.height);
  context.lineJoin = "round";
  context.lineCap = "round";
  const halfX = window.width / 2 / window.scale + 30;
  const halfY = window.height / 2 / window.scale + 30;
  const isSeen = (box) =>
    box[2] > window.x - halfX && box[0] < window.x + halfX && box[3] > window.y - halfY && box[1] < window.y + halfY;
  const shown = ranks.map((lines, rank) =>
    window.scale >= STREET_LOOKS[rank].fromScale ? lines.filter((line) => isSeen(line.box)) : [],
  );
  const widthOf = (rank) => {
    const look = STREET_LOOKS[rank];
    return Math.min(look.mostPx, Math.max(look.leastPx, look.groundM * window.scale));
  };
  const paths = shown.map((lines) => pathOf(lines, window));
  paths.forEach((path, rank) => {
    if (widthOf(rank) < 2.4) return;
    context.lineWidth = widthOf(rank) + 1.6;
    context.strokeStyle = theme.streetEdge[rank];
    context.stroke(path);
  });
  paths.forEach((path, rank) => {
    context.lineWidth = widthOf(rank);
    context.strokeStyle = widthOf(rank) < 2.4 ? theme.streetThin[rank] : theme.street[rank];
    context.stroke(path);
  });
  names.draw(context, shown, theme, window);
}

/** One path of many lines, without the points that fall on one pixel. */
function pathOf(lines, window) {
  const path = new Path2D();
  const leastSq = 0.8;
  for (const {points} of lines) {
    let lastX = NaN;
    let lastY = NaN;
    for (let index = 0; index < points.length; index += 2) {
      const x = (points[index] - window.x) * window.scale + window.width / 2;
      const y = window.height / 2 - (points[index + 1] - window.y) * window.scale;
      if (index === 0) path.moveTo(x, y);
      else {
        const isLast = index === points.length - 2;
        if (!isLast && (x - lastX) ** 2 + (y - lastY) ** 2 < leastSq) continue;
        path.lineTo(x, y);
      }
      lastX = x;
      lastY = y;
    }
  }
  return path;
}
