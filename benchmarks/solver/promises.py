"""What is promised beside costs: ``python -m benchmarks.solver.promises [--seeds 1,2] [--cold-seconds 60]``.

How soon a first plan stands, and what a truck that breaks down at ten costs against a search of a minute that knows
nothing of the old plan. Times are of this process, on whatever else the machine does.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from datetime import time as clock_time
from pathlib import Path
from statistics import fmean

from rich.console import Console
from rich.table import Table

from benchmarks.season.town import season_town
from benchmarks.solver import catalogue
from benchmarks.solver.day import Day
from benchmarks.solver.targets import Row
from optimizer.checking.check_plan import check_plan
from optimizer.checking.check_solution import check_solution
from optimizer.domain.day_state import DayState, state_on_plan
from optimizer.domain.plan import Plan
from optimizer.domain.request import DayRequest, SolveLimits
from optimizer.domain.town import Town
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.planning.plan_day import plan_day
from optimizer.planning.replan import Replan, replan_day
from optimizer.ports import Ports, Solver
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution
from optimizer.search.sisr import SisrSolver
from optimizer.selection.all_containers import AllContainersPolicy
from optimizer.solving.greedy import GreedySolver

DAY = date(2026, 3, 3)
FIRST_PLANS = (("300-42", 0.3), ("2000-42", 2.0))
"""Waste days, and seconds within which their first plan is to stand."""
N_TRUCKS = 8
REPLAN_S = 1.4
"""What the service gives a search after an incident."""
PLAN_S = 10.0
MOST_SECONDS, MOST_DEARER_PERCENT, MOST_MOVED_PERCENT = 2.0, 1.5, 15.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print each promise beside its target."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.solver.promises", description=__doc__)
    parser.add_argument("--seeds", default="1,2,3,4,5,6,7,8,9,10", help="of the plans that break down, with commas")
    parser.add_argument("--cold-seconds", type=float, default=60.0, help="what the re-plan is compared with")
    parser.add_argument("--out", type=Path, default=Path("bench-results"))
    options = parser.parse_args(arguments)
    console = Console()
    seeds = [int(word) for word in options.seeds.split(",")]
    rows = [*_first_plans(options.out), *_breakdowns(options.out, seeds, cold_s=options.cold_seconds, console=console)]
    table = Table("promise", "target", "measured", "reached")
    for row in rows:
        table.add_row(row.what, row.target, row.measured, "yes" if row.is_reached else "NO")
    console.print(table)


class _FromNothing:
    """A solver that is not told what was planned."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver

    @property
    def name(self) -> str:
        return self._solver.name

    def solve(
        self,
        problem: Problem,
        limits: SolveLimits,
        *,
        start: Solution | None = None,  # noqa: ARG002  # what it is there for
        progress: Callable[[float, int], None] | None = None,
    ) -> Solution:
        return self._solver.solve(problem, limits, progress=progress)


def _first_plans(out: Path) -> Iterator[Row]:
    for name, most_s in FIRST_PLANS:
        day = catalogue.read_task(catalogue.WASTE_DAYS, name, cache_dir=out / "cache")
        assert isinstance(day, Day)
        limits = SolveLimits(time_limit_s=None, iteration_limit=1)
        solution = GreedySolver().solve(day.problem, limits)  # compiles or loads
        walls_s = []
        for _ in range(3):
            began_s = time.perf_counter()
            GreedySolver().solve(day.problem, limits)
            walls_s.append(time.perf_counter() - began_s)
        wall_s, bad, n_left = min(walls_s), len(check_solution(day.problem, solution)), len(solution.unserved)
        yield Row(
            what=f"first plan, {name}",
            target=f"<= {most_s} s, no violation",
            measured=f"{wall_s:.2f} s, {bad} violations, {n_left} not served",
            is_reached=wall_s <= most_s and not bad,
        )


def _breakdowns(out: Path, seeds: Sequence[int], *, cold_s: float, console: Console) -> Iterator[Row]:
    """The busiest truck breaks down at ten, on one plan for each seed."""
    town, router = season_town(out)
    truck = town.vehicles[0]
    trucks = tuple(replace(truck, vehicle_id=f"crane-{at + 1}") for at in range(N_TRUCKS))
    town = replace(town, vehicles=trucks)
    solver = SisrSolver()
    ports = Ports(
        router=router,
        forecaster=EmpiricalBayesForecaster(),
        policies={"all": AllContainersPolicy()},
        solvers={solver.name: solver},
    )
    from_nothing = replace(ports, solvers={solver.name: _FromNothing(solver)})
    now = datetime.combine(DAY, clock_time(10), tzinfo=town.zone)
    walls_s, dearer_percent, moved_percent = [], [], []
    for seed in seeds:
        plan = _plan(town, ports, seed=seed)
        broken = max(plan.tours, key=lambda tour: len(tour.stops))
        state = DayState(now=now, vehicles=(state_on_plan(broken, now, is_out_of_service=True),))
        began_s = time.perf_counter()
        answer = _replanned(plan, town, state, ports, time_limit_s=REPLAN_S, seed=seed)
        walls_s.append(time.perf_counter() - began_s)
        anything = replace(state, change_cost_eur=0.0, most_moved_fraction=1.0)
        cold = _replanned(plan, town, anything, from_nothing, time_limit_s=cold_s, seed=seed)
        assert not check_plan(answer.plan, town, router)
        dearer_percent.append(100 * (answer.plan.totals.cost_eur / cold.plan.totals.cost_eur - 1))
        moved_percent.append(100 * answer.moved_by_choice_fraction)
        console.print(
            f"breakdown, plan {seed}: {walls_s[-1]:.2f} s, {answer.remaining} left, {answer.moved_by_choice} move by "
            f"choice, {answer.plan.totals.cost_eur:.2f} EUR (cold {cold.plan.totals.cost_eur:.2f} EUR), "
            f"{len(answer.plan.unserved)} not served (cold {len(cold.plan.unserved)})",
            highlight=False,
        )
    label = f"breakdown at 10:00, {len(town.containers)} containers, {len(seeds)} plans"
    yield _at_most(f"{label}: longest answer", max(walls_s), MOST_SECONDS, "s")
    what = f"{label}: most above a cold search of {cold_s:.0f} s (mean {fmean(dearer_percent):.2f} %)"
    yield _at_most(what, max(dearer_percent), MOST_DEARER_PERCENT, "%")
    yield _at_most(f"{label}: most that move though their truck drives", max(moved_percent), MOST_MOVED_PERCENT, "%")


def _at_most(what: str, value: float, most: float, unit: str) -> Row:
    return Row(what=what, target=f"<= {most:g} {unit}", measured=f"{value:.2f} {unit}", is_reached=value <= most)


def _plan(town: Town, ports: Ports, *, seed: int) -> Plan:
    request = DayRequest(
        town=town,
        day=DAY,
        as_of=datetime(2026, 3, 2, 18, tzinfo=town.zone),
        history={},
        limits=SolveLimits(time_limit_s=PLAN_S, seed=seed),
        policy="all",
        solver="sisr",
    )
    return plan_day(request, ports, plan_id=f"plan-{seed}", generated_at=datetime(2026, 3, 2, 17, tzinfo=UTC))


def _replanned(plan: Plan, town: Town, state: DayState, ports: Ports, *, time_limit_s: float, seed: int) -> Replan:
    return replan_day(
        plan,
        town,
        state,
        ports,
        SolveLimits(time_limit_s=time_limit_s, seed=seed),
        plan_id=f"{plan.plan_id}-b",
        generated_at=datetime.now(UTC),
    )


if __name__ == "__main__":
    main()
