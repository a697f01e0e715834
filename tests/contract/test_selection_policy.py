"""What every selection policy promises."""

import math
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from api.town.fill_statistics import load_fill_statistics
from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast
from optimizer.domain.request import SelectionRules
from optimizer.domain.selection import Decision
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.ports import SelectionPolicy
from optimizer.selection.all_containers import AllContainersPolicy
from optimizer.selection.fixed_schedule import FixedSchedulePolicy
from optimizer.selection.overflow_risk import OverflowRiskPolicy
from optimizer.selection.rolling_prize import RollingPrizePolicy
from optimizer.selection.threshold import ThresholdPolicy
from optimizer.series.clean_series import clean_series
from optimizer.simulation.fills import simulate_fills
from routing.location import Location

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 3, 2)
AS_OF = datetime(2026, 3, 2, 5, 30, tzinfo=BERLIN)
POLICIES: dict[str, SelectionPolicy] = {
    "overflow_risk": OverflowRiskPolicy(),
    "threshold": ThresholdPolicy(),
    "all": AllContainersPolicy(),
    "fixed_schedule": FixedSchedulePolicy(rhythms={}),
    "rolling_prize": RollingPrizePolicy(),
}


@pytest.fixture(params=POLICIES)
def policy(request: pytest.FixtureRequest) -> SelectionPolicy:
    return POLICIES[request.param]


@pytest.fixture(scope="module")
def town() -> Town:
    containers = tuple(
        Container(
            container_id=f"{stream}-{index}",
            site_id=f"S{index}",
            location=Location(lon_deg=7.5, lat_deg=51.6),
            stream=stream,
            capacity_l=1100,
        )
        for stream in ("glass", "paper")
        for index in range(12)
    )
    streams = (
        Stream(stream_id="glass", density_kg_per_l=0.3),
        Stream(stream_id="paper", density_kg_per_l=0.1, is_fast=True),
    )
    return Town(
        town_id="T",
        name="T",
        zone=BERLIN,
        streams=streams,
        depots=(),
        disposal_sites=(),
        vehicles=(),
        containers=containers,
    )


@pytest.fixture(scope="module")
def forecasts(town: Town) -> dict[str, Forecast]:
    fills = simulate_fills(
        town.containers,
        load_fill_statistics(),
        start_at=AS_OF - timedelta(days=30),
        days=30,
        zone=BERLIN,
        seed=2,
    )
    cleaned = {name: clean_series(one, as_of_s=int(AS_OF.timestamp())) for name, one in fills.series.items()}
    return EmpiricalBayesForecaster(statistics=load_fill_statistics()).forecast(
        town.containers, cleaned, town=town, as_of=AS_OF, until=AS_OF + timedelta(days=15)
    )


def test_every_container_gets_one_valid_candidate_in_its_order(
    policy: SelectionPolicy, town: Town, forecasts: dict[str, Forecast]
) -> None:
    selection = policy.select(town.containers, forecasts, town=town, day=DAY, rules=SelectionRules())
    assert POLICIES[selection.policy] is policy
    assert [one.container_id for one in selection.candidates] == [one.container_id for one in town.containers]
    for candidate in selection.candidates:
        assert 0 <= candidate.expected_fraction <= 1
        assert 0 <= candidate.overflow_probability <= 1
        assert candidate.expected_l == pytest.approx(1100 * candidate.expected_fraction)
        assert candidate.expected_kg >= 0
        assert 0 <= candidate.cost_of_waiting_eur <= SelectionRules().overflow_cost_eur + 1e-6
        assert math.isfinite(candidate.cost_of_waiting_eur)
        assert candidate.next_visit_at.tzinfo is not None
        assert candidate.next_visit_at.date() > DAY
        assert candidate.reasons
        assert all(reason.strip() for reason in candidate.reasons)


def test_a_forced_container_must_be_emptied(
    policy: SelectionPolicy, town: Town, forecasts: dict[str, Forecast]
) -> None:
    forced = frozenset(one.container_id for one in town.containers)
    selection = policy.select(town.containers, forecasts, town=town, day=DAY, rules=SelectionRules(), force=forced)
    assert {one.decision for one in selection.candidates} == {Decision.MUST}


def test_no_containers_are_no_candidates(policy: SelectionPolicy, town: Town) -> None:
    assert policy.select([], {}, town=town, day=DAY, rules=SelectionRules()).candidates == ()
