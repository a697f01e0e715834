from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast, Trust
from optimizer.domain.places import Depot
from optimizer.domain.request import SelectionRules
from optimizer.domain.selection import Candidate, Decision
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.domain.vehicle import FuelRates, Shift, Vehicle
from optimizer.ports import SelectionPolicy
from optimizer.selection.all_containers import AllContainersPolicy
from optimizer.selection.overflow_risk import OverflowRiskPolicy
from optimizer.selection.threshold import ThresholdPolicy
from optimizer.selection.visits import find_visits
from optimizer.series.area_outage import OUTAGE_REASON
from routing.location import Location

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 2)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=BERLIN)
CONTAINER = Container(
    container_id="G-1",
    site_id="S",
    location=Location(lon_deg=7.5, lat_deg=51.6),
    stream="glass",
    capacity_l=2_000,
)


def make_town(*weekdays: int, container: Container = CONTAINER) -> Town:
    vehicle = Vehicle(
        vehicle_id="V",
        profile="truck_26t",
        streams=frozenset({"glass"}),
        capacity_kg=8_000,
        body_l=20_000,
        start_depot_id="D",
        end_depot_id="D",
        shift=Shift(starts_local=time(6), ends_local=time(14), weekdays=frozenset(weekdays)),
        cost_eur_per_km=1.0,
        cost_eur_per_h=90.0,
        fuel=FuelRates(driving_l_per_100km=40),
    )
    return Town(
        town_id="T",
        name="T",
        zone=BERLIN,
        streams=(Stream(stream_id="glass", density_kg_per_l=0.3),),
        depots=(Depot(depot_id="D", location=CONTAINER.location),),
        disposal_sites=(),
        vehicles=(vehicle,),
        containers=(container,),
    )


def make_forecast(
    risk_by_day: list[float],
    *,
    level: float = 0.5,
    trust: Trust = Trust.SENSOR,
    origin_at: datetime = MIDNIGHT,
    last_emptied_at: datetime | None = None,
    reasons: tuple[str, ...] = (),
) -> Forecast:
    """Risk at the end of each day's shift, from Monday on."""
    ends = [int((MIDNIGHT + timedelta(days=index, hours=14)).timestamp()) for index in range(len(risk_by_day))]
    flat = np.full(len(ends), level, dtype=np.float32)
    return Forecast(
        container_id="G-1",
        origin_at=origin_at,
        level_fraction=level,
        rate_per_day=0.05,
        trust=trust,
        grid_at_s=np.array(ends, dtype=np.int64),
        expected_fraction=flat,
        lower_fraction=flat,
        upper_fraction=flat,
        overflow_probability=np.array(risk_by_day, dtype=np.float32),
        reasons=reasons,
        last_emptied_at=last_emptied_at,
    )


def choose(
    forecast: Forecast,
    *,
    policy: SelectionPolicy | None = None,
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4),
    rules: SelectionRules | None = None,
    force: frozenset[str] = frozenset(),
    container: Container = CONTAINER,
) -> Candidate:
    selection = (policy or OverflowRiskPolicy()).select(
        [container],
        {"G-1": forecast},
        town=make_town(*weekdays, container=container),
        day=MONDAY,
        rules=rules or SelectionRules(),
        force=force,
    )
    return selection.candidates[0]


def test_a_container_at_risk_before_the_next_visit_must_be_emptied() -> None:
    chosen = choose(make_forecast([0.0, 0.12, 0.3, 0.4]))
    assert chosen.decision is Decision.MUST
    assert chosen.overflow_probability == pytest.approx(0.12)
    assert chosen.next_visit_at == MIDNIGHT + timedelta(days=1, hours=14)
    assert chosen.reasons == ("50 % expected at 10:00, 12 % risk of overflow before Tuesday 2026-03-03 14:00",)
    assert chosen.reasons_de == (
        "um 10:00 Uhr voraussichtlich 50 % voll, Überlaufrisiko 12 % bis Dienstag, 03.03.2026, 14:00 Uhr",
    )


def test_the_risk_is_that_before_the_next_possible_visit_and_not_before_tomorrow() -> None:
    forecast = make_forecast([0.0, 0.02, 0.05, 0.3])
    assert choose(forecast).decision is Decision.MAY
    thursday = choose(forecast, weekdays=(0, 3))
    assert thursday.decision is Decision.MUST
    assert thursday.overflow_probability == pytest.approx(0.3)


def test_a_container_without_much_risk_may_be_emptied_when_filled_and_is_skipped_when_not() -> None:
    may, skip = choose(make_forecast([0, 0.02], level=0.25)), choose(make_forecast([0, 0.02], level=0.24))
    assert (may.decision, skip.decision) == (Decision.MAY, Decision.SKIP)
    assert skip.reasons[0] == "under 25 % full, little risk"


def test_load_is_that_of_the_expected_fill() -> None:
    chosen = choose(make_forecast([0, 0.02], level=0.4))
    assert chosen.expected_l == pytest.approx(800)
    assert chosen.expected_kg == pytest.approx(240)


def test_the_cost_of_waiting_counts_later_visits_by_half_each() -> None:
    chosen = choose(make_forecast([0.0, 0.04, 0.10, 0.30, 0.30]), rules=SelectionRules(overflow_cost_eur=100))
    assert chosen.cost_of_waiting_eur == pytest.approx(100 * (0.04 + 0.5 * 0.06 + 0.25 * 0.20))
    assert "12.00 EUR" in chosen.reasons[0]


def test_no_vehicle_within_two_weeks_means_a_visit_after_them() -> None:
    chosen = choose(make_forecast([0.0] * 14 + [0.5, 0.5]), weekdays=())
    assert chosen.decision is Decision.MUST
    assert chosen.next_visit_at == MIDNIGHT + timedelta(days=14, hours=18)


def test_a_forced_container_must_be_emptied_and_says_so_first() -> None:
    chosen = choose(make_forecast([0, 0], level=0.01), force=frozenset({"G-1"}))
    assert chosen.decision is Decision.MUST
    assert chosen.reasons[0] == "asked for in the request"


# Each case: days since the last emptying at midnight, and whether leaving it until Tuesday breaks the ten days.
@pytest.mark.parametrize(("days", "is_due"), [(7.0, False), (8.0, False), (9.0, True), (12.0, True), (None, True)])
def test_hygiene_counts_to_the_next_visit(days: float | None, is_due: bool) -> None:  # noqa: FBT001 - a pytest parameter
    emptied = None if days is None else MIDNIGHT - timedelta(days=days)
    chosen = choose(
        make_forecast([0, 0], level=0.05, last_emptied_at=emptied),
        container=replace(CONTAINER, max_days_between_visits=10),
    )
    assert (chosen.decision is Decision.MUST) == is_due
    assert any("every 10 days" in reason for reason in chosen.reasons) == is_due


def test_a_container_unseen_for_too_long_must_be_emptied() -> None:
    seen, unseen = (
        choose(make_forecast([0, 0], level=0.05, trust=Trust.PRIOR, origin_at=MIDNIGHT - timedelta(days=days)))
        for days in (20, 22)
    )
    assert (seen.decision, unseen.decision) == (Decision.SKIP, Decision.MUST)
    assert "22 days" in unseen.reasons[0]


def test_what_a_doubtful_sensor_lacks_is_told() -> None:
    stuck = ("stuck at 48% since 2026-02-25 10:00 UTC",)
    origin_at = datetime(2026, 2, 25, 10, tzinfo=UTC)
    chosen = choose(make_forecast([0, 0.2], trust=Trust.STALE_SENSOR, origin_at=origin_at, reasons=stuck))
    assert chosen.reasons[-2:] == ("forecast from older readings, starting 2026-02-25 11:00", *stuck)
    assert stuck[0] not in choose(make_forecast([0, 0.2], reasons=stuck)).reasons


def test_the_threshold_policy_looks_at_the_level_alone() -> None:
    high, low = make_forecast([0, 0], level=0.7), make_forecast([0.9, 0.9], level=0.69)
    assert choose(high, policy=ThresholdPolicy()).decision is Decision.MUST
    assert choose(low, policy=ThresholdPolicy()).decision is Decision.SKIP
    assert choose(low, policy=ThresholdPolicy(level_fraction=0.6)).decision is Decision.MUST


def test_the_fixed_tour_takes_everything() -> None:
    chosen = choose(make_forecast([0, 0], level=0.0), policy=AllContainersPolicy())
    assert chosen.decision is Decision.MUST
    assert chosen.expected_kg == 0


@given(
    st.lists(st.floats(0, 1), min_size=5, max_size=5).map(sorted), st.lists(st.floats(0, 0.5), min_size=5, max_size=5)
)
def test_more_risk_never_costs_less(risk: list[float], added: list[float]) -> None:
    # More risk at every visit, in equal steps: earlier overflow can only make waiting dearer.
    worse = np.minimum(np.maximum.accumulate(np.array(risk) + max(added)), 1.0).tolist()
    one, other = choose(make_forecast(risk)), choose(make_forecast(worse))
    assert other.cost_of_waiting_eur >= one.cost_of_waiting_eur - 1e-4
    assert 0 <= one.cost_of_waiting_eur <= SelectionRules().overflow_cost_eur + 1e-4


def test_visits_on_the_day_of_a_clock_change_are_those_of_the_local_clock() -> None:
    saturday = date(2026, 3, 28)
    visits = find_visits(make_town(5, 6), "glass", saturday, count=3)
    assert [visit.astimezone(BERLIN).strftime("%a %d %H:%M") for visit in visits.next_at] == [
        "Sun 29 14:00",
        "Sat 04 14:00",
        "Sun 05 14:00",
    ]
    sunday = find_visits(make_town(6), "glass", date(2026, 3, 29), count=1)
    assert sunday.today_at == datetime(2026, 3, 29, 10, tzinfo=BERLIN)


def test_long_unseen_container_must_be_emptied_but_not_while_its_area_is_out() -> None:
    unseen = {"trust": Trust.STALE_SENSOR, "origin_at": MIDNIGHT - timedelta(days=25)}
    alone = choose(make_forecast([0.0] * 9, **unseen, reasons=("silent since 2026-02-05 00:00",)))
    assert alone.decision is Decision.MUST
    assert "no trusted reading or emptying for 25 days" in alone.reasons[0]
    outage = f"{OUTAGE_REASON}: gateway 3, 80 sensors silent since 2026-02-05 00:00"
    together = choose(make_forecast([0.0] * 9, **unseen, reasons=(outage,)))
    assert together.decision is not Decision.MUST


@pytest.mark.parametrize(("level", "decision"), [(0.55, Decision.MUST), (0.45, Decision.SKIP)])
def test_threshold_may_have_a_level_for_each_stream(level: float, decision: Decision) -> None:
    policy = ThresholdPolicy(level_fraction=0.99, level_by_stream={"glass": 0.5})
    assert choose(make_forecast([0.0] * 9, level=level), policy=policy).decision is decision
