import csv
import math
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.solver import command, quick
from benchmarks.solver.case import Case
from benchmarks.solver.day import Day
from benchmarks.solver.peer import Answer, LeftOutError
from benchmarks.solver.peers.ours import OurPeer, tiny_case
from benchmarks.solver.records import Record, merged, percent_above, read_records, write_records
from benchmarks.solver.runner import Job, Outcome, run_all
from benchmarks.solver.targets import as_markdown, target_rows

ASKED_COLUMNS = ["instance", "n", "solver", "seed", "time_limit_s", "cost", "best_known", "gap", "vehicles", "valid"]


def _record(**changes: object) -> Record:
    record = Record(
        instance="a",
        n=10,
        solver="sisr",
        seed=1,
        time_limit_s=10.0,
        cost=101.0,
        best_known=100.0,
        gap=1.0,
        vehicles=3,
        valid=True,
        family="cvrp_x",
        wall_s=10.0,
    )
    return replace(record, **changes)  # type: ignore[arg-type] # only fields of the class are given


def _answers(name: str, task: Case | Day, **_kwargs: object) -> Answer:
    if name == "missing":
        raise LeftOutError("is not installed")
    stops = list(range(task.n_stops))
    half = len(stops) // 2
    routes = [(0, stops[:half]), (1, stops[half:])] if name == "right" else [(0, stops)]
    return Answer(orders=routes, wall_s=0.1, curve=[(0.05, 999.0)])


def _outcome(solver: str) -> Outcome:
    case = replace(tiny_case(), best_known=1000.0, vehicles=(replace(tiny_case().vehicles[0], capacity=6),))
    job = Job(family="tiny", instance="tiny", solver=solver, seed=1, time_limit_s=1.0)
    (outcome,) = run_all([job], lambda _family, _name: case, cores=[], run=_answers)
    return outcome


def test_run_gives_a_valid_answer_its_gap() -> None:
    record = _outcome("right").record
    assert record.valid
    assert record.cost is not None
    assert record.gap == pytest.approx(100 * (record.cost - 1000) / 1000)
    assert record.vehicles == 2


def test_run_gives_no_gap_to_an_answer_that_is_not_valid() -> None:
    record = _outcome("wrong").record
    assert (record.valid, record.gap) == (False, None)
    assert record.note.startswith("vehicle 0 carries")


def test_run_names_a_solver_that_is_missing() -> None:
    record = _outcome("missing").record
    assert (record.valid, record.cost) == (False, None)
    assert record.note == "left out: is not installed"


def test_our_peer_answers_a_tiny_case_and_tells_its_curve() -> None:
    peer = OurPeer("sisr")
    peer.prepare(tiny_case())
    answer = peer.solve(seed=1, time_limit_s=0.3)
    assert sorted(stop for _, order in answer.orders for stop in order if stop >= 0) == list(range(12))
    assert [cost for _, cost in answer.curve] == sorted((cost for _, cost in answer.curve), reverse=True)


def test_file_has_the_asked_columns_first_and_reads_back(tmp_path: Path) -> None:
    rows = [_record(), _record(solver="pyvrp", cost=None, gap=None, vehicles=None, valid=False, wall_s=None)]
    write_records(tmp_path / "solver.csv", rows)
    with (tmp_path / "solver.csv").open(encoding="utf-8") as lines:
        assert next(csv.reader(lines))[: len(ASKED_COLUMNS)] == ASKED_COLUMNS
    assert read_records(tmp_path / "solver.csv") == rows


def test_merged_keeps_other_rows_and_replaces_measured_again() -> None:
    old = [_record(cost=105.0), _record(solver="pyvrp")]
    assert merged(old, [_record(cost=101.0)]) == [_record(cost=101.0), _record(solver="pyvrp")]


def test_percent_above_needs_a_best_known() -> None:
    assert percent_above(101.0, None) is None
    assert percent_above(101.0, 100.0) == pytest.approx(1.0)


def test_ratio_counts_only_days_with_two_valid_answers() -> None:
    day = {"family": "waste_day", "best_known": None, "gap": None}
    rows = [
        _record(**day, cost=100.0),
        _record(**day, solver="pyvrp", cost=104.0),
        _record(**day, instance="b", cost=100.0),
        _record(**day, instance="b", solver="pyvrp", cost=200.0, valid=False),
    ]
    assert quick.mean_ratio(rows, family="waste_day", ours="sisr", peer="pyvrp") == pytest.approx(1.04)
    assert math.isnan(quick.mean_ratio(rows, family="waste_day", ours="sisr", peer="ortools"))


def test_quick_run_ends_with_its_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(jobs: list[Job], *_args: object, **_kwargs: object) -> list[Outcome]:
        cost = {"sisr": 100.5, "pyvrp": 101.0, "ortools": 110.0}
        return [
            Outcome(
                record=_record(
                    instance=job.instance,
                    solver=job.solver,
                    family=job.family,
                    cost=cost[job.solver],
                    gap=cost[job.solver] - 100 if job.family != "waste_day" else None,
                    valid=(job.solver, job.instance) != ("sisr", "300-42"),
                )
            )
            for job in jobs
        ]

    monkeypatch.setattr(command, "run_all", measured)
    monkeypatch.setattr(command, "draw_curves", lambda *_args: False)
    monkeypatch.setattr(command.catalogue, "names_of", lambda family: [*quick.PUBLISHED.get(family, ()), *quick.DAYS])
    assert command.main(["--quick", "--out", str(tmp_path)]) == 0
    last = capsys.readouterr().out.rstrip().splitlines()[-1]
    assert last == (
        "gap_cvrp=0.5 gap_cvrp_pyvrp=1 gap_vrptw=0.5 gap_vrptw_pyvrp=1 "
        "waste_vs_ortools=1.095 waste_vs_pyvrp=1.005 violations=1"
    )


def test_waste_days_of_any_size_can_be_asked_for() -> None:
    assert command.catalogue.chosen_names("waste_day", ["2000-7-bo", "X-n200-k36", "40-1"]) == ("2000-7-bo", "40-1")
    assert command.catalogue.chosen_names("waste_day", []) == command.catalogue.names_of("waste_day")


def test_quick_run_fits_into_ten_minutes_with_starts() -> None:
    jobs = quick.quick_jobs()
    start_s = 10
    assert sum(job.time_limit_s + start_s for job in jobs) <= 600


def test_targets_say_what_was_reached_and_what_was_not_measured() -> None:
    rows = [
        _record(time_limit_s=30.0, gap=0.3),
        _record(time_limit_s=30.0, solver="pyvrp", gap=0.4),
        _record(time_limit_s=10.0, family="waste_day", cost=90.0),
        _record(time_limit_s=60.0, family="waste_day", solver="ortools", cost=100.0),
    ]
    table = as_markdown(target_rows(rows)).splitlines()
    assert "| CVRP X, 30 s: mean gap | <= 0.35 % | 0.300 % | yes |" in table
    assert "| CVRP X, 30 s: gap beside PyVRP's | <= 0.7x | 0.75x | no |" in table
    assert "| VRPTW, 30 s: mean gap | <= 0.40 % | - | - |" in table
    assert "| waste days, ours 10 s, ortools 60 s: ours cheaper by | >= 9 % | 10.00 % | yes |" in table
