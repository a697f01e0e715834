/* The card that says everything about one stop or one container left standing. */

function renderPopup(board) {
  const place = byId("popup");
  const item = board.state.chosen;
  place.hidden = item === null;
  if (item === null) return;
  fillWith(place, item.isUnserved ? unservedDetails(board, item) : stopDetails(board, item));
  place.setAttribute("aria-label", item.label ?? item.id);
  placePopup(board);
}

/** Beside the marker, inside the map. */
function placePopup(board) {
  const place = byId("popup");
  const item = board.state.chosen;
  if (item === null || place.hidden) return;
  const {view} = board;
  const x = item.x === null ? view.width / 2 : view.screenX(item.x);
  const y = item.y === null ? view.height / 2 : view.screenY(item.y);
  const width = place.offsetWidth;
  const height = place.offsetHeight;
  const isRight = x + 24 + width < view.width - 8;
  const left = isRight ? x + 24 : x - 24 - width;
  place.style.setProperty("left", `${Math.round(Math.max(8, Math.min(view.width - width - 8, left)))}px`);
  place.style.setProperty("top", `${Math.round(Math.max(8, Math.min(view.height - height - 8, y - 60)))}px`);
}

function popupHead(board, marker, heading, under) {
  return make("header", {},
    marker,
    make("div", {}, make("h2", {}, heading), make("p", {class: "quiet-text"}, under)),
    iconButton("close", t("close"), () => board.choose(null)));
}

function fact(name, value, className = "") {
  return value === null || value === "" ? null : make("div", {class: `fact ${className}`}, make("dt", {}, name), make("dd", {}, value));
}

function stopDetails(board, stop) {
  const {tour} = stop;
  const isCollect = stop.kind === "collect";
  const waitsMin = Math.round((instant(stop.startsAt) - instant(stop.arrivesAt)) / 60000);
  const marker = isCollect ? tourMarker(tour.index, stop.number, "large") : placeMarker(PLACE_OF_KIND[stop.kind]);
  const under = [t(`kind_${stop.kind}`), tour.vehicleId, stop.trip ? t("trip", {n: stop.trip}) : null].filter(Boolean).join(" · ");
  const position = tour.stops.indexOf(stop);
  return [
    popupHead(board, marker, stop.label, under),
    make("dl", {class: "facts-row"},
      stop.kind === "start" ? null : fact(t("arrives"), clock(stop.arrivesAt)),
      waitsMin > 0 ? fact(t("begins"), `${clock(stop.startsAt)} (${t("waits", {n: waitsMin})})`) : null,
      stop.kind === "end" ? null : fact(t("departs"), clock(stop.departsAt)),
      stop.legM === null ? null : fact(t("from_before"), `${metres(stop.legM)}, ${Math.round(stop.legS / 60)} min`)),
    stop.containers.length ? make("ul", {class: "containers"}, stop.containers.map(containerDetails)) : null,
    isCollect ? make("dl", {class: "facts-row"}, fact(t("load"), loadOf(stop, tour))) : null,
    make("footer", {},
      iconButton("previous", t("previous_stop"), () => board.choose(tour.stops[position - 1]), position ? "" : "off"),
      make("span", {class: "quiet-text"}, `${position + 1} / ${tour.stops.length}`),
      iconButton("next", t("next_stop"), () => board.choose(tour.stops[position + 1]), position < tour.stops.length - 1 ? "" : "off")),
  ];
}

function loadOf(stop, tour) {
  if (!tour.capacityKg) return weight(stop.loadKg);
  return make("span", {class: "load"},
    make("span", {class: "bar", "aria-hidden": "true"}, make("span", {style: {"--share": Math.min(1, stop.loadKg / tour.capacityKg)}})),
    t("load_of", {load: weight(stop.loadKg), capacity: weight(tour.capacityKg)}));
}

function containerDetails(one) {
  return make("li", {},
    make("div", {class: "container-head"},
      make("strong", {}, one.id),
      make("span", {class: one.isMust ? "chip must" : "chip"}, t(one.isMust ? "must" : "may")),
      fillBar(one.fill, {isRisky: one.isMust})),
    inLanguage(one.reasons).length ? make("ul", {class: "reasons"}, inLanguage(one.reasons).map((reason) => make("li", {}, reason))) : null,
    make("p", {class: "quiet-text"}, [one.capacityL ? `${number(one.capacityL)} l` : null, weight(one.kg), `${t("risk")}: ${percent(one.risk)}`].filter(Boolean).join(" · ")));
}

function unservedDetails(board, one) {
  return [
    popupHead(board, unservedMarker(one.isDue), one.address || one.id, [one.address ? one.id : null, one.stream].filter(Boolean).join(" · ")),
    make("p", {class: one.isDue ? "verdict due" : "verdict"}, t(one.isDue ? "due_left" : "may_wait")),
    make("dl", {},
      fact(t("why"), make("span", {}, make("strong", {}, t(`reason_${one.reason}`)), inLanguage(one.message) ? make("span", {class: "block"}, inLanguage(one.message)) : null)),
      fact(t("what_would_change_it"), inLanguage(one.whatWouldChangeIt)),
      fact(t("fill"), fillBar(one.fill, {isRisky: one.isDue})),
      fact(t("risk"), percent(one.risk)),
      fact(t("cost_of_waiting"), euro(one.costOfWaitingEur, 2))),
  ];
}

/** The short line under the pointer. */
function renderTip(board, marker, at) {
  const place = byId("tip");
  place.hidden = !marker;
  if (!marker) return;
  const {item} = marker;
  const text = item.isUnserved
    ? `${item.address || item.id} · ${percent(item.fill)} · ${t(`reason_${item.reason}`)}`
    : `${clock(item.kind === "start" ? item.departsAt : item.arrivesAt)}  ${item.label}`;
  fillWith(place, text);
  place.style.setProperty("left", `${Math.min(at[0] + 14, board.view.width - place.offsetWidth - 8)}px`);
  place.style.setProperty("top", `${Math.max(8, at[1] - 34)}px`);
}
