/* Colour is never the only sign: every tour has a colour, a marker shape and a dash. */

const COLOUR_COUNT = 8;
const SHAPES = ["circle", "square", "diamond", "hexagon", "triangle", "octagon"];
const DASHES = [[], [12, 6], [3, 6], [14, 5, 3, 5]];

function tourStyle(index) {
  const round = Math.floor(index / COLOUR_COUNT);
  return {
    colour: index % COLOUR_COUNT,
    shape: SHAPES[(index + round) % SHAPES.length],
    dash: DASHES[(index + round) % DASHES.length],
  };
}

/** Corners of a shape around the origin, null for a circle. */
function cornersOf(shape, radius) {
  const polygon = (count, turn, size) =>
    Array.from({length: count}, (_, corner) => {
      const angle = turn + (corner * 2 * Math.PI) / count;
      return [Math.cos(angle) * size, Math.sin(angle) * size];
    });
  switch (shape) {
    case "square": return polygon(4, Math.PI / 4, radius * 1.25);
    case "diamond": return polygon(4, 0, radius * 1.32);
    case "hexagon": return polygon(6, 0, radius * 1.14);
    case "triangle": return polygon(3, -Math.PI / 2, radius * 1.55);
    case "octagon": return polygon(8, Math.PI / 8, radius * 1.1);
    default: return null;
  }
}

/** A canvas path of the shape. */
function tracePath(context, shape, x, y, radius) {
  context.beginPath();
  const corners = cornersOf(shape, radius);
  if (corners === null) {
    context.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  corners.forEach(([dx, dy], corner) => (corner ? context.lineTo(x + dx, y + dy) : context.moveTo(x + dx, y + dy)));
  context.closePath();
}

/** The marker of a tour as an inline drawing, with a number or letter. */
function tourMarker(index, label = "", className = "") {
  const {shape, colour} = tourStyle(index);
  const drawing = makeSvg("svg", {viewBox: "-12 -12 24 24", class: `marker tour-${colour} ${className}`, "aria-hidden": "true"});
  const corners = cornersOf(shape, 8.6);
  drawing.append(
    corners === null
      ? makeSvg("circle", {r: 9, class: "marker-shape"})
      : makeSvg("polygon", {points: corners.map((corner) => corner.join(",")).join(" "), class: "marker-shape"}),
  );
  if (label !== "") {
    const words = makeSvg("text", {class: "marker-label", y: shape === "triangle" ? 5.5 : 3.4, "font-size": String(label).length > 2 ? 8 : 9.5});
    words.textContent = label;
    drawing.append(words);
  }
  return drawing;
}

/** A sample of the tour's line as it looks on the map. */
function lineSample(index) {
  const {dash, colour} = tourStyle(index);
  const drawing = makeSvg("svg", {viewBox: "0 0 34 12", class: `line-sample tour-${colour}`, "aria-hidden": "true"});
  drawing.append(makeSvg("path", {d: "M1 6h32", class: "line-under"}));
  drawing.append(makeSvg("path", {d: "M1 6h32", class: "line-over", "stroke-dasharray": dash.map((part) => part * 0.7).join(" ")}));
  return drawing;
}

const PLACE_PATHS = {
  depot: "M-5 4.5V-1L0 -5L5 -1V4.5H1.6V1H-1.6V4.5Z",
  tip: "M-1.7 -5.5H1.7V-0.5H5L0 5.2L-5 -0.5H-1.7Z",
  break: "M-3.6 -4.6H-1V4.6H-3.6ZM1 -4.6H3.6V4.6H1Z",
};

const PLACE_OF_KIND = {start: "depot", end: "depot", tip: "tip", break: "break", position: "break"};

/** Depot, disposal site or break as an inline drawing. */
function placeMarker(place) {
  const drawing = makeSvg("svg", {viewBox: "-12 -12 24 24", class: `marker place ${place}`, "aria-hidden": "true"});
  drawing.append(makeSvg("rect", {x: -9, y: -9, width: 18, height: 18, rx: 4.5, class: "marker-shape"}));
  drawing.append(makeSvg("path", {d: PLACE_PATHS[place], class: "marker-glyph"}));
  return drawing;
}

/** The sign of a container that is not emptied: a warning triangle when due, a ring when it may wait. */
function unservedMarker(isDue) {
  const drawing = makeSvg("svg", {viewBox: "-12 -12 24 24", class: `marker unserved ${isDue ? "due" : "waits"}`, "aria-hidden": "true"});
  if (!isDue) {
    drawing.append(makeSvg("circle", {r: 5, class: "marker-shape"}));
    return drawing;
  }
  drawing.append(makeSvg("path", {d: "M0 -9.5L10 8H-10Z", class: "marker-shape"}));
  const words = makeSvg("text", {class: "marker-label", y: 5.6, "font-size": 11});
  words.textContent = "!";
  drawing.append(words);
  return drawing;
}
