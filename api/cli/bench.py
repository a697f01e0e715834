"""`fuhre bench`: on a town of one's own, the solvers and selection policies side by side."""

import json as json_module
import uuid
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.cli.inputs import AsOfOption, DayOption, JsonOption, SeedOption, TownFiles, TownOption, build_request
from api.cli.progress import progress_bars
from api.search_limits import search_limits
from optimizer.domain.plan import Plan


def bench(
    town: TownOption = None,
    day: DayOption = None,
    as_of: AsOfOption = None,
    time_limit: Annotated[float, typer.Option("--time-limit", min=0.1, help="Seconds for each search.")] = 5.0,
    seed: SeedOption = 1,
    json: JsonOption = False,
) -> None:
    """Plan one day with every policy and every solver, in one run and with equal time.

    Every plan passes the checker. Example: fuhre bench --town demo-town --time-limit 10
    """
    from api.wiring import build_ports, solvers
    from optimizer.planning.plan_day import plan_day

    files = TownFiles(folder=town)
    loaded = files.load()
    ports = build_ports(files.open_router(loaded))
    runs = [("overflow_risk", solver) for solver in solvers()]
    runs += [(policy, "sisr") for policy in ports.policies if policy != "overflow_risk"]
    plans: list[tuple[str, str, Plan]] = []
    with progress_bars(is_shown=not json) as progress:
        for position, (policy, solver) in enumerate(runs):
            if progress:
                progress("plans", position / len(runs), f"{policy}, {solver}")
            request = build_request(
                loaded,
                day=day,
                as_of=as_of,
                limits=search_limits(time_limit_s=time_limit, seed=seed),
                policy=policy,
                solver=solver,
            )
            plan = plan_day(request, ports, plan_id=str(uuid.uuid4()), generated_at=datetime.now(tz=UTC))
            plans.append((policy, solver, plan))
        if progress:
            progress("plans", 1.0)
    if json:
        typer.echo(json_module.dumps([_as_row(*one) for one in plans]))
        return
    _show(plans)


def _as_row(policy: str, solver: str, plan: Plan) -> dict[str, object]:
    return {
        "policy": policy,
        "solver": solver,
        "tours": len(plan.tours),
        "containers": plan.totals.lifts,
        "due_left": sum(one.is_due for one in plan.unserved),
        "distance_m": plan.totals.distance_m,
        "working_s": plan.totals.working_s,
        "cost_eur": plan.totals.cost_eur,
        "solve_s": plan.solver.wall_s,
    }


def _show(plans: list[tuple[str, str, Plan]]) -> None:
    reference = plans[0][2].totals
    table = Table(title=f"{plans[0][2].town_name}, {plans[0][2].day}", title_justify="left")
    for heading in ("policy", "solver"):
        table.add_column(heading)
    for heading in ("tours", "containers", "due left", "km", "hours", "EUR", "EUR, ratio", "search s"):
        table.add_column(heading, justify="right")
    for policy, solver, plan in plans:
        ratio = plan.totals.cost_eur / reference.cost_eur if reference.cost_eur else 0.0
        table.add_row(
            policy,
            solver,
            str(len(plan.tours)),
            str(plan.totals.lifts),
            str(sum(one.is_due for one in plan.unserved)),
            f"{plan.totals.distance_m / 1000:.1f}",
            f"{plan.totals.working_s / 3600:.1f}",
            f"{plan.totals.cost_eur:.2f}",
            f"{ratio:.2f}",
            f"{plan.solver.wall_s:.1f}",
        )
    Console().print(table)
