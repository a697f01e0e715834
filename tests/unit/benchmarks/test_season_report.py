"""The last line of the season benchmark, its files, and its town's settings."""

import csv
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.season import policies
from benchmarks.season.report import last_line, print_table, write_csv
from benchmarks.season.results_file import write_section
from benchmarks.season.town import CONTAINERS_AT_SITE, season_statistics
from optimizer.season.records import DayRecord, Effort, RunRecord, SeasonRecord

KM = {"fixed_schedule": 200, "threshold": 160, "rolling_prize": 120, "clairvoyant": 100}
OVERFLOWS = {"fixed_schedule": 10, "threshold": 9, "rolling_prize": 8, "clairvoyant": 1}


@pytest.fixture
def record() -> SeasonRecord:
    day = date(2026, 3, 2)
    runs = tuple(
        RunRecord(
            policy=policy,
            seed=seed,
            n_containers=320,
            days=(
                DayRecord(
                    policy=policy,
                    seed=seed,
                    day=day,
                    effort=Effort(distance_m=km * 1000 * seed, overflow_container_days=OVERFLOWS[policy]),
                    fill_fractions=(0.5, 0.7),
                ),
            ),
        )
        for policy, km in KM.items()
        for seed in (1, 2)
    )
    return SeasonRecord(
        name="s",
        town_name="T",
        first_day=day,
        n_days=1,
        warm_up_days=0,
        n_containers=320,
        sensor_coverage=1.0,
        overflow_fraction=0.9,
        assumptions=(),
        runs=runs,
    )


def test_last_line_has_the_ratios_in_order(record: SeasonRecord) -> None:
    assert last_line(record) == (
        "km_vs_fixed=0.600 km_vs_threshold=0.750 km_vs_clairvoyant=1.200 overflow_ratio_fixed=0.800"
    )


def test_files_have_a_row_for_every_run_and_day(record: SeasonRecord, tmp_path: Path) -> None:
    write_csv(tmp_path, record, Console(file=StringIO()))
    for name in ("season.csv", "season_days.csv"):
        with (tmp_path / name).open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 8
        first = rows[0]
        assert (first["policy"], first["seed"], first["distance_m"]) == ("fixed_schedule", "1", "200000")
        assert float(first["mean_fill_fraction"]) == pytest.approx(0.6)


def test_table_names_every_policy_and_its_interval(record: SeasonRecord) -> None:
    file = StringIO()
    print_table(Console(file=file, width=200), record)
    for policy in KM:
        assert policy in file.getvalue()
    assert "km of rolling_prize / threshold: 0.750 (95 % interval 0.750 to 0.750)" in file.getvalue()


def test_results_sections_are_replaced_as_a_whole_and_the_rest_is_left_alone(
    record: SeasonRecord, tmp_path: Path
) -> None:
    path = tmp_path / "RESULTS.md"
    path.write_text("# Results\n\nBefore.\n", encoding="utf-8")
    write_section(path, record, kind="1 day", how="Once.")
    write_section(path, record, kind="2 days", how="Twice.")
    path.write_text(path.read_text("utf-8") + "\nAfter.\n", encoding="utf-8")
    written = path.read_text("utf-8")
    assert "| **rolling_prize** | 180.0 ±762.4 |" in written
    assert "| km, to fixed tours | 0.600 | 0.600 to 0.600 | 0.65 at most: met |" in written
    assert "| km, to the clairvoyant | 1.200 | 1.200 to 1.200 | 1.12 at most: **missed** |" in written
    write_section(path, record, kind="1 day", how="Again.")
    again = path.read_text("utf-8")
    assert again == written.replace("Once.", "Again.")
    write_section(path, record, kind="1 day", how="Once.")
    assert path.read_text("utf-8") == written


def test_results_of_fewer_policies_name_no_ratio_to_the_others(record: SeasonRecord, tmp_path: Path) -> None:
    alone = replace(record, runs=tuple(run for run in record.runs if run.policy != "threshold" and run.seed == 1))
    write_section(tmp_path / "RESULTS.md", alone, kind="1 day", how="")
    written = (tmp_path / "RESULTS.md").read_text("utf-8")
    assert "to the threshold" not in written
    assert "| overflows, to fixed tours | 0.800 | one seed | 1 at most: met |" in written


def test_fewer_sensors_are_driven_with_more_care() -> None:
    levels = [policies.dials_for(share).service_level for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] > levels[1] > levels[2]
    assert policies.dials_for(1.0).service_level == pytest.approx(dict(policies.SERVICE_LEVELS)[1.0])


def test_lineup_and_streams_are_complete() -> None:
    assert [one.name for one in policies.lineup()] == list(KM)
    assert season_statistics().keys() == CONTAINERS_AT_SITE.keys()
    assert {stream for stream, _ in policies.SCHEDULE} == CONTAINERS_AT_SITE.keys()
    assert sum(CONTAINERS_AT_SITE.values()) >= 300
