"""Densities and handling times that a plan was made with in place of the town's own, and how much they rest on.

A plan carries them, so that whoever judges it later works with the same figures.
"""

from dataclasses import dataclass, replace

from optimizer.domain.issues import IssueCollector
from optimizer.domain.town import Town

LEAST_DENSITY, GREATEST_DENSITY = 0.001, 2.0
"""Kilograms per litre that a stream may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedDensity:
    """What a litre of a stream was taken to weigh.

    Attributes
    ----------
    assumed_kg_per_l
        What the town's master data say.
    observations
        Weighed loads that it rests on.
    """

    stream: str
    kg_per_l: float
    assumed_kg_per_l: float
    observations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedRates:
    """All that differs from the master data.

    Attributes
    ----------
    source
        Where it comes from, in words.
    densities
        Of the streams that were learnt; the others weigh what the master data say.
    handling_factor
        What service and setup times were multiplied by.
    handling_observations
        Timed stops that the factor rests on.
    """

    source: str = ""
    densities: tuple[UsedDensity, ...] = ()
    handling_factor: float = 1.0
    handling_observations: int = 0

    def __post_init__(self) -> None:
        issues = IssueCollector("rates")
        issues.require_number("handling_factor", self.handling_factor, low=0.01, high=100)
        for one in self.densities:
            issues.require_number(f"density of {one.stream}", one.kg_per_l, low=LEAST_DENSITY, high=GREATEST_DENSITY)
        issues.raise_if_any()


def town_at_rates(town: Town, rates: UsedRates) -> Town:
    """The town with these rates in place of its own."""
    densities = {one.stream: one.kg_per_l for one in rates.densities}
    containers = town.containers
    if rates.handling_factor != 1.0:
        containers = tuple(
            replace(
                one,
                service_s=round(one.service_s * rates.handling_factor),
                setup_s=round(one.setup_s * rates.handling_factor),
            )
            for one in town.containers
        )
    return replace(
        town,
        streams=tuple(
            replace(one, density_kg_per_l=densities.get(one.stream_id, one.density_kg_per_l)) for one in town.streams
        ),
        containers=containers,
    )
