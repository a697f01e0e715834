"""Plans a scenario beside its base and says what would be different, in figures and words."""

from dataclasses import replace
from datetime import datetime

from optimizer.domain.plan import Plan
from optimizer.domain.request import DayRequest, SolveLimits
from optimizer.domain.scenario import Scenario
from optimizer.planning.apply_scenario import apply_scenario
from optimizer.planning.compare_plans import subtract
from optimizer.planning.plan_day import plan_day
from optimizer.planning.scenario_comparison import ScenarioComparison
from optimizer.planning.scenario_ports import scenario_ports
from optimizer.planning.scenario_words import words_of_comparison
from optimizer.planning.warm_start import StartingSolver
from optimizer.ports import Ports, ReportsProgress

WARM_TIME_LIMIT_S = 0.6
"""Search time for the changed day: it begins with the base plan, and somebody waits for the answer."""


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

    The changed day's search begins with the base plan and ends soon.

    Raises
    ------
    InvalidInputError
        When a change names something that does not exist.
    """
    changed_request = apply_scenario(request, scenario)
    changed_ports = scenario_ports(ports, scenario)
    if base is None:
        base = plan_day(request, ports, plan_id=f"{plan_id}-base", generated_at=generated_at, progress=progress)
    solvers = {name: StartingSolver(inner=one, plan=base) for name, one in changed_ports.solvers.items()}
    changed = plan_day(
        replace(changed_request, limits=_soon(request.limits)),
        replace(changed_ports, solvers=solvers),
        plan_id=plan_id,
        generated_at=generated_at,
        progress=progress,
    )
    served_before, served_after = _served(base), _served(changed)
    difference = subtract(changed.totals, base.totals)
    newly_unserved = tuple(sorted(served_before - served_after))
    newly_served = tuple(sorted(served_after - served_before))
    words = words_of_comparison(
        scenario, base, changed, difference, newly_unserved=newly_unserved, newly_served=newly_served
    )
    return ScenarioComparison(
        scenario=scenario,
        base=base,
        changed=changed,
        difference=difference,
        newly_unserved=newly_unserved,
        newly_served=newly_served,
        summary=tuple(one.en for one in words),
        summary_de=tuple(one.de for one in words),
    )


def _soon(limits: SolveLimits) -> SolveLimits:
    """Less time; who asked for iterations only wants the same answer every time and gets it."""
    if limits.time_limit_s is None:
        return limits
    return replace(limits, time_limit_s=min(limits.time_limit_s, WARM_TIME_LIMIT_S))


def _served(plan: Plan) -> set[str]:
    return {one.container_id for tour in plan.tours for stop in tour.stops for one in stop.collections}
