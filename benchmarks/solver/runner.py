"""Asks every solver for every task, has each answer judged, and keeps what came out."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue

from benchmarks.solver.case import Case
from benchmarks.solver.case_problem import routes_of
from benchmarks.solver.day import Day
from benchmarks.solver.day_judge import judge_day
from benchmarks.solver.families.kim import KimDay
from benchmarks.solver.judge import Verdict, judge_routes
from benchmarks.solver.kim_judge import judge_kim
from benchmarks.solver.peer import Answer, LeftOutError
from benchmarks.solver.records import Record, percent_above
from benchmarks.solver.worker import run_solver


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One row to be measured."""

    family: str
    instance: str
    solver: str
    seed: int
    time_limit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A row and its curve."""

    record: Record
    curve: list[tuple[float, float]] = field(default_factory=list)


Runs = Callable[..., Answer]


def run_job(job: Job, task: Case | Day, *, core: int | None, run: Runs = run_solver) -> Outcome:
    """Search, judge, write down."""
    try:
        answer = run(job.solver, task, seed=job.seed, time_limit_s=job.time_limit_s, core=core)
    except LeftOutError as reason:
        return Outcome(record=_record(job, task, note=f"left out: {reason}"))
    verdict = judge(task, answer)
    note = "; ".join([*verdict.violations[:1], *verdict.remarks, *([answer.note] if answer.note else [])])
    record = _record(job, task, note=note, verdict=verdict, wall_s=answer.wall_s)
    return Outcome(record=record, curve=answer.curve)


def judge(task: Case | Day, answer: Answer) -> Verdict:
    """By the family's own judge."""
    if isinstance(task, Day) and isinstance(task.raw, KimDay):
        return judge_kim(task.raw, answer.orders)
    if isinstance(task, Day):
        return judge_day(task, answer.orders)
    return judge_routes(task, routes_of(answer.orders))


def run_all(
    jobs: Sequence[Job],
    read: Callable[[str, str], Case | Day],
    *,
    cores: Sequence[int],
    parallel: int = 1,
    run: Runs = run_solver,
    listen: Callable[[Outcome], None] = lambda _outcome: None,
) -> list[Outcome]:
    """All jobs, one after the other on the first core, or several at once on a core each for exploration."""
    outcomes: list[Outcome] = []
    tasks: dict[tuple[str, str], Case | Day] = {}
    free: SimpleQueue[int | None] = SimpleQueue()
    for at in range(parallel):
        free.put(cores[at % len(cores)] if cores else None)

    def do(job: Job) -> Outcome:
        key = (job.family, job.instance)
        if key not in tasks:
            tasks[key] = read(*key)
        core = free.get()
        try:
            return run_job(job, tasks[key], core=core, run=run)
        finally:
            free.put(core)

    with ThreadPoolExecutor(max_workers=parallel) as pool:
        for outcome in pool.map(do, jobs):
            outcomes.append(outcome)
            listen(outcome)
    return outcomes


def _record(
    job: Job, task: Case | Day, *, note: str, verdict: Verdict | None = None, wall_s: float | None = None
) -> Record:
    is_valid = verdict is not None and not verdict.violations
    return Record(
        instance=job.instance,
        n=task.n_stops,
        solver=job.solver,
        seed=job.seed,
        time_limit_s=job.time_limit_s,
        cost=None if verdict is None else verdict.cost,
        best_known=task.best_known,
        gap=percent_above(verdict.cost, task.best_known) if verdict is not None and is_valid else None,
        vehicles=None if verdict is None else verdict.vehicles,
        valid=is_valid,
        family=job.family,
        wall_s=wall_s,
        note=note,
    )
