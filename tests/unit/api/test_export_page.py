"""The page is one file: nothing from outside, nothing that names in it could do."""

import json
import re
from dataclasses import replace
from importlib.resources import files

import pytest

from api.export.html_map import plan_to_html
from api.export.plan_paths import find_plan_paths
from api.export.street_lines import StreetLine, pack_streets
from api.export.texts import load_texts, text, written_date
from optimizer.domain.plan import Plan, Totals
from optimizer.domain.town import Town
from tests.unit.api.plan_factory import DAY, GridRouter, grid_streets, make_plan, make_town

HOSTILE = "</script><img src=x onerror=alert(1)>"
SCRIPTS = files("api.export").joinpath("templates", "script")


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town()


@pytest.fixture(scope="module")
def plan(town: Town) -> Plan:
    return make_plan(town)


def page_of(plan: Plan, town: Town, streets: list[StreetLine] | None = None) -> str:
    paths = find_plan_paths(plan, town, GridRouter())
    return plan_to_html(plan, town, paths, grid_streets() if streets is None else streets, language="en")


def embedded(page: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    data = json.loads(found[1])
    assert isinstance(data, dict)
    return data


def test_page_asks_for_nothing_from_outside(plan: Plan, town: Town) -> None:
    page = page_of(plan, town)
    addresses = set(re.findall(r"https?://[\w./-]+", page))
    assert addresses <= {"https://www.openstreetmap.org/copyright", "http://www.w3.org/2000/svg"}
    assert not re.search(r"<(script|img|iframe|link)[^>]+src=", page)
    assert "default-src 'none'" in page
    assert len(page) < 1_500_000


def test_hostile_names_stay_data(plan: Plan, town: Town) -> None:
    tour = plan.tours[0]
    stops = (tour.stops[0], replace(tour.stops[1], label=HOSTILE), *tour.stops[2:])
    unserved = (replace(plan.unserved[0], message=HOSTILE), *plan.unserved[1:])
    hostile = replace(plan, town_name=HOSTILE, tours=(replace(tour, stops=stops), *plan.tours[1:]), unserved=unserved)
    streets = [replace(grid_streets()[0], name=HOSTILE), *grid_streets()[1:]]
    page = page_of(hostile, town, streets)
    assert "<img" not in page
    assert page.count("</script>") == page.count("<script")
    assert HOSTILE in json.dumps(embedded(page), ensure_ascii=False)


def test_scripts_never_make_html_of_data() -> None:
    for script in SCRIPTS.iterdir():
        source = script.read_text(encoding="utf-8")
        assert "innerHTML" not in source, script.name
        assert "eval(" not in source, script.name


def test_every_text_stands_in_both_languages() -> None:
    texts = load_texts()
    for key, both in texts.items():
        assert set(both) == {"de", "en"}, key
        placeholders = {language: set(re.findall(r"{(\w+)}", words)) for language, words in both.items()}
        assert placeholders["de"] == placeholders["en"], key


def test_every_text_that_a_script_asks_for_exists() -> None:
    texts = load_texts()
    for script in SCRIPTS.iterdir():
        for key in re.findall(r'\bt\("([a-z_]+)"', script.read_text(encoding="utf-8")):
            assert key in texts, f"{script.name}: {key}"


def test_dates_are_written_as_people_do() -> None:
    assert written_date(DAY, "de") == "2. März 2026"
    assert written_date(DAY, "en") == "2 March 2026"
    assert "Lünen" in text("page_title", "de", town="Lünen", date="heute")


def test_page_of_an_empty_plan_shows_no_tours(plan: Plan, town: Town) -> None:
    empty = replace(plan, tours=(), totals=Totals(), baseline=None)
    data = embedded(page_of(empty, town))
    assert data["tours"] == []
    assert embedded(plan_to_html(empty, town, {}, []))["tours"] == []


def test_page_tells_time_out_overtime_and_toll(plan: Plan, town: Town) -> None:
    totals = replace(plan.tours[0].totals, overtime_s=2_700, toll_eur=3.2)
    dear = replace(plan, tours=(replace(plan.tours[0], totals=totals),), totals=totals)
    data = embedded(page_of(dear, town))
    assert isinstance(data["tours"], list)
    assert isinstance(data["summary"], dict)
    (tour,) = data["tours"]
    assert (tour["overtimeH"], tour["tollEur"]) == (0.75, 3.2)
    assert tour["outH"] == pytest.approx((totals.working_s + totals.break_s) / 3600)
    assert (data["summary"]["overtime_h"], data["summary"]["toll_eur"]) == (0.75, 3.2)


def test_packed_streets_are_small_and_keep_their_names() -> None:
    streets = grid_streets()
    packed = pack_streets(streets)
    assert {street.name for street in streets} <= set(packed["names"])
    assert sum(len(lines) for lines in packed["lines"]) >= 1
    assert len(json.dumps(packed)) < 40 * sum(len(street.lon_lat_deg) for street in streets)
