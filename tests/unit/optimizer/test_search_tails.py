"""Exchanges of tails against slow twins: every cut before a near pickup, tried out and priced from nothing."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numba import njit

from optimizer.problem.problem import Problem
from optimizer.search.arrays import orders_of
from optimizer.search.kernels import tail_swap
from optimizer.search.plain.kernels import chain_tails
from optimizer.search.plain.kernels.chains import NOBODY
from optimizer.search.plain.plain_day import PlainDay, plain_day
from optimizer.search.plain.plain_search import PlainSearch
from optimizer.search.tour_search import TourSearch
from optimizer.solving.tour_draft import TourDraft, Workbench
from tests.unit.optimizer.classic_days import CLASSIC_KINDS as PLAIN_KINDS
from tests.unit.optimizer.classic_days import classic_day
from tests.unit.optimizer.generated_days import DayKind, generated_day
from tests.unit.optimizer.test_search_plain import check_counts, least_out_of_order_s

NO_LIMIT = 1 << 60
LOOSE_MICRO_EUR = 500_000_000
ALL_BITS = (1 << 64) - 1
DAY = DayKind(n_pickups=45, n_vehicles=4, windowed_fraction=0.2)
KINDS = {
    "without breaks": replace(DAY, windowed_fraction=0.0, breaks=(), max_stretch_s=10**6),
    "rich": DAY,
    "small loads": replace(DAY, capacity_kg=(900, 1_400), max_trips=8),
    "two streams": replace(DAY, streams=("glass", "paper"), n_disposals=3),
}


@pytest.fixture(scope="module")
def swap_plain() -> Callable[..., int]:
    @njit
    def compiled(day: Any, plan: Any, notes: Any, limit: int, chance: Any) -> int:
        notes.counts[:] = 0
        notes.is_changed[:] = 0
        return chain_tails.swap_tails(day, plan, notes, limit, chance)

    return compiled  # type: ignore[no-any-return]  # a dispatcher


@pytest.fixture(scope="module")
def swap() -> Callable[..., bool]:
    @njit
    def compiled(day: Any, fleet: Any, plans: Any, desk: Any, limit: int, chance: Any) -> bool:
        return tail_swap.swap_tails(day, fleet, plans[0], plans[1], desk, limit, chance)

    return compiled  # type: ignore[no-any-return]  # a dispatcher


def drawn_next(search: PlainSearch) -> int:
    """The pickup that the search is about to draw."""
    state = int(search.chance[0])
    state ^= state >> 12
    state ^= state << 25 & ALL_BITS
    state ^= state >> 27
    share = ((state * 2_685_821_657_736_338_717 & ALL_BITS) >> 11) / (1 << 53)
    return int(share * len(search.day.kg))


def orders_of_chains(search: PlainSearch) -> dict[int, list[int]]:
    orders = {}
    for tour in np.flatnonzero(search.plan.size > 0).tolist():
        order, at = [], int(search.plan.first[tour])
        while at != NOBODY:
            order.append(at)
            at = int(search.plan.behind[at])
        orders[tour] = order
    return orders


def price(day: PlainDay, kind: int, order: Sequence[int]) -> float:
    """What a tour costs, infinite where it breaks a rule."""
    if not order:
        return 0.0
    if day.kg[order].sum() > day.kg_room[kind] or day.litres[order].sum() > day.l_room[kind]:
        return math.inf
    clock_s = day.leaves_s[kind] + day.start_s[kind, order[0]]
    for at, behind in pairwise([*order, NOBODY]):
        if clock_s > day.last_s[at]:
            return math.inf
        clock_s = max(clock_s, day.opens_s[at]) + day.service_s[at]
        clock_s += day.end_s[kind, at] if behind == NOBODY else day.drive_from_s[kind, at, behind]
    if clock_s > day.tips_by_s[kind] or least_out_of_order_s(day, kind, order) > day.out_s[kind]:
        return math.inf
    legs = sum(day.cost_from[kind, one, other] for one, other in pairwise(order))
    ends = day.start_cost[kind, order[0]] + day.end_cost[kind, order[-1]]
    return float(day.fixed[kind] + legs + ends + day.visit_cost[kind, order].sum())


def least_change(search: PlainSearch, pickup: int) -> float:
    """Of all exchanges of what is behind the pickup with what begins at a near one."""
    day, plan, orders = search.day, search.plan, orders_of_chains(search)
    tour = int(plan.tour[pickup])
    if tour == NOBODY:
        return math.inf
    kind, mine = int(plan.kind[tour]), orders[tour]
    cut, least = mine.index(pickup) + 1, math.inf
    for near in day.near[pickup, 1 : chain_tails.LOOK_AT + 1].tolist():
        other = int(plan.tour[near])
        if other in {NOBODY, tour} or plan.kind[other] != kind:
            continue
        theirs = orders[other]
        at = theirs.index(near)
        after = price(day, kind, [*mine[:cut], *theirs[at:]]) + price(day, kind, [*theirs[:at], *mine[cut:]])
        least = min(least, after - price(day, kind, mine) - price(day, kind, theirs))
    return least


@pytest.mark.parametrize("kind", PLAIN_KINDS)
@pytest.mark.parametrize("seed", range(2))
def test_cheapest_exchange_of_a_plain_day_is_made_and_counted(
    seed: int, kind: dict[str, bool], swap_plain: Callable[..., int]
) -> None:
    problem = classic_day(seed, 40, n_vehicles=12, **kind)
    found = plain_day(Workbench(problem))
    assert found is not None
    search = PlainSearch(found, seed=seed)
    search.run(search.temperatures_micro_eur(np.zeros(160)))
    n_made = 0
    for _ in range(150):
        least = least_change(search, drawn_next(search))
        before = sum(price(search.day, int(search.plan.kind[at]), one) for at, one in orders_of_chains(search).items())
        change = swap_plain(search.day, search.plan, search.notes, NO_LIMIT, search.chance)
        assert change == (NO_LIMIT if least == math.inf else least)
        n_made += change != NO_LIMIT
        after = sum(price(search.day, int(search.plan.kind[at]), one) for at, one in orders_of_chains(search).items())
        assert after - before == (0 if change == NO_LIMIT else change)
        check_counts(search, found.type_of)
    assert n_made > 0


def test_exchange_that_costs_too_much_is_not_made(swap_plain: Callable[..., int]) -> None:
    found = plain_day(Workbench(classic_day(1, 40, n_vehicles=12)))
    assert found is not None
    search = PlainSearch(found, seed=1)
    search.run(search.temperatures_micro_eur(np.linspace(0, 1, 3_000)))
    before = orders_of_chains(search)
    for _ in range(100):
        limit = -(10**9)
        assert swap_plain(search.day, search.plan, search.notes, limit, search.chance) == limit
    assert orders_of_chains(search) == before


def cost_of(problem: Problem, bench: Workbench, orders: dict[int, list[int]]) -> int:
    """Of all tours, timed exactly."""
    total = 0
    for vehicle, order in orders.items():
        draft = TourDraft(bench, vehicle)
        assert draft.may_drive(order)
        assert draft.replace_order(order), f"{problem.vehicles[vehicle].vehicle_id} cannot drive {order}"
        total += draft.cost_micro_eur
    return total


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_tours_with_exchanged_tails_can_be_driven_and_cost_what_the_search_says(
    kind: DayKind, swap: Callable[..., bool]
) -> None:
    n_made = n_saved = n_inside = 0
    for seed in range(10):
        problem = generated_day(70 + seed, kind)
        bench, search = Workbench(problem), TourSearch(problem, seed=seed)
        search.run(np.full(60, 2e6))
        for limit in (*[LOOSE_MICRO_EUR] * 200, *[0] * 100):
            kept = search.plan._replace(**{name: getattr(search.plan, name).copy() for name in search.plan._fields})
            search.desk.is_changed[:] = 0
            before, served = int(kept.cost.sum()), sorted(v for _, o in orders_of(kept) for v in o if v >= 0)
            is_made = swap(search.day, search.fleet, (kept, search.plan), search.desk, limit, search.chance)
            orders = dict(orders_of(search.plan))
            assert sorted(v for order in orders.values() for v in order if v >= 0) == served
            change = int(search.plan.cost.sum()) - before
            if not is_made:
                assert change == 0
                assert orders == dict(orders_of(kept))
                continue
            assert change < limit
            assert 1 <= search.desk.is_changed.sum() <= 2
            n_inside += int(search.desk.is_changed.sum() == 1)
            n_made, n_saved = n_made + 1, n_saved + (limit == 0)
            # Breaks are placed well by the search, not always best.
            exact = cost_of(problem, bench, orders)
            assert exact <= search.plan.cost.sum()
            if kind.breaks == ():
                assert exact == search.plan.cost.sum()
    assert n_made >= 10
    assert n_inside > 0 or kind.max_trips < 5
    assert n_saved > 0 or (kind.breaks and kind.max_trips < 5)
