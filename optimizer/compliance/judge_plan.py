"""The compliance sheet of a plan: every rule on every tour."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from optimizer.compliance.driving_time import driving_time_findings
from optimizer.compliance.finding import Finding, Status
from optimizer.compliance.noise import noise_findings
from optimizer.compliance.rules import ComplianceRules, DriverRegime
from optimizer.compliance.working_time import working_time_findings
from optimizer.domain.plan import Plan, StopKind, Tour
from optimizer.domain.relaxation import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class TourCompliance:
    """One tour's sheet."""

    vehicle_id: str
    regime: DriverRegime
    findings: tuple[Finding, ...]

    @property
    def is_kept(self) -> bool:
        """Whether no rule is broken."""
        return all(one.status is not Status.BROKEN for one in self.findings)


def judge_compliance(
    plan: Plan, rules: ComplianceRules, is_holiday: Callable[[date], bool], zone: ZoneInfo
) -> tuple[TourCompliance, ...]:
    """A sheet for every tour of a plan, in the order of the tours.

    The daily rest between two days (ArbZG section 5) and weekly driving times need more than one day: they are named as
    not assessed.
    """
    return tuple(_judge(tour, rules, is_holiday, zone) for tour in plan.tours)


def _judge(tour: Tour, rules: ComplianceRules, is_holiday: Callable[[date], bool], zone: ZoneInfo) -> TourCompliance:
    regime = rules.regime(frozenset(stop.stream for stop in tour.stops if stop.kind is StopKind.COLLECT))
    return TourCompliance(
        vehicle_id=tour.vehicle_id,
        regime=regime,
        findings=(
            *working_time_findings(tour),
            *driving_time_findings(tour, regime),
            *noise_findings(tour, rules, is_holiday, zone),
            _reversing(tour, rules),
            _daily_rest(),
        ),
    )


def _reversing(tour: Tour, rules: ComplianceRules) -> Finding:
    limit_m = rules.reversing_m_by_profile.get(tour.profile)
    if limit_m is None:
        detail = Text(
            en="the routing profile does not limit reversing: look at dead ends yourself",
            de="Das Streckenprofil begrenzt das Rückwärtsfahren nicht: Sackgassen selbst prüfen.",
        )
        status = Status.NOT_ASSESSED
    else:
        detail = Text(
            en=f"no leg was planned that needs more than {limit_m:.0f} m of reversing, as far as the map knows",
            de=f"Keine geplante Strecke verlangt mehr als {limit_m:.0f} m Rückwärtsfahrt, soweit die Karte es weiß.",
        )
        status = Status.KEPT
    return Finding(rule="reversing", reference="§ 16 DGUV Vorschrift 43/44", status=status, detail=detail)


def _daily_rest() -> Finding:
    detail = Text(
        en="11 h of rest since the day before: one day's plan cannot tell",
        de="11 h Ruhezeit seit dem Vortag: aus dem Plan eines Tages nicht zu ersehen",
    )
    return Finding(rule="daily_rest", reference="§ 5 ArbZG", status=Status.NOT_ASSESSED, detail=detail)
