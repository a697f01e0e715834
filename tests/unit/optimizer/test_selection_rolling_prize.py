"""Prizes over a rolling horizon: what must go, what is worth taking along, and how the dials act."""

from datetime import datetime, timedelta
from functools import cache

import numpy as np
import pytest

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast, Trust
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.request import SelectionRules
from optimizer.domain.selection import Candidate, Decision
from optimizer.selection.nearness import StreamNearness, measure_nearness
from optimizer.selection.rolling_prize import PrizeRules, RollingPrizePolicy
from routing.crow_flight import CrowFlightRouter
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
    # The sites lie on a line: the last one is farther from its third neighbour than one in the middle.
    prizes = [one.cost_of_waiting_eur for one in _select([9] * 6, PrizeRules(tour_cost_factor=0.0))]
    assert prizes[5] > prizes[2] > 0


def test_a_tour_that_goes_out_takes_along_what_would_force_the_next_one() -> None:
    found = _select([0.6, 2.9, 3.9, 25, 25, 25], PrizeRules(tour_cost_factor=1.0))
    assert found[0].decision is Decision.MUST
    assert all("force another tour" in one.reasons[0] for one in found[1:3])
    assert all("may wait" in one.reasons[0] for one in found[3:])
    assert min(one.cost_of_waiting_eur for one in found[1:3]) > max(one.cost_of_waiting_eur for one in found[3:])


def test_no_tour_reaches_ahead_when_nothing_must_go() -> None:
    found = _select([3.9, 4.9, 5.9, 25, 25, 25], PrizeRules(tour_cost_factor=1.0))
    assert all("may wait" in one.reasons[0] for one in found)


@pytest.mark.parametrize("chance", [0.02, 0.1, 0.3])
def test_higher_service_level_makes_more_containers_a_must(chance: float) -> None:
    town = small_town()
    glass = [one for one in town.containers if one.stream == "glass"]
    forecasts = {}
    for at, one in enumerate(glass):
        sure = _forecast(one, level=0.6, rate_per_day=0.05, full_in_days=30)
        risk = np.minimum(chance * (at + 1) / 6 * (sure.grid_at_s - sure.grid_at_s[0]) / DAY_S, 1).astype(np.float32)
        forecasts[one.container_id] = Forecast(
            **{name: getattr(sure, name) for name in sure.__dataclass_fields__} | {"overflow_probability": risk}
        )
    counts = []
    for service_level in (0.9, 0.99, 0.999, 0.9999):
        policy = RollingPrizePolicy(nearness=_nearness(), dials=PrizeRules(service_level=service_level))
        selection = policy.select(glass, forecasts, town=town, day=FIRST_DAY, rules=RULES)
        counts.append(sum(one.decision is Decision.MUST for one in selection.candidates))
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]


def test_impossible_dials_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="service_level"):
        PrizeRules(service_level=1.2)


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
