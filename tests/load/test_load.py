"""A minute of the load that ``load.py`` sends for twenty: nothing lost, no fault, and no neighbour disturbed."""

import math
from pathlib import Path

import pytest

from tests.load.drive import Tally
from tests.load.load import Load, report_of, run_load


@pytest.mark.slow
def test_minute_of_load_loses_nothing_and_meets_no_fault(tmp_path: Path) -> None:
    load = Load(seconds=40, containers=100, plan_every_s=15, plan_time_limit_s=3, batch_every_s=5)
    findings = run_load(load, tmp_path / "data")
    told = report_of(load, findings)
    assert findings.errors == 0, told
    assert findings.lost == 0, told
    assert findings.acknowledged >= 40 * 20 + 8 * 500, told
    assert findings.plan_ends == {"succeeded": 4}, told
    assert all(tally.count("2", "3") == tally.outcomes.total() for tally in findings.tallies.values()), told
    assert findings.grown_mb < 150, told
    assert findings.open_files[-1] < findings.open_files[0] + 60, told


@pytest.mark.slow
def test_neighbour_of_a_flood_is_served(tmp_path: Path) -> None:
    load = Load(seconds=8, containers=50, plan_every_s=60, flood_per_s=300, ingest_limit_per_s=50)
    findings = run_load(load, tmp_path / "data")
    told = report_of(load, findings)
    flood, neighbour = findings.tallies["flood"], findings.tallies["neighbour"]
    assert flood.count("429") > 500, told
    assert flood.errors == 0, told
    assert neighbour.count("2") == neighbour.outcomes.total() == 40, told
    assert findings.lost == 0, told


def test_percentiles_are_those_of_the_sorted_times_and_503_with_advice_is_no_fault() -> None:
    tally = Tally("x", seconds=[number / 1000 for number in range(100, 0, -1)])
    assert tally.percentile_ms(0.5) == pytest.approx(50)
    assert tally.percentile_ms(0.99) == pytest.approx(99)
    assert tally.percentile_ms(1.0) == pytest.approx(100)
    assert math.isnan(Tally("empty").percentile_ms(0.5))
    tally.outcomes.update({"200": 5, "503": 2, "500": 1, "ReadTimeout": 3, "429": 4})
    assert tally.errors == 4
    assert tally.count("5") == 3
