"""What would be different: a scenario planned beside its base, with the difference in figures and words."""

from dataclasses import dataclass
from datetime import datetime

from optimizer.domain.plan import Plan, Totals
from optimizer.domain.request import DayRequest
from optimizer.domain.scenario import Scenario
from optimizer.ports import Ports, ReportsProgress


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
    summary
        The difference in sentences for people.
    """

    scenario: Scenario
    base: Plan
    changed: Plan
    difference: Totals
    newly_unserved: tuple[str, ...]
    newly_served: tuple[str, ...]
    summary: tuple[str, ...]


def compare_scenario(
    request: DayRequest,
    scenario: Scenario,
    ports: Ports,
    *,
    plan_id: str,
    generated_at: datetime,
    base: Plan | None = None,
    progress: ReportsProgress | None = None,
) -> ScenarioComparison:
    """Plan the changed day, and the base unless it is given, and compare.

    Raises
    ------
    InvalidInputError
        When a change names something that does not exist.
    """
    raise NotImplementedError
