"""The compiled search as an object: holds the arrays of one problem and runs block after block of iterations."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from optimizer.problem.problem import MICRO_EUR_PER_EUR, Problem
from optimizer.search.arrays import (
    Day,
    Fleet,
    PlanArrays,
    day_arrays,
    empty_plan,
    fill_plan,
    fleet_arrays,
    new_desk,
    orders_of,
)
from optimizer.search.kernels import ruin_recreate as kernel
from optimizer.solving.tour_draft import Workbench

HOT_SHARE = 30.0
COLD_SHARE = 0.01
"""Temperatures at the start and at the end, as shares of what driving costs per pickup. So hot, because how many tours
and trips there are is settled at the beginning: two generated days of 300 pickups cost 5 % less than from a start at 1,
5 seeds each, with 8,000 iterations as with 40,000; 3, 10 and 100 lie between."""
WARM_SHARE = 0.1
"""The start where a plan is given: improve it, do not melt it. After breakdowns on three generated days of 300
containers, 4,000 iterations and three seeds each, 0.7 % cheaper than hot, with a third of the stops moved by choice."""
STEPS_PER_PICKUP = 10_000
BLOCK_STEPS = 64
SEED_STRIDE = 0x9E3779B97F4A7C15
"""Spreads small seeds over 64 bits (golden ratio)."""


class TourSearch:
    """Ruin and recreate with annealing for one problem, which must have pickups, vehicles and disposal sites.

    Searches of one problem may share the arrays of its day and fleet, which never change: give one as ``beside``.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        seed: int,
        start: Sequence[tuple[int, Sequence[int]]] = (),
        beside: "TourSearch | None" = None,
    ) -> None:
        self.day: Day = day_arrays(problem) if beside is None else beside.day
        self.fleet: Fleet = fleet_arrays(Workbench(problem)) if beside is None else beside.fleet
        self._empty = empty_plan(problem)
        self.desk = new_desk(self._empty)
        self.plan = self._loaded(start)
        self.kept, self.best = _copy(self.plan), _copy(self.plan)
        self.chance = np.array([(seed + 1) * SEED_STRIDE % 2**64], dtype=np.uint64)
        self.steps = 0
        self._first_share = WARM_SHARE if start else HOT_SHARE
        self._scale_micro_eur = self._driving_per_pickup_micro_eur()

    @property
    def most_steps(self) -> int:
        """Iterations after which more time is hardly worth it; few pickups are done soon."""
        return STEPS_PER_PICKUP * len(self.day.kg)

    @property
    def block_steps(self) -> int:
        """Iterations between looks at the clock: some milliseconds, on the largest days a tenth of a second."""
        return BLOCK_STEPS

    @property
    def best_micro_eur(self) -> int:
        """Objective of the best plan, breaks placed as the search places them."""
        return int(self.best.objective[0])

    def best_orders(self) -> list[tuple[int, list[int]]]:
        """Vehicle and order of every tour of the best plan."""
        return orders_of(self.best)

    def adopt(self, orders: Sequence[tuple[int, Sequence[int]]]) -> None:
        """Go on from these tours in the first windows that fit; the best plan stays, unless these are better."""
        self.plan = self._loaded(orders)
        self.kept = _copy(self.plan)
        if self.plan.objective[0] < self.best.objective[0]:
            self.best = _copy(self.plan)

    def run(self, temperatures_micro_eur: NDArray[np.float64]) -> None:
        """One iteration per temperature."""
        plans = (self.plan, self.kept, self.best)
        kernel.run_block(self.day, self.fleet, plans, self.desk, self.chance, temperatures_micro_eur, self.steps)
        self.steps += len(temperatures_micro_eur)

    def temperatures_micro_eur(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Falling geometrically from hot (share 0) to cold (share 1)."""
        hot, cold = self._first_share * self._scale_micro_eur, COLD_SHARE * self._scale_micro_eur
        cooled: NDArray[np.float64] = hot * (cold / hot) ** shares
        return cooled

    def _loaded(self, orders: Sequence[tuple[int, Sequence[int]]]) -> PlanArrays:
        plan = _copy(self._empty)
        fill_plan(plan, orders)
        kernel.load_plan(self.day, self.fleet, plan, self.desk)
        return plan

    def _driving_per_pickup_micro_eur(self) -> float:
        served = np.flatnonzero(self.plan.is_absent == 0)
        if not len(served):
            return float(MICRO_EUR_PER_EUR)
        on_foot_s = int(self.day.service_s[served].sum())
        moving = self.plan.cost.sum() - self.fleet.fixed[self.plan.length > 0].sum() - self.desk.totals[:, 2].sum()
        driving = int(moving) - on_foot_s * int(self.fleet.per_s.max())
        return max(float(driving) / len(served), 0.01 * MICRO_EUR_PER_EUR)


def _copy(plan: PlanArrays) -> PlanArrays:
    return PlanArrays(
        visits=plan.visits.copy(),
        window=plan.window.copy(),
        length=plan.length.copy(),
        cost=plan.cost.copy(),
        is_absent=plan.is_absent.copy(),
        objective=plan.objective.copy(),
    )
