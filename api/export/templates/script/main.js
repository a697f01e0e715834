/* Puts the board together and keeps its parts in step. */

class Board {
  constructor(data) {
    this.data = data;
    words.texts = data.texts;
    words.language = data.language;
    this.state = {
      tab: "tours",
      open: new Set(),
      hidden: new Set(),
      focus: null,
      chosen: null,
      showsDue: true,
      showsWaiting: true,
      showsAllUnserved: false,
      isLegendOpen: window.innerWidth > 900,
    };
    this.prepare();
    this.theme = readTheme();
    this.streets = new StreetLayer(data.streets, this.projection, data.stepsPerDegree, this.theme);
    this.layers = [
      this.streets,
      new TourLayer(this.tourLines, this.theme, this.state),
      new MarkerLayer(this.markers, this.theme, this.state),
    ];
    this.render();
    this.view = new MapView(byId("canvas"), this.layers);
    this.searchable = searchIndex(this);
    this.listen();
    this.fitAll();
  }

  /** Gives every stop and container its place on the plane and its neighbours. */
  prepare() {
    const {data} = this;
    const spots = [...data.tours.flatMap((tour) => tour.stops), ...data.unserved].filter((one) => one.lon !== null);
    const origin = data.streets.origin.map((step) => step / data.stepsPerDegree);
    const middle = spots.length ? [average(spots.map((one) => one.lon)), average(spots.map((one) => one.lat))] : origin;
    this.projection = new Projection(...middle);
    this.byKey = new Map();
    this.tourLines = data.tours.map((tour, index) => ({
      index,
      lines: tour.trips.map((trip) => this.projection.line(trip.line, data.streets.origin, data.stepsPerDegree)),
    }));
    data.tours.forEach((tour, index) => {
      tour.index = index;
      let count = 0;
      let loadKg = 0;
      for (const stop of tour.stops) {
        if (stop.kind === "collect") count += 1;
        Object.assign(stop, {
          tour,
          number: stop.kind === "collect" ? String(count) : "",
          key: `${index}/${stop.sequence}`,
          tippedKg: Math.max(0, loadKg - stop.loadKg),
          x: this.projection.x(stop.lon),
          y: this.projection.y(stop.lat),
        });
        loadKg = stop.loadKg;
        this.byKey.set(stop.key, stop);
      }
    });
    data.unserved.forEach((one, index) => {
      const isPlaced = one.lon !== null;
      Object.assign(one, {
        isUnserved: true,
        key: `left/${index}`,
        x: isPlaced ? this.projection.x(one.lon) : null,
        y: isPlaced ? this.projection.y(one.lat) : null,
      });
      this.byKey.set(one.key, one);
    });
    this.markers = markersOf(data);
  }

  render() {
    renderTop(this);
    renderTabs(this);
    renderTours(this);
    renderUnserved(this);
    renderTimeline(this);
    renderLegend(this);
    renderMapTools(this);
    renderSearch(this);
    renderSheets(this);
    if (this.view) renderPopup(this);
  }

  listen() {
    const {view} = this;
    view.on("click", (at) => this.choose(this.layers[2].at(at)[0]?.item ?? null, {isFromMap: true}));
    view.on("hover", (at) => {
      const marker = at && this.layers[2].at(at)[0];
      byId("canvas").classList.toggle("pointing", Boolean(marker));
      renderTip(this, marker, at);
    });
    view.on("moved", () => renderTip(this, null));
    view.on("drawn", () => {
      renderScale(this);
      placePopup(this);
    });
    view.on("fit", () => this.fitAll());
    byId("print").addEventListener("click", () => window.print());
    window.addEventListener("beforeprint", () => drawSheetMaps(this, readTheme(byId("sheets"))));
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.changeTheme());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.state.chosen !== null) this.choose(null);
      if (event.key === "/" && document.activeElement?.tagName !== "INPUT") {
        event.preventDefault();
        byId("search-field").focus();
      }
    });
  }

  changeTheme() {
    Object.assign(this.theme, readTheme());
    this.streets.forget();
    this.view.draw();
  }

  speak(language) {
    words.language = language;
    this.render();
    renderScale(this);
    byId("languages").querySelector(`[lang="${language}"]`).focus();
  }

  showTab(name) {
    this.state.tab = name;
    renderTabs(this);
  }

  /** Opening a tour's list puts the tour in the foreground. */
  toggleTour(index) {
    const {open} = this.state;
    const isOpen = open.has(index);
    open.clear();
    if (!isOpen) open.add(index);
    this.state.focus = isOpen ? null : index;
    renderTours(this);
    byId("tab-tours").querySelectorAll(".tour-head")[index].focus();
    this.redraw();
  }

  choose(item, {isFromMap = false} = {}) {
    if (item === undefined) return;
    const before = this.state.chosen;
    this.state.chosen = item;
    if (item === null) {
      this.state.focus = this.state.open.size ? [...this.state.open][0] : null;
      renderPopup(this);
      this.mark(null);
      if (before !== null) byId("canvas").focus({preventScroll: true});
      this.view.draw();
      return;
    }
    if (item.isUnserved) {
      this.state.focus = null;
      this.showTab("unserved");
      if (!byId("tab-unserved").querySelector(`[data-key="${item.key}"]`)) {
        this.state.showsAllUnserved = true;
        renderUnserved(this);
      }
    } else {
      this.state.hidden.delete(item.tour.index);
      this.state.focus = item.tour.index;
      this.showTab("tours");
      if (!this.state.open.has(item.tour.index)) {
        this.state.open = new Set([item.tour.index]);
        renderTours(this);
      }
    }
    if (!isFromMap && item.x !== null) this.view.show(item.x, item.y);
    renderLegend(this);
    renderPopup(this);
    this.mark(item.key);
    announce(item.label ?? item.id);
    this.view.draw();
  }

  /** Shows the chosen row in the lists. */
  mark(key) {
    for (const row of document.querySelectorAll("#panel [aria-current]")) row.removeAttribute("aria-current");
    for (const piece of document.querySelectorAll(".piece.chosen")) piece.classList.remove("chosen");
    if (key === null) return;
    const row = byId("panel").querySelector(`[data-key="${key}"]`);
    if (row) {
      row.setAttribute("aria-current", "true");
      row.scrollIntoView({block: "nearest"});
    }
    for (const piece of byId("timeline").querySelectorAll(`[data-key="${key}"]`)) piece.classList.add("chosen");
  }

  redraw() {
    renderTimeline(this);
    this.view.draw();
  }

  fitAll() {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const tour of this.tourLines) for (const line of tour.lines) boundsOf(line, box);
    for (const marker of this.markers) boundsOf([marker.x, marker.y], box);
    const legend = byId("legend").offsetWidth;
    this.view.fit(Number.isFinite(box[0]) ? box : this.streets.box, this.view.width > 3 * legend ? legend : 0);
  }
}

/** One marker per place: tours that share a depot or a disposal site share its marker. */
function markersOf(data) {
  const waiting = [];
  const due = [];
  const places = new Map();
  const stops = [];
  for (const one of data.unserved) {
    if (one.x === null) continue;
    (one.isDue ? due : waiting).push({kind: "unserved", isDue: one.isDue, x: one.x, y: one.y, item: one});
  }
  for (const tour of data.tours) {
    for (const stop of tour.stops) {
      const marker = {kind: stop.kind, x: stop.x, y: stop.y, index: tour.index, label: stop.number, item: stop, tours: [tour.index]};
      if (stop.kind === "collect") stops.push(marker);
      else {
        const key = `${PLACE_OF_KIND[stop.kind]} ${stop.placeId}`;
        const known = places.get(key);
        if (known === undefined) places.set(key, marker);
        else if (!known.tours.includes(tour.index)) known.tours.push(tour.index);
      }
    }
  }
  const breaks = [...places.values()].filter((marker) => marker.kind === "break");
  const others = [...places.values()].filter((marker) => marker.kind !== "break");
  return [...waiting, ...breaks, ...stops.reverse(), ...others, ...due];
}

function average(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function announce(message) {
  byId("announcer").textContent = message;
}

function start() {
  new Board(JSON.parse(byId("data").textContent));
}
