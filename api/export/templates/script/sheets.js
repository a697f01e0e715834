/* Paper: one sheet per tour with its map, and a list of what is not emptied. */

const SHEET_MAP_PX = [1400, 520];

function renderSheets(board) {
  const {data} = board;
  fillWith(byId("sheets"),
    data.tours.map((tour) => tourSheet(board, tour)),
    data.unserved.some((one) => one.isDue) ? unservedSheet(board) : null);
}

function sheetHead(board, heading, facts) {
  const {plan} = board.data;
  return make("header", {},
    make("div", {}, make("p", {class: "eyebrow"}, `${t("sheet_title")} · ${plan.town}`), make("h2", {}, heading)),
    make("p", {class: "sheet-facts"}, writtenDay(plan.day), make("br"), facts));
}

function sheetFoot(board) {
  return make("footer", {}, make("span", {}, board.data.attribution), make("span", {}, board.data.plan.planId));
}

function tourSheet(board, tour) {
  const facts = [
    `${clock(tour.departsAt)}–${clock(tour.returnsAt)}`,
    `${number(tour.distanceKm, 1)} km`,
    t("stops", {n: tour.stopCount}),
    t("containers", {n: tour.containerCount}),
    weight(tour.collectedKg),
    t("out_for", {h: hours(tour.outH)}),
    ...extrasOf(tour),
  ].join(" · ");
  const canvas = make("canvas", {class: "sheet-map", "aria-hidden": "true", width: SHEET_MAP_PX[0], height: SHEET_MAP_PX[1], "data-tour": tour.index});
  const head = ["sheet_no", "sheet_time", "sheet_place", "sheet_containers", "sheet_load", "sheet_done", "sheet_note"];
  return make("article", {class: "sheet"},
    sheetHead(board, [tour.vehicleId, tour.vehicleName].filter(Boolean).join(" · "), facts),
    canvas,
    make("table", {},
      make("thead", {}, make("tr", {}, head.map((key) => make("th", {scope: "col", class: key}, t(key))))),
      make("tbody", {}, tour.stops.map((stop) => sheetRow(tour, stop)))),
    sheetFoot(board));
}

function sheetRow(tour, stop) {
  const isCollect = stop.kind === "collect";
  const containers = stop.containers.map((one) => `${one.id} (${percent(one.fill)})`).join(", ");
  const detail = isCollect ? containers : stop.kind === "start" || stop.kind === "end" ? "" : `${minutesOf(stop)} min`;
  return make("tr", {class: stop.kind},
    make("td", {class: "sheet_no"}, isCollect ? stop.number : ""),
    make("td", {}, stop.kind === "start" ? clock(stop.departsAt) : clock(stop.arrivesAt)),
    make("td", {}, isCollect ? stop.label : [t(`kind_${stop.kind}`), stop.kind === "break" ? "" : stop.label].filter(Boolean).join(" · ")),
    make("td", {}, detail),
    make("td", {class: "sheet_load"}, isCollect ? weight(stop.loadKg) : ""),
    make("td", {}, isCollect ? make("span", {class: "box"}) : ""),
    make("td", {}));
}

function unservedSheet(board) {
  return make("article", {class: "sheet"},
    sheetHead(board, t("due_left"), ""),
    make("table", {}, make("tbody", {}, board.data.unserved.filter((one) => one.isDue).map((one) => make("tr", {},
      make("td", {}, one.id),
      make("td", {}, one.address),
      make("td", {}, percent(one.fill)),
      make("td", {}, make("strong", {}, t(`reason_${one.reason}`)), " ", inLanguage(one.message), " ", inLanguage(one.whatWouldChangeIt)))))),
    sheetFoot(board));
}

/** Canvases are drawn only when somebody prints; paper is always light. */
function drawSheetMaps(board, theme) {
  for (const canvas of document.querySelectorAll(".sheet-map")) {
    const index = Number(canvas.dataset.tour);
    const tour = board.tourLines[index];
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const line of tour.lines) boundsOf(line, box);
    for (const marker of board.markers) if (marker.tours?.includes(index)) boundsOf([marker.x, marker.y], box);
    if (!Number.isFinite(box[0])) {
      canvas.hidden = true;
      continue;
    }
    const [width, height] = [SHEET_MAP_PX[0] / 2, SHEET_MAP_PX[1] / 2];
    const window = {
      x: (box[0] + box[2]) / 2,
      y: (box[1] + box[3]) / 2,
      scale: Math.min((width - 40) / Math.max(box[2] - box[0], 60), (height - 40) / Math.max(box[3] - box[1], 60)),
      width,
      height,
      screenX(x) { return (x - this.x) * this.scale + this.width / 2; },
      screenY(y) { return this.height / 2 - (y - this.y) * this.scale; },
    };
    const context = canvas.getContext("2d");
    context.setTransform(2, 0, 0, 2, 0, 0);
    drawStreets(context, board.streets.ranks, board.streets.names, theme, window);
    drawTour(context, tour, 0, theme, window);
    const state = {hidden: new Set(board.data.tours.map((one) => one.index).filter((one) => one !== index)), focus: index, chosen: null};
    new MarkerLayer(board.markers.filter((marker) => marker.kind !== "unserved"), theme, state).draw(context, window);
  }
}
