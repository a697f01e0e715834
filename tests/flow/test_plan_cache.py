"""`fuhre plan` on single files keeps the streets it has prepared, also when two of it start at once."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from api.files.templates import write_templates
from routing.arrays_file import read_arrays
from tests.flow.town_samples import SOUTH, STEP_LAT, STEP_LON, WEST, town_xml

FUHRE = [sys.executable, "-c", "from api.cli.main import main; main()"]


@pytest.fixture
def sources(tmp_path: Path) -> list[str]:
    """Options that name a map, containers and a fleet; all stand in the sample streets."""
    folder = tmp_path / "files"
    write_templates(folder)
    (folder / "streets.osm").write_text(town_xml(), encoding="utf-8")
    fleet = (folder / "fleet.toml").read_text(encoding="utf-8")
    fleet = re.sub(r"(?m)^lon = .*$", f"lon = {WEST + STEP_LON / 2:.5f}", fleet)
    fleet = re.sub(r"(?m)^lat = .*$", f"lat = {SOUTH:.5f}", fleet)
    (folder / "fleet.toml").write_text(fleet, encoding="utf-8")
    rows = ["container_id,lon,lat,stream,capacity_l,system"]
    rows += [
        f"C-{number},{WEST + (0.5 + number) * STEP_LON:.5f},{SOUTH + STEP_LAT:.5f},glass,1100,crane"
        for number in range(3)
    ]
    (folder / "containers.csv").write_text("\n".join([*rows, ""]), encoding="utf-8")
    return [
        "--osm", str(folder / "streets.osm"),
        "--containers", str(folder / "containers.csv"),
        "--fleet", str(folder / "fleet.toml"),
    ]  # fmt: skip


def command(sources: list[str], *options: str) -> list[str]:
    day = ["--as-of", "2026-03-02T18:00+01:00", "--solver", "greedy", "--iterations", "5", "--policy", "all", "--json"]
    return [*FUHRE, "plan", *sources, *day, *options]


def planned(sources: list[str], *options: str, cache_home: Path) -> dict[str, object]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache_home), "HOME": str(cache_home)}
    environment.pop("FUHRE_CACHE_DIR", None)
    done = subprocess.run(command(sources, *options), capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    plan: dict[str, object] = json.loads(done.stdout)
    assert plan["tours"]
    return plan


def files_in(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.rglob("*.bin")}


@pytest.mark.slow
def test_streets_are_kept_in_the_users_cache_and_used_again(sources: list[str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = planned(sources, cache_home=home)
    kept = files_in(home)
    assert {name.split("-")[0] for name in kept} >= {"streets", "hierarchy"}
    again = planned(sources, cache_home=home)
    assert files_in(home) == kept
    assert again["tours"] == first["tours"]


@pytest.mark.slow
def test_cache_can_be_elsewhere_or_nowhere(sources: list[str], tmp_path: Path) -> None:
    home, chosen = tmp_path / "home", tmp_path / "chosen"
    planned(sources, "--no-cache", cache_home=home)
    assert files_in(tmp_path) == {}
    planned(sources, "--cache-dir", str(chosen), cache_home=home)
    assert files_in(chosen)
    assert files_in(home) == {}


@pytest.mark.slow
def test_two_at_once_share_the_cache(sources: list[str], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    running = [
        subprocess.Popen(
            command(sources, "--cache-dir", str(cache)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    plans = []
    for one in running:
        told, complaints = one.communicate(timeout=300)
        assert one.returncode == 0, complaints
        plans.append(json.loads(told))
    assert plans[0]["tours"] == plans[1]["tours"]
    assert [path for path in cache.iterdir() if path.suffix != ".bin"] == []
    for path in cache.iterdir():
        read_arrays(path)
