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
from optimizer.search.coolings import Coolings
from optimizer.search.kernels import ruin_recreate as kernel
from optimizer.solving.tour_draft import Workbench

HOT_SHARE, COLD_SHARE = 15.0, 0.1
"""Temperatures at the start and at the end, as shares of the usual way between near pickups. So hot, because how many
tours and trips there are is settled at the beginning: from a start at 1 waste days cost 5 % more."""
WARM_SHARE, STILL_SHARE = 0.1, 0.01
"""The same where a plan is given: improve it, do not melt it. After breakdowns on three generated days of 300
containers, 4,000 iterations and three seeds each, 0.7 % cheaper than hot, with a third of the stops moved by choice."""
COOLING_STEPS_PER_PAIR = 12
"""Iterations of a cooling by the square of the pickups: six days of a hundred pickups with several trips cost less
after a few coolings of a hundred thousand iterations than after one as long as all of them."""
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
        self._empty, self._start = empty_plan(problem), start
        self.desk = new_desk(self._empty)
        self.plan = self._loaded(start)
        self.kept, self.best = _copy(self.plan), _copy(self.plan)
        self.chance = np.array([(seed + 1) * SEED_STRIDE % 2**64], dtype=np.uint64)
        self.steps = 0
        self._coolings = Coolings(len(self.day.kg), steps_per_pair=COOLING_STEPS_PER_PAIR)
        self._heat = (WARM_SHARE, STILL_SHARE) if start else (HOT_SHARE, COLD_SHARE)
        self._scale_micro_eur = self._near_way_micro_eur()

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
        """Go on from these tours in the first windows that fit, unless there are several coolings: those stay apart.

        The best plan stays, unless these are better.
        """
        given = self._loaded(orders)
        if given.objective[0] < self.best.objective[0]:
            self.best = _copy(given)
        if self._coolings.is_only_one:
            self._go_on_from(given)

    def run(self, temperatures_micro_eur: NDArray[np.float64]) -> None:
        """One iteration per temperature."""
        plans = (self.plan, self.kept, self.best)
        kernel.run_block(self.day, self.fleet, plans, self.desk, self.chance, temperatures_micro_eur, self.steps)
        self.steps += len(temperatures_micro_eur)

    def temperatures_micro_eur(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Falling geometrically from hot to cold in each cooling; share 0 begins the first, share 1 ends the last."""
        if self._coolings.starts_again(float(shares[0]), self.steps):
            self._go_on_from(self._loaded(self._start))
        hot, cold = (share * self._scale_micro_eur for share in self._heat)
        cooled: NDArray[np.float64] = hot * (cold / hot) ** self._coolings.shares(shares)
        return cooled

    def _go_on_from(self, plan: PlanArrays) -> None:
        self.plan, self.kept = plan, _copy(plan)

    def _loaded(self, orders: Sequence[tuple[int, Sequence[int]]]) -> PlanArrays:
        plan = _copy(self._empty)
        fill_plan(plan, orders)
        kernel.load_plan(self.day, self.fleet, plan, self.desk)
        return plan

    def _near_way_micro_eur(self) -> float:
        """What driving on to a near pickup usually costs the cheapest vehicle."""
        near = self.day.near[:, 1 : min(6, self.day.near.shape[1])]
        if not near.size:
            return float(MICRO_EUR_PER_EUR)
        rows = np.arange(len(near))[:, None]
        profile = self.fleet.profile
        metres, seconds = self.day.travel_m[profile][:, rows, near], self.day.travel_s[profile][:, rows, near]
        per_m, per_s = self.fleet.per_m[:, None, None], self.fleet.per_s[:, None, None]
        return max(float(np.median((metres * per_m + seconds * per_s).min(axis=0))), 1.0)


def _copy(plan: PlanArrays) -> PlanArrays:
    return PlanArrays(
        visits=plan.visits.copy(),
        window=plan.window.copy(),
        length=plan.length.copy(),
        cost=plan.cost.copy(),
        is_absent=plan.is_absent.copy(),
        objective=plan.objective.copy(),
    )
