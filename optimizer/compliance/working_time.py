"""ArbZG sections 3 and 4 on one tour: working time of the day, breaks that are due, and the longest stretch."""

from itertools import pairwise

from optimizer.compliance.finding import Finding, Status, clock
from optimizer.domain.hours import seconds_between
from optimizer.domain.plan import StopKind, Tour
from optimizer.domain.relaxation import Text

HOUR_S = 3600
USUAL_DAY_S, LONGEST_DAY_S = 8 * HOUR_S, 10 * HOUR_S
LONGEST_STRETCH_S = 6 * HOUR_S
LEAST_PART_S = 15 * 60
"""A shorter pause is no break in the sense of section 4."""


def working_time_findings(tour: Tour) -> tuple[Finding, ...]:
    """Daily working time, breaks due and longest stretch of work."""
    if not tour.stops:
        return ()
    starts_at, ends_at = tour.stops[0].departs_at, tour.stops[-1].departs_at
    breaks = _breaks(tour)
    rested_s = sum(length for _, length in breaks)
    work_s = seconds_between(starts_at, ends_at) - rested_s
    return (_day(work_s), _rests(work_s, rested_s), _stretch(tour))


def _breaks(tour: Tour) -> list[tuple[int, int]]:
    """Position in the tour and seconds of every pause that counts."""
    pauses = [
        (position, seconds_between(stop.starts_at, stop.departs_at))
        for position, stop in enumerate(tour.stops)
        if stop.kind is StopKind.BREAK
    ]
    return [(position, length) for position, length in pauses if length >= LEAST_PART_S]


def _day(work_s: int) -> Finding:
    detail = Text(
        en=f"{clock(work_s)} h of work; more than 8 h have to be made up for within 24 weeks, 10 h is the most",
        de=f"{clock(work_s)} h Arbeit; über 8 h sind binnen 24 Wochen auszugleichen, mehr als 10 h sind verboten",
    )
    status = Status.KEPT if work_s <= LONGEST_DAY_S else Status.BROKEN
    return Finding(rule="daily_working_time", reference="§ 3 ArbZG", status=status, detail=detail)


def _rests(work_s: int, rested_s: int) -> Finding:
    due_s = 45 * 60 if work_s > 9 * HOUR_S else 30 * 60 if work_s > 6 * HOUR_S else 0
    detail = Text(
        en=f"{clock(rested_s)} h of break, {clock(due_s)} h due after {clock(work_s)} h of work",
        de=f"{clock(rested_s)} h Pause, {clock(due_s)} h nötig bei {clock(work_s)} h Arbeit",
    )
    status = Status.NOT_APPLICABLE if due_s == 0 else Status.KEPT if rested_s >= due_s else Status.BROKEN
    return Finding(rule="breaks", reference="§ 4 Satz 1 ArbZG", status=status, detail=detail)


def _stretch(tour: Tour) -> Finding:
    borders = [tour.stops[0].departs_at]
    for position, _ in _breaks(tour):
        borders += [tour.stops[position].starts_at, tour.stops[position].departs_at]
    borders.append(tour.stops[-1].departs_at)
    longest_s = max(seconds_between(start, end) for start, end in list(pairwise(borders))[::2])
    detail = Text(
        en=f"longest work without a break: {clock(longest_s)} h, at most 6:00 h",
        de=f"längste Arbeit ohne Pause: {clock(longest_s)} h, höchstens 6:00 h",
    )
    status = Status.KEPT if longest_s <= LONGEST_STRETCH_S else Status.BROKEN
    return Finding(rule="longest_stretch", reference="§ 4 Satz 3 ArbZG", status=status, detail=detail)
