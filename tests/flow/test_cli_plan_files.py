"""Commands that read finished plans, ours and those of people: explain, diff, check."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.cli.main import main
from api.town.demo_town import build_demo_town
from tests.flow.infeasible_town import AS_OF, DAY, write_infeasible_town

EXAMPLE = Path(__file__).resolve().parents[2] / "data" / "handmade_plan.json"
Fuhre = Callable[..., tuple[int, str, str]]


@pytest.fixture
def fuhre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Fuhre:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("FUHRE_CACHE_DIR", str(tmp_path / "cache"))

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["fuhre", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        captured = capfd.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return code, captured.out, " ".join(captured.err.split())

    return call


@pytest.fixture
def town(tmp_path: Path) -> str:
    return str(write_infeasible_town(tmp_path / "town"))


@pytest.fixture
def plan_file(fuhre: Fuhre, town: str, tmp_path: Path) -> str:
    code, out, _ = fuhre(
        *("plan", "--town", town, "--as-of", AS_OF, "--policy", "all", "--solver", "greedy", "--iterations", "3"),
        *("--no-baseline", "--json"),
    )
    assert code == 0
    (tmp_path / "plan.json").write_text(out, encoding="utf-8")
    return str(tmp_path / "plan.json")


def written(tmp_path: Path, tours: object, **more: object) -> str:
    path = tmp_path / "hand.json"
    path.write_text(json.dumps({"day": DAY, "tours": tours} | more), encoding="utf-8")
    return str(path)


def test_explain_says_why_a_container_is_out_in_both_languages(fuhre: Fuhre, town: str, plan_file: str) -> None:
    code, english, _ = fuhre("explain", plan_file, "P-01", "--town", town)
    assert code == 0
    assert "P-01 is due, but in no tour: No vehicle has enough working time left today." in english
    assert "LKW-1: its shift is 4 min too short; otherwise 18.50 EUR, 12 min, 0.4 km more." in english
    assert "LKW-2: does not drive." in english
    assert "LKW-G: does not collect paper." in english
    assert "+60 min overtime on LKW-1 serves all 6" in english
    code, german, _ = fuhre("explain", plan_file, "P-01", "--town", town, "--language", "de")
    assert code == 0
    assert "P-01 ist fällig, aber in keiner Tour: Kein Fahrzeug hat heute noch genug Arbeitszeit." in german
    assert "LKW-1: die Schicht ist 4 min zu kurz; sonst 18,50 EUR, 12 min, 0,4 km mehr." in german
    assert "LKW-G: sammelt die Abfallart paper nicht." in german
    code, closed, _ = fuhre("explain", plan_file, "G-01", "--town", town)
    assert "LKW-G: no disposal site for glass is open in its shift." in closed


def test_explain_says_why_a_container_is_in(fuhre: Fuhre, town: str, plan_file: str) -> None:
    document = json.loads(Path(plan_file).read_text(encoding="utf-8"))
    name = document["tours"][0]["stops"][1]["collections"][0]["container_id"]
    code, out, _ = fuhre("explain", plan_file, name, "--town", town, "--json")
    assert code == 0
    explanation = json.loads(out)
    assert explanation["is_served"]
    assert explanation["vehicle_id"] == "LKW-1"
    assert explanation["saving"]["cost_eur"] > 0
    assert explanation["decision"]["en"].startswith(f"{name} is emptied by LKW-1 at ")


def test_explain_refuses_what_it_cannot_know(fuhre: Fuhre, town: str, plan_file: str) -> None:
    code, _, err = fuhre("explain", plan_file, "X-1", "--town", town)
    assert code == 2
    assert "no container 'X-1'" in err


def test_diff_names_what_a_longer_shift_changes(fuhre: Fuhre, town: str, plan_file: str, tmp_path: Path) -> None:
    fleet = Path(town) / "fleet.toml"
    fleet.write_text(fleet.read_text(encoding="utf-8").replace('ends = "08:00"', 'ends = "09:00"'), encoding="utf-8")
    code, out, _ = fuhre(
        *("plan", "--town", town, "--as-of", AS_OF, "--policy", "all", "--solver", "greedy", "--iterations", "3"),
        *("--no-baseline", "--json"),
    )
    assert code == 0
    other = tmp_path / "other.json"
    other.write_text(out, encoding="utf-8")
    code, text, _ = fuhre("diff", plan_file, str(other))
    assert code == 0
    assert text.startswith("6 containers more, 0 fewer, 0 with another vehicle; +")
    assert "LKW-1 also empties P-01, P-02" in text
    _, german, _ = fuhre("diff", plan_file, str(other), "--language", "de")
    assert german.startswith("6 Behälter mehr, 0 weniger, 0 mit einem anderen Fahrzeug; +")
    _, document, _ = fuhre("diff", str(other), plan_file, "--json")
    difference = json.loads(document)
    assert len(difference["dropped"]) == 6
    assert difference["dropped"] == sorted(difference["dropped"])
    assert difference["vehicles"][0]["vehicle_id"] == "LKW-1"


def test_check_completes_a_plan_made_by_hand(fuhre: Fuhre, town: str, tmp_path: Path) -> None:
    path = written(tmp_path, {"LKW-1": ["P-01", "P-02", "P-03"]})
    whole = tmp_path / "whole.json"
    code, out, _ = fuhre("check", path, "--town", town, "--as-of", AS_OF, "--out", str(whole))
    assert code == 0
    assert "LKW-1: no tipping was given; 1 laid in." in out
    assert "The plan keeps every rule: 1 tour, 6 stops" in out
    code, _, _ = fuhre("check", str(whole), "--town", town)
    assert code == 0


def test_check_names_every_broken_rule_of_a_plan_made_by_hand(fuhre: Fuhre, town: str, tmp_path: Path) -> None:
    tours = {
        "LKW-1": {"departs": "06:00", "stops": ["P-01", {"id": "P-02", "at": "06:05"}, {"id": "P-04", "at": "07:45"}]},
        "LKW-2": ["P-05"],
        "LKW-G": ["G-01", "P-06"],
        "LKW-9": ["P-07"],
    }
    code, out, _ = fuhre("check", written(tmp_path, tours), "--town", town, "--as-of", AS_OF)
    assert code == 1
    for sentence in (
        "P-02/paper (P-02) is stated for 06:05:00; it cannot be there before 06:13:",
        "Move the stop to the time that is possible",
        "its shift is 06:00:00 to 08:00:00. Take stops off this vehicle",
        "Vehicle LKW-2 is not available",
        "It does not collect paper, so it cannot empty P-06.",
        "No disposal site takes glass",
        "Musterhausen has no such vehicle. Perhaps LKW-",
    ):
        assert sentence in out, f"{sentence}\n{out}"
    code, document, _ = fuhre("check", written(tmp_path, tours), "--town", town, "--as-of", AS_OF, "--json")
    assert code == 1
    found = json.loads(document)["violations"]
    assert {"too_early", "outside_shift", "no_vehicle", "forbidden_vehicle", "unknown_vehicle"} <= {
        one["code"] for one in found
    }
    assert all(one["what_to_do"] for one in found)
    code, out, _ = fuhre("check", written(tmp_path, tours), "--town", town, "--as-of", AS_OF, "--language", "de")
    assert code == 1
    for sentence in (
        "Fahrzeug LKW-1: P-02/paper (P-02) ist für 06:05:00 angegeben; vor 06:13:",
        "Den Halt auf die mögliche Zeit legen",
        "die Schicht geht von 06:00:00 bis 08:00:00. Halte von diesem Fahrzeug nehmen",
        "Fahrzeug LKW-2 ist nicht verfügbar",
        "Es sammelt paper nicht und kann P-06 daher nicht leeren.",
        "Keine Entladestelle nimmt glass",
        "Fahrzeug LKW-9: In Musterhausen gibt es das nicht. Vielleicht ist LKW-",
        "Verstöße: ",
    ):
        assert sentence in out, f"{sentence}\n{out}"
    assert not [word for word in (" the ", " is ", " are ") if word in out], out


@pytest.mark.parametrize(
    ("tours", "words"),
    [
        ({}, "at least one tour"),
        ({"LKW-1": "P-01"}, "write a list of ids"),
        ({"LKW-1": [7]}, "entry 1: write an id"),
        ({"LKW-1": [{"id": "P-01", "at": "25:00"}]}, "no time of day"),
        ({"LKW-1": [{"id": "P-01", "minutes": 5}]}, "only for a break"),
        ({"LKW-1": [{"id": "break", "minutes": "long"}]}, "whole number"),
    ],
)
def test_check_refuses_what_it_cannot_read(fuhre: Fuhre, town: str, tmp_path: Path, tours: object, words: str) -> None:
    code, _, err = fuhre("check", written(tmp_path, tours), "--town", town)
    assert code == 2
    assert words in err
    code, _, err = fuhre("check", written(tmp_path, {"LKW-1": ["P-01"]}, day="2026-02-30"), "--town", town)
    assert code == 2
    assert "no calendar day" in err


def test_example_of_a_plan_made_by_hand_is_valid_in_the_demo_town(fuhre: Fuhre, tmp_path: Path) -> None:
    build_demo_town(tmp_path / "demo", as_of=datetime(2026, 3, 3, 18, tzinfo=UTC))
    code, out, _ = fuhre("check", str(EXAMPLE), "--town", str(tmp_path / "demo"), "--as-of", "2026-03-03T20:00+02:00")
    assert code == 0, out
    assert "The plan keeps every rule: 2 tours" in out


def test_plan_is_told_in_german_to_its_last_line(fuhre: Fuhre, town: str, tmp_path: Path) -> None:
    readings = tmp_path / "readings.csv"
    readings.write_text(
        "container_id,observed_at,fill_percent,source,emptied\nP-01,2026-02-16T09:00:00+01:00,40,sensor,no\n",
        encoding="utf-8",
    )
    words = ("plan", "--town", town, "--as-of", AS_OF, "--readings", str(readings), "--policy", "all")
    quickly = ("--solver", "greedy", "--iterations", "3", "--no-baseline", "--out", str(tmp_path / "new"))
    code, german, _ = fuhre(*words, *quickly, "--language", "de")
    assert code == 0
    assert "Der neueste Messwert ist 14 Tage alt (16. Februar 2026, 09:00)" in german
    assert german.rstrip().splitlines()[-1].startswith(f"Geschrieben nach {tmp_path / 'new'}: plan.json")
    code, english, _ = fuhre(*words, *quickly)
    assert "The newest reading is 14 days old (16 February 2026, 09:00)" in english
    assert english.rstrip().splitlines()[-1].startswith(f"Written to {tmp_path / 'new'}: plan.json")
