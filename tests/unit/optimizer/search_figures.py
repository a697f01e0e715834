"""The search on thousands of generated days: every plan under the checker, tiny days beside brute force.

    python -m tests.unit.optimizer.search_figures                      # 10,000 days and 1,200 tiny ones: an hour
    python -m tests.unit.optimizer.search_figures --days 500 --tiny-days 50 --bred-days 9 --tiny-bred-days 9  # a minute

Plain days are searched twice: some shortly, some for as long as it takes until plans are made of two others (bred).

The command ends with 1 where a plan breaks a rule or costs more than the best one. What chance drew is said with each.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

from rich.console import Console
from rich.progress import track

from optimizer.checking.check_solution import check_solution
from optimizer.domain.request import SolveLimits
from optimizer.problem.problem import Problem
from optimizer.search.sisr import SisrSolver
from tests.unit.optimizer.classic_days import CLASSIC_KINDS, classic_day
from tests.unit.optimizer.day_oracle import least_objective_micro_eur
from tests.unit.optimizer.generated_days import TINY, DayKind, generated_day

RICH_KINDS = (
    TINY,
    DayKind(n_pickups=20, n_vehicles=2),
    DayKind(n_pickups=20, n_vehicles=3, windowed_fraction=1.0, may_fraction=0.8),
    DayKind(n_pickups=20, n_vehicles=2, capacity_kg=(900, 1_400), max_stretch_s=2 * 3600),
    DayKind(n_pickups=40, n_vehicles=4),
)
"""Trips, sites, streams, windows and breaks; the kinds of classic days have one trip a vehicle."""
CLASSIC_EVERY = 3
CHUNK = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One day; ``fault`` is empty where all is well."""

    seed: int
    fault: str


def checked_day(seed: int, iterations: int) -> Judged:
    """Solve one day and let the checker judge the plan."""
    return _checked(_day(seed), seed, iterations)


def tiny_day(seed: int, iterations: int) -> Judged:
    """Solve a day of five to eight pickups and compare its objective with that of the best of all plans."""
    return _compared(generated_day(seed, replace(TINY, n_pickups=5 + seed % 4)), seed, iterations)


def checked_bred_day(seed: int, iterations: int) -> Judged:
    """Solve one plain day and let the checker judge the plan."""
    return _checked(_classic_day(seed, 15 + seed % 30, n_vehicles=5), seed, iterations)


def tiny_bred_day(seed: int, iterations: int) -> Judged:
    """Solve a plain day of four to seven pickups and compare its objective with that of the best of all plans."""
    return _compared(_classic_day(seed, 4 + seed % 4, n_vehicles=3), seed, iterations)


def _day(seed: int) -> Problem:
    if seed % CLASSIC_EVERY == 0:
        return _classic_day(seed, 15 + seed % 30, n_vehicles=5)
    return generated_day(seed, RICH_KINDS[seed % len(RICH_KINDS)])


def _classic_day(seed: int, n_pickups: int, n_vehicles: int) -> Problem:
    return classic_day(seed, n_pickups, n_vehicles=n_vehicles, **CLASSIC_KINDS[seed % len(CLASSIC_KINDS)])


def _checked(problem: Problem, seed: int, iterations: int) -> Judged:
    solution = SisrSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=iterations, seed=seed))
    return Judged(seed=seed, fault="; ".join(str(one) for one in check_solution(problem, solution)))


def _compared(problem: Problem, seed: int, iterations: int) -> Judged:
    solution = SisrSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=iterations, seed=seed))
    least = least_objective_micro_eur(problem)
    found = solution.objective_micro_eur
    return Judged(seed=seed, fault="" if found == least else f"{found} micro-euros, and {least} can be had")


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge them all; 1 where one has a fault."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.unit.optimizer.search_figures",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--days", type=int, default=10_000, help="days under the checker")
    parser.add_argument("--tiny-days", type=int, default=1_200, help="days beside brute force")
    parser.add_argument("--iterations", type=int, default=60, help="of the search of each day under the checker")
    parser.add_argument("--tiny-iterations", type=int, default=20_000, help="of the search of each tiny day")
    parser.add_argument("--bred-days", type=int, default=300, help="plain days with bred plans under the checker")
    parser.add_argument("--tiny-bred-days", type=int, default=300, help="such days beside brute force")
    parser.add_argument("--bred-iterations", type=int, default=150_000, help="of the search of each such day")
    parser.add_argument("--first-seed", type=int, default=0, help="what chance draws the first day with")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    console = Console()
    n_faults = 0
    with ProcessPoolExecutor(options.processes) as pool:
        for what, judge, n_days, iterations in (
            ("under the checker", checked_day, options.days, options.iterations),
            ("beside brute force", tiny_day, options.tiny_days, options.tiny_iterations),
            ("with bred plans under the checker", checked_bred_day, options.bred_days, options.bred_iterations),
            ("with bred plans beside brute force", tiny_bred_day, options.tiny_bred_days, options.bred_iterations),
        ):
            faults = _faults(pool, judge, range(options.first_seed, options.first_seed + n_days), iterations, what)
            for one in faults:
                console.print(f"seed {one.seed}: {one.fault}", highlight=False)
            console.print(f"{n_days:,} days {what}: {len(faults)} with a fault", highlight=False)
            n_faults += len(faults)
    return 1 if n_faults else 0


def _faults(
    pool: ProcessPoolExecutor, judge: Callable[[int, int], Judged], seeds: range, iterations: int, what: str
) -> list[Judged]:
    judged = pool.map(judge, seeds, [iterations] * len(seeds), chunksize=CHUNK)
    return [one for one in track(judged, description=what, total=len(seeds)) if one.fault]


if __name__ == "__main__":
    sys.exit(main())
