"""Command line of the solver benchmark: ``python -m benchmarks.solver [--families ...] [--solvers ...]``."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.solver import catalogue
from benchmarks.solver.case import Case
from benchmarks.solver.company import Company
from benchmarks.solver.curves import draw_curves
from benchmarks.solver.day import Day
from benchmarks.solver.quick import last_line, last_line_values, quick_jobs
from benchmarks.solver.records import Record, merged, read_records, write_records
from benchmarks.solver.runner import Job, Outcome, run_all
from benchmarks.solver.table import print_table

SOLVERS = ("sisr", "ortools", "pyvrp")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison that the arguments ask for."""
    options = _options(arguments)
    console = Console()
    jobs = _there(quick_jobs(), console) if options.quick else _jobs(options)
    if not jobs:
        console.print(f"Nothing to run: no such instances in {catalogue.instances_dir()}.")
        return 1
    seconds = sum(job.time_limit_s for job in jobs) / options.parallel
    console.print(f"{len(jobs)} runs, about {seconds / 60:.0f} min of search.")
    path = options.out / "solver.csv"
    known, measured = read_records(path) if path.is_file() else [], list[Record]()
    company = Company()
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    ) as progress:
        bar = progress.add_task("searching", total=len(jobs))

        def listen(outcome: Outcome) -> None:
            one = outcome.record
            measured.append(one)
            write_records(path, merged(known, measured))
            gap = "" if one.gap is None else f"{one.gap:+.3f} %"
            cost = "-" if one.cost is None else f"{one.cost:.8g}"
            mark = "" if one.valid else " NOT VALID"
            progress.console.print(
                f"{one.instance:14} {one.solver:14} seed {one.seed} {cost:>12} {gap:>10}{mark} {one.note}"
            )
            progress.advance(bar)

        def read(family: str, name: str) -> Case | Day:
            return catalogue.read_task(family, name, cache_dir=options.out / "cache")

        outcomes = run_all(jobs, read, cores=_cores(options.cores), parallel=options.parallel, listen=listen)
    records = [one.record for one in outcomes]
    print_table(console, records)
    draw_curves(options.out / "solver_curves.svg", outcomes)
    for reason in dict.fromkeys(f"{one.solver}, {one.family}: {one.note}" for one in records if one.cost is None):
        console.print(reason, highlight=False)
    others = company.cores_of_others()
    console.print(f"Other programs kept {others:.1f} of {os.cpu_count()} cores busy.", highlight=False)
    if options.quick:
        print(last_line(last_line_values(records)), flush=True)
    return 0


def _there(jobs: list[Job], console: Console) -> list[Job]:
    """The jobs whose instances exist here; the others are named."""
    names = {family: catalogue.names_of(family) for family in {job.family for job in jobs}}
    missing = sorted({job.instance for job in jobs if job.instance not in names[job.family]})
    if missing:
        console.print(f"Not in {catalogue.instances_dir()}, so left out: {', '.join(missing)}.")
    return [job for job in jobs if job.instance not in missing]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.solver", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fixed subset, ten seconds each")
    parser.add_argument("--families", type=_words, default=("cvrp_x", "vrptw"), help="names with commas")
    parser.add_argument("--instances", type=_words, default=(), help="only these, of the families")
    parser.add_argument("--solvers", type=_words, default=SOLVERS, help="names with commas, or module:Class of ours")
    parser.add_argument("--seeds", type=_words, default=("1",))
    parser.add_argument("--time-limit", type=float, default=30.0, help="seconds each")
    parser.add_argument("--cores", type=_words, default=(), help="cores to run on (default: the last one)")
    parser.add_argument("--parallel", type=int, default=1, help="runs at once; more than 1 is for exploration only")
    parser.add_argument("--out", type=Path, default=Path("bench-results"))
    return parser.parse_args(arguments)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split(",") if word)


def _cores(asked: tuple[str, ...]) -> list[int]:
    if asked:
        return [int(word) for word in asked]
    return sorted(os.sched_getaffinity(0), reverse=True) if hasattr(os, "sched_getaffinity") else []


def _jobs(options: argparse.Namespace) -> list[Job]:
    """Solvers take turns on each instance, so that a busy moment hits all alike."""
    return [
        Job(family=family, instance=name, solver=solver, seed=int(seed), time_limit_s=options.time_limit)
        for family in options.families
        for name in catalogue.chosen_names(family, options.instances)
        for seed in options.seeds
        for solver in options.solvers
    ]
