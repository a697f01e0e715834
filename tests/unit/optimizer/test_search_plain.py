"""The search on plain days: chosen where a day is plain, exact in what it counts, valid and best on small ones."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, permutations
from pathlib import Path

import numpy as np
import pytest

from optimizer.checking.check_solution import check_solution
from optimizer.domain.request import SolveLimits
from optimizer.problem.problem import Problem, ProblemBreak, ProblemVehicle
from optimizer.search.kernels import chance
from optimizer.search.plain.kernels import chain_recreate
from optimizer.search.plain.kernels.chains import ENDS_S, LEAVE_BY_S, NOBODY, REST_S, TOTAL_IN_S, Chains
from optimizer.search.plain.plain_day import PlainDay, PlainProblem, plain_day
from optimizer.search.plain.plain_search import PlainSearch
from optimizer.search.sisr import SisrSolver
from optimizer.solving.tour_draft import Workbench
from routing.matrix import TravelMatrix
from tests.unit.optimizer.classic_days import CLASSIC_KINDS, SHIFT, classic_day


def least_out_s(leaves_s: int, ways_s: Sequence[int], stops: Sequence[tuple[int, int, int]]) -> float:
    """Shortest time from departure to the end of the last way, infinite where a stop is too late.

    The tour is driven as early as it can be, then its stops are put off as far as the same end allows. Stops are their
    first and last start of service, and how long that takes.
    """
    clock_s = leaves_s
    for way_s, (opens_s, last_s, service_s) in zip(ways_s[:-1], stops, strict=True):
        clock_s = max(clock_s + way_s, opens_s)
        if clock_s > last_s:
            return math.inf
        clock_s += service_s
    ends_s = clock_s = clock_s + ways_s[-1]
    for way_s, (_, last_s, service_s) in zip(ways_s[:0:-1], stops[::-1], strict=True):
        clock_s = min(clock_s - way_s - service_s, last_s)
    return ends_s - (clock_s - ways_s[0])


def least_out_of_order_s(day: PlainDay, kind: int, order: Sequence[int]) -> float:
    """The same for an order of pickups, up to the tipping site."""
    legs = [int(day.drive_from_s[kind, one, other]) for one, other in pairwise(order)]
    ways_s = [int(day.start_s[kind, order[0]]), *legs, int(day.end_s[kind, order[-1]])]
    stops = [(int(day.opens_s[at]), int(day.last_s[at]), int(day.service_s[at])) for at in order]
    return least_out_s(int(day.leaves_s[kind]), ways_s, stops)


def check_spans(day: PlainDay, plan: Chains, kind: int, order: Sequence[int]) -> None:
    """A tour of a limited day is out no longer than it may; what the search keeps for that is right."""
    assert least_out_of_order_s(day, kind, order) <= day.out_s[kind]
    services_s = day.service_s[order]
    legs = [day.drive_from_s[kind, one, other] for one, other in pairwise(order)]
    total_in_s = np.cumsum([day.start_s[kind, order[0]], *legs]) + np.cumsum([0, *services_s[:-1]])
    rest_s = total_in_s[-1] + services_s[-1] + day.end_s[kind, order[-1]] - total_in_s
    assert plan.spans[order, TOTAL_IN_S].tolist() == total_in_s.tolist()
    assert plan.spans[order, REST_S].tolist() == rest_s.tolist()
    assert plan.spans[order, LEAVE_BY_S].tolist() == np.minimum.accumulate(day.last_s[order] - total_in_s).tolist()
    assert (
        plan.spans[order, ENDS_S].tolist() == np.maximum.accumulate((day.opens_s[order] + rest_s)[::-1])[::-1].tolist()
    )


def check_counts(search: PlainSearch, type_of: Sequence[int]) -> None:
    """What the search keeps beside its chains, counted anew."""
    day, plan = search.day, search.plan
    n_types = len(day.fixed)
    used = plan.size > 0
    assert sorted(plan.kind) == sorted(type_of)
    assert plan.free.tolist() == np.bincount(plan.kind[~used], minlength=n_types).tolist()
    for tour in np.flatnonzero(used):
        order, at = [], int(plan.first[tour])
        while at != NOBODY:
            order.append(at)
            at = int(plan.behind[at])
        assert plan.kg[tour] == day.kg[order].sum() <= day.kg_room[plan.kind[tour]]
        if day.is_limited:
            check_spans(day, plan, int(plan.kind[tour]), order)
        if n_types > 1:
            legs = sum(day.cost_from[:, one, other] for one, other in pairwise(order))
            ends = day.start_cost[:, order[0]] + day.end_cost[:, order[-1]]
            assert plan.ways[tour].tolist() == (legs + ends + day.visit_cost[:, order].sum(axis=1)).tolist()


@pytest.mark.parametrize("kind", CLASSIC_KINDS)
@pytest.mark.parametrize("seed", range(12))
def test_answers_are_valid_and_cost_what_the_search_says(seed: int, kind: dict[str, bool]) -> None:
    problem = classic_day(seed, 12 + 3 * seed, n_vehicles=4 + seed, **kind)
    found = plain_day(Workbench(problem))
    assert found is not None
    search = PlainSearch(found, seed=seed)
    for _ in range(4):
        search.run(search.temperatures_micro_eur(np.linspace(0, 1, 60)))
        check_counts(search, found.type_of)
        assert search.plan.objective[0] == chain_recreate._count.py_func(search.day, search.plan)
        assert search.best.objective[0] == chain_recreate._count.py_func(search.day, search.best)
    solution = SisrSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=240, seed=seed))
    assert check_solution(problem, solution) == ()
    again = SisrSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=240, seed=seed))
    assert again.tours == solution.tours
    assert solution.objective_micro_eur <= search.best_micro_eur * 1.5


def least_cost(problem: Problem) -> int:
    """By looking at every order of every part of the pickups on every vehicle."""
    n = len(problem.pickups)
    best: dict[int, float] = {0: sum(one.prize_micro_eur for one in problem.pickups)}
    for vehicle_index in range(len(problem.vehicles)):
        tours: dict[int, float] = {}
        for size in range(1, n + 1):
            for order in permutations(range(n), size):
                cost = _tour_cost(problem, vehicle_index, order)
                key = sum(1 << at for at in order)
                tours[key] = min(cost, tours.get(key, math.inf))
        best = _merged(best, tours)
    return int(min(best.values()))


def _merged(best: dict[int, float], tours: dict[int, float]) -> dict[int, float]:
    found: dict[int, float] = {}
    for used, value in best.items():
        for key, cost in [(0, 0.0), *tours.items()]:
            if not used & key:
                found[used | key] = min(value + cost, found.get(used | key, math.inf))
    return found


def _tour_cost(problem: Problem, vehicle_index: int, order: tuple[int, ...]) -> float:
    """What a tour adds to the objective, infinite where it breaks a rule."""
    vehicle = problem.vehicles[vehicle_index]
    site = next(one for one in problem.disposals if vehicle_index in one.allowed_vehicles)
    pickups = [problem.pickups[at] for at in order]
    if sum(one.demand_kg for one in pickups) > vehicle.capacity_kg:
        return math.inf
    clock_s, place, metres = 0, vehicle.start_place_index, 0
    ways_s = []
    for one in pickups:
        ways_s.append(problem.duration_s(vehicle_index, place, one.place_index))
        clock_s += ways_s[-1]
        metres += problem.distance_m(vehicle_index, place, one.place_index)
        clock_s = max(clock_s, one.windows[0][0]) + one.service_s
        place = one.place_index
        if clock_s > one.windows[0][1]:
            return math.inf
    metres += problem.distance_m(vehicle_index, place, site.place_index)
    ways_s.append(problem.duration_s(vehicle_index, place, site.place_index) + site.unloading_s)
    if clock_s + ways_s[-1] > vehicle.shift[1]:
        return math.inf
    stops = [(one.windows[0][0], one.windows[0][1] - one.service_s, one.service_s) for one in pickups]
    if vehicle.max_out_s is not None and least_out_s(0, ways_s, stops) > vehicle.max_out_s:
        return math.inf
    fees = sum(one.demand_kg for one in pickups) * site.per_kg_micro_eur
    return (
        vehicle.fixed_micro_eur + metres * vehicle.per_m_micro_eur + fees - sum(one.prize_micro_eur for one in pickups)
    )


@pytest.mark.parametrize("kind", CLASSIC_KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_small_days_are_solved_to_the_optimum(seed: int, kind: dict[str, bool]) -> None:
    problem = classic_day(seed, 6, n_vehicles=4, room=25, **kind)
    solution = SisrSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=40_000, seed=seed))
    assert check_solution(problem, solution) == ()
    assert solution.objective_micro_eur == least_cost(problem)


def test_fleet_is_chosen_for_the_load_when_all_kinds_are_free() -> None:
    # 40 pickups of 5 kg: one large vehicle holds all of them and costs less than two small ones.
    problem = classic_day(3, 40, n_vehicles=24)
    pickups = tuple(replace(one, demand_kg=5) for one in problem.pickups)
    vehicles = tuple(
        replace(one, capacity_kg=(25, 60, 200)[at % 3], fixed_micro_eur=(5_000, 6_000, 9_000)[at % 3])
        for at, one in enumerate(problem.vehicles)
    )
    free_choice = replace(problem, pickups=pickups, vehicles=vehicles)
    solution = SisrSolver().solve(free_choice, SolveLimits(time_limit_s=None, iteration_limit=400))
    assert check_solution(free_choice, solution) == ()
    assert [free_choice.vehicles[tour.vehicle_index].capacity_kg for tour in solution.tours] == [200]


def test_large_pickups_find_room_when_few_vehicles_hold_them() -> None:
    # Each large vehicle holds one of the large pickups only, and small ones would gladly fill it.
    problem = classic_day(4, 30, n_vehicles=12)
    pickups = tuple(replace(one, demand_kg=60 if at < 4 else 10) for at, one in enumerate(problem.pickups))
    vehicles = tuple(
        replace(one, capacity_kg=100 if at < 4 else 20, fixed_micro_eur=500 if at < 4 else 2_000)
        for at, one in enumerate(problem.vehicles)
    )
    tight = replace(problem, pickups=pickups, vehicles=vehicles)
    for seed in range(5):
        found = plain_day(Workbench(tight))
        assert found is not None
        search = PlainSearch(found, seed=seed)
        search.run(search.temperatures_micro_eur(np.linspace(0, 1, 4_000)))
        assert (search.best.tour != NOBODY).all()


def test_tours_far_away_are_begun_when_only_many_pickups_together_pay() -> None:
    problem = classic_day(6, 30)
    # 20 pickups fill a vehicle, 10 pay for one, a single one does not.
    far = np.array([[0, 0], *[[50_000 + 100 * (at % 6), 100 * (at // 6)] for at in range(30)]])
    metres = np.rint(np.hypot(*(far[:, None] - far[None]).transpose(2, 0, 1))).astype(np.int64)
    matrix = TravelMatrix.from_arrays(duration_s=metres // 50, distance_m=metres)
    pickups = tuple(
        replace(one, demand_kg=2, service_s=10, windows=(SHIFT,), prize_micro_eur=30_000) for one in problem.pickups
    )
    worth_it = replace(problem, travel={"truck": matrix}, pickups=pickups)
    solution = SisrSolver().solve(worth_it, SolveLimits(time_limit_s=None, iteration_limit=300))
    assert len(solution.unserved) == 0


def test_tours_keep_vehicles_of_their_type_and_no_vehicle_twice() -> None:
    problem = classic_day(8, 50, n_vehicles=20, has_free_choice=True)
    found = plain_day(Workbench(problem))
    assert found is not None
    search = PlainSearch(found, seed=1)
    search.run(search.temperatures_micro_eur(np.linspace(0, 1, 500)))
    orders = search.best_orders()
    vehicles = [vehicle for vehicle, _ in orders]
    assert len(set(vehicles)) == len(vehicles)
    again = PlainSearch(found, seed=2, start=orders)
    assert again.best_micro_eur == search.best_micro_eur
    assert again.best_orders() == orders


def test_given_plan_is_kept_when_there_is_no_time() -> None:
    problem = classic_day(5, 40, n_vehicles=8, has_windows=True)
    good = SisrSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=3_000))
    kept = SisrSolver().solve(problem, SolveLimits(time_limit_s=None, iteration_limit=1), start=good)
    assert kept.objective_micro_eur <= good.objective_micro_eur


def test_tours_are_not_out_for_longer_than_they_may_when_windows_would_keep_them_waiting() -> None:
    problem = classic_day(2, 40, n_vehicles=20, has_windows=True, is_limited=True)
    limits = SolveLimits(time_limit_s=None, iteration_limit=2_000)
    free = replace(problem, vehicles=tuple(replace(one, max_out_s=None) for one in problem.vehicles))
    longest_s = {at: one.max_out_s or 0 for at, one in enumerate(problem.vehicles)}
    loose, kept = SisrSolver().solve(free, limits), SisrSolver().solve(problem, limits)
    assert check_solution(problem, kept) == ()
    assert len(kept.unserved) == len(loose.unserved) == 0
    assert any(one.returns_s - one.departs_s > longest_s[one.vehicle_index] for one in loose.tours)
    assert loose.objective_micro_eur < kept.objective_micro_eur


def test_given_tours_are_emptied_when_they_are_out_for_too_long() -> None:
    problem = classic_day(2, 40, n_vehicles=20, has_windows=True, is_limited=True)
    free = replace(problem, vehicles=tuple(replace(one, max_out_s=None) for one in problem.vehicles))
    loose, limited = plain_day(Workbench(free)), plain_day(Workbench(problem))
    assert loose is not None
    assert limited is not None
    search = PlainSearch(loose, seed=1)
    search.run(search.temperatures_micro_eur(np.linspace(0, 1, 500)))
    day = limited.day
    short, long = [], []
    for vehicle, order in search.best_orders():
        is_short = (
            least_out_of_order_s(day, int(limited.type_of[vehicle]), order[:-1]) <= day.out_s[limited.type_of[vehicle]]
        )
        (short if is_short else long).append((vehicle, order))
    assert short
    assert long
    assert PlainSearch(limited, seed=1, start=[*short, *long]).best_orders() == short


def test_limited_days_are_plain_and_other_rare_rules_are_not() -> None:
    problem = classic_day(1, 10)
    vehicle = replace(problem.vehicles[0], max_out_s=3_600)

    def found_with(changed: ProblemVehicle) -> PlainProblem | None:
        return plain_day(Workbench(replace(problem, vehicles=(changed, *problem.vehicles[1:]))))

    limited = found_with(vehicle)
    assert limited is not None
    assert limited.day.is_limited
    assert limited.day.is_timed[0]
    # Unloading at the depot takes 60 s.
    assert limited.day.out_s.tolist() == [3_540, SHIFT[1] - 60]
    assert limited.day.may_become.tolist() == [[1, 1], [0, 1]]
    loose = found_with(replace(vehicle, max_out_s=SHIFT[1]))
    assert loose is not None
    assert not loose.day.is_limited
    assert found_with(replace(vehicle, max_day_kg=100)) is None
    assert found_with(replace(vehicle, toll_per_m_micro_eur=1)) is None
    assert found_with(replace(vehicle, regular_work_s=600, overtime_per_s_micro_eur=1)) is None


def test_days_with_more_rules_are_not_plain() -> None:
    problem = classic_day(1, 10)
    vehicle = problem.vehicles[0]
    assert plain_day(Workbench(problem)) is not None
    for changed in (
        replace(vehicle, max_trips=2),
        replace(vehicle, breaks=(ProblemBreak(work_above_s=3_600, break_s=1_800),)),
        replace(vehicle, max_stretch_s=7_200),
    ):
        assert plain_day(Workbench(replace(problem, vehicles=(changed, *problem.vehicles[1:])))) is None
    waiting = classic_day(1, 10, has_windows=True)
    paid = replace(waiting.vehicles[0], per_s_micro_eur=1)
    assert plain_day(Workbench(waiting)) is not None
    assert plain_day(Workbench(replace(waiting, vehicles=(paid, *waiting.vehicles[1:])))) is None
    two = replace(problem.pickups[0], windows=((0, 500), (900, 5_000)))
    assert plain_day(Workbench(replace(problem, pickups=(two, *problem.pickups[1:])))) is None
    other = replace(problem.pickups[0], stream="glass")
    assert plain_day(Workbench(replace(problem, pickups=(other, *problem.pickups[1:])))) is None


def test_cached_machine_code_belongs_to_the_parts_as_they_are() -> None:
    folder = Path(chain_recreate.__file__).parent
    parts = sorted(path for path in folder.glob("*.py") if path.name != "chain_recreate.py")
    parts += [Path(chance.__file__), Path(chance.__file__).with_name("compiled_part.py")]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in parts)).hexdigest()[:16]
    assert digest == chain_recreate.PARTS_DIGEST, "write the new digest into chain_recreate.py"
