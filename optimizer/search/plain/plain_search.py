"""The compiled search on plain days as an object, alike to ``TourSearch``."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from optimizer.problem.problem import MICRO_EUR_PER_EUR
from optimizer.search.coolings import Coolings
from optimizer.search.plain.kernels import chain_recreate as kernel
from optimizer.search.plain.kernels.chains import NOBODY, Chains, Notes
from optimizer.search.plain.plain_day import PlainDay, PlainProblem

HOT_SHARE = 4.0
COLD_SHARE = 0.02
"""Temperatures at the start and at the end, as shares of the usual way between near pickups; colder ones froze on
classes with long tours."""
STEPS_PER_PICKUP = 2_000
BLOCK_STEPS = 256
COOLING_STEPS_PER_PAIR = 25
"""Iterations of a cooling by the square of the pickups."""
SEED_STRIDE = 0x9E3779B97F4A7C15
"""Spreads small seeds over 64 bits (golden ratio)."""


class PlainSearch:
    """Ruin and recreate with annealing for one plain day."""

    def __init__(self, problem: PlainProblem, *, seed: int, start: Sequence[tuple[int, Sequence[int]]] = ()) -> None:
        day, type_of = problem.day, problem.type_of
        self._type_of = type_of
        self.day, self._disposals = day, problem.disposal_of_type
        self._start = [(vehicle, list(order)) for vehicle, order in start]
        self._coolings = Coolings(len(day.kg), steps_per_pair=COOLING_STEPS_PER_PAIR)
        self.plan = _loaded(day, type_of, start)
        self.kept, self.best = _copy(self.plan), _copy(self.plan)
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
        return int(self.best.objective[0])

    def best_orders(self) -> list[tuple[int, list[int]]]:
        """Vehicle and order of every tour of the best plan, its tipping at the end."""
        free = {kind: [at for at, own in enumerate(self._type_of) if own == kind] for kind in set(self._type_of)}
        tours = [(at, int(self.best.kind[at])) for at in np.flatnonzero(self.best.size).tolist()]
        for at, kind in tours:
            # Whoever kept its vehicle's type keeps its vehicle.
            if self._type_of[at] == kind:
                free[kind].remove(at)
        orders = []
        for at, kind in tours:
            vehicle = at if self._type_of[at] == kind else free[kind].pop(0)
            orders.append((int(vehicle), [*self._order_of(at), ~int(self._disposals[kind])]))
        return sorted(orders)

    def _order_of(self, tour: int) -> list[int]:
        order, at = [], int(self.best.first[tour])
        while at != NOBODY:
            order.append(at)
            at = int(self.best.behind[at])
        return order

    def adopt(self, orders: Sequence[tuple[int, Sequence[int]]]) -> None:
        """Go on from these tours, unless there are several coolings: those stay apart. The best gets no worse."""
        given = _loaded(self.day, self._type_of, orders)
        if given.objective[0] < self.best.objective[0]:
            self.best = _copy(given)
            self.notes.is_stale[:] = 1
        if self._coolings.is_only_one:
            self._go_on_from(given)

    def run(self, temperatures_micro_eur: NDArray[np.float64]) -> None:
        """One iteration per temperature."""
        plans = (self.plan, self.kept, self.best)
        kernel.run_block(self.day, plans, self.notes, self.chance, temperatures_micro_eur, self.steps)
        self.steps += len(temperatures_micro_eur)

    def temperatures_micro_eur(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Falling geometrically from hot to cold in each cooling; share 0 begins the first, share 1 ends the last."""
        if self._coolings.starts_again(float(shares[0]), self.steps):
            self._go_on_from(_loaded(self.day, self._type_of, self._start))
        hot, cold = HOT_SHARE * self._scale_micro_eur, COLD_SHARE * self._scale_micro_eur
        cooled: NDArray[np.float64] = hot * (cold / hot) ** self._coolings.shares(shares)
        return cooled

    def _go_on_from(self, plan: Chains) -> None:
        self.plan, self.kept = plan, _copy(plan)
        self.notes.is_stale[:] = 1

    def _near_way_micro_eur(self) -> float:
        """What driving on to a near pickup usually costs the cheapest vehicle."""
        near = self.day.near[:, 1 : min(6, self.day.near.shape[1])]
        if not near.size:
            return float(MICRO_EUR_PER_EUR)
        rows = np.arange(len(near))[:, None]
        steps = self.day.cost_from.min(axis=0)[rows, near]
        return max(float(np.median(steps)), 1.0)


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
