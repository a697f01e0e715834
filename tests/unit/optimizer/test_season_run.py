"""Whole seasons: repeatable, parallel, cancellable, and with books that balance."""

from collections.abc import Mapping
from functools import partial

import pytest

from optimizer.ports import CancelledError, SelectionPolicy
from optimizer.season.executors import ProcessExecutor, SerialExecutor
from optimizer.season.kept_travel import KeptTravel, keep_travel
from optimizer.season.records import RunRecord, SeasonRecord
from optimizer.season.run_policy import SeasonPolicy, SeasonPorts
from optimizer.season.run_season import run_season
from optimizer.season.spec import SeasonSpec
from optimizer.selection.all_containers import AllContainersPolicy
from optimizer.selection.nearness import measure_nearness
from optimizer.selection.rolling_prize import RollingPrizePolicy
from optimizer.selection.threshold import ThresholdPolicy
from optimizer.solving.greedy import GreedySolver
from routing.crow_flight import CrowFlightRouter
from tests.unit.optimizer.season_towns import small_season


def _everything(_spec: SeasonSpec, _travel: KeptTravel, _rates: Mapping[str, float]) -> SelectionPolicy:
    return AllContainersPolicy()


def _threshold(
    _spec: SeasonSpec, _travel: KeptTravel, _rates: Mapping[str, float], *, level_fraction: float
) -> SelectionPolicy:
    return ThresholdPolicy(level_fraction=level_fraction)


def _prize(spec: SeasonSpec, travel: KeptTravel, _rates: Mapping[str, float]) -> SelectionPolicy:
    return RollingPrizePolicy(nearness=measure_nearness(spec.town, travel))


ALL = SeasonPolicy(name="all", make=_everything)
NEVER = SeasonPolicy(name="never", make=partial(_threshold, level_fraction=2.0))
PRIZE = SeasonPolicy(name="prize", make=_prize)
KNOWING = SeasonPolicy(name="knowing", make=_prize, is_clairvoyant=True)


def _ports(spec: SeasonSpec) -> SeasonPorts:
    return SeasonPorts(
        travel=keep_travel(spec.town, CrowFlightRouter()),
        solver=GreedySolver(),
    )


@pytest.fixture(scope="module")
def record() -> SeasonRecord:
    spec = small_season(n_days=7, seeds=(1, 2))
    return run_season(spec, _ports(spec), (ALL, NEVER, PRIZE, KNOWING))


def _without_clock(run: RunRecord) -> tuple[object, ...]:
    return (run.policy, run.seed, run.n_containers, run.days)


def test_season_has_a_run_for_every_policy_and_seed(record: SeasonRecord) -> None:
    assert [(run.policy, run.seed) for run in record.runs] == [
        (policy, seed) for policy in ("all", "never", "prize", "knowing") for seed in (1, 2)
    ]
    assert all(len(run.days) == 7 for run in record.runs)
    assert all(run.days[0].day == record.first_day for run in record.runs)


def test_season_books_balance(record: SeasonRecord) -> None:
    for run in record.runs:
        for day in run.days:
            effort = day.effort
            assert effort.lifts == len(day.fill_fractions)
            assert effort.lifts == effort.due - effort.unserved_due + effort.optional_served
            assert effort.collected_l == pytest.approx(3_000 * sum(day.fill_fractions), rel=1e-3)
            assert effort.driving_s <= effort.working_s <= effort.out_s
            assert (effort.distance_m > 0) == (effort.lifts > 0) == (effort.diesel_l > 0)
            assert effort.co2e_kg == pytest.approx(3.24 * effort.diesel_l)


def test_season_emptying_everything_drives_most_and_nothing_overflows_most(record: SeasonRecord) -> None:
    for seed in (1, 2):
        everything, nothing = record.run("all", seed).total, record.run("never", seed).total
        prize = record.run("prize", seed).total
        assert everything.distance_m > prize.distance_m > nothing.distance_m == 0
        assert everything.overflow_container_days <= prize.overflow_container_days < nothing.overflow_container_days
        assert nothing.spilled_l > everything.spilled_l
    assert record.run("all", 1).total.lifts == 6 * 12, "six working days, no Sunday"
    sunday = record.run("all", 1).days[6]
    assert sunday.effort.tours == 0


def test_season_is_the_same_on_several_cores(record: SeasonRecord) -> None:
    spec = small_season(n_days=7)
    parallel = run_season(spec, _ports(spec), (ALL, PRIZE), ProcessExecutor(n_processes=2))
    for run in parallel.runs:
        assert _without_clock(run) == _without_clock(record.run(run.policy, run.seed))


def test_season_tells_progress_and_stops_when_asked() -> None:
    spec = small_season(n_days=2, seeds=(1, 2, 3))
    told: list[float] = []

    def stop_after_two(_step: str, share: float, _detail: str = "") -> None:
        told.append(share)
        if len(told) == 2:
            raise CancelledError

    with pytest.raises(CancelledError):
        run_season(spec, _ports(spec), (ALL,), SerialExecutor(), progress=stop_after_two)
    assert told == [pytest.approx(1 / 3), pytest.approx(2 / 3)]
    told.clear()
    with pytest.raises(CancelledError):
        run_season(spec, _ports(spec), (ALL,), progress=stop_after_two)
    assert told == [pytest.approx(1 / 12), pytest.approx(2 / 12)], "every day is told without an executor"


def test_season_without_sensors_still_plans() -> None:
    spec = small_season(n_days=7)
    blind = SeasonSpec(**{name: getattr(spec, name) for name in spec.__dataclass_fields__} | {"sensor_coverage": 0.0})
    record = run_season(blind, _ports(blind), (PRIZE,))
    assert record.runs[0].total.lifts > 0
    assert record.sensor_coverage == 0.0
