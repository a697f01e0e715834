"""The compiled search on ordinary waste days as an object, alike to ``TourSearch``."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from optimizer.problem.problem import MICRO_EUR_PER_EUR
from optimizer.search.trips.kernels import trip_recreate as kernel
from optimizer.search.trips.kernels import trip_tours as fields
from optimizer.search.trips.kernels.trip_tours import NOBODY, Notes, TripTours
from optimizer.search.trips.trip_day import LEAVE_M, LEAVE_S, MAX_TRIPS, PER_M, PER_S, PROFILE, STREAM, TripProblem

HOT_SHARE = 20.0
COLD_SHARE = 0.02
"""Temperatures at the start and at the end, as shares of the usual way between near pickups; a start from 3 and an end
at 0.01 were 1.6 % dearer on the mean of three generated days of 300 pickups, two seeds each."""
WARM_SHARE = 0.1
"""The start where a plan is given: improve it, do not melt it."""
STEPS_PER_PICKUP = 60_000
BLOCK_STEPS = 128
SEED_STRIDE = 0x9E3779B97F4A7C15
"""Spreads small seeds over 64 bits (golden ratio)."""


class TripSearch:
    """Ruin and recreate with annealing for one ordinary waste day."""

    def __init__(self, problem: TripProblem, *, seed: int, start: Sequence[tuple[int, Sequence[int]]] = ()) -> None:
        day = problem.day
        self.day, self.pickup_of = day, problem.pickup_of
        self._row_of = np.argsort(problem.pickup_of)
        self._n_pickups, self._n_trips = len(problem.pickup_of), int(day.car[:, MAX_TRIPS].max())
        self.notes = self._new_notes()
        self.plan = self._loaded(start)
        self.kept, self.best = _copy(self.plan), _copy(self.plan)
        self.chance = np.array([(seed + 1) * SEED_STRIDE % 2**64], dtype=np.uint64)
        self.steps = 0
        self._first_share = WARM_SHARE if start else HOT_SHARE
        self._scale_micro_eur = self._way_between_near_micro_eur()

    @property
    def most_steps(self) -> int:
        """Iterations after which more time is hardly worth it; few pickups are done soon."""
        return STEPS_PER_PICKUP * self._n_pickups

    @property
    def block_steps(self) -> int:
        """Iterations between looks at the clock: some milliseconds."""
        return BLOCK_STEPS

    @property
    def best_micro_eur(self) -> int:
        """Objective of the best plan, breaks placed as the search places them."""
        return int(self.best.objective[0])

    def best_orders(self) -> list[tuple[int, list[int]]]:
        """Vehicle and order of every tour of the best plan."""
        return orders_of(self.best, self.pickup_of)

    def adopt(self, orders: Sequence[tuple[int, Sequence[int]]]) -> None:
        """Go on from these tours in the first windows that fit; the best plan stays, unless these are better."""
        self.plan = self._loaded(orders)
        self.kept = _copy(self.plan)
        if self.plan.objective[0] < self.best.objective[0]:
            self.best = _copy(self.plan)

    def run(self, temperatures_micro_eur: NDArray[np.float64]) -> None:
        """One iteration per temperature."""
        plans = (self.plan, self.kept, self.best)
        kernel.run_block(self.day, plans, self.notes, self.chance, temperatures_micro_eur, self.steps)
        self.steps += len(temperatures_micro_eur)

    def temperatures_micro_eur(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Falling geometrically from hot (share 0) to cold (share 1)."""
        hot, cold = self._first_share * self._scale_micro_eur, COLD_SHARE * self._scale_micro_eur
        cooled: NDArray[np.float64] = hot * (cold / hot) ** shares
        return cooled

    def _new_notes(self) -> Notes:
        n, n_vehicles = self._n_pickups, len(self.day.car)
        n_tips = n_vehicles * self._n_trips
        return Notes(
            out=np.zeros(n, dtype=np.int64),
            out_keys=np.zeros(n, dtype=np.int64),
            is_changed=np.zeros(n_vehicles, dtype=np.uint8),
            changed=np.zeros(n_vehicles, dtype=np.int64),
            mark=np.full(n_tips, -1, dtype=np.int64),
            tried=np.full(n, -1, dtype=np.int64),
            is_resting=np.zeros(n_vehicles, dtype=np.uint8),
            chosen=np.zeros(9, dtype=np.int64),
            saved=np.zeros((n + n_tips, 2), dtype=np.int64),
            counts=np.zeros(3, dtype=np.int64),
        )

    def _loaded(self, orders: Sequence[tuple[int, Sequence[int]]]) -> TripTours:
        plan = _empty(self._n_pickups, len(self.day.car), self._n_trips)
        for vehicle, order in orders:
            if sum(visit < 0 for visit in order) <= self._n_trips:
                self._chain(plan, vehicle, order)
        kernel.load(self.day, plan, self.notes)
        return plan

    def _chain(self, plan: TripTours, vehicle: int, order: Sequence[int]) -> None:
        """Write an order as the scheduler knows it into a plan."""
        tip = self._n_pickups + vehicle * self._n_trips
        before, stream = NOBODY, 0
        for visit in order:
            if visit >= 0:
                at = int(self._row_of[visit])
                stream = int(self.day.place[at, STREAM])
            else:
                at, tip = tip, tip + 1
                row = plan.trip[at - self._n_pickups]
                row[[fields.TRIP_STREAM, fields.TRIP_SIZE, fields.TRIP_SITE]] = stream, 1, self._n_pickups + ~visit
            plan.visit[at, fields.VEHICLE] = vehicle
            plan.visit[at, fields.BEFORE], plan.visit[at, fields.BEHIND] = before, NOBODY
            if before == NOBODY:
                plan.tour[vehicle, fields.FIRST] = at
            else:
                plan.visit[before, fields.BEHIND] = at
            before = at
        plan.tour[vehicle, fields.FINAL] = before

    def _way_between_near_micro_eur(self) -> float:
        """The usual cost of the way between near pickups."""
        near = self.day.near[:, 1 : min(6, self.day.near.shape[1])]
        if not near.size:
            return float(MICRO_EUR_PER_EUR)
        car = self.day.car[0]
        ways = self.day.ways[car[PROFILE], np.arange(len(near))[:, None], near].astype(np.int64)
        costs = ways[..., LEAVE_S] * car[PER_S] + ways[..., LEAVE_M] * car[PER_M]
        return max(float(np.median(costs)), 1.0)


def orders_of(plan: TripTours, pickup_of: NDArray[np.int64]) -> list[tuple[int, list[int]]]:
    """Vehicle and order of every tour, as the scheduler knows them."""
    n_pickups, orders = len(plan.load), []
    for vehicle, first in enumerate(plan.tour[:, fields.FIRST].tolist()):
        order, at = [], first
        while at != NOBODY:
            order.append(
                int(pickup_of[at]) if at < n_pickups else ~int(plan.trip[at - n_pickups, fields.TRIP_SITE] - n_pickups)
            )
            at = int(plan.visit[at, fields.BEHIND])
        if order:
            orders.append((vehicle, order))
    return orders


def _empty(n_pickups: int, n_vehicles: int, n_trips: int) -> TripTours:
    n_tips = n_vehicles * n_trips
    plan = TripTours(
        visit=np.zeros((n_pickups + n_tips, fields.N_VISIT_FIELDS), dtype=np.int32),
        load=np.zeros((n_pickups, 2), dtype=np.int64),
        trip=np.zeros((n_tips, fields.N_TRIP_FIELDS), dtype=np.int64),
        tour=np.zeros((n_vehicles, fields.N_TOUR_FIELDS), dtype=np.int64),
        objective=np.zeros(2, dtype=np.int64),
    )
    plan.visit[:, fields.VEHICLE] = NOBODY
    plan.tour[:, [fields.FIRST, fields.FINAL, fields.REST]] = NOBODY
    return plan


def _copy(plan: TripTours) -> TripTours:
    return plan._replace(**{name: getattr(plan, name).copy() for name in plan._fields})
