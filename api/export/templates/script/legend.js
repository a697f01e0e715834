/* The legend is the switchboard too: each tour and each kind of container left standing can be hidden. */

function renderLegend(board) {
  const {data, state} = board;
  const due = data.unserved.filter((one) => one.isDue).length;
  const waiting = data.unserved.length - due;
  const toggle = (isOn, flip, sign, label) => make("label", {class: "legend-row"},
    make("input", {type: "checkbox", checked: isOn, on: {change: () => { flip(); board.redraw(); }}}), sign, make("span", {}, label));
  const place = byId("legend");
  fillWith(place, make("details", {open: state.isLegendOpen, on: {toggle: (event) => { state.isLegendOpen = event.target.open; }}},
    make("summary", {}, t("legend")),
    data.tours.map((tour) => toggle(
      !state.hidden.has(tour.index),
      () => { if (!state.hidden.delete(tour.index)) state.hidden.add(tour.index); },
      make("span", {class: "legend-sign"}, lineSample(tour.index), tourMarker(tour.index)),
      tour.vehicleId,
    )),
    due ? toggle(state.showsDue, () => { state.showsDue = !state.showsDue; }, unservedMarker(true), `${t("legend_due")} (${due})`) : null,
    waiting ? toggle(state.showsWaiting, () => { state.showsWaiting = !state.showsWaiting; }, unservedMarker(false), `${t("legend_wait")} (${waiting})`) : null,
    make("p", {class: "legend-places"},
      make("span", {}, placeMarker("depot"), t("legend_depot")),
      make("span", {}, placeMarker("tip"), t("legend_tip")))));
}

function renderMapTools(board) {
  byId("canvas").setAttribute("aria-label", t("map_label"));
  byId("zoom").setAttribute("aria-label", t("zoom_in"));
  fillWith(byId("zoom"),
    iconButton("plus", t("zoom_in"), () => board.view.zoom(1.6)),
    iconButton("minus", t("zoom_out"), () => board.view.zoom(1 / 1.6)),
    iconButton("fit", t("fit"), () => board.fitAll()));
  const {attribution} = board.data;
  const isOsm = attribution.includes("OpenStreetMap");
  fillWith(byId("attribution"), isOsm
    ? make("a", {href: "https://www.openstreetmap.org/copyright", rel: "noopener noreferrer", target: "_blank"}, attribution)
    : attribution);
  byId("attribution").hidden = attribution === "";
}

/** A bar of a round number of metres. */
function renderScale(board) {
  const widest = 110 / board.view.scale;
  const power = 10 ** Math.floor(Math.log10(widest));
  const length = [5, 2, 1].map((factor) => factor * power).find((metresLong) => metresLong <= widest);
  const place = byId("scale");
  fillWith(place, metresLabel(length));
  place.style.setProperty("width", `${Math.round(length * board.view.scale)}px`);
}

function metresLabel(length) {
  return length >= 1000 ? `${number(length / 1000)} km` : `${number(length)} m`;
}
