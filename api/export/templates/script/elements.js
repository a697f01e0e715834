/* Building the page. Data reaches it as text nodes and attributes only, never as markup. */

/** An element; `options` are attributes, `class`, `on` (listeners) and `data`. */
function make(name, options = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(options)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    else if (key === "style") for (const [property, amount] of Object.entries(value)) element.style.setProperty(property, amount);
    else element.setAttribute(key, value === true ? "" : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

function fillWith(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

function byId(id) {
  return document.getElementById(id);
}

const SVG = "http://www.w3.org/2000/svg";

function makeSvg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  for (const child of children) element.append(child);
  return element;
}

const ICON_PATHS = {
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  fit: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3",
  close: "M4 4l8 8M12 4l-8 8",
  print: "M4.5 6V2.5h7V6M4.5 11H2.5V6h11v5h-2M4.5 9.5h7v4h-7z",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9zM10.3 10.3L13.5 13.5",
  open: "M6 4l4 4-4 4",
  previous: "M10 3L5 8l5 5",
  next: "M6 3l5 5-5 5",
  target: "M8 1.5v3M8 11.5v3M1.5 8h3M11.5 8h3M8 4.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7z",
};

function icon(name) {
  const drawing = makeSvg("svg", {viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true"});
  drawing.append(makeSvg("path", {d: ICON_PATHS[name]}));
  return drawing;
}

/** A button with an icon whose name only screen readers and tooltips say. */
function iconButton(name, label, onClick, className = "") {
  return make("button", {type: "button", class: `icon-button ${className}`, "aria-label": label, title: label, on: {click: onClick}}, icon(name));
}

/** Fill as a bar and a figure; the bar is decoration, the figure is read. */
function fillBar(share, {isRisky = false} = {}) {
  const bar = make("span", {class: "bar", "aria-hidden": "true"}, make("span", {style: {"--share": Math.max(0, Math.min(1, share))}}));
  if (isRisky) bar.classList.add("risky");
  return make("span", {class: "fill"}, bar, make("span", {class: "fill-figure"}, percent(share)));
}
