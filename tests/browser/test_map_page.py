"""What a person sees: the page in a real browser, loaded from a file."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from api.export.html_map import plan_to_html
from api.export.plan_paths import find_plan_paths
from api.export.texts import Language
from optimizer.domain.plan import ReasonCode, Shortage
from optimizer.domain.relaxation import Relaxation, RelaxationKind, Text
from tests.unit.api.plan_factory import GridRouter, grid_streets, make_plan, make_town

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    *("--virtual-time-budget=3000", "--window-size=1280,800"),
)
SHORTAGE = Shortage(
    reason=ReasonCode.TIME,
    stream="glass",
    container_ids=("G-1", "G-2"),
    text=Text(en="2 containers of glass are <b>due</b>.", de="2 Behälter (glass) sind fällig."),
    relaxations=(
        Relaxation(
            kind=RelaxationKind.OVERTIME,
            subject="T-1",
            amount=35,
            container_ids=("G-1",),
            out_of=2,
            cost_eur=12.5,
            text=Text(en="+35 min overtime on T-1 serves 1 of 2.", de="+35 min Überstunden für T-1."),
        ),
    ),
)


GAP = "5 sensors without a usable reading: usual filling of the stream assumed"


def _shown(folder: Path, language: Language) -> tuple[str, str]:
    """The page's document after its scripts ran, and what the browser complained about."""
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("no chromium on this machine: install the package `chromium` to test the page in a browser")
    town = make_town()
    plan = replace(make_plan(town), shortages=(SHORTAGE,), degraded=(GAP,))
    page = plan_to_html(plan, town, find_plan_paths(plan, town, GridRouter()), grid_streets(), language=language)
    (folder / "map.html").write_text(page, encoding="utf-8")
    command = [browser, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--enable-logging=stderr", "--log-level=0"]
    ran = subprocess.run(
        [*command, "--dump-dom", Path(folder / "map.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    return ran.stdout, ran.stderr


@pytest.fixture(scope="module")
def dom(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The English page."""
    return _shown(tmp_path_factory.mktemp("page"), "en")


def test_page_runs_without_complaint(dom: tuple[str, str]) -> None:
    complaints = [line for line in dom[1].splitlines() if "CONSOLE" in line]
    assert complaints == []


def test_page_shows_tours_and_figures(dom: tuple[str, str]) -> None:
    document = dom[0]
    town = make_town()
    plan = make_plan(town)
    assert f'<h1 id="heading">{plan.town_name}</h1>' in document
    for tour in plan.tours:
        assert document.count(tour.vehicle_id) >= 2  # in the list and in the timeline
    assert f"{plan.totals.distance_m / 1000:.1f}" in re.sub(r"<[^>]+>", " ", document)
    assert "OpenStreetMap" in document


def test_page_names_what_is_not_emptied(dom: tuple[str, str]) -> None:
    plan = make_plan(make_town())
    shown = [one.container_id for one in plan.unserved if f">{one.container_id}<" in dom[0]]
    assert shown


def test_page_says_what_is_short_and_what_would_serve_it(dom: tuple[str, str]) -> None:
    shown = dom[0].split('id="tab-unserved"')[1]
    assert "<p>2 containers of glass are &lt;b&gt;due&lt;/b&gt;.</p>" in shown
    assert "<li>+35 min overtime on T-1 serves 1 of 2.</li>" in shown
    assert "Each change was tried on this plan" in shown


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", GAP), ("de", "5 Sensoren ohne brauchbaren Messwert: übliche Füllung des Stoffstroms angenommen")],
)
def test_page_tells_what_the_plan_does_without_in_the_language_of_the_page(
    tmp_path: Path, language: Language, told: str
) -> None:
    document, _ = _shown(tmp_path, language)
    assert f"<li>{told}</li>" in document
