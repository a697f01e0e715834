from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from optimizer.compliance.driving_time import driving_time_findings, longest_drive_s
from optimizer.compliance.finding import Finding, Status, clock
from optimizer.compliance.noise import noise_findings
from optimizer.compliance.rules import ComplianceRules, DriverRegime, NoiseException
from optimizer.compliance.working_time import working_time_findings
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.plan import Leg, Stop, StopKind, Totals, Tour
from routing.location import Location

ZONE = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 2)
HERE = Location(lon_deg=7.5, lat_deg=51.6)
Step = tuple[StopKind, int, int]
"""Kind, minutes of driving before, minutes at the stop."""
COLLECT, REST, END = StopKind.COLLECT, StopKind.BREAK, StopKind.END


def tour(steps: Sequence[Step], *, at: time = time(7), day: date = MONDAY, stream: str = "glass") -> Tour:
    now = datetime.combine(day, at, tzinfo=ZONE).astimezone(UTC)
    stops = [_stop(0, StopKind.START, None, now, now, "")]
    for kind, drive_min, stay_min in steps:
        arrives = now + timedelta(minutes=drive_min)
        leg = None if kind is REST else Leg(duration_s=drive_min * 60, distance_m=drive_min * 500)
        now = arrives + timedelta(minutes=stay_min)
        stops.append(_stop(len(stops), kind, leg, arrives, now, stream if kind is COLLECT else ""))
    return Tour(vehicle_id="t", profile="truck_26t", stops=tuple(stops), totals=Totals())


def _stop(at: int, kind: StopKind, leg: Leg | None, starts: datetime, ends: datetime, stream: str) -> Stop:
    return Stop(
        sequence=at,
        kind=kind,
        place_id=f"S{at}",
        label="",
        location=HERE,
        leg=leg,
        arrives_at=starts,
        starts_at=starts,
        departs_at=ends,
        load_kg=0,
        load_l=0,
        stream=stream,
    )


def statuses(findings: Sequence[Finding]) -> dict[str, Status]:
    return {one.rule: one.status for one in findings}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # Six hours to the minute need no break; a minute more does.
        ([(COLLECT, 180, 180)], {"breaks": Status.NOT_APPLICABLE, "longest_stretch": Status.KEPT}),
        ([(COLLECT, 180, 181)], {"breaks": Status.BROKEN, "longest_stretch": Status.BROKEN}),
        ([(COLLECT, 180, 60), (REST, 0, 30), (COLLECT, 120, 60)], {"breaks": Status.KEPT}),
        # Two parts of 15 min are a break of 30; parts of 14 min are none at all.
        ([(COLLECT, 200, 0), (REST, 0, 15), (COLLECT, 100, 0), (REST, 0, 15), (END, 100, 0)], {"breaks": Status.KEPT}),
        (
            [(COLLECT, 200, 0), (REST, 0, 14), (COLLECT, 100, 0), (REST, 0, 16), (END, 100, 0)],
            {"breaks": Status.BROKEN},
        ),
        # More than nine hours need 45 min.
        ([(COLLECT, 300, 0), (REST, 0, 30), (END, 241, 0)], {"breaks": Status.BROKEN}),
        ([(COLLECT, 300, 0), (REST, 0, 45), (END, 241, 0)], {"breaks": Status.KEPT, "daily_working_time": Status.KEPT}),
        ([(COLLECT, 300, 0), (REST, 0, 45), (END, 301, 0)], {"daily_working_time": Status.BROKEN}),
    ],
)
def test_working_time_follows_the_working_time_act(steps: list[Step], expected: dict[str, Status]) -> None:
    found = statuses(working_time_findings(tour(steps)))
    assert {rule: found[rule] for rule in expected} == expected


def test_working_time_counts_elapsed_hours_on_the_day_the_clock_springs_forward() -> None:
    # From 01:00 to 08:01 by the clock are 6 h 1 min of work on this day.
    night = tour([(END, 361, 0)], at=time(1), day=date(2026, 3, 29))
    detail = working_time_findings(night)[0].detail
    assert detail.en.startswith("6:01 h")
    assert "6:01 h Arbeit" in detail.de


@pytest.mark.parametrize(
    ("steps", "longest_min"),
    [
        ([(COLLECT, 100, 10), (COLLECT, 100, 10)], 200),
        ([(COLLECT, 100, 10), (REST, 0, 45), (COLLECT, 150, 10)], 150),
        ([(COLLECT, 100, 10), (REST, 0, 15), (COLLECT, 50, 0), (REST, 0, 30), (COLLECT, 120, 10)], 150),
        # The longer part has to come second.
        ([(COLLECT, 100, 10), (REST, 0, 30), (COLLECT, 50, 0), (REST, 0, 15), (COLLECT, 120, 10)], 270),
    ],
)
def test_longest_drive_knows_whole_and_split_breaks(steps: list[Step], longest_min: int) -> None:
    assert longest_drive_s(tour(steps)) == longest_min * 60


def test_driving_time_binds_glass_and_exempts_household_refuse() -> None:
    rules = ComplianceRules()
    long_drive = tour([(COLLECT, 271, 0)])
    glass = driving_time_findings(long_drive, rules.regime(frozenset({"glass", "residual"})))
    assert statuses(glass) == {"daily_driving_time": Status.KEPT, "driving_between_breaks": Status.BROKEN}
    household = driving_time_findings(long_drive, rules.regime(frozenset({"residual"})))
    assert statuses(household) == {"driving_time": Status.NOT_APPLICABLE}
    assert household[0].reference == "§ 18 Abs. 1 Nr. 8 FPersV"
    assert rules.regime(frozenset({"litter"})) is DriverRegime.ARBZG_ONLY


def _quiet(one: Tour, rules: ComplianceRules, *, is_holiday: bool = False) -> Status:
    return statuses(noise_findings(one, rules, lambda _day: is_holiday, ZONE))["quiet_hours"]


def test_noise_forbids_nights_sundays_and_holidays_in_protected_areas() -> None:
    rules = ComplianceRules()
    step: list[Step] = [(COLLECT, 0, 30)]
    assert _quiet(tour(step, at=time(7)), rules) is Status.KEPT
    assert _quiet(tour(step, at=time(6, 59)), rules) is Status.BROKEN
    assert _quiet(tour(step, at=time(19, 30)), rules) is Status.KEPT
    assert _quiet(tour(step, at=time(19, 31)), rules) is Status.BROKEN
    assert _quiet(tour(step, day=date(2026, 3, 1)), rules) is Status.BROKEN
    assert _quiet(tour(step), rules, is_holiday=True) is Status.BROKEN


def test_noise_knows_permits_and_places_that_are_not_protected() -> None:
    early = tour([(COLLECT, 0, 30)], at=time(6))
    permit = NoiseException(
        from_date=MONDAY, to_date=MONDAY, starts_local=time(6), ends_local=time(7), granted_by="Kreis Unna"
    )
    assert _quiet(early, ComplianceRules(noise_exceptions=(permit,))) is Status.KEPT
    assert (
        _quiet(tour([(COLLECT, 0, 30)], at=time(5, 59)), ComplianceRules(noise_exceptions=(permit,))) is Status.BROKEN
    )
    assert _quiet(early, ComplianceRules(unprotected_sites=frozenset({"S1"}))) is Status.NOT_APPLICABLE


def test_noise_passes_on_the_advice_for_glass() -> None:
    late = tour([(COLLECT, 0, 10)], at=time(16, 55))
    advice = statuses(noise_findings(late, ComplianceRules(), lambda _day: False, ZONE))
    assert advice == {"quiet_hours": Status.KEPT, "glass_after_17": Status.BROKEN}
    paper = tour([(COLLECT, 0, 10)], at=time(16, 55), stream="paper")
    assert "glass_after_17" not in statuses(noise_findings(paper, ComplianceRules(), lambda _day: False, ZONE))


def test_clock_rounds_part_of_a_minute_up() -> None:
    assert [clock(seconds) for seconds in (0, 1, 3600, 3601, 35_999)] == ["0:00", "0:01", "1:00", "1:01", "10:00"]


def test_compliance_rules_refuse_a_permit_that_ends_before_it_begins() -> None:
    with pytest.raises(InvalidInputError, match="ends before it begins"):
        ComplianceRules(
            noise_exceptions=(
                NoiseException(
                    from_date=MONDAY,
                    to_date=MONDAY - timedelta(days=1),
                    starts_local=time(6),
                    ends_local=time(7),
                    granted_by="Kreis Unna",
                ),
            )
        )
