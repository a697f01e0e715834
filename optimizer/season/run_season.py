"""Runs a season: every policy under every seed, on the same citizens, weather and sensors."""

from collections.abc import Sequence
from functools import partial

from optimizer.ports import ReportsProgress
from optimizer.season.executors import SeasonExecutor, SerialExecutor
from optimizer.season.records import RunRecord, SeasonRecord
from optimizer.season.run_policy import RunTask, SeasonPolicy, SeasonPorts, run_policy
from optimizer.season.spec import SeasonSpec
from optimizer.season.world import with_coverage

STEP = "season"


def run_season(
    spec: SeasonSpec,
    ports: SeasonPorts,
    policies: Sequence[SeasonPolicy],
    executor: SeasonExecutor | None = None,
    *,
    progress: ReportsProgress | None = None,
) -> SeasonRecord:
    """All policies under all seeds; the same for the same spec, whatever the executor.

    Parameters
    ----------
    executor
        Where to compute; here and now without one, and then ``progress`` is told of every day.
    progress
        Told of every finished run; may raise ``CancelledError``, which gives up the others.

    Raises
    ------
    CancelledError
        When ``progress`` asks to stop.
    InvalidSolutionError
        When the checker finds that a day's tours break a rule.
    """
    covered = with_coverage(spec)
    # Seeds first: after each round of policies there is something to compare.
    tasks = [RunTask(spec=covered, ports=ports, policy=policy, seed=seed) for seed in spec.seeds for policy in policies]
    runs: dict[int, RunRecord] = {}
    if executor is None and progress is not None:
        for at, task in enumerate(tasks):
            runs[at] = run_policy(task, listen=partial(_tell_day, progress, task, at, len(tasks)))
    else:
        finished = (executor or SerialExecutor()).map(run_policy, tasks)
        for at, run in finished:
            runs[at] = run
            if progress is not None:
                progress(STEP, len(runs) / len(tasks), f"{run.policy}, seed {run.seed}")
    order = [policy.name for policy in policies]
    return SeasonRecord(
        name=spec.name,
        town_name=spec.town.name,
        first_day=spec.first_day,
        n_days=spec.n_days,
        warm_up_days=spec.warm_up_days,
        n_containers=len(spec.town.containers),
        sensor_coverage=spec.sensor_coverage,
        overflow_fraction=spec.overflow_fraction,
        assumptions=_assumptions(spec, ports),
        runs=tuple(sorted(runs.values(), key=lambda run: (order.index(run.policy), run.seed))),
    )


def _tell_day(progress: ReportsProgress, task: RunTask, at: int, n_tasks: int, share: float) -> None:
    progress(STEP, (at + share) / n_tasks, f"{task.policy.name}, seed {task.seed}")


def _assumptions(spec: SeasonSpec, ports: SeasonPorts) -> tuple[str, ...]:
    failures = spec.failures
    return (
        f"Fills are generated with {len(spec.seeds)} seeds from calibrated statistics; no real container was watched.",
        f"A container overflows from {spec.overflow_fraction:.0%} of its capacity on; its true level decides.",
        f"{spec.sensor_coverage:.0%} of the containers have a sensor.",
        f"Sensors: {failures.silent_share:.0%} fall silent, {failures.stuck_share:.0%} get stuck.",
        f"One area is down for {failures.outage_days} days.",
        "Travel times are the same on all days: no closures, no rush hours.",
        f"Emissions from well to wheel: {ports.factors.name}; in the spirit of ISO 14083, not certified.",
    )
