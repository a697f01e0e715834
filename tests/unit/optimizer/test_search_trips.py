"""The search on ordinary waste days against slow twins: the exact scheduler, the checker, costs and loads by hand."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from optimizer.checking.check_solution import check_solution
from optimizer.domain.request import SolveLimits
from optimizer.problem.problem import Problem, ProblemBreak
from optimizer.search.kernels import chance
from optimizer.search.portfolio import run_chains
from optimizer.search.search_clock import SearchClock
from optimizer.search.trips import trip_day
from optimizer.search.trips.kernels import trip_recreate
from optimizer.search.trips.kernels import trip_tours as fields
from optimizer.search.trips.trip_day import trip_problem
from optimizer.search.trips.trip_search import TripSearch, orders_of
from optimizer.solving.insertion import drafts_of, solution_of
from optimizer.solving.schedule import Scheduler
from optimizer.solving.tour_cost import SearchReport, order_cost_micro_eur
from optimizer.solving.tour_draft import TourDraft, Workbench
from tests.unit.optimizer.generated_days import TINY, DayKind, generated_day

WARM_MICRO_EUR = 2e6
PLAIN = DayKind(n_pickups=25, n_vehicles=3, windowed_fraction=0.0, breaks=(), max_stretch_s=10**6)
DAY = DayKind(n_pickups=30, n_vehicles=3)
KINDS = {
    "tiny": TINY,
    "plain": PLAIN,
    "rich": DAY,
    "long": replace(DAY, n_vehicles=1, service_s=(600, 1_500), shift_h=(5, 16)),
    "short stretches": replace(DAY, max_stretch_s=5 * 3600, service_s=(300, 1_200), n_vehicles=2),
    "three streams": replace(DAY, streams=("glass", "paper", "residual"), n_disposals=3),
    "small loads": replace(DAY, capacity_kg=(900, 1_400), max_trips=8),
    "many windows": replace(DAY, windowed_fraction=0.9, service_s=(300, 900), n_vehicles=2),
}


def search_of(problem: Problem, *, seed: int, start: Sequence[tuple[int, Sequence[int]]] = ()) -> TripSearch:
    known = trip_problem(problem)
    assert known is not None
    return TripSearch(known, seed=seed, start=start)


def kept_orders(search: TripSearch) -> list[tuple[int, list[int]]]:
    return orders_of(search.kept, search.pickup_of)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_accepted_plan_can_be_driven_and_costs_what_the_search_says(kind: DayKind) -> None:
    n_tours = n_exact = 0
    for seed in range(5):
        problem = generated_day(seed, kind)
        search, scheduler, bench = search_of(problem, seed=seed), Scheduler(problem), Workbench(problem)
        for step in range(60):
            search.run(np.full(1 if step < 40 else 50, WARM_MICRO_EUR))
            orders = kept_orders(search)
            costs = 0
            for vehicle, order in orders:
                assert TourDraft(bench, vehicle).may_drive(order)
                timing = scheduler.time(vehicle, order)
                assert timing is not None, f"vehicle {vehicle} cannot drive {order}"
                exact = order_cost_micro_eur(problem, vehicle, order, timing)
                claimed = int(search.kept.tour[vehicle, fields.COST])
                assert exact <= claimed
                n_tours, n_exact, costs = n_tours + 1, n_exact + (exact == claimed), costs + claimed
            served = [visit for _, order in orders for visit in order if visit >= 0]
            assert len(served) == len(set(served))
            absent = set(range(len(problem.pickups))) - set(served)
            assert search.kept.objective[0] == costs + sum(problem.pickups[at].prize_micro_eur for at in absent)
            assert search.best_micro_eur <= search.kept.objective[0]
    assert n_tours > 0
    # Breaks and second windows are placed well, not always best.
    assert n_exact == n_tours if kind is PLAIN else n_exact >= 0.9 * n_tours


def test_answers_of_a_thousand_generated_days_break_no_rule() -> None:
    kinds = [replace(kind, n_pickups=min(kind.n_pickups, 12)) for kind in KINDS.values()]
    n_tours = n_breaks = n_second_trips = 0
    for seed in range(1_000):
        problem = generated_day(seed, kinds[seed % len(kinds)])
        search = search_of(problem, seed=seed)
        search.run(search.temperatures_micro_eur(np.linspace(0, 1, 60)))
        drafts = drafts_of(Workbench(problem), search.best_orders())
        report = SearchReport(solver="trips", status="feasible", iterations=60, wall_s=0.0)
        solution = solution_of(Workbench(problem), drafts, report)
        assert check_solution(problem, solution) == ()
        assert solution.objective_micro_eur <= search.best_micro_eur
        assert [order for _, order in search.best_orders()] == [draft.order for draft in drafts if draft.order]
        n_tours += len(solution.tours)
        n_breaks += sum(visit.kind == "break" for tour in solution.tours for visit in tour.visits)
        n_second_trips += sum(sum(visit.kind == "tip" for visit in tour.visits) > 1 for tour in solution.tours)
    assert n_tours > 1_000
    assert n_breaks > 50
    assert n_second_trips > 100


def test_working_plan_is_the_accepted_one_after_every_iteration() -> None:
    problem = generated_day(3, DAY)
    search = search_of(problem, seed=3)
    n_refused = 0
    for _ in range(150):
        before = int(search.kept.objective[0])
        search.run(np.full(1, 1.0))
        assert orders_of(search.plan, search.pickup_of) == kept_orders(search)
        assert np.array_equal(search.plan.tour, search.kept.tour)
        assert search.plan.objective.tolist() == search.kept.objective.tolist()
        n_absent = int(np.sum(search.plan.visit[: len(problem.pickups), fields.VEHICLE] == fields.NOBODY))
        assert search.notes.counts[fields.N_ABSENT] == n_absent
        n_refused += int(search.kept.objective[0]) == before
    assert 0 < n_refused < 150


@pytest.mark.parametrize("name", ["small loads", "long", "many windows"])
def test_notes_of_visits_are_those_counted_by_hand(name: str) -> None:
    problem = generated_day(5, KINDS[name])
    search = search_of(problem, seed=1)
    search.run(np.full(400, WARM_MICRO_EUR))
    plan, day, n_pickups = search.plan, search.day, len(problem.pickups)
    n_checked = 0
    for vehicle in range(len(problem.vehicles)):
        chain, at = [], int(plan.tour[vehicle, fields.FIRST])
        while at != fields.NOBODY:
            chain.append(at)
            at = int(plan.visit[at, fields.BEHIND])
        kg = litres = 0
        rests_behind = int(plan.tour[vehicle, fields.REST])
        is_rested = False
        for before, at in pairwise([fields.NOBODY, *chain]):
            visit = plan.visit[at]
            is_rested = is_rested or (before == rests_behind and before != fields.NOBODY)
            assert visit[fields.BEFORE] == before
            assert visit[fields.PART] == int(is_rested)
            assert visit[fields.TIP] == next(one for one in chain[chain.index(at) :] if one >= n_pickups)
            row = plan.trip[int(visit[fields.TIP]) - n_pickups]
            if at < n_pickups:
                kg, litres = kg + int(day.place[at, trip_day.KG]), litres + int(day.place[at, trip_day.LITRES])
                assert plan.load[at].tolist() == [kg, litres]
                assert row[fields.TRIP_STREAM] == day.place[at, trip_day.STREAM]
            else:
                assert row[[fields.TRIP_KG, fields.TRIP_L]].tolist() == [kg, litres]
                kg = litres = 0
            n_checked += 1
        for at in chain:
            assert_functions(search, vehicle, chain, at)
    assert n_checked > 20


def assert_functions(search: TripSearch, vehicle: int, chain: list[int], at: int) -> None:
    """Walk the stretch of a visit second by second of its departure, as a driver would."""
    plan, day, n_pickups = search.plan, search.day, len(search.pickup_of)
    ways = day.ways[day.car[vehicle, trip_day.PROFILE]]
    same = [one for one in chain if plan.visit[one, fields.PART] == plan.visit[at, fields.PART]]
    place = [one if one < n_pickups else int(plan.trip[one - n_pickups, fields.TRIP_SITE]) for one in chain]
    behind = same[same.index(at) :]
    total, earliest, latest = plan.visit[at, [fields.ON_TOTAL_S, fields.ON_EARLIEST_S, fields.ON_LATEST_S]].tolist()
    for arrives_s in {latest - 7_000, latest - 500, latest, latest + 1}:
        clock_s, is_late = arrives_s, False
        for one in behind:
            opens_s, last_s, service_s = plan.visit[one, [fields.OPENS_S, fields.LAST_S, fields.SERVICE_S]].tolist()
            is_late = is_late or clock_s > last_s
            clock_s = max(clock_s, opens_s) + service_s
            following = chain.index(one) + 1
            if following == len(chain):
                if plan.tour[vehicle, fields.REST] != one:
                    clock_s += int(ways[place[-1], day.car[vehicle, trip_day.END], trip_day.LEAVE_S])
                    is_late = is_late or clock_s > day.car[vehicle, trip_day.SHIFT_END_S]
            elif one != behind[-1]:
                clock_s += int(ways[place[following - 1], place[following], trip_day.LEAVE_S])
        assert is_late == (arrives_s > latest)
        if not is_late:
            assert clock_s == max(arrives_s + total, earliest)


def test_same_seed_gives_the_same_plan_whatever_the_blocks_and_threads() -> None:
    problem = generated_day(6, DAY)
    one, other = search_of(problem, seed=4), search_of(problem, seed=4)
    heat = np.full(120, WARM_MICRO_EUR)
    one.run(heat)
    for at in range(0, 120, 8):
        other.run(heat[at : at + 8])
    assert kept_orders(one) == kept_orders(other)
    plans = []
    for n_threads in (1, 2, 3):
        chains = [search_of(problem, seed=seed) for seed in range(3)]
        limits = SolveLimits(time_limit_s=None, iteration_limit=400)
        clock = SearchClock(limits, most_steps=400, began_s=0.0, reserve_s=0.0)
        run_chains(chains, clock, n_threads=n_threads, listen=lambda _share, _best: None)
        plans.append([chain.best_orders() for chain in chains])
    assert plans[0] == plans[1] == plans[2]


def test_plan_is_taken_over_as_it_is() -> None:
    problem = generated_day(8, KINDS["small loads"])
    found = search_of(problem, seed=1)
    found.run(np.full(500, WARM_MICRO_EUR))
    again = search_of(problem, seed=2, start=found.best_orders())
    assert again.best_orders() == found.best_orders()
    assert again.best_micro_eur <= found.best_micro_eur
    fresh = search_of(problem, seed=3)
    fresh.adopt(found.best_orders())
    assert fresh.best_orders() == found.best_orders()


def test_start_that_cannot_be_driven_is_emptied() -> None:
    problem = generated_day(7, DAY)
    everything = [at for at in range(30) if 0 in problem.pickups[at].allowed_vehicles]
    search = search_of(problem, seed=1, start=[(0, [*everything, ~0])])
    assert search.best_orders() == []
    assert search.best_micro_eur == sum(pickup.prize_micro_eur for pickup in problem.pickups)


def test_days_with_rules_that_it_does_not_know_are_left_to_others() -> None:
    problem = generated_day(1, DAY)
    vehicle = problem.vehicles[0]
    assert trip_problem(problem) is not None
    for changed in (
        replace(vehicle, max_stretch_s=3 * 3600),
        replace(vehicle, worked_s=600),
        replace(vehicle, rested_s=900, worked_s=600),
        replace(vehicle, on_board_stream="paper", on_board_kg=10, on_board_l=10),
        replace(vehicle, max_out_s=7 * 3600),
    ):
        assert trip_problem(replace(problem, vehicles=(changed, *problem.vehicles[1:]))) is None
    planned = replace(problem.pickups[0], planned_vehicle=1, change_micro_eur=5)
    assert trip_problem(replace(problem, pickups=(planned, *problem.pickups[1:]))) is None
    assert trip_problem(replace(problem, pickups=())) is None


def test_break_is_as_long_as_the_work_asks_for() -> None:
    kind = replace(KINDS["long"], n_pickups=40, windowed_fraction=0.0, shift_h=(5, 16), may_fraction=0.0)
    rules = (ProblemBreak(work_above_s=4 * 3600, break_s=1_800), ProblemBreak(work_above_s=8 * 3600, break_s=3_600))
    problem = generated_day(2, replace(kind, breaks=rules))
    search = search_of(problem, seed=1)
    search.run(search.temperatures_micro_eur(np.linspace(0, 1, 1_500)))
    ((vehicle, order),) = search.best_orders()
    timing = Scheduler(problem).time(vehicle, order)
    assert timing is not None
    assert timing.work_s > 8 * 3600
    assert timing.elapsed_s == search.best.tour[vehicle, fields.ELAPSED_S]


def test_temperatures_fall() -> None:
    heat = search_of(generated_day(7, DAY), seed=1).temperatures_micro_eur(np.linspace(0, 1, 11))
    assert np.all(np.diff(heat) < 0)
    assert np.all(heat > 0)


def test_cached_machine_code_belongs_to_the_parts_as_they_are() -> None:
    folder, shared = Path(trip_recreate.__file__).parent, Path(chance.__file__).parent
    parts = sorted(path for path in folder.glob("*.py") if path.name != "trip_recreate.py")
    parts += [shared / "chance.py", shared / "compiled_part.py", shared / "ruin.py", Path(trip_day.__file__)]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in parts)).hexdigest()[:16]
    assert digest == trip_recreate.PARTS_DIGEST, "write the new digest into trip_recreate.py"
