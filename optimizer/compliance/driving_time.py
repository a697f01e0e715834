"""Regulation (EC) 561/2006 articles 6 and 7 on one tour, where the driver is under it."""

from optimizer.compliance.finding import Finding, Status, clock
from optimizer.compliance.rules import DriverRegime
from optimizer.domain.hours import seconds_between
from optimizer.domain.plan import StopKind, Tour
from optimizer.domain.relaxation import Text

LONGEST_DRIVE_S = int(4.5 * 3600)
DAILY_DRIVE_S = 9 * 3600
BREAK_S, FIRST_PART_S, SECOND_PART_S = 45 * 60, 15 * 60, 30 * 60

_EXEMPT = {
    DriverRegime.ARBZG_ONLY: (
        Text(
            en="the stream is under the working time act alone", de="Für die Fraktion gilt nur das Arbeitszeitgesetz."
        ),
        "VO (EG) 561/2006",
    ),
    DriverRegime.HAUSMUELL_FPERSV18: (
        Text(
            en="exempt: household refuse collected from door to door",
            de="ausgenommen: Hausmüllabfuhr von Tür zu Tür",
        ),
        "§ 18 Abs. 1 Nr. 8 FPersV",
    ),
}


def driving_time_findings(tour: Tour, regime: DriverRegime) -> tuple[Finding, ...]:
    """Daily driving time and driving between breaks; one line where the regime exempts the tour."""
    if regime in _EXEMPT:
        detail, reference = _EXEMPT[regime]
        return (Finding(rule="driving_time", reference=reference, status=Status.NOT_APPLICABLE, detail=detail),)
    driven_s = sum(stop.leg.duration_s for stop in tour.stops if stop.leg is not None)
    longest_s = longest_drive_s(tour)
    daily = Text(
        en=f"{clock(driven_s)} h of driving, at most 9:00 h",
        de=f"{clock(driven_s)} h Lenkzeit, höchstens 9:00 h",
    )
    between = Text(
        en=f"longest driving without 45 min of break: {clock(longest_s)} h, at most 4:30 h",
        de=f"längste Lenkzeit ohne 45 min Unterbrechung: {clock(longest_s)} h, höchstens 4:30 h",
    )
    return (
        Finding(
            rule="daily_driving_time",
            reference="Art. 6 VO (EG) 561/2006",
            status=Status.KEPT if driven_s <= DAILY_DRIVE_S else Status.BROKEN,
            detail=daily,
        ),
        Finding(
            rule="driving_between_breaks",
            reference="Art. 7 VO (EG) 561/2006",
            status=Status.KEPT if longest_s <= LONGEST_DRIVE_S else Status.BROKEN,
            detail=between,
        ),
    )


def longest_drive_s(tour: Tour) -> int:
    """The most driving between two breaks of 45 min, or of 15 min followed by 30 min (article 7)."""
    longest = since_break = 0
    has_first_part = False
    for stop in tour.stops:
        if stop.leg is not None:
            since_break += stop.leg.duration_s
            longest = max(longest, since_break)
        if stop.kind is not StopKind.BREAK:
            continue
        pause_s = seconds_between(stop.starts_at, stop.departs_at)
        if pause_s >= BREAK_S or (has_first_part and pause_s >= SECOND_PART_S):
            since_break, has_first_part = 0, False
        elif pause_s >= FIRST_PART_S:
            has_first_part = True
    return longest
