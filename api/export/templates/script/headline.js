/* The strip of figures at the top, each beside what emptying everything would need. */

function renderTop(board) {
  const {plan, summary} = board.data;
  document.documentElement.lang = words.language;
  document.title = t("page_title", {town: plan.town, date: writtenDay(plan.day)});
  fillWith(byId("eyebrow"), [t("eyebrow"), ...plan.streams].join(" · "));
  fillWith(byId("heading"), plan.town);
  const values = {data: writtenInstant(plan.dataAsOf, plan.day), generated: writtenInstant(plan.generatedAt, plan.day)};
  fillWith(byId("day"), writtenDay(plan.day));
  byId("day").title = t("generated", values);
  fillWith(byId("figures"), figuresOf(summary).map((figure) => make("div", {class: "figure"},
    make("dt", {}, figure.name),
    make("dd", {class: "value"}, figure.value, figure.unit ? make("span", {class: "unit"}, figure.unit) : null),
    make("dd", {class: "note"}, figure.note),
  )));
  fillWith(byId("print"), icon("print"), make("span", {}, t("print")));
  byId("print").title = t("print_hint");
  byId("languages").setAttribute("aria-label", t("language"));
  fillWith(byId("languages"), ["de", "en"].map((language) => make("button", {
    type: "button",
    lang: language,
    "aria-pressed": String(language === words.language),
    "aria-label": {de: "Deutsch", en: "English"}[language],
    on: {click: () => board.speak(language)},
  }, language.toUpperCase())));
}

function figuresOf(summary) {
  const compared = (figure) => comparisonNote(summary.comparisons[figure]);
  const overtime = summary.overtime_h > 0 ? t("overtime_in_it", {h: hours(summary.overtime_h)}) : null;
  const toll = summary.toll_eur > 0 ? t("toll_in_it", {eur: euro(summary.toll_eur, 2)}) : null;
  const isShort = summary.due_emptied_count < summary.due_count;
  return [
    {name: t("figure_tours"), value: number(summary.tour_count), note: t("figure_trips", {n: summary.trip_count})},
    {
      name: t("figure_emptied"),
      value: number(summary.container_count),
      note: make("span", {class: isShort ? "chip short" : "chip"}, t("figure_due", {done: summary.due_emptied_count, due: summary.due_count})),
    },
    {name: t("figure_distance"), value: number(summary.distance_km, 1), unit: "km", note: compared("distance_km")},
    {name: t("figure_working"), value: hours(summary.working_h), unit: "h", note: [compared("working_h"), " ", overtime]},
    {name: t("figure_diesel"), value: number(summary.diesel_l, 1), unit: "l", note: compared("diesel_l")},
    {name: t("figure_co2e"), value: number(summary.co2e_kg), unit: "kg", note: compared("co2e_kg")},
    {name: t("figure_cost"), value: euro(summary.cost_eur), note: [compared("cost_eur"), " ", toll]},
  ];
}

function comparisonNote(comparison) {
  if (!comparison || comparison.changePercent === null) return null;
  const isLess = Math.round(comparison.changePercent) < 0;
  const signed = make("span", {class: isLess ? "chip less" : "chip"}, change(comparison.changePercent));
  return make("span", {title: t("than_all")}, signed);
}

/** What the percentages compare with, and what they do not say. */
function baselineNote(summary) {
  const containers = summary.comparisons.containers;
  const perContainer = summary.comparisons.distance_km_per_container;
  if (!containers || !perContainer) return null;
  const all = summary.container_count + summary.waiting_count + summary.due_count - summary.due_emptied_count;
  return t(containers.baseline < all ? "baseline_short" : "baseline_note", {
    all,
    n: containers.baseline,
    plan: t("km_per_container", {km: number(perContainer.plan, 2)}),
    baseline: t("km_per_container", {km: number(perContainer.baseline, 2)}),
  });
}
