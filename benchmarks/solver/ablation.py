"""What each part of a search is worth, at equal iterations: ``python -m benchmarks.solver.ablation [--families ...]``.

Iterations and not seconds, so that neither a busy machine nor the order of runs favours a variant: each task gets as
many per chain as one chain makes in so many seconds of processor time, the same number for all variants. Costs are
those that the search itself counts.
"""

import argparse
import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from benchmarks.solver import catalogue
from benchmarks.solver.case_problem import problem_of
from benchmarks.solver.day import Day
from optimizer.domain.request import SolveLimits
from optimizer.problem.problem import Problem
from optimizer.search.portfolio import run_chains
from optimizer.search.search_clock import SearchClock
from optimizer.search.sisr import chains_for
from optimizer.solving.tour_draft import Workbench

TASKS = {
    "cvrp_x": ("X-n101-k25", "X-n153-k22", "X-n200-k36", "X-n256-k16", "X-n308-k13", "X-n502-k39"),
    "vrptw": ("R112", "RC208", "R1_2_4", "C1_2_3", "RC1_4_5", "R2_2_6"),
    "waste_day": ("300-42", "300-43", "300-42-bo", "300-43-bo"),
}
LUKEWARM_SHARE = 0.5
RATED_S = 0.4
NEVER = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """Chains, iterations of each in units of the task's, and from when on they exchange plans."""

    n_chains: int
    length: int = 1
    exchanges_from_share: float = NEVER


VARIANTS = {
    "one": Variant(n_chains=1),
    "one, twice as long": Variant(n_chains=1, length=2),
    "two": Variant(n_chains=2),
    "two, exchange from half on": Variant(n_chains=2, exchanges_from_share=0.5),
    "two, exchange throughout": Variant(n_chains=2, exchanges_from_share=0.0),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run all variants on all tasks, write ``ablation.csv`` and print mean percents above the reference."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.solver.ablation", description=__doc__)
    parser.add_argument("--families", default=",".join(TASKS), help="names with commas")
    parser.add_argument("--seeds", default="1,2", help="with commas")
    parser.add_argument("--seconds", type=float, default=3.0, help="processor time of one chain")
    parser.add_argument("--out", type=Path, default=Path("bench-results"))
    options = parser.parse_args(arguments)
    rows = []
    for seed in map(int, options.seeds.split(",")):
        for family in options.families.split(","):
            for name in TASKS[family]:
                rows.append(_row(family, name, seed, options))
                print(", ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
                _write(options.out / "ablation.csv", rows)
    for family in options.families.split(","):
        means = [fmean(float(row[name]) for row in rows if row["family"] == family) for name in VARIANTS]
        print(family, *(f"{name} {mean:+.3f}" for name, mean in zip(VARIANTS, means, strict=True)), sep=" | ")


def _row(family: str, name: str, seed: int, options: argparse.Namespace) -> dict[str, str | int]:
    task = catalogue.read_task(family, name, cache_dir=options.out / "cache")
    problem = task.problem if isinstance(task, Day) else problem_of(task)
    n_steps = round(options.seconds * _steps_per_s(problem))
    found = {label: _best_micro_eur(problem, variant, seed, n_steps) for label, variant in VARIANTS.items()}
    reference = found["one"]
    if not isinstance(task, Day) and task.best_known is not None:
        unit_micro_eur = problem.vehicles[0].per_m_micro_eur * task.per_unit
        reference = round(task.best_known * unit_micro_eur)
    gaps = {label: f"{100 * (cost / reference - 1):.3f}" for label, cost in found.items()}
    return {"family": family, "instance": name, "seed": seed, "iterations": n_steps, **gaps}


def _best_micro_eur(problem: Problem, variant: Variant, seed: int, n_steps: int) -> int:
    limits = SolveLimits(
        time_limit_s=None, iteration_limit=variant.length * n_steps, seed=seed, n_chains=variant.n_chains
    )
    chains = chains_for(Workbench(problem), limits, ())
    clock = SearchClock(limits, most_steps=chains[0].most_steps, began_s=0.0, reserve_s=0.0)
    share = variant.exchanges_from_share
    run_chains(chains, clock, n_threads=1, listen=lambda _share, _best: None, exchanges_from_share=share)
    return min(chain.best_micro_eur for chain in chains)


def _steps_per_s(problem: Problem) -> float:
    """Iterations in a second of processor time, halfway through the cooling."""
    search = chains_for(Workbench(problem), SolveLimits(iteration_limit=1), ())[0]
    block = search.temperatures_micro_eur(np.full(search.block_steps, LUKEWARM_SHARE))
    for _ in range(10):
        search.run(block)
    began_s, began_steps = time.process_time(), search.steps
    while time.process_time() - began_s < RATED_S:
        search.run(block)
    return (search.steps - began_steps) / (time.process_time() - began_s)


def _write(path: Path, rows: Sequence[dict[str, str | int]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
