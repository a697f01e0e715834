"""The quick run: a fixed subset, ten seconds each, and one last line that says how things stand."""

import math
from collections.abc import Sequence
from statistics import fmean

from benchmarks.solver.records import Record
from benchmarks.solver.runner import Job
from benchmarks.solver.table import mean_gap

TIME_LIMIT_S = 10.0
SEED = 1
PUBLISHED = {"cvrp_x": ("X-n200-k36", "X-n308-k13", "X-n502-k39"), "vrptw": ("R112", "R1_2_4", "RC1_4_5")}
DAYS = ("300-42", "300-43", "300-42-bo", "300-43-bo")
OURS, PYVRP, ORTOOLS = "sisr", "pyvrp", "ortools"
LAST_LINE = (
    "gap_cvrp",
    "gap_cvrp_pyvrp",
    "gap_vrptw",
    "gap_vrptw_pyvrp",
    "waste_vs_ortools",
    "waste_vs_pyvrp",
    "violations",
)


def quick_jobs() -> list[Job]:
    """24 searches, four minutes of them; starts and models take about as long again."""
    tasks = [(family, name, (OURS, PYVRP)) for family, names in PUBLISHED.items() for name in names]
    tasks += [("waste_day", name, (OURS, PYVRP, ORTOOLS)) for name in DAYS]
    return [
        Job(family=family, instance=name, solver=solver, seed=SEED, time_limit_s=TIME_LIMIT_S)
        for family, name, solvers in tasks
        for solver in solvers
    ]


def last_line_values(records: Sequence[Record], *, ours: str = OURS) -> dict[str, float]:
    """Gaps in percent, ratios of costs, and how many answers were not valid; NaN for what was not measured."""
    return {
        "gap_cvrp": _or_nan(mean_gap(records, family="cvrp_x", solver=ours)),
        "gap_cvrp_pyvrp": _or_nan(mean_gap(records, family="cvrp_x", solver=PYVRP)),
        "gap_vrptw": _or_nan(mean_gap(records, family="vrptw", solver=ours)),
        "gap_vrptw_pyvrp": _or_nan(mean_gap(records, family="vrptw", solver=PYVRP)),
        "waste_vs_ortools": mean_ratio(records, family="waste_day", ours=ours, peer=ORTOOLS),
        "waste_vs_pyvrp": mean_ratio(records, family="waste_day", ours=ours, peer=PYVRP),
        "violations": float(sum(one.solver == ours and not one.valid for one in records)),
    }


def mean_ratio(records: Sequence[Record], *, family: str, ours: str, peer: str) -> float:
    """Mean over instances and seeds of the peer's cost divided by ours, where both answers are valid."""
    valid = {
        (one.instance, one.seed, one.solver): one.cost
        for one in records
        if one.family == family and one.valid and one.cost is not None
    }
    ratios = [
        cost / valid[instance, seed, ours]
        for (instance, seed, solver), cost in valid.items()
        if solver == peer and (instance, seed, ours) in valid
    ]
    return fmean(ratios) if ratios else math.nan


def last_line(values: dict[str, float]) -> str:
    """``name=value`` pairs in a fixed order."""
    return " ".join(f"{name}={_plain(values[name])}" for name in LAST_LINE)


def _plain(value: float) -> str:
    if math.isnan(value):
        return "nan"
    return str(int(value)) if value == int(value) else f"{value:.4g}"


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
