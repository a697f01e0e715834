"""Whatever a person types or hands over: a clear answer, no traceback, nothing half-written."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest

from api.cli.main import main
from api.files.templates import write_templates
from tests.flow.town_samples import SOUTH, STEP_LAT, STEP_LON, WEST, town_xml

AS_OF = "2026-03-02T18:00+01:00"


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


Run = Callable[..., Answer]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["fuhre", *arguments])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        captured = capfd.readouterr()
        answer = Answer(code, captured.out, " ".join(captured.err.split()))
        assert "Traceback" not in answer.out + answer.err
        return answer

    return call


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A town of three containers, planned without a map."""
    folder = tmp_path / "town"
    write_templates(folder)
    return folder


def change(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def plan(run: Run, town: Path, *more: str) -> dict[str, object]:
    answer = run("plan", "--town", str(town), "--as-of", AS_OF, "--solver", "greedy", "--json", *more)
    assert answer.code == 0, answer.err
    document = json.loads(answer.out)
    assert isinstance(document, dict)
    return document


def reasons(document: dict[str, object]) -> dict[str, str]:
    unserved = document["unserved"]
    assert isinstance(unserved, list)
    for one in unserved:
        assert one["message"]
        if one["is_due"]:
            assert one["what_would_change_it"]
    return {one["container_id"]: one["reason"] for one in unserved}


def test_template_town_is_planned(run: Run, town: Path) -> None:
    document = plan(run, town, "--force", "G-017")
    assert len(document["tours"]) == 1  # type: ignore[arg-type] - JSON


def test_empty_day_says_that_nothing_is_due(run: Run, town: Path) -> None:
    change(town / "readings.csv", (",62.5,", ",1,"), (",35,", ",1,"))
    change(town / "containers.csv", (",14,no,", ",,yes,"))
    change(town / "readings.csv", ("G-018,", "G-019,2026-03-02T09:00:00+01:00,1,sensor,no\nG-018,"))
    document = plan(run, town)
    assert document["tours"] == []
    assert "nothing_due" in str(document["warnings"])


def test_no_vehicle_is_a_plan_with_reasons(run: Run, town: Path) -> None:
    change(town / "fleet.toml", ("is_available = true", "is_available = false"))
    document = plan(run, town, "--force", "G-017")
    assert document["tours"] == []
    assert reasons(document)["G-017"] == "no_vehicle"


def test_demand_above_every_capacity_is_named_and_the_rest_is_planned(run: Run, town: Path) -> None:
    change(town / "fleet.toml", ("capacity_kg = 10750.0", "capacity_kg = 500.0"))
    change(
        town / "containers.csv", ("G-018,S-009,7.52310,51.61520,glass,3000", "G-018,S-009,7.52310,51.61520,glass,9000")
    )
    change(town / "readings.csv", (",35,", ",95,"))
    document = plan(run, town, "--force", "G-018", "--force", "G-019")
    assert reasons(document)["G-018"] == "exceeds_vehicle"
    assert document["tours"]


def test_window_that_never_opens_is_named(run: Run, town: Path) -> None:
    change(
        town / "containers.csv",
        ("7.53050,51.61180,glass,1100,right,60,120,,", "7.53050,51.61180,glass,1100,right,60,120,Su 03:00-03:10,"),
    )
    assert reasons(plan(run, town, "--force", "G-019"))["G-019"] == "time_window"


def test_closed_disposal_site_is_named(run: Run, town: Path) -> None:
    change(town / "fleet.toml", ("Mo-Fr 06:00-16:00; PH off", "Sa 10:00-12:00"))
    assert reasons(plan(run, town, "--force", "G-019"))["G-019"] == "disposal_closed"


def test_container_off_the_map_is_named_and_the_rest_is_planned(run: Run, town: Path) -> None:
    (town / "map.osm").write_text(town_xml(), encoding="utf-8")
    depot = f"lon = {WEST + STEP_LON / 2}", f"lat = {SOUTH + 2 * STEP_LAT}"
    change(town / "fleet.toml", ("lon = 7.5231", depot[0]), ("lat = 51.6152", depot[1]))
    change(
        town / "containers.csv",
        ("7.52310,51.61520", f"{WEST + 2 * STEP_LON},{SOUTH + STEP_LAT / 2}"),
        ("7.53050,51.61180", "7.99,51.61180"),
    )
    forced = [part for one in ("G-017", "G-019") for part in ("--force", one)]
    document = plan(run, town, "--osm", str(town / "map.osm"), *forced)
    assert reasons(document)["G-019"] == "outside_map"
    assert document["tours"]


def test_container_far_outside_is_refused_with_its_line(run: Run, town: Path) -> None:
    change(town / "containers.csv", ("7.53050,51.61180", "7.53050,91.61180"))
    answer = run("plan", "--town", str(town), "--as-of", AS_OF)
    assert answer.code == 2
    assert "containers.csv, line" in answer.err
    assert "lat" in answer.err


@pytest.mark.parametrize("text", ["NaN", "abc", "", "inf"])
def test_coordinate_that_is_no_number_is_refused_with_its_place(run: Run, town: Path, text: str) -> None:
    change(town / "containers.csv", ("7.53050,51.61180", f"{text},51.61180"))
    answer = run("plan", "--town", str(town), "--as-of", AS_OF)
    assert answer.code == 2
    assert "column lon" in answer.err


def test_swapped_coordinates_are_said_to_be_swapped(run: Run, town: Path) -> None:
    change(town / "containers.csv", ("7.52310,51.61520", "51.61520,7.52310"), ("7.53050,51.61180", "51.61180,7.53050"))
    answer = run("plan", "--town", str(town), "--as-of", AS_OF)
    assert answer.code == 2
    assert "swap" in answer.err.lower() or "exchange" in answer.err.lower()


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--vehicle", "ghost", "no vehicle 'ghost'"),
        ("--force", "ghost", "no container 'ghost'"),
        ("--stream", "gold", "no stream 'gold'"),
        ("--policy", "magic", "no policy 'magic'"),
        ("--solver", "magic", "no solver 'magic'"),
        ("--day", "2026-02-30", "no calendar day"),
        ("--as-of", "yesterday", "no instant"),
    ],
)
def test_wrong_option_is_refused_in_words(run: Run, town: Path, option: str, value: str, words: str) -> None:
    out = town / "out"
    answer = run("plan", "--town", str(town), "--as-of", AS_OF, "--out", str(out), option, value)
    assert answer.code == 2
    assert words in answer.err
    assert not out.exists()


@pytest.mark.parametrize("name", ["fleet.toml", "containers.csv"])
def test_file_cut_in_half_is_refused_by_name(run: Run, town: Path, name: str) -> None:
    content = (town / name).read_bytes()
    (town / name).write_bytes(content[: int(len(content) * 0.62)])
    answer = run("plan", "--town", str(town), "--as-of", AS_OF, "--out", str(town / "out"))
    assert answer.code == 2
    assert name in answer.err
    assert not (town / "out").exists()


@pytest.mark.parametrize("content", [b"", b"PAR1 no parquet at all", b"\x89PNG\r\n"])
def test_readings_that_are_none_are_refused_by_name(run: Run, town: Path, content: bytes) -> None:
    path = town / "sensor.parquet"
    path.write_bytes(content)
    answer = run("plan", "--town", str(town), "--readings", str(path), "--as-of", AS_OF)
    assert answer.code == 2
    assert "sensor.parquet" in answer.err


@pytest.mark.parametrize("content", [b"", b"no map", b"\x00\x00\x00\x0d\x0a\x09OSMHeader"])
def test_broken_map_is_refused_by_name(run: Run, town: Path, content: bytes) -> None:
    (town / "broken.osm.pbf").write_bytes(content)
    answer = run("plan", "--town", str(town), "--osm", str(town / "broken.osm.pbf"), "--as-of", AS_OF)
    assert answer.code == 2
    assert "broken.osm.pbf" in answer.err


def test_missing_files_are_named(run: Run, tmp_path: Path) -> None:
    for arguments in (
        ("plan",),
        ("plan", "--town", str(tmp_path / "nowhere")),
        ("plan", "--osm", str(tmp_path / "no.osm.pbf")),
        ("check", str(tmp_path / "no.json"), "--town", str(tmp_path)),
        ("scenario", "--town", str(tmp_path)),
        ("town", "add"),
        ("town", "add", "--osm", str(tmp_path / "no.osm.pbf")),
    ):
        answer = run(*arguments)
        assert answer.code == 2, arguments
        assert answer.err, arguments


def test_json_option_reports_issues_as_json(run: Run, town: Path) -> None:
    answer = run("plan", "--town", str(town), "--day", "soon", "--json")
    assert answer.code == 2
    assert json.loads(answer.out)["issues"][0]["code"] == "day"


def test_import_is_all_or_nothing(run: Run, town: Path, tmp_path: Path) -> None:
    change(town / "containers.csv", ("7.53050,51.61180", "x,51.61180"))
    target = tmp_path / "imported"
    files = ["--fleet", str(town / "fleet.toml"), "--containers", str(town / "containers.csv")]
    assert run("import", str(target), *files).code == 2
    assert not target.exists()
    change(town / "containers.csv", ("x,51.61180", "7.53050,51.61180"))
    assert run("import", str(target), *files).code == 0
    assert (target / "containers.csv").is_file()


def test_plan_of_another_town_is_judged_in_words(run: Run, town: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    plan(run, town, "--force", "G-017", "--out", str(out))
    honest = run("check", str(out / "plan.json"), "--town", str(town))
    assert honest.code == 0, honest.out
    change(town / "containers.csv", ("G-017", "G-999"))
    change(town / "readings.csv", ("G-017", "G-999"))
    judged = run("check", str(out / "plan.json"), "--town", str(town))
    assert judged.code == 1
    assert "G-017" in judged.out
    (out / "plan.json").write_bytes((out / "plan.json").read_bytes()[:500])
    broken = run("check", str(out / "plan.json"), "--town", str(town))
    assert broken.code == 2
    assert "plan.json" in broken.err


def test_town_report_names_gaps_and_needs_a_map(run: Run, town: Path) -> None:
    assert "no map" in run("town", "report", "--town", str(town)).err
    bridge = town_xml().replace(
        '<tag k="name" v="Querstraße 3"/>',
        '<tag k="name" v="Querstraße 3"/><tag k="bridge" v="yes"/><tag k="maxspeed:conditional" v="20 @ fog"/>',
    )
    change(town / "fleet.toml", ('id = "my-town"', 'id = "my-town"\nmap = "map.osm"'))
    (town / "map.osm").write_text(bridge, encoding="utf-8")
    answer = run("town", "report", "--town", str(town), "--json")
    assert answer.code == 0, answer.err
    (report,) = json.loads(answer.out)["reports"]
    assert report["profile"] == "truck_26t"
    assert any("bridge" in sentence and "Querstraße 3" in sentence for sentence in report["sentences"])
    assert any("cannot be understood" in sentence for sentence in report["sentences"])


def test_forecast_and_scenario_answer_on_the_template_town(run: Run, town: Path) -> None:
    forecast = run("forecast", "--town", str(town), "--as-of", AS_OF, "--json")
    assert forecast.code == 0, forecast.err
    assert {one["container_id"] for one in json.loads(forecast.out)} == {"G-017", "G-018", "G-019"}
    compared = run(
        "scenario",
        "--town",
        str(town),
        "--as-of",
        AS_OF,
        "--solver",
        "greedy",
        "--without-vehicle",
        "truck-1",
        "--json",
    )
    assert compared.code == 0, compared.err
    assert json.loads(compared.out)["changed"]["tours"] == []


def test_version_is_told(run: Run) -> None:
    answer = run("--version")
    assert answer.code == 0
    assert answer.out == f"fuhre {version('fuhre')}\n"
