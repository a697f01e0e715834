"""Crews note how full containers were: in quarters, not every time, and the same for every policy."""

from dataclasses import replace

import numpy as np

from optimizer.season.notes import draw_notes
from optimizer.season.world import World
from optimizer.simulation.fills import no_holidays
from tests.unit.optimizer.season_towns import small_season

DAY_S = 86_400


def test_notes_are_quarters_near_the_truth_and_depend_on_seed_and_day_alone() -> None:
    for level in (0.0, 0.3, 0.62, 1.0):
        notes, again = (draw_notes("one", n_days=400, share=1.0, seed=3) for _ in range(2))
        for day in range(400):
            notes.look(day * DAY_S, level, day=day)
        for day in range(399, 199, -1):
            again.look(day * DAY_S, level, day=day)
        _, seen = notes.written()
        assert len(seen) == 400
        assert set((seen * 4).tolist()) <= {0.0, 1.0, 2.0, 3.0, 4.0}
        assert np.abs(seen - level).max() <= 0.125 + 4 * 0.05
        assert np.abs(seen - level).mean() < 0.15
        np.testing.assert_array_equal(again.written()[1], seen[:199:-1])


def test_notes_are_missing_as_often_as_asked() -> None:
    for share in (0.0, 0.4, 1.0):
        notes = draw_notes("one", n_days=2_000, share=share, seed=5)
        for day in range(2_000):
            notes.look(day * DAY_S, 0.5, day=day)
        assert abs(len(notes.written()[0]) / 2_000 - share) < 0.04


def test_world_notes_levels_at_emptyings_also_where_there_is_no_sensor() -> None:
    spec = replace(small_season(), noted_share=1.0)
    blind = replace(
        spec, town=replace(spec.town, containers=tuple(replace(one, has_sensor=False) for one in spec.town.containers))
    )
    world = World(blind, 1, is_holiday=no_holidays)
    start_s = int(world.opens_at.timestamp())
    emptied_s = start_s + 30 * 3600
    world.live_until(start_s + DAY_S, {})
    level = world.level_when_emptied(0, emptied_s)
    world.live_until(start_s + 2 * DAY_S, {0: emptied_s})
    series = world.series(0, since_s=start_s)
    assert not len(series)
    np.testing.assert_array_equal(series.glanced_at_s, series.emptied_at_s)
    assert series.glanced_at_s[-1] == emptied_s
    assert abs(float(series.glance_fraction[-1]) - level) <= 0.125 + 4 * 0.05
    silent = World(replace(blind, noted_share=0.0), 1, is_holiday=no_holidays)
    assert not silent.series(0, since_s=start_s).glanced_at_s.size
