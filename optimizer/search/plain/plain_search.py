"""The compiled search on plain days as an object, alike to ``TourSearch``."""

from collections.abc import Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from optimizer.problem.problem import MICRO_EUR_PER_EUR
from optimizer.search.plain.crossover import crossed
from optimizer.search.plain.kernels import chain_recreate as kernel
from optimizer.search.plain.kernels.chains import NOBODY, Chains, Notes
from optimizer.search.plain.plain_day import PlainDay, PlainProblem
from optimizer.search.plain.population import Parent, Population, Tour
from optimizer.search.plain.stages import Stages

HOT_SHARE = 4.0
COLD_SHARE = 0.02
"""Temperatures at the start and at the end, as shares of the usual way between near pickups; colder ones froze on
classes with long tours."""
WARM_SHARE = 0.3
"""The temperature at which plans made of two others start."""
STEPS_PER_PICKUP = 2_000
BLOCK_STEPS = 256
ABSENT = -2
"""Behind and before whoever is not served, where plans are compared."""
SEED_STRIDE = 0x9E3779B97F4A7C15
"""Spreads small seeds over 64 bits (golden ratio)."""


class PlainSearch:
    """Ruin and recreate with annealing for one plain day: several plans, then others made of two of them each."""

    def __init__(self, problem: PlainProblem, *, seed: int, start: Sequence[tuple[int, Sequence[int]]] = ()) -> None:
        day, type_of = problem.day, problem.type_of
        self._type_of = type_of
        self.day, self._disposals = day, problem.disposal_of_type
        self._start = [(vehicle, list(order)) for vehicle, order in start]
        self._stages = Stages(len(day.kg))
        self._is_warm = False
        self._population = Population(self._stages.n_parents)
        self.plan = _loaded(day, type_of, start)
        self.kept, self.best = _copy(self.plan), _copy(self.plan)
        self._finest = self.best
        n, v = len(day.kg), len(type_of)
        self.notes = Notes(
            out=np.zeros(n, np.int32),
            keys=np.zeros(n, np.int64),
            is_changed=np.zeros(v, np.uint8),
            changed=np.zeros(v, np.int32),
            is_stale=np.ones(v, np.uint8),
            mark=np.full(v, -1, np.int64),
            spare=np.zeros(len(day.fixed), np.int64),
            place=np.zeros(3, np.int64),
            counts=np.zeros(2, np.int64),
        )
        self.chance = np.array([(seed + 1) * SEED_STRIDE % 2**64], dtype=np.uint64)
        self._choice = Random(seed)  # noqa: S311 - no secret depends on it
        self.steps = 0
        self._scale_micro_eur = self._near_way_micro_eur()

    @property
    def most_steps(self) -> int:
        """Iterations after which more time is hardly worth it; few pickups are done soon."""
        return STEPS_PER_PICKUP * len(self.day.kg) * min(len(self.day.kg), 100)

    @property
    def block_steps(self) -> int:
        """Iterations between looks at the clock: some milliseconds."""
        return BLOCK_STEPS

    @property
    def best_micro_eur(self) -> int:
        """Objective of the best plan."""
        return int(min(self.best.objective[0], self._finest.objective[0]))

    def best_orders(self) -> list[tuple[int, list[int]]]:
        """Vehicle and order of every tour of the best plan, its tipping at the end."""
        finest = min(self._finest, self.best, key=lambda plan: plan.objective[0])
        free = {kind: [at for at, own in enumerate(self._type_of) if own == kind] for kind in set(self._type_of)}
        tours = [(at, int(finest.kind[at])) for at in np.flatnonzero(finest.size).tolist()]
        for at, kind in tours:
            # Whoever kept its vehicle's type keeps its vehicle.
            if self._type_of[at] == kind:
                free[kind].remove(at)
        orders = []
        for at, kind in tours:
            vehicle = at if self._type_of[at] == kind else free[kind].pop(0)
            orders.append((int(vehicle), [*_order_of(finest, at), ~int(self._disposals[kind])]))
        return sorted(orders)

    def adopt(self, orders: Sequence[tuple[int, Sequence[int]]]) -> None:
        """Go on from these tours, or breed from them where there are several plans. The best gets no worse."""
        given = _loaded(self.day, self._type_of, orders)
        self._note(given)
        if self._stages.is_only_one:
            self.plan, self.kept = _copy(given), _copy(given)
            self.notes.is_stale[:] = 1

    def run(self, temperatures_micro_eur: NDArray[np.float64]) -> None:
        """One iteration per temperature."""
        plans = (self.plan, self.kept, self.best)
        kernel.run_block(self.day, plans, self.notes, self.chance, temperatures_micro_eur, self.steps)
        self.steps += len(temperatures_micro_eur)

    def temperatures_micro_eur(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Falling geometrically to cold for each plan; share 0 begins the first, share 1 ends the last."""
        if self._stages.begins_anew(float(shares[0]), self.steps):
            self._note(self.best)
            self._begin_anew()
        hot = (WARM_SHARE if self._is_warm else HOT_SHARE) * self._scale_micro_eur
        cold = COLD_SHARE * self._scale_micro_eur
        cooled: NDArray[np.float64] = hot * (cold / hot) ** self._stages.shares(shares, self.steps)
        return cooled

    def _begin_anew(self) -> None:
        """Another plan from the start, or one made of two others."""
        self._population.size = self._stages.n_parents
        self._is_warm = self._stages.is_breeding and len(self._population.parents) > 1
        orders: Sequence[tuple[int, Sequence[int]]] = self._start
        if self._is_warm:
            one, other = self._population.pair(self._choice)
            orders = self._on_vehicles(crossed(one.tours, other.tours, self.day.near, self._choice))
        self.plan = _loaded(self.day, self._type_of, orders)
        self.kept, self.best = _copy(self.plan), _copy(self.plan)
        self.notes.is_stale[:] = 1

    def _on_vehicles(self, tours: Sequence[Tour]) -> list[Tour]:
        """Tours with vehicles of their types; those of a type that has none left are dropped."""
        free = {int(kind): np.flatnonzero(self._type_of == kind).tolist() for kind in set(self._type_of)}
        return [(free[kind].pop(), order) for kind, order in tours if free[kind]]

    def _note(self, plan: Chains) -> None:
        """Remember a plan that nobody works on any longer."""
        if plan.objective[0] < self._finest.objective[0]:
            self._finest = plan
        used = np.flatnonzero(plan.size).tolist()
        if used:
            tours = [(int(plan.kind[at]), _order_of(plan, at)) for at in used]
            behind, before = (np.where(plan.tour == NOBODY, ABSENT, ends) for ends in (plan.behind, plan.before))
            self._population.add(Parent(tours, int(plan.objective[0]), behind, before))

    def _near_way_micro_eur(self) -> float:
        """What driving on to a near pickup usually costs the cheapest vehicle."""
        near = self.day.near[:, 1 : min(6, self.day.near.shape[1])]
        if not near.size:
            return float(MICRO_EUR_PER_EUR)
        rows = np.arange(len(near))[:, None]
        steps = self.day.cost_from.min(axis=0)[rows, near]
        return max(float(np.median(steps)), 1.0)


def _order_of(plan: Chains, tour: int) -> list[int]:
    order, at = [], int(plan.first[tour])
    while at != NOBODY:
        order.append(at)
        at = int(plan.behind[at])
    return order


def _loaded(day: PlainDay, type_of: NDArray[np.int64], orders: Sequence[tuple[int, Sequence[int]]]) -> Chains:
    plan = _empty(type_of, len(day.fixed), len(day.kg), n_spans=len(day.kg) if day.is_limited else 0)
    for vehicle, order in orders:
        chain = [visit for visit in order if visit >= 0]
        if chain:
            plan.first[vehicle] = chain[0]
            for one, other in zip(chain, [*chain[1:], NOBODY], strict=True):
                plan.behind[one] = other
    kernel.load(day, plan)
    return plan


def _empty(type_of: NDArray[np.int64], n_types: int, n: int, *, n_spans: int) -> Chains:
    v = len(type_of)
    return Chains(
        kind=type_of.astype(np.int64),
        free=np.zeros(n_types, np.int64),
        first=np.full(v, NOBODY, np.int32),
        last=np.full(v, NOBODY, np.int32),
        size=np.zeros(v, np.int32),
        kg=np.zeros(v, np.int64),
        litres=np.zeros(v, np.int64),
        ways=np.zeros((v, n_types), np.int64),
        before=np.full(n, NOBODY, np.int32),
        behind=np.full(n, NOBODY, np.int32),
        tour=np.full(n, NOBODY, np.int32),
        cost_in=np.zeros(n, np.int64),
        early_s=np.zeros(n, np.int64),
        late_s=np.zeros(n, np.int64),
        spans=np.zeros((n_spans, 4), np.int64),
        objective=np.zeros(1, np.int64),
    )


def _copy(plan: Chains) -> Chains:
    return plan._replace(**{name: getattr(plan, name).copy() for name in plan._fields})
