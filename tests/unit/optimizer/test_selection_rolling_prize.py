"""Prizes over a rolling horizon: what must go, what is worth taking along, and how the dials act."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Self

import numpy as np
import pytest

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast, Trust
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.request import SelectionRules
from optimizer.domain.selection import Candidate, Decision
from optimizer.selection.measured_prize import MeasuredPrizePolicy
from optimizer.selection.nearness import StreamNearness, measure_nearness
from optimizer.selection.rolling_prize import PrizeRules, RollingPrizePolicy
from routing.crow_flight import CrowFlightRouter
from routing.location import Waypoint
from tests.unit.optimizer.season_towns import BERLIN, FIRST_DAY, small_town

AS_OF = datetime(2026, 3, 9, 5, tzinfo=BERLIN)
HOUR_S, DAY_S = 3600, 86_400
RULES = SelectionRules(max_blind_days=365)


def _forecast(container: Container, *, level: float, rate_per_day: float, full_in_days: float) -> Forecast:
    """Overfull for sure from an instant on."""
    grid = int(AS_OF.timestamp()) + HOUR_S * np.arange(36 * 24, dtype=np.int64)
    ahead_days = (grid - grid[0]) / DAY_S
    expected = np.minimum(level + rate_per_day * ahead_days, 1.0).astype(np.float32)
    return Forecast(
        container_id=container.container_id,
        origin_at=AS_OF,
        level_fraction=level,
        rate_per_day=rate_per_day,
        trust=Trust.SENSOR,
        grid_at_s=grid,
        expected_fraction=expected,
        lower_fraction=expected,
        upper_fraction=expected,
        overflow_probability=(ahead_days >= full_in_days).astype(np.float32),
        last_emptied_at=AS_OF - timedelta(days=5),
    )


@cache
def _nearness() -> dict[str, StreamNearness]:
    return measure_nearness(small_town(), CrowFlightRouter())


def _select(full_in_days: list[float], dials: PrizeRules, *, level: float = 0.6) -> list[Candidate]:
    """The six glass containers, full in so many days."""
    town = small_town()
    glass = [one for one in town.containers if one.stream == "glass"]
    forecasts = {
        one.container_id: _forecast(one, level=level, rate_per_day=max(0.9 - level, 0.05) / days, full_in_days=days)
        for one, days in zip(glass, full_in_days, strict=True)
    }
    policy = RollingPrizePolicy(nearness=_nearness(), dials=dials)
    selection = policy.select(glass, forecasts, town=town, day=FIRST_DAY, rules=RULES)
    return list(selection.candidates)


def test_container_full_before_the_next_visit_must_go_and_others_may() -> None:
    found = _select([0.6, 1.2, 8, 8, 8, 8], PrizeRules())
    assert [one.decision for one in found] == [Decision.MUST, Decision.MUST, *[Decision.MAY] * 4]
    assert "last safe visit" in found[0].reasons[0]


def test_a_weekend_without_visits_is_seen_coming() -> None:
    town = small_town()
    glass = [one for one in town.containers if one.stream == "glass"][:1]
    saturday = FIRST_DAY + timedelta(days=5)
    forecasts = {glass[0].container_id: _forecast(glass[0], level=0.6, rate_per_day=0.05, full_in_days=6.5)}
    policy = RollingPrizePolicy(nearness=_nearness())
    found = policy.select(glass, forecasts, town=town, day=saturday, rules=RULES).candidates[0]
    assert found.decision is Decision.MUST, "nobody comes on Sunday"
    friday = policy.select(glass, forecasts, town=town, day=saturday - timedelta(days=1), rules=RULES).candidates[0]
    assert friday.decision is Decision.MAY


def test_prize_grows_towards_the_last_safe_day() -> None:
    dials = PrizeRules(tour_cost_factor=0.0)
    prizes = [_select([days] * 6, dials)[0].cost_of_waiting_eur for days in (20, 10, 5, 3)]
    assert prizes == sorted(prizes)
    assert prizes[0] < prizes[-1]


def test_remote_container_has_a_higher_prize_than_one_among_neighbours() -> None:
    # The sites lie on a line: the last one is farther from its second neighbour than one in the middle.
    prizes = [one.cost_of_waiting_eur for one in _select([9] * 6, PrizeRules(tour_cost_factor=0.0))]
    assert prizes[5] > prizes[2] > 0


def test_a_tour_that_pays_takes_along_what_would_bring_tomorrows_about() -> None:
    full_in_days = [0.6, 2.0, 2.0, 25, 25, 25]
    alone = _select(full_in_days, PrizeRules(next_tour_factor=0.0))
    shared = _select(full_in_days, PrizeRules(next_tour_factor=1.0))
    assert [one.decision for one in shared] == [Decision.MUST, *[Decision.MAY] * 5]
    more = [one.cost_of_waiting_eur - before.cost_of_waiting_eur for one, before in zip(shared, alone, strict=True)]
    # Three bring tomorrow's tour about, but at least four are taken to share it.
    tour_eur = float(np.median(_nearness()["glass"].around_eur))
    assert more[1:] == pytest.approx([tour_eur / 4, tour_eur / 4, 0, 0, 0])


def test_no_tour_is_filled_up_when_none_pays() -> None:
    full_in_days = [3.9, 4.9, 5.9, 25, 25, 25]
    alone = _select(full_in_days, PrizeRules(next_tour_factor=0.0, tour_cost_factor=0.0))
    assert alone == _select(full_in_days, PrizeRules(next_tour_factor=1.0, tour_cost_factor=0.0))


def test_prize_is_the_least_loss_over_all_later_visits() -> None:
    dials = PrizeRules(tour_cost_factor=0.0, next_tour_factor=0.0)
    found = _select([2.5] * 6, dials, level=0.5)[2]
    glass, rate = _nearness()["glass"], 0.4 / 2.5
    container = next(one for one in small_town().containers if one.container_id == found.container_id)
    service_eur = (container.setup_s + container.service_s) * glass.per_s_eur
    visit_eur = service_eur + np.sort(glass.between_eur[2] + glass.between_eur[:, 2])[2] / 2
    # Visits end at 16:00, today's middle is 11:00; it is full on Wednesday at 17:00, one hour after that day's visit.
    assert found.cost_of_waiting_eur == pytest.approx(visit_eur * (1 - rate / 0.9 * (2 + 5 / 24)), rel=1e-6)
    assert "in 2 days" in found.reasons[0]


def test_overflow_days_have_one_price_in_all_streams() -> None:
    assert PrizeRules(service_level=0.995).overflow_day_eur == pytest.approx(199)
    assert PrizeRules(service_level=0.9999).overflow_day_eur == pytest.approx(9999)


@pytest.mark.parametrize("chance", [0.02, 0.1, 0.3])
def test_higher_service_level_raises_the_prize_of_a_risk(chance: float) -> None:
    town = small_town()
    glass = [one for one in town.containers if one.stream == "glass"]
    forecasts = {}
    for at, one in enumerate(glass):
        sure = _forecast(one, level=0.6, rate_per_day=0.05, full_in_days=30)
        risk = np.minimum(chance * (at + 1) / 6 * (sure.grid_at_s - sure.grid_at_s[0]) / DAY_S, 1).astype(np.float32)
        forecasts[one.container_id] = Forecast(
            **{name: getattr(sure, name) for name in sure.__dataclass_fields__} | {"overflow_probability": risk}
        )
    sums = []
    for service_level in (0.9, 0.99, 0.999, 0.9999):
        policy = RollingPrizePolicy(nearness=_nearness(), dials=PrizeRules(service_level=service_level))
        selection = policy.select(glass, forecasts, town=town, day=FIRST_DAY, rules=RULES)
        sums.append(sum(one.cost_of_waiting_eur for one in selection.candidates))
    assert sums == sorted(sums)
    assert sums[-1] > sums[0]


def test_impossible_dials_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="service_level"):
        PrizeRules(service_level=1.0)


def test_almost_empty_container_is_left() -> None:
    found = _select([20] * 6, PrizeRules(), level=0.1)
    assert {one.decision for one in found} == {Decision.SKIP}


def test_nearness_is_what_driving_costs() -> None:
    glass = _nearness()["glass"]
    town, router = small_town(), CrowFlightRouter()
    km = glass.between_eur[0, 1] / (1.0 + 60 / router.speed_kph)
    assert km == pytest.approx(0.01 * 111.19 * 0.6211 * router.detour_factor, rel=0.01)
    assert glass.to_neighbour_eur(1)[0] == pytest.approx(glass.between_eur[0, 1])
    assert glass.to_neighbour_eur(99)[0] == pytest.approx(glass.between_eur[0, 5])
    assert (np.diff(glass.around_eur) > 0).all(), "farther sites cost more to go round by"
    assert set(_nearness()) == {stream.stream_id for stream in town.streams}


def test_policy_of_the_service_measures_a_town_once_and_decides_alike() -> None:
    asked = []

    class Counting(CrowFlightRouter):
        def serving(self, waypoints: Sequence[Waypoint]) -> Self:
            asked.append(len(waypoints))
            return super().serving(waypoints)

    town = small_town()
    forecasts = {
        one.container_id: _forecast(one, level=0.6, rate_per_day=0.1, full_in_days=3) for one in town.containers
    }
    policy = MeasuredPrizePolicy(Counting())
    found = policy.select(town.containers, forecasts, town=town, day=FIRST_DAY, rules=RULES)
    expected = RollingPrizePolicy(nearness=_nearness())
    assert found == expected.select(town.containers, forecasts, town=town, day=FIRST_DAY, rules=RULES)
    measured = len(asked)
    policy.select(town.containers, forecasts, town=replace(town), day=FIRST_DAY, rules=RULES)
    assert len(asked) == measured > 0, "an equal town is the same town"
    away = replace(town, vehicles=tuple(replace(one, cost_eur_per_km=9.0) for one in town.vehicles))
    policy.select(town.containers, forecasts, town=away, day=FIRST_DAY, rules=RULES)
    assert len(asked) == 2 * measured, "what driving costs has changed"
