"""What a town says of the law that its tours are under; figures of law are data here, with their paragraph."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

from optimizer.domain.issues import IssueCollector


class DriverRegime(StrEnum):
    """Which driving times bind a driver beside the working time act.

    Household refuse collected from door to door is exempt from the EU's driving times (FPersV section 18 (1) no. 8);
    glass, paper and hazardous waste that citizens bring to public collection points is not (EuGH C-39/95; OLG Hamm
    3 Ss OWi 583/90).
    """

    ARBZG_ONLY = "arbzg_only"
    EU561 = "eu561"
    HAUSMUELL_FPERSV18 = "hausmuell_fpersv18"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseException:
    """A permit to work in protected hours (32. BImSchV section 7 (2)).

    Attributes
    ----------
    from_date, to_date
        First and last day.
    starts_local, ends_local
        Clock times between which work is permitted although the rule forbids it.
    granted_by, condition
        Who granted it, and on what condition; printed, not judged.
    """

    from_date: date
    to_date: date
    starts_local: time
    ends_local: time
    granted_by: str
    condition: str = ""

    def permits(self, day: date, starts: time, ends: time) -> bool:
        """Whether work between two clock times of a day is covered."""
        return self.from_date <= day <= self.to_date and self.starts_local <= starts and ends <= self.ends_local


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceRules:
    """The law for one town's tours.

    Attributes
    ----------
    regime_by_stream
        Driving-time regime of each stream; a stream that is not named is under ``default_regime``. A tour with
        several streams is under the strictest.
    unprotected_sites
        Container sites outside the residential areas of 32. BImSchV section 7; every other site counts as protected.
    noise_exceptions
        Permits.
    reversing_m_by_profile
        How far vehicles of a routing profile may reverse; absent where the profile does not limit it.
    """

    default_regime: DriverRegime = DriverRegime.EU561
    regime_by_stream: Mapping[str, DriverRegime] = field(
        default_factory=lambda: {
            "residual": DriverRegime.HAUSMUELL_FPERSV18,
            "organic": DriverRegime.HAUSMUELL_FPERSV18,
            "litter": DriverRegime.ARBZG_ONLY,
        }
    )
    unprotected_sites: frozenset[str] = frozenset()
    noise_exceptions: tuple[NoiseException, ...] = ()
    reversing_m_by_profile: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        issues = IssueCollector("compliance rules")
        for one in self.noise_exceptions:
            issues.require(
                one.from_date <= one.to_date, "dates", f"The permit of {one.granted_by} ends before it begins."
            )
            issues.require(bool(one.granted_by.strip()), "granted_by", "Name the authority that granted the permit.")
        issues.raise_if_any()

    def regime(self, streams: frozenset[str]) -> DriverRegime:
        """The regime of a tour that collects these streams."""
        regimes = {self.regime_by_stream.get(stream, self.default_regime) for stream in streams}
        strictest = (DriverRegime.EU561, DriverRegime.HAUSMUELL_FPERSV18, DriverRegime.ARBZG_ONLY)
        return next((one for one in strictest if one in regimes), DriverRegime.ARBZG_ONLY)
