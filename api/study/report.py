"""The study as one HTML page in German and English, for people who decide: no network, no script, good on paper.

Guards that names stay text (everything from outside is escaped, and the page's policy lets nothing load), and that
every figure comes from the comparison that is written as CSV.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from importlib.resources import files
from string import Template

from api.export.texts import written_date
from api.study import charts
from api.study.checks import Check, check_figures
from api.study.comparison import Compared, Comparison, VariantRow
from api.study.fills import FEWEST_CONTAINERS, FEWEST_DAYS, StreamFills
from api.study.headline import headline
from api.study.lineup import CLAIRVOYANT, PRIZE, StudyPolicy
from api.study.run_study import Study
from api.study.trucks import mass_share
from api.study.written import LANGUAGES, Language, number, percent, percent_span, span, words
from optimizer.season.compare import Estimate
from optimizer.season.records import Effort
from optimizer.selection.rolling_prize import PrizeRules

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_CARDS = ("distance", "co2e", "cost", "overflows")
_COLUMNS = ("distance", "hours", "lifts", "co2e", "cost", "overflows", "unserved")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFacts:
    """What the report says besides the comparison.

    Attributes
    ----------
    fills
        Where the figures of each stream come from.
    n_not_served, n_not_reached
        Containers that no vehicle collects, and that none reaches.
    digest
        Of all inputs and the program.
    """

    study: Study
    fills: tuple[StreamFills, ...]
    has_map: bool
    n_not_served: int
    n_not_reached: int
    digest: str


def report_page(comparison: Comparison, facts: ReportFacts, *, language: Language = "de") -> str:
    """The page as text; write it as UTF-8.

    Parameters
    ----------
    language
        Shown first; the reader can switch.
    """
    style = files("api.export").joinpath("templates", "style", "1_tokens.css").read_text(encoding="utf-8")
    style += files("api.study").joinpath("templates", "report.css").read_text(encoding="utf-8")
    page = Template(files("api.study").joinpath("templates", "report.html").read_text(encoding="utf-8"))
    chosen = {f"checked_{one}": " checked" if one == language else "" for one in LANGUAGES}
    return page.substitute(
        language=language,
        policy=_POLICY,
        title=_e(words("page_title", language, town=comparison.record.town_name)),
        style=style,
        switch=_e(words("language_switch", language)),
        **chosen,
        **{f"report_{one}": _Page(comparison, facts, one).text() for one in LANGUAGES},
    )


class _Page:
    """The report in one language."""

    def __init__(self, comparison: Comparison, facts: ReportFacts, language: Language) -> None:
        self.comparison, self.facts, self.language = comparison, facts, language
        self.spec = facts.study.spec
        self.names = {
            "baseline": words(f"policy_{comparison.baseline.policy}", language),
            "ours": words(f"policy_{comparison.ours.policy}", language),
        }

    def text(self) -> str:
        """Everything below the switch of languages."""
        parts = [
            self._head(),
            self._comparison_table(),
            self._chart("weeks", charts.weeks_chart(self.comparison, self.language)),
            self._chart("overflows", charts.overflow_chart(self.comparison, self.language)),
            self._chart("deciles", charts.decile_chart(self.comparison, self.language), **self._median()),
            self._chart("co2e", charts.co2e_chart(self.comparison, self.language), **self._tank_to_wheel()),
            self._sensors(),
            self._checks(),
            self._list("section_method", self._method()),
            self._list("section_not_assessed", self._not_assessed()),
            self._footer(),
        ]
        return "\n".join(part for part in parts if part)

    def _w(self, key: str, **values: object) -> str:
        return _e(words(key, self.language, **values))

    def _n(self, value: float, decimals: int) -> str:
        return number(value, decimals, self.language)

    def _head(self) -> str:
        spec, record = self.spec, self.comparison.record
        last = spec.first_day + timedelta(days=spec.n_days - 1)
        subline = self._w(
            "subline",
            first=written_date(spec.first_day, self.language),
            last=written_date(last, self.language),
            containers=self._n(record.n_containers, 0),
            vehicles=len(spec.town.vehicles),
            seeds=len(record.seeds),
        )
        cards = "".join(self._card(key) for key in _CARDS)
        return (
            f'<header><p class="eyebrow">{self._w("eyebrow", town=record.town_name)}</p>'
            f"<h1>{_e(headline(self.comparison, self.language))}</h1>"
            f'<p class="subline">{subline}</p><dl class="cards">{cards}</dl></header>'
        )

    def _card(self, key: str) -> str:
        one = self.comparison.row(self.comparison.ours).figure(key)
        theirs = self.comparison.row(self.comparison.baseline).figure(key)
        big, between = self._change(one), _e(self._change_span(one))
        unit = words("unit_overflows", self.language) if key == "overflows" else one.kind.unit
        instead = self._w(
            "instead_of",
            ours=self._n(one.per_day.value, one.kind.decimals),
            theirs=self._n(theirs.per_day.value, one.kind.decimals),
            unit=unit,
        )
        small = " · ".join(part for part in (f"({between})" if between else "",) if part)
        return (
            f'<div class="card"><dt>{self._w(f"figure_{key}")}</dt>'
            f'<dd class="big {_tone(one)}" data-card="{key}">{_e(big)}</dd>'
            f'<dd class="small">{small or self._w("no_interval")}</dd>'
            f'<dd class="small">{instead} {self._w("per_day")}</dd></div>'
        )

    def _comparison_table(self) -> str:
        record = self.comparison.record
        kinds = [one.kind for one in self.comparison.rows[0].figures if one.kind.key in _COLUMNS]
        headings = "".join(
            f'<th scope="col">{self._w(f"figure_{kind.key}")}'
            f'<span class="unit">{_e(self._unit(kind.key, kind.unit))}</span></th>'
            for kind in kinds
        )
        rows = "".join(self._comparison_row(row) for row in self.comparison.rows)
        note = self._w(
            "comparison_note",
            overflow=percent(record.overflow_fraction, self.language),
            baseline=self.names["baseline"],
        )
        return (
            f'<section><h2>{self._w("section_comparison")}</h2><p class="note">{note}</p>'
            '<div class="scroll"><table class="comparison"><thead><tr>'
            f'<th scope="col">{self._w("variant_heading")}</th>'
            f'{headings}<th scope="col">{self._w("mean_fill")}</th>'
            f"</tr></thead><tbody>{rows}</tbody></table></div></section>"
        )

    def _comparison_row(self, row: VariantRow) -> str:
        is_baseline = row.variant == self.comparison.baseline
        tag = f'<span class="tag">{self._w("is_baseline")}</span>' if is_baseline else ""
        cells = "".join(self._cell(one) for one in row.figures if one.kind.key in _COLUMNS)
        fill = words("none", self.language)
        if row.mean_fill_fraction is not None:
            fill = percent(row.mean_fill_fraction, self.language)
        css = ' class="ours"' if row.variant == self.comparison.ours else ""
        return (
            f'<tr{css} data-variant="{_e(row.variant.key)}"><th scope="row">'
            f"{_e(charts.variant_name(row.variant, self.language))}{tag}</th>{cells}"
            f'<td data-figure="mean_fill">{_e(fill)}</td></tr>'
        )

    def _cell(self, one: Compared) -> str:
        shown, between = self._n(one.per_day.value, one.kind.decimals), self._change_span(one)
        if one.kind.key == "unserved":  # it should be nothing, with every policy
            return f'<td data-figure="{one.kind.key}">{shown}</td>'
        return (
            f'<td data-figure="{one.kind.key}">{shown}<span class="change">{_e(self._change(one))}</span>'
            f"{_below(between)}</td>"
        )

    def _change(self, one: Compared) -> str:
        """In per cent, or how many more or fewer a day; empty for the baseline."""
        if one.kind.is_relative and one.change is not None:
            return percent(one.change.value, self.language, is_signed=True)
        if one.difference is None:
            return ""
        return number(one.difference.value, one.kind.decimals, self.language, is_signed=True)

    def _change_span(self, one: Compared) -> str:
        if one.kind.is_relative and one.change is not None:
            return percent_span(one.change, self.language, is_signed=True)
        return "" if one.difference is None else span(one.difference, one.kind.decimals, self.language, is_signed=True)

    def _unit(self, key: str, unit: str) -> str:
        return words("unit_short_overflows", self.language) if key == "overflows" else unit

    def _chart(self, key: str, svg: str | None, **values: object) -> str:
        if svg is None:
            return ""
        return (
            f"<section><h2>{self._w(f'section_{key}')}</h2><figure>{svg}"
            f"<figcaption>{self._w(f'caption_{key}', **self.names, **values)}</figcaption></figure></section>"
        )

    def _median(self) -> dict[str, str]:
        deciles = self.comparison.row(self.comparison.ours).fill_deciles
        median = percent(deciles[4], self.language) if deciles else words("none", self.language)
        return {"policy": self.names["ours"], "median": median}

    def _tank_to_wheel(self) -> dict[str, str]:
        factors = self.facts.study.ports.factors

        def kg(effort: Effort) -> float:
            return effort.diesel_l * factors.diesel_ttw_kg_per_l

        base, ours = (
            charts.co2e_part(self.comparison, self.comparison.row(one), kg)
            for one in (self.comparison.baseline, self.comparison.ours)
        )
        return {"base_ttw": self._n(base, 1), "ours_ttw": self._n(ours, 1)}

    def _sensors(self) -> str:
        rows = [row for row in self.comparison.rows if row.variant.sensor_share is not None]
        rows = [row for row in rows if row.variant != self.comparison.baseline]
        if not rows:
            return ""
        body = "".join(
            f'<tr data-variant="{_e(row.variant.key)}"><th scope="row">'
            f"{_e(charts.variant_name(row.variant, self.language))}</th><td>{self._n(row.n_sensors, 0)}</td>"
            f"{self._cell(row.figure('distance'))}{self._cell(row.figure('overflows'))}{self._cell(row.figure('cost'))}"
            + "".join(
                f'<td data-figure="{key}">{self._worth(estimate, decimals, unit)}</td>'
                for key, estimate, decimals, unit in (
                    ("saved_per_sensor_year", row.eur_per_sensor_year, 0, "EUR"),
                    ("saved_by_sensor_year", row.eur_by_sensor_year, 0, "EUR"),
                    ("overflows_avoided_by_sensor_year", row.overflows_by_sensor_year, 1, ""),
                )
            )
            + "</tr>"
            for row in rows
        )
        headings = "".join(
            f'<th scope="col">{heading}</th>'
            for heading in (
                self._w("variant_heading"),
                self._w("sensors_with"),
                f"{self._w('figure_distance')} {self._w('per_day')}",
                f"{self._w('figure_overflows')} {self._w('per_day')}",
                f"{self._w('figure_cost')}, EUR {self._w('per_day')}",
                self._w("sensor_worth", baseline=self.names["baseline"]),
                self._w("sensor_adds_eur"),
                self._w("sensor_adds_overflows"),
            )
        )
        return (
            f"<section><h2>{self._w('section_sensors')}</h2>"
            f'<p class="note">{self._w("sensors_note", baseline=self.names["baseline"])}</p><div class="scroll">'
            f'<table class="sensors"><thead><tr>{headings}</tr></thead><tbody>{body}</tbody></table></div></section>'
        )

    def _worth(self, one: Estimate | None, decimals: int, unit: str) -> str:
        if one is None:
            return self._w("none")
        between = span(one, decimals, self.language)
        shown = f"{self._n(one.value, decimals)} {_e(unit)}".strip()
        return f"{shown}{_below(between)}"

    def _checks(self) -> str:
        town = self.spec.town
        found = check_figures(
            self.comparison,
            self.facts.study.ports.factors,
            n_vehicles=len(town.vehicles),
            capacity_l=sum(one.capacity_l for one in town.containers),
            mass_share=mass_share(self.facts.study.ports.energy or {}),
        )
        rows = "".join(self._check(one) for one in found)
        headings = "".join(
            f'<th scope="col">{self._w(key)}</th>'
            for key in ("check_heading", "check_value", "check_range", "check_verdict")
        )
        return (
            f'<section><h2>{self._w("section_checks")}</h2><p class="note">{self._w("checks_note")}</p>'
            f'<div class="scroll"><table class="checks"><thead><tr>{headings}</tr></thead><tbody>{rows}</tbody></table>'
            "</div></section>"
        )

    def _check(self, one: Check) -> str:
        verdict = {True: "yes", False: "no", None: "none"}[one.is_plausible]
        value = self._w("none") if one.value is None else f"{self._n(one.value, one.decimals)} {_e(one.unit)}"
        low, high = ("" if end is None else self._n(end, one.decimals) for end in (one.low, one.high))
        if low and high:
            bounds = self._w("span", low=low, high=high)
        else:
            bounds = self._w("at_least", low=low) if low else self._w("at_most", high=high)
        return (
            f'<tr data-check="{one.key}"><th scope="row">{self._w(f"check_{one.key}", **self.names)}</th>'
            f"<td>{value}</td><td>{bounds} {_e(one.unit)}</td>"
            f'<td class="verdict-{verdict}">{self._w(f"verdict_{verdict}")}</td></tr>'
        )

    def _method(self) -> list[str]:
        study, spec = self.facts.study, self.spec
        items = [words("method_simulation", self.language)]
        items.append(words("method_paired", self.language, warm_up=spec.warm_up_days))
        items += [words(f"method_{one.name}", self.language, **self._setting(one)) for one in study.policies]
        items += [self._fill_words(one) for one in self.facts.fills]
        items.append(self._failure_words())
        ground = words("method_map" if self.facts.has_map else "method_no_map", self.language)
        items.append(words("method_travel", self.language, map=ground))
        factors = study.ports.factors
        wtw, ttw = (self._n(one, 2) for one in (factors.diesel_wtw_kg_per_l, factors.diesel_ttw_kg_per_l))
        items.append(words("method_factors", self.language, wtw=wtw, ttw=ttw, factors=factors.name))
        items.append(words("method_cost", self.language))
        return items

    def _setting(self, one: StudyPolicy) -> dict[str, str]:
        if one.name not in {PRIZE, CLAIRVOYANT}:
            return {"setting": percent(one.setting, self.language)}
        price_eur = PrizeRules(service_level=one.setting).overflow_day_eur
        return {
            "setting": percent(one.setting, self.language, decimals=2),
            "overflow_eur": self._n(price_eur, 0),
        }

    def _fill_words(self, one: StreamFills) -> str:
        return words(
            "method_fills_own" if one.is_own else "method_fills_known",
            self.language,
            stream=one.stream,
            containers=one.n_containers,
            days=number(one.days, 0, self.language),
            rate=percent(one.rate_per_day, self.language, decimals=1),
            needed_days=FEWEST_DAYS,
            needed_containers=FEWEST_CONTAINERS,
        )

    def _failure_words(self) -> str:
        failures = self.spec.failures
        if not (failures.silent_share or failures.stuck_share or failures.outage_days):
            return words("method_no_failures", self.language)
        return words(
            "method_failures",
            self.language,
            silent=percent(failures.silent_share, self.language),
            stuck=percent(failures.stuck_share, self.language),
            days=failures.outage_days,
        )

    def _not_assessed(self) -> list[str]:
        keys = ("not_costs", "not_traffic", "not_citizens", "not_today", "not_electric", "not_season")
        items = [words(key, self.language) for key in keys]
        for key, count in (("not_served", self.facts.n_not_served), ("not_reached", self.facts.n_not_reached)):
            if count:
                items.append(words(key, self.language, count=count))
        return items

    def _list(self, heading: str, items: Sequence[str]) -> str:
        body = "".join(f"<li>{_e(item)}</li>" for item in items)
        return f"<section><h2>{self._w(heading)}</h2><ul>{body}</ul></section>"

    def _footer(self) -> str:
        seeds = ", ".join(str(seed) for seed in self.comparison.record.seeds)
        return (
            f"<footer><h2>{self._w('section_repeat')}</h2>"
            f"<p>{self._w('repeat', digest=self.facts.digest, seeds=seeds)}</p></footer>"
        )


def _tone(one: Compared) -> str:
    """Green where less is certain, red where more is; neither where the interval holds both."""
    ends = one.difference
    if ends is None or ends.low is None or ends.high is None or ends.low <= 0 <= ends.high:
        return ""
    return "less" if ends.high < 0 else "worse"


def _below(interval: str) -> str:
    return f'<span class="change">({_e(interval)})</span>' if interval else ""


def _e(value: str) -> str:
    return escape(value, quote=True)
