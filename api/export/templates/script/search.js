/* Finds containers, stops and streets while typing. */

const RESULTS_SHOWN = 12;

function renderSearch(board) {
  const results = make("ul", {class: "results", id: "results", role: "listbox", "aria-label": t("search"), hidden: true});
  const field = make("input", {
    type: "search",
    id: "search-field",
    placeholder: t("search"),
    "aria-label": t("search"),
    role: "combobox",
    "aria-expanded": "false",
    "aria-controls": "results",
    "aria-autocomplete": "list",
    autocomplete: "off",
    spellcheck: "false",
  });
  fillWith(byId("search"), icon("search"), field, results);
  let found = [];
  let active = 0;
  const show = () => {
    const isAsked = field.value.trim() !== "";
    results.hidden = !isAsked;
    field.setAttribute("aria-expanded", String(isAsked));
    if (!isAsked) return;
    fillWith(results, found.length ? found.map((one, index) => make("li", {
      role: "option",
      id: `result-${index}`,
      "aria-selected": String(index === active),
      on: {mousedown: (event) => { event.preventDefault(); pick(index); }},
    }, one.marker(), make("span", {class: "stop-name"}, one.label), make("span", {class: "time"}, one.note))) : make("li", {class: "none"}, t("search_none")));
    field.setAttribute("aria-activedescendant", found.length ? `result-${active}` : "");
    announce(t("search_found", {n: found.length}));
  };
  const pick = (index) => {
    if (!found[index]) return;
    results.hidden = true;
    field.setAttribute("aria-expanded", "false");
    found[index].open();
  };
  field.addEventListener("input", () => {
    found = searchBoard(board, field.value);
    active = 0;
    show();
  });
  field.addEventListener("focus", show);
  field.addEventListener("blur", () => { results.hidden = true; });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") pick(active);
    else if (event.key === "Escape") { field.value = ""; found = []; show(); }
    else if (["ArrowDown", "ArrowUp"].includes(event.key) && found.length) {
      event.preventDefault();
      active = (active + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
      show();
    }
  });
}

/** Plain letters: "Strasse" finds "Straße", "Lunen" finds "Lünen". */
function plain(word) {
  return word.toLowerCase().replaceAll("ß", "ss").normalize("NFD").replace(/\p{M}/gu, "");
}

function searchBoard(board, asked) {
  const parts = plain(asked).split(/\s+/).filter(Boolean);
  if (!parts.length) return [];
  const matches = (text) => parts.every((part) => text.includes(part));
  return board.searchable.filter((one) => matches(one.text)).slice(0, RESULTS_SHOWN);
}

function searchIndex(board) {
  const entries = [];
  for (const tour of board.data.tours) {
    for (const stop of tour.stops) {
      for (const one of stop.containers) {
        entries.push({
          text: plain(`${one.id} ${one.address} ${stop.label}`),
          label: [one.id, one.address || stop.label].join(" · "),
          note: clock(stop.arrivesAt),
          marker: () => tourMarker(tour.index, stop.number),
          open: () => board.choose(stop),
        });
      }
    }
  }
  for (const one of board.data.unserved) {
    entries.push({
      text: plain(`${one.id} ${one.address}`),
      label: [one.id, one.address].filter(Boolean).join(" · "),
      get note() { return t("not_emptied_today"); },
      marker: () => unservedMarker(one.isDue),
      open: () => board.choose(one),
    });
  }
  const streets = new Map();
  for (const line of board.streets.ranks.flat()) {
    if (line.name && line.points.length > (streets.get(line.name)?.points.length ?? 0)) streets.set(line.name, line);
  }
  for (const [name, line] of [...streets].sort(([one], [other]) => one.localeCompare(other))) {
    entries.push({
      text: plain(name),
      label: name,
      get note() { return t("search_street"); },
      marker: () => icon("target"),
      open: () => board.view.fit(line.box, 120),
    });
  }
  return entries;
}
