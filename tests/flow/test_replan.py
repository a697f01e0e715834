"""A truck breaks down in the middle of the morning: one command, and the day goes on lawfully."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from api.cli.main import main
from api.wiring import OVERRIDES_NAME
from tests.flow.test_overrides import CLOSED
from tests.flow.town_samples import N_COLUMNS, N_ROWS, SOUTH, STEP_LAT, STEP_LON, WEST, town_xml

FLEET = f"""\
[town]
id = "musterhausen"
name = "Musterhausen"
zone = "Europe/Berlin"
map = "map.osm"

[[stream]]
id = "paper"
density_kg_per_l = 0.08

[[depot]]
id = "yard"
lon = {WEST + 0.0004}
lat = {SOUTH}

[[disposal_site]]
id = "AWZ"
lon = {WEST + 4.5 * STEP_LON}
lat = {SOUTH + 5 * STEP_LAT}
streams = ["paper"]
unloading_s = 900
"""
VEHICLE = """
[[vehicle]]
id = "truck-{number}"
profile = "truck_26t"
streams = ["paper"]
systems = ["rear"]
capacity_kg = 6000
body_l = 6000
depot = "yard"
cost_eur_per_km = 1.20
cost_eur_per_h = 90.00
max_trips = 2

[vehicle.shift]
weekdays = ["Mo", "Tu", "We", "Th", "Fr"]
starts = "06:00"
ends = "12:00"

[vehicle.fuel]
driving_l_per_100km = 45
"""


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


Run = Callable[..., Answer]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["fuhre", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        captured = capfd.readouterr()
        return Answer(code, captured.out, captured.err)

    return call


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """Three trucks and thirty containers, too many for one truck."""
    folder = tmp_path / "town"
    folder.mkdir()
    (folder / "map.osm").write_text(town_xml(), encoding="utf-8")
    (folder / "fleet.toml").write_text(
        FLEET + "".join(VEHICLE.format(number=number) for number in (1, 2, 3)), encoding="utf-8"
    )
    rows = ["container_id,lon,lat,stream,capacity_l,service_s,setup_s,system"]
    places = [(column, row) for row in range(N_ROWS) for column in range(N_COLUMNS - 1)]
    rows += [
        f"P-{at:02d},{WEST + (column + 0.4) * STEP_LON:.5f},{SOUTH + row * STEP_LAT:.5f},paper,1100,600,120,rear"
        for at, (column, row) in enumerate(places)
    ]
    (folder / "containers.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def plan_file(run: Run, town: Path, tmp_path: Path) -> Path:
    answer = run(
        "plan", "--town", town, "--day", "2026-03-03", "--as-of", "2026-03-02T18:00+01:00", "--policy", "all",
        "--iterations", "20", "--solver", "greedy", "--no-baseline", "--out", tmp_path / "tours",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    return tmp_path / "tours" / "plan.json"


def read(path: Path) -> dict[str, list[dict[str, list[dict[str, object]]]]]:
    document: dict[str, list[dict[str, list[dict[str, object]]]]] = json.loads(path.read_text(encoding="utf-8"))
    return document


def middle(plan: dict[str, list[dict[str, list[dict[str, object]]]]]) -> tuple[str, datetime]:
    """The vehicle with the longest tour, and an instant at which it has done some of it."""
    tour = max(plan["tours"], key=lambda one: len(one["stops"]))
    at = datetime.fromisoformat(str(tour["stops"][4]["departs_at"]))
    return str(tour["vehicle_id"]), (at + timedelta(minutes=1)).replace(second=0)


def emptied(plan: dict[str, list[dict[str, list[dict[str, object]]]]]) -> set[str]:
    stops = [stop for tour in plan["tours"] for stop in tour["stops"]]
    return {one["container_id"] for stop in stops for one in stop["collections"]}  # type: ignore[attr-defined,index]  # parsed JSON


@pytest.mark.parametrize("solver", ["greedy", "sisr", "ortools"])
def test_breakdown_is_planned_around(run: Run, town: Path, plan_file: Path, tmp_path: Path, solver: str) -> None:
    before = read(plan_file)
    vehicle_id, at = middle(before)
    answer = run(
        "replan", plan_file, "--town", town, "--breakdown", f"{vehicle_id}@{at:%H:%M}", "--iterations", "20",
        "--solver", solver, "--out", tmp_path / "new",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    said = " ".join(answer.out.split())
    assert f"{vehicle_id} stands at " in said
    assert "breakdown:" not in said  # a code for programs, which find it in the plan
    new = read(tmp_path / "new" / "plan.json")
    assert any(one.startswith(f"breakdown: {vehicle_id} stands at ") for one in new["warnings"])
    broken = next(tour for tour in new["tours"] if tour["vehicle_id"] == vehicle_id)
    assert broken["is_cut_short"]
    assert len(broken["stops"]) < max(len(tour["stops"]) for tour in before["tours"])
    assert emptied(new) == emptied(before)
    checked = run("check", tmp_path / "new" / "plan.json", "--town", town)
    assert checked.code == 0, checked.out


def test_nothing_moves_by_choice_where_nothing_may(run: Run, town: Path, plan_file: Path) -> None:
    _, at = middle(read(plan_file))
    fixed = ("replan", plan_file, "--town", town, "--now", f"{at:%H:%M}", "--iterations", "2000", "--change-cost", "0")
    free = run(*fixed, "--most-moved", "100", "--json")
    held = run(*fixed, "--most-moved", "0", "--json")
    assert free.code == held.code == 0, held.err
    assert json.loads(free.out)["diff"]["moved"], "there is something to gain"
    assert not json.loads(held.out)["diff"]["moved"]
    told = run(*fixed, "--most-moved", "0", "--language", "de")
    assert "0 von" in told.out
    assert "abgegeben von Fahrzeugen, die weiterfahren" in " ".join(told.out.split())


def test_street_closed_during_the_day_counts_from_then_on(
    run: Run, town: Path, plan_file: Path, tmp_path: Path
) -> None:
    (town / OVERRIDES_NAME).write_text(CLOSED, encoding="utf-8")
    _, at = middle(read(plan_file))
    answer = run(
        "replan", plan_file, "--town", town, "--now", f"{at:%H:%M}", "--iterations", "20", "--solver", "greedy",
        "--out", tmp_path / "new",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    old = run("check", plan_file, "--town", town)
    assert old.code == 1, "the old plan drives through the closed street"
    checked = run("check", tmp_path / "new" / "plan.json", "--town", town)
    assert checked.code == 0, checked.out


def test_state_file_says_the_same_as_the_options(run: Run, town: Path, plan_file: Path, tmp_path: Path) -> None:
    vehicle_id, at = middle(read(plan_file))
    fixed = ("--town", town, "--iterations", "20", "--solver", "greedy", "--json")
    by_option = run("replan", plan_file, "--breakdown", f"{vehicle_id}@{at:%H:%M}", *fixed)
    tour = next(one for one in read(plan_file)["tours"] if one["vehicle_id"] == vehicle_id)
    done = sum(datetime.fromisoformat(str(stop["departs_at"])) <= at for stop in tour["stops"])
    told = {"vehicle_id": vehicle_id, "done_stops": done, "is_out_of_service": True}
    state = tmp_path / "state.json"
    state.write_text(json.dumps({"now": at.isoformat(), "vehicles": [told]}), encoding="utf-8")
    by_file = run("replan", plan_file, "--state", state, *fixed)
    assert by_option.code == by_file.code == 0, by_file.err
    ours, theirs = json.loads(by_option.out), json.loads(by_file.out)
    assert ours["plan"]["tours"] == theirs["plan"]["tours"]
    assert ours["diff"]["moved"] == theirs["diff"]["moved"]
    assert ours["remaining"] > 0


@pytest.mark.parametrize(
    ("options", "state", "sentence"),
    [
        ((), None, "Say when and what"),
        (("--breakdown", "truck-1"), None, "is not understood"),
        (("--breakdown", "truck-1@noon"), None, "no time of day"),
        (("--breakdown", "ghost@08:00"), None, "There is no vehicle 'ghost'"),
        (("--now", "08:00", "--urgent", "P-99"), None, "There is no container 'P-99'"),
        (("--now", "08:00", "--solver", "magic"), None, "There is no solver 'magic'"),
        (("--state", "STATE", "--now", "08:00"), "{}", "The file says all"),
        (("--state", "STATE", "--most-moved", "0"), "{}", "The file says all"),
        (("--state", "STATE", "--change-cost", "0"), "{}", "The file says all"),
        (("--state", "STATE"), "{}", "now"),
        (("--state", "STATE"), '{"now": "2026-03-03T08:00:00"}', "with its time zone"),
        (("--state", "STATE"), '{"now": "2026-03-03T08:00:00+01:00", "blockd": []}', "no field 'blockd'"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    run: Run, town: Path, plan_file: Path, tmp_path: Path, options: tuple[str, ...], state: str | None, sentence: str
) -> None:
    path = tmp_path / "state.json"
    if state is not None:
        path.write_text(state, encoding="utf-8")
    typed = [str(path) if one == "STATE" else one for one in options]
    answer = run("replan", plan_file, "--town", town, *typed)
    assert answer.code == 2
    assert "Traceback" not in answer.err
    assert sentence in " ".join(answer.err.split())
