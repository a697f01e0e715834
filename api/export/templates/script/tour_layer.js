/* The tours' lines: halo, dashed colour, and arrows that say which way. */

const ARROW_EVERY_PX = 130;
const OFFSET_PX = 3;

class TourLayer {
  constructor(tours, theme, state) {
    this.tours = tours; // [{lines: [Float32Array], index}]
    this.theme = theme;
    this.state = state;
  }

  draw(context, view) {
    const shown = this.tours.filter((tour) => !this.state.hidden.has(tour.index));
    const focus = this.state.focus;
    const order = [...shown].sort((one, other) => (one.index === focus) - (other.index === focus));
    for (const tour of order) {
      context.globalAlpha = focus === null || focus === tour.index ? 1 : 0.28;
      drawTour(context, tour, this.offset(tour.index), this.theme, view);
    }
    context.globalAlpha = 1;
  }

  /** Tours on one street lie side by side. */
  offset(index) {
    const middle = (Math.min(this.tours.length, 5) - 1) / 2;
    return ((index % 5) - middle) * OFFSET_PX + 1;
  }
}

function drawTour(context, tour, offset, theme, view) {
  const {colour, dash} = tourStyle(tour.index);
  const width = view.scale < 0.05 ? 3 : 4;
  context.lineJoin = "round";
  context.lineCap = "butt";
  for (const line of tour.lines) {
    const points = shifted(onScreen(line, view), offset);
    if (points.length < 4) continue;
    const path = new Path2D();
    for (let index = 0; index < points.length; index += 2) {
      if (index) path.lineTo(points[index], points[index + 1]);
      else path.moveTo(points[index], points[index + 1]);
    }
    context.setLineDash([]);
    context.lineWidth = width + 3;
    context.strokeStyle = theme.halo;
    context.stroke(path);
    if (dash.length) {
      context.lineWidth = width;
      context.strokeStyle = theme.tourUnder[colour];
      context.stroke(path);
    }
    context.setLineDash(dash);
    context.lineWidth = width;
    context.strokeStyle = theme.tour[colour];
    context.stroke(path);
    context.setLineDash([]);
    drawArrows(context, points, theme.tour[colour], theme.halo, view);
  }
}

/** Screen points, without those that nearly coincide. */
function onScreen(line, view) {
  const points = [];
  for (let index = 0; index < line.length; index += 2) {
    const x = view.screenX(line[index]);
    const y = view.screenY(line[index + 1]);
    const last = points.length;
    if (last && Math.abs(x - points[last - 2]) + Math.abs(y - points[last - 1]) < 1.6) continue;
    points.push(x, y);
  }
  return points;
}

/** The line moved sideways, to its right where the offset is positive. */
function shifted(points, offset) {
  const moved = new Array(points.length);
  const last = points.length - 2;
  for (let index = 0; index <= last; index += 2) {
    const before = Math.max(0, index - 2);
    const after = Math.min(last, index + 2);
    const [inX, inY] = unit(points[index] - points[before], points[index + 1] - points[before + 1]);
    const [outX, outY] = unit(points[after] - points[index], points[after + 1] - points[index + 1]);
    const [alongX, alongY] = unit(inX + outX, inY + outY);
    // At a turn the shifted lines meet farther out; a sharp one is cut short.
    const stretch = 1 / Math.max(0.6, alongX * (outX || inX) + alongY * (outY || inY));
    moved[index] = points[index] - alongY * offset * stretch;
    moved[index + 1] = points[index + 1] + alongX * offset * stretch;
  }
  return moved;
}

function unit(x, y) {
  const length = Math.hypot(x, y);
  return length ? [x / length, y / length] : [0, 0];
}

function drawArrows(context, points, colour, halo, view) {
  context.fillStyle = colour;
  context.strokeStyle = halo;
  context.lineWidth = 1.6;
  let walked = ARROW_EVERY_PX / 2;
  for (let index = 2; index < points.length; index += 2) {
    const dx = points[index] - points[index - 2];
    const dy = points[index + 1] - points[index - 1];
    const length = Math.hypot(dx, dy);
    walked += length;
    if (walked < ARROW_EVERY_PX || length < 7) continue;
    walked = 0;
    const x = points[index - 2] + dx / 2;
    const y = points[index - 1] + dy / 2;
    if (x < -20 || y < -20 || x > view.width + 20 || y > view.height + 20) continue;
    context.save();
    context.translate(x, y);
    context.rotate(Math.atan2(dy, dx));
    context.beginPath();
    context.moveTo(7.5, 0);
    context.lineTo(-5, -6);
    context.lineTo(-2.4, 0);
    context.lineTo(-5, 6);
    context.closePath();
    context.stroke();
    context.fill();
    context.restore();
  }
}
