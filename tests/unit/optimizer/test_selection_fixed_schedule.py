"""Fixed weekday tours: everybody gets the visits that its demand needs, on few days, area by area."""

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

from optimizer.domain.issues import InvalidInputError
from optimizer.domain.request import SelectionRules
from optimizer.domain.selection import Decision
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.selection.fixed_schedule import FixedSchedulePolicy, Rhythm
from optimizer.selection.schedule import ScheduleRules, draw_up_schedule
from tests.unit.optimizer.season_towns import FIRST_DAY, small_season, small_town

YEAR = [date(2025, 12, 1) + timedelta(days=day) for day in range(400)]


def _longest_gap_days(rhythm: Rhythm) -> int:
    on = [day for day in YEAR if rhythm.is_on(day)]
    return max((later - earlier).days for earlier, later in pairwise(on))


@pytest.mark.parametrize("rate_per_day", [0.005, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.24])
def test_schedule_keeps_the_longest_gap_within_the_target(rate_per_day: float) -> None:
    town = small_town()
    rates = {one.container_id: rate_per_day for one in town.containers}
    rules = {"paper": ScheduleRules(target_fill_fraction=0.5), "glass": ScheduleRules(target_fill_fraction=0.5)}
    rhythms = draw_up_schedule(town, rates, rules)
    assert set(rhythms) == {one.container_id for one in town.containers}
    for rhythm in rhythms.values():
        assert _longest_gap_days(rhythm) * rate_per_day <= 0.5 + 1e-9


def test_schedule_does_not_come_more_often_than_the_ladder_asks() -> None:
    town = small_town()
    rates = {one.container_id: 0.5 / 29 for one in town.containers}
    rhythms = draw_up_schedule(town, rates, {"glass": ScheduleRules(target_fill_fraction=0.5, weekdays=(1,))})
    assert {_longest_gap_days(one) for one in rhythms.values()} == {28}
    assert {one.weekdays for one in rhythms.values()} == {frozenset({1})}


def test_schedule_drives_only_on_the_streams_days_where_they_suffice() -> None:
    town = small_town()
    rates = {one.container_id: (0.16 if one.container_id.endswith("1") else 0.03) for one in town.containers}
    rhythms = draw_up_schedule(town, rates, {"glass": ScheduleRules(target_fill_fraction=0.5, weekdays=(0, 2, 4))})
    assert frozenset().union(*(one.weekdays for one in rhythms.values())) <= {0, 2, 4}
    assert rhythms["glass-1"].weekdays == {0, 2, 4}


def test_schedule_rules_need_a_weekday_and_a_target() -> None:
    with pytest.raises(InvalidInputError, match="weekday"):
        ScheduleRules(target_fill_fraction=0.5, weekdays=())
    with pytest.raises(InvalidInputError, match="target_fill_fraction"):
        ScheduleRules(target_fill_fraction=0.0)


def test_schedule_gives_neighbours_the_same_day() -> None:
    town = small_town(n_sites=12)
    rates = {one.container_id: 0.06 for one in town.containers}
    rhythms = draw_up_schedule(town, rates, {"glass": ScheduleRules(target_fill_fraction=0.5, weekdays=(1, 3))})
    days = [next(iter(rhythms[f"glass-{site}"].weekdays)) for site in range(12)]
    assert sorted(days) == [1] * 6 + [3] * 6


def test_policy_empties_on_the_rhythm_and_never_else() -> None:
    spec = small_season()
    town = spec.town
    as_of = datetime(2026, 3, 9, 5, tzinfo=town.zone)
    forecasts = EmpiricalBayesForecaster(statistics=spec.statistics).forecast(
        town.containers, {}, town=town, as_of=as_of, until=as_of + timedelta(days=15)
    )
    rhythms = {one.container_id: Rhythm(weekdays=frozenset({0})) for one in town.containers if one.stream == "glass"}
    policy = FixedSchedulePolicy(rhythms=rhythms)
    rules = SelectionRules(max_blind_days=365)
    monday = policy.select(town.containers, forecasts, town=town, day=FIRST_DAY, rules=rules)
    assert {one.decision for one in monday.candidates} == {Decision.MUST}
    tuesday = policy.select(town.containers, forecasts, town=town, day=FIRST_DAY + timedelta(days=1), rules=rules)
    by_id = {one.container_id: one.decision for one in tuesday.candidates}
    assert {by_id[name] for name in rhythms} == {Decision.SKIP}
    assert by_id["paper-0"] is Decision.MUST, "without a rhythm, every working day"
