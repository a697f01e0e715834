/* The side panel: tours with their stops, and the containers that are not emptied with the reasons. */

const UNSERVED_SHOWN = 40;

function renderTabs(board) {
  const tabs = [
    {name: "tours", label: t("tab_tours"), count: board.data.tours.length},
    {name: "unserved", label: t("tab_unserved"), count: board.data.unserved.length, isAlarming: board.data.unserved.some((one) => one.isDue)},
  ];
  fillWith(byId("tabs"), tabs.map((tab) => make("button", {
    type: "button",
    role: "tab",
    id: `tabs-${tab.name}`,
    "aria-controls": `tab-${tab.name}`,
    "aria-selected": String(board.state.tab === tab.name),
    tabindex: board.state.tab === tab.name ? "0" : "-1",
    on: {click: () => board.showTab(tab.name), keydown: (event) => moveTab(event, board)},
  }, tab.label, make("span", {class: tab.isAlarming ? "count alarming" : "count"}, number(tab.count)))));
  for (const tab of tabs) byId(`tab-${tab.name}`).hidden = board.state.tab !== tab.name;
}

function moveTab(event, board) {
  if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  board.showTab(board.state.tab === "tours" ? "unserved" : "tours");
  byId(`tabs-${board.state.tab}`).focus();
}

function renderTours(board) {
  const {data, state} = board;
  const {notices} = data.plan;
  fillWith(byId("tab-tours"),
    notices.length ? make("details", {class: "notices", open: notices.length < 3},
      make("summary", {}, `${t("notices")} (${notices.length})`),
      make("ul", {}, notices.map((notice) => make("li", {}, inLanguage(notice))))) : null,
    data.tours.length ? data.tours.map((tour) => tourCard(board, tour, state.open.has(tour.index))) : make("p", {class: "empty"}, t("no_tours")),
    make("p", {class: "footnote"}, baselineNote(data.summary)),
    make("p", {class: "footnote"}, t("generated", {
      data: writtenInstant(data.plan.dataAsOf, data.plan.day),
      generated: writtenInstant(data.plan.generatedAt, data.plan.day),
    })),
    data.plan.mapDate ? make("p", {class: "footnote"}, t("map_date", {date: writtenDay(data.plan.mapDate)})) : null,
  );
}

function tourCard(board, tour, isOpen) {
  const facts = [
    `${clock(tour.departsAt)}–${clock(tour.returnsAt)}`,
    `${number(tour.distanceKm, 1)} km`,
    `${hours(tour.workingH)} h`,
    t("containers", {n: tour.containerCount}),
    weight(tour.collectedKg),
    ...extrasOf(tour),
  ];
  const toggle = make("button", {
    type: "button",
    class: "tour-head",
    "aria-expanded": String(isOpen),
    on: {click: () => board.toggleTour(tour.index)},
  },
  tourMarker(tour.index, "", "large"),
  make("span", {class: "tour-name"},
    make("strong", {}, tour.vehicleId),
    make("span", {class: "quiet-text"}, [tour.vehicleName, tour.streams.join(", ")].filter(Boolean).join(" · "))),
  lineSample(tour.index),
  make("span", {class: "chevron"}, icon("open")),
  make("span", {class: "facts"}, facts.map((fact) => make("span", {}, fact))));
  return make("article", {class: `tour-card tour-${tourStyle(tour.index).colour}${isOpen ? " open" : ""}`}, toggle, isOpen ? stopList(board, tour) : null);
}

/** Overtime and toll, where a tour has any. */
function extrasOf(tour) {
  return [
    tour.overtimeH > 0 ? t("overtime", {h: hours(tour.overtimeH)}) : "",
    tour.tollEur > 0 ? t("toll", {eur: euro(tour.tollEur, 2)}) : "",
  ].filter(Boolean);
}

function stopList(board, tour) {
  const rows = [];
  let trip = 0;
  for (const stop of tour.stops) {
    const found = tour.trips.find((one) => one.number === stop.trip);
    if (found && found.number !== trip && tour.tripCount > 1) {
      trip = found.number;
      rows.push(make("li", {class: "trip-head"}, t("trip", {n: found.number}), make("span", {}, `${found.stream} · ${number(found.distanceKm, 1)} km`)));
    }
    rows.push(make("li", {}, stopRow(board, stop)));
  }
  return make("ol", {class: "stops"}, rows);
}

function stopRow(board, stop) {
  const isCollect = stop.kind === "collect";
  const reason = isCollect ? stop.containers.flatMap((one) => inLanguage(one.reasons))[0] : null;
  return make("button", {
    type: "button",
    class: `stop ${stop.kind}`,
    "aria-current": board.state.chosen === stop ? "true" : null,
    on: {click: () => board.choose(stop)},
    "data-key": stop.key,
  },
  isCollect ? tourMarker(stop.tour.index, stop.number) : placeMarker(PLACE_OF_KIND[stop.kind]),
  make("span", {class: "stop-name"}, isCollect ? stop.label : `${t(`kind_${stop.kind}`)}${stop.kind === "break" ? "" : ` · ${stop.label}`}`),
  make("span", {class: "time"}, stop.kind === "start" ? clock(stop.departsAt) : clock(stop.arrivesAt)),
  isCollect ? make("span", {class: "stop-more"},
    make("span", {class: "fills"}, stop.containers.slice(0, 3).map((one) => fillBar(one.fill, {isRisky: one.isMust})),
      stop.containers.length > 3 ? `+${stop.containers.length - 3}` : null),
    reason ? make("span", {class: "reason"}, reason) : null) : null,
  stop.kind === "break" ? make("span", {class: "stop-more"}, `${minutesOf(stop)} min`) : null,
  stop.kind === "tip" ? make("span", {class: "stop-more"}, `${minutesOf(stop)} min · ${weight(stop.tippedKg)}`) : null);
}

function minutesOf(stop) {
  return Math.round((instant(stop.departsAt) - instant(stop.startsAt)) / 60000);
}

function renderUnserved(board) {
  const {unserved} = board.data;
  const due = unserved.filter((one) => one.isDue);
  const waiting = unserved.filter((one) => !one.isDue);
  const shown = board.state.showsAllUnserved ? waiting : waiting.slice(0, UNSERVED_SHOWN);
  fillWith(byId("tab-unserved"),
    unserved.length ? null : make("p", {class: "empty"}, t("no_unserved")),
    shortages(board.data.shortages),
    due.length ? unservedGroup(board, t("due_left"), due) : make("p", {class: "good"}, t("due_left_none")),
    waiting.length ? unservedGroup(board, t("may_wait"), shown, waiting.length) : null,
    shown.length < waiting.length ? make("button", {
      type: "button",
      class: "quiet wide",
      on: {click: () => {
        board.state.showsAllUnserved = true;
        renderUnserved(board);
      }},
    }, t("more", {n: waiting.length - shown.length})) : null);
}

/** What is short, and the changes that would serve it, cheapest first. */
function shortages(rows) {
  if (!rows.length) return null;
  return make("section", {class: "shortages"},
    make("h2", {}, t("shortages")),
    rows.map((row) => make("article", {},
      make("p", {}, inLanguage(row.text)),
      row.relaxations.length
        ? make("ol", {}, row.relaxations.map((one) => make("li", {}, inLanguage(one))))
        : make("p", {class: "quiet-text"}, t("no_remedy")))),
    make("p", {class: "quiet-text"}, t("relaxations_tried")));
}

function unservedGroup(board, heading, rows, count = rows.length) {
  return make("section", {class: "group"},
    make("h2", {}, heading, make("span", {class: "count"}, number(count)), make("span", {class: "order"}, t("sorted_by_risk"))),
    make("ol", {class: "stops"}, rows.map((one) => make("li", {}, make("button", {
      type: "button",
      class: `stop left${one.isDue ? " due" : ""}`,
      "aria-current": board.state.chosen === one ? "true" : null,
      on: {click: () => board.choose(one)},
      "data-key": one.key,
    },
    unservedMarker(one.isDue),
    make("span", {class: "stop-name"}, one.address || one.id),
    make("span", {class: "time"}, one.address ? one.id : ""),
    make("span", {class: "stop-more"}, fillBar(one.fill, {isRisky: one.isDue}), make("span", {class: "reason"}, t(`reason_${one.reason}`))),
    one.isDue && inLanguage(one.whatWouldChangeIt) ? make("span", {class: "help"}, inLanguage(one.whatWouldChangeIt)) : null)))));
}
