"""32. BImSchV section 7 on one tour: no collecting at night, on Sundays and on public holidays in residential areas."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from optimizer.compliance.finding import Finding, Status
from optimizer.compliance.rules import ComplianceRules
from optimizer.domain.plan import Stop, StopKind, Tour
from optimizer.domain.relaxation import Text

OPENS, CLOSES = time(7), time(20)
GLASS = "glass"
GLASS_ADVICE_UNTIL = time(17)
"""The Federal Environment Agency's advice for bottle banks: not after 17:00."""
_SUNDAY = 6
_SHOWN = 3


def noise_findings(
    tour: Tour, rules: ComplianceRules, is_holiday: Callable[[date], bool], zone: ZoneInfo
) -> tuple[Finding, ...]:
    """Quiet hours, and the advice for glass where the tour collects it; clocks are read in ``zone``."""
    protected = [
        _in_zone(stop, zone)
        for stop in tour.stops
        if stop.kind is StopKind.COLLECT and stop.place_id not in rules.unprotected_sites
    ]
    loud = [stop for stop in protected if not _is_allowed(stop, rules, is_holiday)]
    findings = [_quiet_hours(protected, loud)]
    glass = [stop for stop in protected if stop.stream == GLASS]
    if glass:
        late = [stop for stop in glass if stop.departs_at.time() > GLASS_ADVICE_UNTIL]
        findings.append(_glass_advice(glass, late))
    return tuple(findings)


def _in_zone(stop: Stop, zone: ZoneInfo) -> Stop:
    return replace(stop, starts_at=stop.starts_at.astimezone(zone), departs_at=stop.departs_at.astimezone(zone))


def _is_allowed(stop: Stop, rules: ComplianceRules, is_holiday: Callable[[date], bool]) -> bool:
    starts_at, ends_at = stop.starts_at, stop.departs_at
    day = starts_at.date()
    is_quiet_day = day.weekday() == _SUNDAY or is_holiday(day)
    if not is_quiet_day and ends_at.date() == day and starts_at.time() >= OPENS and ends_at.time() <= CLOSES:
        return True
    is_one_day = ends_at.date() == day
    return is_one_day and any(one.permits(day, starts_at.time(), ends_at.time()) for one in rules.noise_exceptions)


def _quiet_hours(protected: list[Stop], loud: list[Stop]) -> Finding:
    if not protected:
        detail = Text(en="no container in a protected area", de="kein Behälter in einem geschützten Gebiet")
        status = Status.NOT_APPLICABLE
    elif loud:
        named = _named(loud)
        detail = Text(
            en=f"{len(loud)} of {len(protected)} stops outside 07:00 to 20:00 of a working day, no permit: {named}",
            de=f"{len(loud)} von {len(protected)} Halten ohne Ausnahme außerhalb 7 bis 20 Uhr an Werktagen: {named}",
        )
        status = Status.BROKEN
    else:
        detail = Text(
            en=f"all {len(protected)} stops between 07:00 and 20:00 of a working day, or under a permit",
            de=f"alle {len(protected)} Halte werktags zwischen 7 und 20 Uhr oder mit Ausnahmegenehmigung",
        )
        status = Status.KEPT
    return Finding(rule="quiet_hours", reference="§ 7 Abs. 1 der 32. BImSchV", status=status, detail=detail)


def _glass_advice(glass: list[Stop], late: list[Stop]) -> Finding:
    detail = Text(
        en=f"{len(late)} of {len(glass)} bottle banks after 17:00" + (f": {_named(late)}" if late else ""),
        de=f"{len(late)} von {len(glass)} Glascontainern nach 17 Uhr" + (f": {_named(late)}" if late else ""),
    )
    return Finding(
        rule="glass_after_17",
        reference="Empfehlung des Umweltbundesamts",
        status=Status.BROKEN if late else Status.KEPT,
        detail=detail,
    )


def _named(stops: list[Stop]) -> str:
    shown = ", ".join(f"{stop.place_id} {_hour(stop.starts_at)}" for stop in stops[:_SHOWN])
    return shown + (" ..." if len(stops) > _SHOWN else "")


def _hour(instant: datetime) -> str:
    return f"{instant:%H:%M}"
