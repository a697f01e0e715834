"""Sums, shares, deciles and intervals of a season's records."""

from datetime import date, timedelta

import pytest

from optimizer.season.compare import mean_per_day, ratio
from optimizer.season.records import DayRecord, Effort, RunRecord, SeasonRecord

FIRST = date(2026, 3, 2)


def _run(policy: str, seed: int, metres: tuple[int, ...], fills: tuple[float, ...] = ()) -> RunRecord:
    days = tuple(
        DayRecord(
            policy=policy,
            seed=seed,
            day=FIRST + timedelta(days=at),
            effort=Effort(distance_m=one, overflow_container_days=1),
            fill_fractions=fills,
        )
        for at, one in enumerate(metres)
    )
    return RunRecord(policy=policy, seed=seed, n_containers=10, days=days)


def _season(*runs: RunRecord) -> SeasonRecord:
    return SeasonRecord(
        name="s",
        town_name="T",
        first_day=FIRST,
        n_days=2,
        warm_up_days=0,
        n_containers=10,
        sensor_coverage=1.0,
        overflow_fraction=0.9,
        assumptions=(),
        runs=runs,
    )


def _km(effort: Effort) -> float:
    return effort.distance_km


def test_efforts_add_up_field_by_field() -> None:
    one = Effort(distance_m=1_000, lifts=2, co2e_kg=0.5, infeasible_days=1)
    both = one + Effort(distance_m=500, lifts=1)
    assert (both.distance_km, both.lifts, both.co2e_kg, both.infeasible_days) == (1.5, 3, 0.5, 1)


def test_run_tells_shares_and_deciles() -> None:
    run = _run("a", 1, (1_000, 2_000), fills=tuple(at / 10 for at in range(11)))
    assert run.total.distance_m == 3_000
    assert run.overflow_share == pytest.approx(2 / 20)
    assert run.mean_fill_fraction == pytest.approx(0.5)
    assert run.fill_deciles == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], abs=0.051)
    assert _run("a", 1, (0,)).mean_fill_fraction is None


def test_season_finds_its_runs() -> None:
    season = _season(_run("a", 2, (1,)), _run("a", 1, (1,)), _run("b", 1, (1,)))
    assert season.policies == ("a", "b")
    assert season.seeds == (1, 2)
    assert [run.seed for run in season.runs_of("a")] == [1, 2]
    with pytest.raises(KeyError, match="no run of 'b' under seed 2"):
        season.run("b", 2)


def test_ratio_is_paired_by_seed() -> None:
    # Seeds differ by a factor of ten, the policies by exactly two: the interval has no width.
    season = _season(_run("a", 1, (1_000,)), _run("a", 2, (10_000,)), _run("b", 1, (2_000,)), _run("b", 2, (20_000,)))
    found = ratio(season, "a", "b", _km)
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.5, 0.5))


def test_ratio_has_the_interval_of_student() -> None:
    season = _season(_run("a", 1, (1_000,)), _run("a", 2, (1_210,)), _run("b", 1, (1_000,)), _run("b", 2, (1_000,)))
    found = ratio(season, "a", "b", _km)
    assert found is not None
    # log 1.1 +- 12.706 x log(1.21) / 2, with one degree of freedom
    assert found.low == pytest.approx(1.1 / 1.21 ** (12.7062 / 2), rel=1e-4)
    assert found.high == pytest.approx(1.1 * 1.21 ** (12.7062 / 2), rel=1e-4)


def test_ratio_to_nothing_is_none_and_one_seed_has_no_interval() -> None:
    season = _season(_run("a", 1, (1_000,)), _run("b", 1, (0,)))
    assert ratio(season, "a", "b", _km) is None
    alone = mean_per_day(season, "a", _km)
    assert (alone.value, alone.low) == (1.0, None)
