/* The map's window: where it looks, how it is moved, and when its layers draw. */

const SMALLEST_SCALE = 0.004;
const LARGEST_SCALE = 4;
const STEP_PX = 90;

class MapView {
  constructor(canvas, layers) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.layers = layers;
    this.x = 0;
    this.y = 0;
    this.scale = 0.1; // pixels per metre
    this.width = 1;
    this.height = 1;
    this.ratio = 1;
    this.listeners = {};
    this.pointers = new Map();
    this.frame = null;
    this.isFitted = false;
    this.bind();
    new ResizeObserver(() => this.resize()).observe(canvas.parentElement);
    this.resize();
  }

  on(event, handler) {
    this.listeners[event] = handler;
  }

  tell(event, ...values) {
    if (this.listeners[event]) this.listeners[event](...values);
  }

  resize() {
    const box = this.canvas.parentElement.getBoundingClientRect();
    const isFirst = this.width <= 1;
    this.width = Math.max(1, Math.round(box.width));
    this.height = Math.max(1, Math.round(box.height));
    this.ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.width * this.ratio);
    this.canvas.height = Math.round(this.height * this.ratio);
    // The window settles only after the first layout: as long as nobody has moved the map, it stays fitted.
    if (!isFirst && this.isFitted) this.tell("fit");
    this.drawNow();
  }

  /** Ask for a frame; many asks make one. */
  draw() {
    if (this.frame === null) this.frame = requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    this.frame = null;
    this.context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    for (const layer of this.layers) layer.draw(this.context, this);
    this.tell("drawn");
  }

  screenX(x) {
    return (x - this.x) * this.scale + this.width / 2;
  }

  screenY(y) {
    return this.height / 2 - (y - this.y) * this.scale;
  }

  /** Show a box of metres [west, south, east, north] with room around it, and for the legend at the right. */
  fit(box, rightPx = 0, paddingPx = 28) {
    if (!Number.isFinite(box[0])) return;
    this.x = (box[0] + box[2]) / 2;
    this.y = (box[1] + box[3]) / 2;
    const across = Math.max(box[2] - box[0], 60);
    const up = Math.max(box[3] - box[1], 60);
    const padding = Math.min(paddingPx, this.width / 5, this.height / 5);
    const free = this.width - 2 * padding - rightPx;
    this.scale = this.limited(Math.min(free / across, (this.height - 2 * padding) / up));
    this.x += rightPx / 2 / this.scale;
    this.moved();
    this.isFitted = true;
  }

  /** Bring a point to the middle, near enough to read street names. */
  show(x, y, scale = 0.7) {
    this.x = x;
    this.y = y;
    this.scale = this.limited(Math.max(this.scale, scale));
    this.moved();
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y += dy / this.scale;
    this.moved();
  }

  zoom(factor, atX = this.width / 2, atY = this.height / 2) {
    const scale = this.limited(this.scale * factor);
    const ratio = 1 / this.scale - 1 / scale;
    this.x += (atX - this.width / 2) * ratio;
    this.y -= (atY - this.height / 2) * ratio;
    this.scale = scale;
    this.moved();
  }

  limited(scale) {
    return Math.min(LARGEST_SCALE, Math.max(SMALLEST_SCALE, scale));
  }

  moved() {
    this.isFitted = false;
    this.tell("moved");
    this.draw();
  }

  bind() {
    const {canvas} = this;
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.release(event));
    canvas.addEventListener("pointerleave", () => this.tell("hover", null));
    canvas.addEventListener("dblclick", (event) => this.zoom(event.shiftKey ? 0.5 : 2, event.offsetX, event.offsetY));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      this.zoom(Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) / 420), event.offsetX, event.offsetY);
    }, {passive: false});
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.travelled = this.pointers.size > 1 ? Infinity : 0;
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    const here = [event.offsetX, event.offsetY];
    if (before === undefined) {
      if (event.pointerType === "mouse") this.tell("hover", here);
      return;
    }
    if (this.pointers.size === 1) {
      this.travelled += Math.hypot(here[0] - before[0], here[1] - before[1]);
      if (this.travelled > 4) this.pan(here[0] - before[0], here[1] - before[1]);
    } else {
      const [, other] = [...this.pointers].find(([id]) => id !== event.pointerId);
      const spread = (point) => Math.max(1, Math.hypot(point[0] - other[0], point[1] - other[1]));
      const middle = (point, axis) => (point[axis] + other[axis]) / 2;
      this.pan(middle(here, 0) - middle(before, 0), middle(here, 1) - middle(before, 1));
      this.zoom(spread(here) / spread(before), middle(here, 0), middle(here, 1));
    }
    this.pointers.set(event.pointerId, here);
  }

  release(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    if (event.type === "pointerup" && this.travelled <= 4) this.tell("click", [event.offsetX, event.offsetY]);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const actions = {
      ArrowLeft: () => this.pan(STEP_PX, 0),
      ArrowRight: () => this.pan(-STEP_PX, 0),
      ArrowUp: () => this.pan(0, STEP_PX),
      ArrowDown: () => this.pan(0, -STEP_PX),
      "+": () => this.zoom(1.5),
      "=": () => this.zoom(1.5),
      "-": () => this.zoom(1 / 1.5),
      0: () => this.tell("fit"),
      Home: () => this.tell("fit"),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }
}
