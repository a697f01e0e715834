"""What a scenario changes: two plans of one day and their difference."""

from dataclasses import dataclass

from optimizer.domain.plan import Plan, Totals
from optimizer.domain.scenario import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioComparison:
    """Two plans of the same day.

    Attributes
    ----------
    base, changed
        The plan as it is, and under the scenario.
    difference
        ``changed`` less ``base``.
    newly_unserved, newly_served
        Container ids that lose or gain their pickup.
    summary, summary_de
        The difference in sentences for people; the German ones are empty in comparisons of earlier versions.
    """

    scenario: Scenario
    base: Plan
    changed: Plan
    difference: Totals
    newly_unserved: tuple[str, ...]
    newly_served: tuple[str, ...]
    summary: tuple[str, ...]
    summary_de: tuple[str, ...] = ()
