from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.checking.check_solution import check_solution
from optimizer.checking.errors import Violation
from optimizer.problem.problem import Pickup, Problem, ProblemBreak, ProblemDisposal, ProblemVehicle, Window
from optimizer.problem.solution import VehicleTour, VisitKind
from optimizer.solving.schedule import Scheduler, order_of, schedule_tour
from optimizer.solving.tour_cost import SearchReport, assemble_solution
from routing.matrix import TravelMatrix
from tests.unit.optimizer.schedule_twin import UNIT_S, shortest_day_units

HOUR_S = 3600
ARBZG = (ProblemBreak(work_above_s=6 * HOUR_S, break_s=1800), ProblemBreak(work_above_s=9 * HOUR_S, break_s=2700))


def day_of(
    services_s: Sequence[int],
    windows: Sequence[tuple[Window, ...]],
    *,
    leg_s: int = 900,
    shift: Window = (6 * HOUR_S, 16 * HOUR_S),
    breaks: tuple[ProblemBreak, ...] = ARBZG,
    max_stretch_s: int = 6 * HOUR_S,
    max_work_s: int = 10 * HOUR_S,
    tip_windows: tuple[Window, ...] = ((0, 24 * HOUR_S),),
) -> Problem:
    """A line of pickups, a tip, one vehicle; every leg takes equally long."""
    n_places = len(services_s) + 2
    duration_s = np.full((n_places, n_places), leg_s)
    np.fill_diagonal(duration_s, 0)
    matrix = TravelMatrix.from_arrays(duration_s=duration_s, distance_m=duration_s)
    vehicle = ProblemVehicle(
        vehicle_id="T-1",
        profile="truck",
        start_place_index=0,
        end_place_index=0,
        shift=shift,
        max_work_s=max_work_s,
        max_stretch_s=max_stretch_s,
        breaks=breaks,
        capacity_kg=1000,
        capacity_l_by_stream={"paper": 1000},
        max_trips=5,
        fixed_micro_eur=0,
        per_m_micro_eur=1,
        per_s_micro_eur=1,
    )
    pickups = tuple(
        Pickup(
            pickup_id=f"S-{at}",
            place_index=at + 2,
            stream="paper",
            container_ids=(f"C-{at}",),
            demand_kg=1,
            demand_l=1,
            service_s=service_s,
            windows=windows[at],
            allowed_vehicles=frozenset({0}),
            prize_micro_eur=10**9,
            is_must=True,
        )
        for at, service_s in enumerate(services_s)
    )
    disposal = ProblemDisposal(
        disposal_site_id="D",
        place_index=1,
        streams=frozenset({"paper"}),
        windows=tip_windows,
        unloading_s=900,
        per_kg_micro_eur=0,
        allowed_vehicles=frozenset({0}),
    )
    return Problem(
        midnight_at=datetime(2026, 3, 2, tzinfo=UTC),
        travel={"truck": matrix},
        pickups=pickups,
        vehicles=(vehicle,),
        disposals=(disposal,),
    )


ALL_DAY = ((0, 24 * HOUR_S),)


def driven(problem: Problem, order: list[int]) -> VehicleTour:
    tour = schedule_tour(problem, 0, order)
    assert tour is not None
    return tour


def violations_of(problem: Problem, tour: VehicleTour) -> tuple[Violation, ...]:
    report = SearchReport(solver="test", status="feasible", iterations=0, wall_s=0.0)
    return check_solution(problem, assemble_solution(problem, [tour], report))


def test_schedule_leaves_as_late_as_the_first_window_allows() -> None:
    problem = day_of([900], [((10 * HOUR_S, 12 * HOUR_S),)])
    tour = driven(problem, [0, ~0])
    assert tour.departs_s == 10 * HOUR_S - 900
    assert tour.returns_s == 10 * HOUR_S + 900 + 900 + 900 + 900
    assert violations_of(problem, tour) == ()


def test_schedule_leaves_at_the_start_of_the_shift_when_nothing_asks_for_waiting() -> None:
    problem = day_of([900, 900], [ALL_DAY, ALL_DAY])
    assert driven(problem, [0, 1, ~0]).departs_s == 6 * HOUR_S


def test_schedule_has_no_break_when_the_work_is_exactly_six_hours() -> None:
    problem = day_of([6 * HOUR_S - 4 * 900], [ALL_DAY])
    tour = driven(problem, [0, ~0])
    assert tour.returns_s - tour.departs_s == 6 * HOUR_S
    assert all(visit.kind is not VisitKind.BREAK for visit in tour.visits)


def test_schedule_takes_thirty_minutes_when_the_work_exceeds_six_hours() -> None:
    problem = day_of([3 * HOUR_S, 3 * HOUR_S], [ALL_DAY, ALL_DAY])
    tour = driven(problem, [0, 1, ~0])
    breaks = [visit for visit in tour.visits if visit.kind is VisitKind.BREAK]
    assert sum(visit.departs_s - visit.starts_s for visit in breaks) == 1800
    assert violations_of(problem, tour) == ()


def test_schedule_takes_forty_five_minutes_when_the_work_exceeds_nine_hours() -> None:
    problem = day_of([2 * HOUR_S] * 4, [ALL_DAY] * 4, shift=(5 * HOUR_S, 17 * HOUR_S))
    tour = driven(problem, [0, 1, 2, 3, ~0])
    breaks = [visit for visit in tour.visits if visit.kind is VisitKind.BREAK]
    assert sum(visit.departs_s - visit.starts_s for visit in breaks) == 2700
    assert violations_of(problem, tour) == ()


def test_schedule_waits_during_its_break() -> None:
    windows = [ALL_DAY, ((12 * HOUR_S + 3600, 15 * HOUR_S),)]
    problem = day_of([5 * HOUR_S, 1800], [((6 * HOUR_S, 11 * HOUR_S + 1800),), windows[1]])
    tour = driven(problem, [0, 1, ~0])
    assert violations_of(problem, tour) == ()
    waits_s = sum(visit.starts_s - visit.arrives_s for visit in tour.visits)
    assert waits_s == 0


def test_schedule_ends_a_stretch_with_a_quarter_of_an_hour_where_no_rule_asks_for_more() -> None:
    problem = day_of([2 * HOUR_S, 2 * HOUR_S], [ALL_DAY, ALL_DAY], breaks=(), max_stretch_s=3 * HOUR_S)
    tour = driven(problem, [0, 1, ~0])
    breaks = [visit for visit in tour.visits if visit.kind is VisitKind.BREAK]
    assert [visit.departs_s - visit.starts_s for visit in breaks] == [900]
    assert violations_of(problem, tour) == ()


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("a window shorter than the service", day_of([1800], [((8 * HOUR_S, 8 * HOUR_S + 900),)])),
        ("a window before the shift", day_of([900], [((2 * HOUR_S, 3 * HOUR_S),)])),
        ("a service longer than a stretch may be", day_of([7 * HOUR_S], [ALL_DAY])),
        ("more work than allowed", day_of([3 * HOUR_S] * 2, [ALL_DAY] * 2, max_work_s=6 * HOUR_S)),
        ("a disposal site that is closed", day_of([900], [ALL_DAY], tip_windows=((0, 6 * HOUR_S),))),
    ],
)
def test_schedule_gives_none_when_the_order_cannot_be_driven(name: str, problem: Problem) -> None:
    order = [*range(len(problem.pickups)), ~0]
    assert schedule_tour(problem, 0, order) is None, name


def test_schedule_uses_the_later_window_when_the_earlier_is_missed() -> None:
    problem = day_of([3 * HOUR_S, 900], [ALL_DAY, ((6 * HOUR_S, 7 * HOUR_S), (12 * HOUR_S, 13 * HOUR_S))])
    tour = driven(problem, [0, 1, ~0])
    assert tour.visits[-2].starts_s == 12 * HOUR_S
    assert violations_of(problem, tour) == ()


quarter_hours = st.integers(0, 6)


@st.composite
def quarter_hour_days(draw: st.DrawFn) -> tuple[Problem, list[int]]:
    n_pickups = draw(st.integers(1, 4))
    windows = []
    for _ in range(n_pickups):
        if draw(st.booleans()):
            windows.append(((0, 96 * UNIT_S),))
            continue
        cuts = sorted(draw(st.sets(st.integers(0, 40), min_size=2, max_size=4)))
        pairs = zip(cuts[::2], cuts[1::2], strict=False)
        windows.append(tuple((a * UNIT_S, b * UNIT_S) for a, b in pairs))
    starts = draw(st.integers(0, 8))
    rules = draw(
        st.sampled_from(
            [(), ((6, 1),), ((8, 2),), ((8, 2), (12, 3)), ((4, 3),)],
        )
    )
    problem = day_of(
        [draw(quarter_hours) * UNIT_S for _ in range(n_pickups)],
        windows,
        leg_s=draw(st.integers(0, 3)) * UNIT_S,
        shift=(starts * UNIT_S, (starts + draw(st.integers(6, 26))) * UNIT_S),
        breaks=tuple(ProblemBreak(work_above_s=above * UNIT_S, break_s=rest * UNIT_S) for above, rest in rules),
        max_stretch_s=draw(st.integers(4, 16)) * UNIT_S,
        max_work_s=draw(st.integers(6, 24)) * UNIT_S,
    )
    if draw(st.booleans()):  # the rest of a day
        worked = draw(st.integers(1, 10))
        on_the_road = replace(
            problem.vehicles[0],
            worked_s=worked * UNIT_S,
            unrested_s=draw(st.integers(0, min(worked, problem.vehicles[0].max_stretch_s // UNIT_S))) * UNIT_S,
            rested_s=draw(st.integers(0, 3)) * UNIT_S,
        )
        problem = replace(problem, vehicles=(on_the_road,))
    vias = draw(st.integers(0, n_pickups))
    order = [*range(vias), *([~0] if vias else []), *range(vias, n_pickups), ~0]
    return problem, order


@settings(max_examples=250, deadline=None)
@given(quarter_hour_days())
def test_schedule_is_as_short_as_its_slow_twin_finds(case: tuple[Problem, list[int]]) -> None:
    problem, order = case
    expected = shortest_day_units(problem, order)
    tour = Scheduler(problem).schedule(0, order)
    if expected is None:
        assert tour is None
        return
    assert tour is not None
    assert order_of(tour) == order
    assert tour.returns_s - tour.departs_s == expected * UNIT_S
    assert violations_of(problem, tour) == ()


@settings(max_examples=60, deadline=None)
@given(quarter_hour_days(), st.integers(1, 12))
def test_schedule_moves_with_the_day_when_all_times_are_shifted(
    case: tuple[Problem, list[int]], shift_units: int
) -> None:
    problem, order = case
    delta_s = shift_units * UNIT_S
    vehicle = problem.vehicles[0]
    later = replace(
        problem,
        pickups=tuple(
            replace(pickup, windows=tuple((a + delta_s, b + delta_s) for a, b in pickup.windows))
            for pickup in problem.pickups
        ),
        vehicles=(replace(vehicle, shift=(vehicle.shift[0] + delta_s, vehicle.shift[1] + delta_s)),),
        disposals=tuple(
            replace(disposal, windows=tuple((a + delta_s, b + delta_s) for a, b in disposal.windows))
            for disposal in problem.disposals
        ),
    )
    here, there = schedule_tour(problem, 0, order), schedule_tour(later, 0, order)
    assert (here is None) == (there is None)
    if here is not None and there is not None:
        assert (there.departs_s, there.returns_s) == (here.departs_s + delta_s, here.returns_s + delta_s)
