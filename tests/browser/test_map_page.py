"""What a person sees: the page in a real browser, loaded from a file."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from api.export.html_map import plan_to_html
from api.export.plan_paths import find_plan_paths
from tests.unit.api.plan_factory import GridRouter, grid_streets, make_plan, make_town

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    *("--virtual-time-budget=3000", "--window-size=1280,800"),
)


@pytest.fixture(scope="module")
def dom(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The page's document after its scripts ran, and what the browser complained about."""
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("no chromium on this machine: install the package `chromium` to test the page in a browser")
    folder = tmp_path_factory.mktemp("page")
    town = make_town()
    plan = make_plan(town)
    page = plan_to_html(plan, town, find_plan_paths(plan, town, GridRouter()), grid_streets(), language="en")
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
