/* The day as bars on one clock: driving, emptying, waiting, tipping, breaks. */

const HOUR_MS = 3600000;

function renderTimeline(board) {
  const {tours} = board.data;
  const place = byId("timeline");
  place.hidden = tours.length === 0;
  if (!tours.length) return;
  const first = Math.min(...tours.map((tour) => instant(tour.departsAt)));
  const last = Math.max(...tours.map((tour) => instant(tour.returnsAt)));
  const axis = {start: Math.floor(first / HOUR_MS) * HOUR_MS, end: Math.ceil(last / HOUR_MS) * HOUR_MS};
  fillWith(place,
    make("div", {class: "timeline-head"}, make("h2", {}, t("timeline")), timelineKey()),
    make("div", {class: "rows"}, tours.map((tour) => timelineRow(board, tour, axis)), clockAxis(axis, tours[0].departsAt)));
}

function timelineKey() {
  return make("span", {class: "key", "aria-hidden": "true"}, ["drive", "collect", "wait", "tip", "break"].map((kind) =>
    make("span", {}, make("i", {class: `sample ${kind}`}), t(`kind_${kind}`))));
}

function timelineRow(board, tour, axis) {
  const span = axis.end - axis.start;
  const at = (iso) => `${((instant(iso) - axis.start) / span) * 100}%`;
  const width = (from, until) => `${((instant(until) - instant(from)) / span) * 100}%`;
  const bar = (kind, from, until, stop) => instant(until) > instant(from) ? make("i", {
    class: `piece ${kind}`,
    style: {left: at(from), width: width(from, until)},
    "data-key": stop.key,
    title: `${clock(from)}–${clock(until)} ${t(`kind_${kind}`)}${kind === "drive" ? "" : ` · ${stop.label}`}`,
  }) : null;
  const pieces = [];
  tour.stops.forEach((stop, position) => {
    if (position) pieces.push(bar("drive", tour.stops[position - 1].departsAt, stop.arrivesAt, stop));
    pieces.push(bar("wait", stop.arrivesAt, stop.startsAt, stop));
    if (["collect", "tip", "break"].includes(stop.kind)) pieces.push(bar(stop.kind, stop.startsAt, stop.departsAt, stop));
  });
  const label = t("timeline_row", {
    vehicle: tour.vehicleId,
    start: clock(tour.departsAt),
    end: clock(tour.returnsAt),
    trips: tour.tripCount,
    stops: tour.stopCount,
    break_min: Math.round(tour.breakH * 60),
  });
  return make("div", {class: `row tour-${tourStyle(tour.index).colour}${board.state.hidden.has(tour.index) ? " off" : ""}`},
    make("span", {class: "row-name", "aria-hidden": "true"}, tourMarker(tour.index), tour.vehicleId),
    make("div", {
      class: "track",
      role: "img",
      "aria-label": label,
      on: {click: (event) => event.target.dataset.key && board.choose(board.byKey.get(event.target.dataset.key))},
    }, pieces));
}

function clockAxis(axis, sample) {
  const hourCount = Math.round((axis.end - axis.start) / HOUR_MS);
  const every = hourCount > 14 ? 2 : 1;
  const firstHour = Number(clock(sample).slice(0, 2)) - Math.floor((instant(sample) - axis.start) / HOUR_MS);
  const ticks = [];
  for (let hour = 0; hour <= hourCount; hour += every) {
    ticks.push(make("span", {style: {left: `${(hour / hourCount) * 100}%`}}, `${(firstHour + hour + 48) % 24}:00`));
  }
  return make("div", {class: "row axis", "aria-hidden": "true"}, make("span", {class: "row-name"}), make("div", {class: "ticks", style: {"--hours": hourCount}}, ticks));
}
