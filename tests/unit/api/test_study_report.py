"""The report as a reader and a browser get it: its numbers are those of the CSV, and names stay text."""

import csv
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import pytest

from api.study import written
from api.study.comparison import FIGURES, Comparison, compare
from api.study.fills import StreamFills
from api.study.report import ReportFacts, report_page
from api.study.run_study import Study
from api.study.tables import write_tables
from api.study.written import MINUS, number, percent
from tests.unit.api.study_factory import BLIND, FIXED, PRIZE, effort, hand_made_runs, small_study

HOSTILE = "<script>alert(1)</script>\"'&town"


class Cells(HTMLParser):
    """Lines of each cell of a table, by language, class of the table, variant and figure; headlines by language."""

    def __init__(self) -> None:
        super().__init__()
        self.language = self.table = self.variant = ""
        self.cells: dict[tuple[str, str, str, str], list[str]] = {}
        self.headlines: dict[str, str] = {}
        self.ids: Counter[str] = Counter()
        self.tags: Counter[str] = Counter()
        self.links: list[str] = []
        self._cell: list[str] | None = None
        self._in_headline = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        self.tags[tag] += 1
        self.ids.update([facts["id"]] if "id" in facts else [])
        self.links += [facts[name] for name in ("href", "src", "xlink:href") if name in facts]
        if tag == "main":
            self.language = facts["lang"]
        elif tag == "table":
            self.table = facts["class"]
        elif tag == "tr":
            self.variant = facts.get("data-variant", facts.get("data-check", ""))
        elif tag == "td" and "data-figure" in facts:
            self._cell = self.cells.setdefault((self.language, self.table, self.variant, facts["data-figure"]), [])
        self._in_headline = tag == "h1"

    def handle_endtag(self, tag: str) -> None:
        self._cell = None if tag == "td" else self._cell
        self._in_headline = False

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)
        if self._in_headline:
            self.headlines[self.language] = self.headlines.get(self.language, "") + data


@pytest.fixture(scope="module")
def study() -> Study:
    study = small_study(n_days=14, policies=("fixed_schedule", "rolling_prize"))
    town = replace(study.spec.town, name=HOSTILE)
    return replace(study, spec=replace(study.spec, town=town))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def comparison(study: Study, folder: Path) -> Comparison:
    runs = hand_made_runs(
        study,
        {
            FIXED: (effort(100, 4, cost_eur=1234), effort(110, 5, cost_eur=1300)),
            PRIZE: (effort(64.4, 1, cost_eur=777), effort(70.1, 2, cost_eur=801)),
            BLIND: (effort(80.2, 3, cost_eur=900), effort(83, 6, cost_eur=950)),
        },
    )
    found = compare(study, runs, baseline=FIXED, ours=PRIZE)
    write_tables(folder, runs, found)
    return found


@pytest.fixture(scope="module")
def page(study: Study, comparison: Comparison) -> str:
    fills = (
        StreamFills(stream="glass", is_own=True, days=91.2, n_containers=7, rate_per_day=0.051),
        StreamFills(stream="paper", is_own=False, days=12, n_containers=2, rate_per_day=0.2),
    )
    facts = ReportFacts(
        study=study, fills=fills, has_map=False, n_not_served=3, n_not_reached=0, digest="0123456789abcdef"
    )
    return report_page(comparison, facts)


@pytest.fixture(scope="module")
def read(page: str) -> Cells:
    cells = Cells()
    cells.feed(page)
    return cells


@pytest.mark.parametrize("language", written.LANGUAGES)
def test_report_shows_the_numbers_of_the_csv(read: Cells, folder: Path, language: written.Language) -> None:
    kinds = {kind.key: kind for kind in FIGURES}
    with (folder / "comparison.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    compared = 0
    for row in rows:
        share = row["sensors_percent"]
        variant = row["policy"] + (f"-{share}" if share else "")
        kind = kinds.get(row["figure"])
        shown = read.cells.get((language, "comparison", variant, row["figure"]))
        if shown is None or kind is None:
            continue
        assert shown[0] == number(float(row["per_day"]), kind.decimals, language)
        if row["change_fraction"] and kind.is_relative:
            ends = [percent(float(row[name]), language, is_signed=True) for name in ("change_low", "change_high")]
            assert shown[1] == percent(float(row["change_fraction"]), language, is_signed=True)
            assert [end.rstrip("%\u202f") in shown[2] for end in ends] == [True, True]
            compared += 1
        elif row["difference"] and kind.key == "overflows":
            assert shown[1] == number(float(row["difference"]), kind.decimals, language, is_signed=True)
            compared += 1
    assert compared == 2 * (5 + 1), "two variants, five relative figures and the overflows"
    worth = {row["figure"]: row for row in rows if (row["policy"], row["sensors_percent"]) == ("rolling_prize", "100")}
    for key in ("saved_per_sensor_year", "saved_by_sensor_year"):
        shown = read.cells[language, "sensors", "rolling_prize-100", key]
        assert shown[0] == f"{number(float(worth[key]['per_day']), 0, language)} EUR"


def test_headline_of_the_report_is_that_of_the_csv(read: Cells, folder: Path) -> None:
    with (folder / "comparison.csv").open(encoding="utf-8", newline="") as file:
        row = next(
            one
            for one in csv.DictReader(file)
            if (one["policy"], one["sensors_percent"], one["figure"]) == ("rolling_prize", "100", "distance")
        )
    figures = [round(-100 * float(row[name])) for name in ("change_fraction", "change_high", "change_low")]
    assert f"{figures[0]}% fewer kilometres ({figures[1]} to {figures[2]}%)" in read.headlines["en"]
    assert f"{figures[0]}\u202f% weniger Kilometer ({figures[1]} bis {figures[2]}\u202f%)" in read.headlines["de"]


def test_sums_of_days_are_those_of_runs_and_means_those_of_the_comparison(comparison: Comparison, folder: Path) -> None:
    def rows(name: str) -> list[dict[str, str]]:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    days, runs = rows("days.csv"), rows("runs.csv")
    assert (len(days), len(runs)) == (3 * 2 * 14, 3 * 2)
    for run in runs:
        own = [one for one in days if all(one[name] == run[name] for name in ("policy", "sensors_percent", "seed"))]
        for name in ("distance_m", "co2e_kg", "overflow_container_days"):
            assert sum(float(one[name]) for one in own) == pytest.approx(float(run[name]))
    ours = [run for run in runs if (run["policy"], run["sensors_percent"]) == ("rolling_prize", "100")]
    mean_km = sum(float(run["distance_m"]) for run in ours) / 1000 / 14 / 2
    assert comparison.row(PRIZE).figure("distance").per_day.value == pytest.approx(mean_km)


def test_report_lets_nothing_in_and_needs_nothing_from_outside(page: str, read: Cells) -> None:
    assert "<script" not in page
    assert read.tags["script"] == 0
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;town" in page
    assert "default-src 'none'" in page
    assert all(link.startswith("#") for link in read.links)
    without_names = page.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "")
    assert "http" not in without_names.replace("http-equiv", "")
    assert "@import" not in page
    assert "url(http" not in page


def test_ids_are_used_once_and_every_reference_hits(page: str, read: Cells) -> None:
    assert max(read.ids.values()) == 1
    wanted = set(re.findall(r"url\(#([^)]+)\)", page)) | {link[1:] for link in read.links}
    assert wanted
    assert wanted <= read.ids.keys()


def test_charts_take_the_colours_of_the_page(page: str, read: Cells) -> None:
    assert read.tags["svg"] == 2 * 4
    for stand_in in ("#010101", "#020202", "#030303", "#0a0a01", "#0b0b01"):
        assert stand_in not in page
    assert "var(--tour-2)" in page
    assert "var(--ink)" in page


def test_report_says_what_its_figures_rest_on(page: str) -> None:
    for words in (
        "vorhanden sind 12 Tage von 2",
        "there are 12 days of 2",
        "3.24 kg CO2e/l well-to-wheel",
        "TTW",
        "counts 399 EUR in it (certainty 99.75%)",
        "not certified",
        "150 bis 170 t",
        "straight lines",
        "3 containers whose stream no available vehicle collects",
        "0123456789abcdef",
    ):
        assert words in page
    assert f"{MINUS}0%" not in page


def test_short_season_has_no_chart_of_weeks() -> None:
    study = small_study(n_days=5, seeds=(1,), policies=("fixed_schedule", "rolling_prize"), shares=(1.0,))
    found = compare(
        study, hand_made_runs(study, {FIXED: (effort(100),), PRIZE: (effort(60),)}), baseline=FIXED, ours=PRIZE
    )
    facts = ReportFacts(study=study, fills=(), has_map=True, n_not_served=0, n_not_reached=0, digest="x")
    text = report_page(found, facts, language="en")
    assert text.count("<svg") == 2 * 3
    assert '<html lang="en">' in text
    assert "no interval" in text


def test_texts_have_the_same_values_in_both_languages() -> None:
    for key, one in written._words().items():
        names = {language: {part[1] for part in Formatter().parse(one[language]) if part[1]} for language in one}
        assert names.keys() == {"de", "en"}, key
        assert names["de"] == names["en"], key
