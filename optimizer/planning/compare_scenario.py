"""Plans a scenario beside its base and says what would be different, in figures and words."""

from dataclasses import fields
from datetime import datetime

from optimizer.domain.plan import Plan, Totals
from optimizer.domain.request import DayRequest
from optimizer.domain.scenario import Scenario
from optimizer.planning.apply_scenario import apply_scenario, describe_change
from optimizer.planning.plan_day import plan_day
from optimizer.planning.scenario_comparison import ScenarioComparison
from optimizer.ports import Ports, ReportsProgress


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
    changed_request = apply_scenario(request, scenario)
    if base is None:
        base = plan_day(request, ports, plan_id=f"{plan_id}-base", generated_at=generated_at, progress=progress)
    changed = plan_day(changed_request, ports, plan_id=plan_id, generated_at=generated_at, progress=progress)
    served_before, served_after = _served(base), _served(changed)
    difference = _subtract(changed.totals, base.totals)
    newly_unserved = tuple(sorted(served_before - served_after))
    newly_served = tuple(sorted(served_after - served_before))
    return ScenarioComparison(
        scenario=scenario,
        base=base,
        changed=changed,
        difference=difference,
        newly_unserved=newly_unserved,
        newly_served=newly_served,
        summary=_summarise(scenario, base, changed, difference, newly_unserved, newly_served),
    )


def _served(plan: Plan) -> set[str]:
    return {one.container_id for tour in plan.tours for stop in tour.stops for one in stop.collections}


def _subtract(left: Totals, right: Totals) -> Totals:
    return Totals(
        **{
            # Two decimals are what the totals carry; binary fractions would show in the JSON.
            one.name: round(getattr(left, one.name) - getattr(right, one.name), 2)
            for one in fields(Totals)
        }
    )


def _summarise(
    scenario: Scenario,
    base: Plan,
    changed: Plan,
    difference: Totals,
    newly_unserved: tuple[str, ...],
    newly_served: tuple[str, ...],
) -> tuple[str, ...]:
    heading = "; ".join(describe_change(change) for change in scenario.changes) or "no change"
    figures = (
        f"{difference.distance_m / 1000:+.1f} km, {difference.working_s / 3600:+.1f} working hours, "
        f"{difference.diesel_l:+.1f} l diesel, {difference.co2e_kg:+.1f} kg CO2e, {difference.cost_eur:+.2f} EUR"
    )
    sentences = [
        f"{scenario.name}: {heading}.",
        f"{len(changed.tours)} tours instead of {len(base.tours)}; {figures}.",
    ]
    due = {one.container_id for one in changed.unserved if one.is_due}
    late = [container_id for container_id in newly_unserved if container_id in due]
    if newly_unserved:
        sentences.append(f"{len(newly_unserved)} containers lose their pickup, {len(late)} of them due.")
    if newly_served:
        sentences.append(f"{len(newly_served)} containers more are emptied.")
    if not newly_unserved and not newly_served:
        sentences.append("The same containers are emptied.")
    return tuple(sentences)
