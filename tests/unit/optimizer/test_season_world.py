"""The truth of a season: the same for all policies, and nothing but emptyings changes it."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from optimizer.season.spec import SensorFailures
from optimizer.season.world import World, morning, with_coverage
from optimizer.simulation.fills import no_holidays
from tests.unit.optimizer.season_towns import FIRST_DAY, small_season

DAY_S = 86_400


@pytest.fixture(scope="module")
def opened() -> tuple[World, World]:
    spec = small_season()
    return World(spec, 1, is_holiday=no_holidays), World(spec, 1, is_holiday=no_holidays)


def test_world_levels_ahead_come_true_when_nobody_empties(opened: tuple[World, World]) -> None:
    world, _ = opened
    ahead = world.levels_ahead(48)
    start_s = int(world.opens_at.timestamp())
    world.live_until(start_s + 2 * DAY_S, {})
    lived = [[world.level_at(row, start_s + 3600 * hour) for row in range(12)] for hour in range(49)]
    np.testing.assert_allclose(lived, ahead, atol=1e-12)


def test_world_an_emptying_changes_its_own_container_only() -> None:
    spec = small_season()
    idle, busy = World(spec, 3, is_holiday=no_holidays), World(spec, 3, is_holiday=no_holidays)
    start_s = int(idle.opens_at.timestamp())
    emptied_s = start_s + 5 * 3600 + 120
    before = busy.level_when_emptied(0, emptied_s)
    idle.live_until(start_s + DAY_S, {})
    busy.live_until(start_s + DAY_S, {0: emptied_s})
    assert before == pytest.approx(idle.level_at(0, emptied_s))
    assert busy.level_at(0, start_s + 6 * 3600) < 0.31
    assert busy.level_at(0, start_s + 6 * 3600) < before
    for row in range(1, 12):
        assert busy.level_at(row, start_s + DAY_S) == idle.level_at(row, start_s + DAY_S)
    assert emptied_s in busy.series(0, since_s=0).emptied_at_s
    assert emptied_s not in idle.series(0, since_s=0).emptied_at_s


def test_world_readings_follow_the_truth_and_end_now() -> None:
    spec = small_season()
    world = World(spec, 2, is_holiday=no_holidays)
    now_s = int(world.opens_at.timestamp())
    errors = []
    for row in range(12):
        series = world.series(row, since_s=now_s - 3 * DAY_S)
        assert len(series) > 10
        assert series.observed_at_s.max() < now_s
        truth = np.array([world.level_at(row, int(at_s)) for at_s in series.observed_at_s])
        errors.append(np.median(np.abs(series.fill_fraction - truth)))
    assert np.median(errors) < 0.02


def test_world_counts_an_overfull_container_once_a_day() -> None:
    spec = small_season()
    world = World(spec, 1, is_holiday=no_holidays)
    start_s = int(world.opens_at.timestamp())
    for day in range(1, 5):
        truth = world.live_until(start_s + day * DAY_S, {})
    overfull = sum(
        max(world.level_at(row, start_s + 3 * DAY_S + 3600 * hour) for hour in range(1, 25)) >= spec.overflow_fraction
        for row in range(12)
    )
    assert truth.overflowing == overfull > 0


def test_coverage_takes_sensors_away_step_by_step() -> None:
    spec = small_season()
    counts = {}
    for coverage in (0.0, 0.5, 1.0):
        covered = with_coverage(replace(spec, sensor_coverage=coverage))
        counts[coverage] = {one.container_id for one in covered.town.containers if one.has_sensor}
    assert counts[0.0] == set()
    assert counts[0.0] < counts[0.5] < counts[1.0]
    assert len(counts[1.0]) == 12


def test_failures_silence_and_stick_sensors() -> None:
    spec = small_season(n_days=20)
    ends_s = int(morning(spec, FIRST_DAY + timedelta(days=spec.n_days)).timestamp())

    def last_days(failures: SensorFailures) -> list[np.ndarray[tuple[int], np.dtype[np.float32]]]:
        world = World(replace(spec, failures=failures), 1, is_holiday=no_holidays)
        world.live_until(ends_s, {})
        return [world.series(row, since_s=ends_s - DAY_S // 2).fill_fraction for row in range(12)]

    assert all(not one.size for one in last_days(SensorFailures(silent_share=1.0)))
    stuck = last_days(SensorFailures(stuck_share=1.0))
    assert sum(np.unique(one[one >= 0]).size <= 1 for one in stuck if one.size) >= 11
    assert sum(one.size > 0 for one in last_days(SensorFailures())) >= 10


def test_an_outage_silences_an_area_for_its_days_only() -> None:
    spec = small_season(n_days=20)
    ends_s = int(morning(spec, FIRST_DAY + timedelta(days=spec.n_days)).timestamp())

    def reports(failures: SensorFailures) -> list[int]:
        world = World(replace(spec, failures=failures), 1, is_holiday=no_holidays)
        world.live_until(ends_s, {})
        return [len(world.series(row, since_s=0)) for row in range(12)]

    usual, cut = reports(SensorFailures()), reports(SensorFailures(outage_days=3, outage_share=0.5))
    lost = [before - after for before, after in zip(usual, cut, strict=True)]
    assert sum(one > 0 for one in lost) == 6
    assert max(lost) <= 3 * 25
