"""Our own solvers behind their port; the name is one of ``OUR_SOLVERS``, or ``module:Class``."""

import importlib

import numpy as np

from benchmarks.solver.case import Case, CaseVehicle
from benchmarks.solver.case_problem import problem_of
from benchmarks.solver.day import Day
from benchmarks.solver.ground import LARGE, N_YARDS, SMALL, Ground
from benchmarks.solver.peer import Answer, LeftOutError, Stopwatch
from benchmarks.solver.waste_day import waste_day
from optimizer.domain.request import SolveLimits
from optimizer.ports import Solver
from optimizer.problem.solution import Solution, VehicleTour, VisitKind
from routing.matrix import TravelMatrix

OUR_SOLVERS = {
    "sisr": "optimizer.search.sisr:SisrSolver",
    "ortools": "optimizer.solving.ortools_solver:OrToolsSolver",
}
WARM_ITERATIONS = 500
ENDLESS = 10**9
"""Iterations: only the time ends a search, as it does its peers'."""


class OurPeer:
    """One of our solvers on any task."""

    def __init__(self, name: str) -> None:
        module, _, maker = OUR_SOLVERS.get(name, name).partition(":")
        self._solver: Solver = getattr(importlib.import_module(module), maker)()
        self._unit = 1.0

    def warm(self) -> None:
        """Solve two tiny tasks by iterations, however long numba takes to compile or load its kernels."""
        for problem in (problem_of(tiny_case()), tiny_day().problem):
            limits = SolveLimits(time_limit_s=None, iteration_limit=WARM_ITERATIONS)
            self._solver.solve(problem, limits, progress=lambda _share, _objective: None)

    def prepare(self, task: Case | Day) -> None:
        """A published instance becomes a day; a day is taken as it is."""
        if isinstance(task, Day):
            self._problem, self._unit = task.problem, float(task.per_unit)
            return
        self._problem = problem_of(task)
        self._unit = _micro_eur_per_unit(task, self._problem.vehicles[0].per_m_micro_eur)

    def solve(self, *, seed: int, time_limit_s: float) -> Answer:
        """As the service calls it, but for the iteration limit."""
        watch = Stopwatch()

        def listen(_share: float, objective_micro_eur: int) -> None:
            watch.note(objective_micro_eur / self._unit)

        limits = SolveLimits(time_limit_s=time_limit_s, iteration_limit=ENDLESS, seed=seed)
        solution = self._solver.solve(self._problem, limits, progress=listen)
        wall_s = watch.seconds()
        watch.note(solution.objective_micro_eur / self._unit)
        return Answer(
            orders=orders_of(solution),
            wall_s=wall_s,
            curve=watch.curve,
            note=f"{solution.iterations} iterations",
        )


def orders_of(solution: Solution) -> list[tuple[int, list[int]]]:
    """Visits without times and breaks."""
    return [(tour.vehicle_index, _visits(tour)) for tour in solution.tours]


def _visits(tour: VehicleTour) -> list[int]:
    halts = [one for one in tour.visits if one.kind is not VisitKind.BREAK]
    return [one.index if one.kind is VisitKind.PICKUP else ~one.index for one in halts]


def _micro_eur_per_unit(case: Case, per_m_micro_eur: int) -> float:
    cost_per_distance = case.fleet()[0].cost_per_distance
    if not cost_per_distance:
        raise LeftOutError("distance costs nothing for the first vehicle")
    return per_m_micro_eur / cost_per_distance * case.per_unit


def tiny_day() -> Day:
    """Twenty containers along a street, with trips, breaks and optional stops."""
    at = np.arange(N_YARDS + 20)
    metres = np.abs(at[:, None] - at[None, :]) * 200
    travel = TravelMatrix.from_arrays(duration_s=metres // 8, distance_m=metres)
    ground = Ground(name="street", travel={LARGE: travel, SMALL: travel})
    return waste_day(ground, n=20, seed=1, optional_share=0.2, with_breaks=True)


def tiny_case() -> Case:
    """Twelve customers on a circle with times, enough to run every kernel."""
    angles = np.linspace(0, 2 * np.pi, 13)[:12]
    coordinates = np.concatenate([[[0.0, 0.0]], 100 * np.stack([np.cos(angles), np.sin(angles)], axis=1)])
    distance = np.floor(np.sqrt(((coordinates[:, None] - coordinates[None]) ** 2).sum(axis=2))).astype(np.int64)
    ones = np.ones(13, dtype=np.int64)
    case = Case(
        name="tiny",
        family="tiny",
        coordinates=coordinates,
        distance=distance,
        demand=ones,
        service=10 * ones,
        opens=0 * ones,
        closes=10_000 * ones,
        prize=0 * ones,
        n_depots=1,
        vehicles=(CaseVehicle(count=4, capacity=5),),
        has_times=True,
        per_unit=1,
        best_known=None,
    )
    case.demand[0] = case.service[0] = 0
    return case
