"""The compiled search as an object: holds the arrays of one problem and runs block after block of iterations."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.problem.problem import Problem
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

HOT_SHARE = 2.0
"""Temperature at the start as a share of what driving to the tip and back costs. So hot, because how many tours and
trips there are is settled at the beginning: from a start at one way between neighbours waste days cost 5 % more."""
COLD_SHARE = 0.2
"""The one at the end as a share of the way between near pickups."""
WARM_SHARE, STILL_SHARE = 0.15, 0.015
"""Shares of that way where a plan is given: improve it, do not melt it."""
MELT_SHARE, FIRM_SHARE = 4.0, 0.15
"""Hot and cold where a given plan is melted after that, as shares of an errand and of the way between near pickups. A
dozen breakdowns, a hundred stops left, 0.9 s: 1.1 % (at worst 3.1 %) above a minute begun with nothing where warm all
the time, 0.1 % (0.9 %) where melted; prices of changes bring back what need not have moved."""
WARM_FIRST = 0.3
"""Share of a search in which a given plan is only improved. Little changes more often than much: where one pickup of
300 has to go to another truck, melting from the beginning ended up to 2 % dearer."""
FEW_STEPS_PER_PAIR, ENOUGH_STEPS_PER_PAIR = 0.04, 0.2
"""Iterations left then, divided by the square of the pickups, with which a given plan is not melted at all, and wholly.
Melted days of a thousand pickups ended 1.7 % dearer at 0.04, days of 300 at 0.1 and 0.2 several per cent cheaper."""
LEAST_SCALE_MICRO_EUR = 1.0
COOLING_STEPS_PER_PAIR = 12
"""Iterations of a cooling by the square of the pickups. Six days of a hundred pickups with several trips, 20 s, one
seed: three such coolings ended 0.3 % below a single one, better on four."""
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
        near_micro_eur, errand_micro_eur = self._near_way_micro_eur(), self._errand_micro_eur()
        self._is_warm = bool(start)
        self._warm_micro_eur = np.array([WARM_SHARE * near_micro_eur, STILL_SHARE * near_micro_eur])
        melting = (MELT_SHARE, FIRM_SHARE) if start else (HOT_SHARE, COLD_SHARE)
        self._hot_micro_eur = np.array([melting[0] * errand_micro_eur, melting[1] * near_micro_eur])

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
        parts, melted = self._coolings.shares(shares), self._melted()
        if not melted:
            return _cooled(self._warm_micro_eur if self._is_warm else self._hot_micro_eur, parts)
        ends = self._warm_micro_eur ** (1 - melted) * self._hot_micro_eur**melted
        later = _cooled(ends, (parts - WARM_FIRST) / (1 - WARM_FIRST))
        return np.where(parts < WARM_FIRST, _cooled(self._warm_micro_eur, parts / WARM_FIRST), later)

    def _melted(self) -> float:
        """From warm (0) to hot (1): a given plan is melted as far as there is time for it to freeze again."""
        steps = self._coolings.steps_each
        if not self._is_warm or steps is None:
            return 0.0
        per_pair = max(FEW_STEPS_PER_PAIR, (1 - WARM_FIRST) * steps / len(self.day.kg) ** 2)
        return min(1.0, math.log(per_pair / FEW_STEPS_PER_PAIR, ENOUGH_STEPS_PER_PAIR / FEW_STEPS_PER_PAIR))

    def _go_on_from(self, plan: PlanArrays) -> None:
        self.plan, self.kept = plan, _copy(plan)

    def _loaded(self, orders: Sequence[tuple[int, Sequence[int]]]) -> PlanArrays:
        plan = _copy(self._empty)
        fill_plan(plan, orders)
        kernel.load_plan(self.day, self.fleet, plan, self.desk)
        return plan

    def _errand_micro_eur(self) -> float:
        """What driving to the nearest tipping site and back costs on average."""
        n = len(self.day.kg)
        pickups, sites = np.arange(n)[:, None], n + np.arange(len(self.day.fee))[None, :]
        both = self._ways_micro_eur(pickups, sites) + self._ways_micro_eur(sites, pickups)
        return max(float(both.min(axis=1).mean()), LEAST_SCALE_MICRO_EUR)

    def _near_way_micro_eur(self) -> float:
        """What driving on to a near pickup costs on average; many share an address, so the median may be nothing."""
        near = self.day.near[:, 1:6]
        if not near.size:
            return self._errand_micro_eur()
        ways = self._ways_micro_eur(np.arange(len(near))[:, None], near)
        return max(float(ways.mean()), LEAST_SCALE_MICRO_EUR)

    def _ways_micro_eur(self, leave: NDArray[np.intp], reach: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """What driving costs the cheapest vehicle, times of day aside."""
        profile = self.fleet.profile[:, None, None]
        metres, seconds = self.day.travel_m[profile, leave, reach], self.day.travel_s[profile, leave, reach]
        costs = metres * self.fleet.per_m[:, None, None] + seconds * self.fleet.per_s[:, None, None]
        cheapest: NDArray[np.int64] = costs.min(axis=0)
        return cheapest


def _cooled(ends_micro_eur: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Geometrically from the first end at share 0 to the other at share 1."""
    hot, cold = ends_micro_eur
    cooled: NDArray[np.float64] = hot * (cold / hot) ** shares
    return cooled


def _copy(plan: PlanArrays) -> PlanArrays:
    return PlanArrays(
        visits=plan.visits.copy(),
        window=plan.window.copy(),
        length=plan.length.copy(),
        cost=plan.cost.copy(),
        is_absent=plan.is_absent.copy(),
        objective=plan.objective.copy(),
    )
