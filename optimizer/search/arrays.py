"""A problem, its fleet and a plan as plain arrays: all that the compiled search sees.

*Nodes* number the pickups first, then the disposal sites, then the depots. A *plan* lists the visits of every vehicle
as nodes; each trip ends with a disposal site. Costs are micro-euros, times seconds, as in ``Problem``.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.problem.problem import Problem
from optimizer.solving.tour_draft import Workbench

MOST_NEIGHBOURS = 400
NO_RULE_S = 1 << 40
NO_RULE_KG = 1 << 40
TOO_MANY_CHANGES_MICRO_EUR = 100_000_000
"""For each container beyond what may change vehicles: more than it could save, less than something left standing."""


class Day(NamedTuple):
    """What is to be done.

    Attributes
    ----------
    travel_s, travel_m
        ``(profiles, nodes, nodes)`` int32.
    leave, reach
        ``(profiles, nodes, nodes, 2)`` int32 seconds and metres beside each other: from the first node to the second,
        and to the first node from the second, so that all ways of one node lie together.
    service_s
        ``(pickups + disposals,)``
    window_range, windows, queue_s
        First and end row of each node in ``windows``, ``(w, 2)``, and how much longer the work takes there.
    kg, litres, stream, prize, is_must
        Per pickup.
    fee
        Gate fee per kilogram, per disposal site.
    near
        ``(pickups, k)``: the nearest pickups, itself first.
    keys
        ``(orders, pickups)``: smaller is inserted earlier.
    planned, n_containers
        Per pickup: the vehicle that was planned, -1 for none, and how many containers it stands for.
    most_changed
        How many containers may be emptied by another vehicle than planned, -1 for all, and what each one more costs.
    slice_starts_s
        ``(slices,)``: the first slice starts before everything. Where there are more, the travel above is the least of
        all slices: a bound.
    slice_s, slice_m
        ``(profiles, slices, nodes, nodes)`` int32, empty where there is one slice.
    """

    travel_s: NDArray[np.int32]
    travel_m: NDArray[np.int32]
    leave: NDArray[np.int32]
    reach: NDArray[np.int32]
    service_s: NDArray[np.int64]
    window_range: NDArray[np.int64]
    windows: NDArray[np.int64]
    queue_s: NDArray[np.int64]
    kg: NDArray[np.int64]
    litres: NDArray[np.int64]
    stream: NDArray[np.int64]
    prize: NDArray[np.int64]
    is_must: NDArray[np.int64]
    fee: NDArray[np.int64]
    near: NDArray[np.int32]
    keys: NDArray[np.int64]
    planned: NDArray[np.int64]
    n_containers: NDArray[np.int64]
    most_changed: NDArray[np.int64]
    slice_starts_s: NDArray[np.int64]
    slice_s: NDArray[np.int32]
    slice_m: NDArray[np.int32]


class Fleet(NamedTuple):
    """Who can do it; one row per vehicle.

    Attributes
    ----------
    profile, start, end
        Matrix, and nodes of the depots.
    shift, max_work_s, max_stretch_s, rules
        As in ``ProblemVehicle``, for what is left of the day; ``rules`` is ``(vehicles, r, 2)``. The stretch of work
        that a vehicle is in when it starts is left to the exact timing of the answer.
    max_day_kg
        What all trips together may collect.
    max_out_s, regular_s, overtime_per_s
        Longest time away, working time that is no overtime, and what a second of overtime costs extra.
    free_s
        Up to so much time away no break is due, no limit of work or time binds and nothing is overtime.
    is_whole
        Whether its tours can only be timed as a whole: where it may have to queue, or travel depends on the time.
    kg, litres
        Capacities; litres ``(vehicles, streams)``, -1 where a stream is not collected.
    may_serve
        ``(vehicles, pickups)``
    tips, n_tips
        Nodes of the disposal sites per vehicle and stream, and how many.
    alike
        The first vehicle that can do the same at the same cost.
    on_board_kg, on_board_l, on_board_stream
        The load at the start, and the number of its stream; -1 for an empty vehicle.
    """

    profile: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    shift: NDArray[np.int64]
    max_work_s: NDArray[np.int64]
    max_stretch_s: NDArray[np.int64]
    rules: NDArray[np.int64]
    max_out_s: NDArray[np.int64]
    regular_s: NDArray[np.int64]
    overtime_per_s: NDArray[np.int64]
    free_s: NDArray[np.int64]
    is_whole: NDArray[np.uint8]
    kg: NDArray[np.int64]
    litres: NDArray[np.int64]
    max_trips: NDArray[np.int64]
    max_day_kg: NDArray[np.int64]
    fixed: NDArray[np.int64]
    per_m: NDArray[np.int64]
    per_s: NDArray[np.int64]
    may_serve: NDArray[np.uint8]
    tips: NDArray[np.int64]
    n_tips: NDArray[np.int64]
    alike: NDArray[np.int64]
    on_board_kg: NDArray[np.int64]
    on_board_l: NDArray[np.int64]
    on_board_stream: NDArray[np.int64]


class PlanArrays(NamedTuple):
    """Who visits what: row ``v`` holds ``length[v]`` visits, each with the row of its window.

    Attributes
    ----------
    cost
        Per vehicle, 0 when it is not used.
    is_absent
        Per pickup.
    objective
        One entry: costs and the prizes of what is absent.
    """

    visits: NDArray[np.int32]
    window: NDArray[np.int32]
    length: NDArray[np.int64]
    cost: NDArray[np.int64]
    is_absent: NDArray[np.uint8]
    objective: NDArray[np.int64]


class Desk(NamedTuple):
    """Memory that the search works with.

    Attributes
    ----------
    gaps
        ``(vehicles, visits + 1, fields)``: before every visit, how the tour gets there and goes on, and the load.
    totals
        ``(vehicles, 6)``: elapsed seconds, metres, gate fees, trips, cost of overtime, kilograms collected.
    trial_visits, trial_window, trial, timed
        A tour that is being tried; ``timed`` holds its cost of overtime and, where it is timed whole, its metres.
    place_of
        ``(pickups, 2)``: vehicle and position.
    out, out_keys
        Pickups to insert, and the order in which.
    marks
        ``(vehicles, visits + 1)``: last iteration in which this trip lost a string.
    is_changed
        Vehicles touched in this iteration.
    everyone
        Ones, to copy all tours.
    openings
        Positions in a tour at which a trip may be opened or split.
    asked
        ``(vehicles + 1,)``: per first vehicle of a kind, the last inquiry that looked at a free one; at the end, their
        number.
    move, chosen
        Vehicle, first and end of the visits cut out, and up to two new visits with their windows.
    """

    gaps: NDArray[np.int64]
    totals: NDArray[np.int64]
    trial_visits: NDArray[np.int32]
    trial_window: NDArray[np.int32]
    trial: NDArray[np.int64]
    timed: NDArray[np.int64]
    place_of: NDArray[np.int64]
    out: NDArray[np.int64]
    out_keys: NDArray[np.int64]
    marks: NDArray[np.int64]
    is_changed: NDArray[np.uint8]
    everyone: NDArray[np.uint8]
    openings: NDArray[np.int64]
    asked: NDArray[np.int64]
    move: NDArray[np.int64]
    chosen: NDArray[np.int64]


N_GAP_FIELDS = 14


def day_arrays(problem: Problem) -> Day:
    """The day; the problem must have pickups, vehicles and disposal sites."""
    places = [one.place_index for one in problem.pickups] + [one.place_index for one in problem.disposals]
    places += _depots(problem)
    grid = np.ix_(places, places)
    matrices = [problem.travel[profile] for profile in sorted(problem.travel)]
    services = [one.service_s for one in problem.pickups] + [one.unloading_s for one in problem.disposals]
    windows = [list(one.windows) for one in problem.pickups] + [list(one.windows) for one in problem.disposals]
    ends = np.cumsum([len(own) for own in windows], dtype=np.int64)
    travel_s = np.stack([matrix.duration_s[grid] for matrix in matrices])
    travel_m = np.stack([matrix.distance_m[grid] for matrix in matrices])
    slice_starts_s, slice_s, slice_m = _slices(problem, grid)
    if len(slice_starts_s) > 1:
        travel_s, travel_m = slice_s.min(axis=1), slice_m.min(axis=1)
    queues = [one.queue_s or (0,) * len(one.windows) for one in problem.disposals]
    queues = [*((0,) * len(one.windows) for one in problem.pickups), *queues]
    leave = np.stack([travel_s, travel_m], axis=-1).astype(np.int32)
    streams = stream_numbers(problem)
    n = len(problem.pickups)
    kg = np.array([one.demand_kg for one in problem.pickups], dtype=np.int64)
    litres = np.array([one.demand_l for one in problem.pickups], dtype=np.int64)
    prize = np.array([one.prize_micro_eur for one in problem.pickups], dtype=np.int64)
    depots = slice(n + len(problem.disposals), None)
    away_s = travel_s[0, depots, :n].min(axis=0).astype(np.int64)
    open_s = np.array([sum(end - start for start, end in one.windows) for one in problem.pickups], dtype=np.int64)
    size = kg * max(1, int(litres.mean())) + litres * max(1, int(kg.mean()))
    return Day(
        travel_s=np.ascontiguousarray(travel_s, dtype=np.int32),
        travel_m=np.ascontiguousarray(travel_m, dtype=np.int32),
        leave=leave,
        reach=np.ascontiguousarray(leave.transpose(0, 2, 1, 3)),
        service_s=np.array(services, dtype=np.int64),
        window_range=np.stack([ends - [len(own) for own in windows], ends], axis=1).astype(np.int64),
        windows=np.array([one for own in windows for one in own], dtype=np.int64).reshape(-1, 2),
        queue_s=np.array([one for own in queues for one in own], dtype=np.int64),
        kg=kg,
        litres=litres,
        stream=np.array([streams[one.stream] for one in problem.pickups], dtype=np.int64),
        prize=prize,
        is_must=np.array([one.is_must for one in problem.pickups], dtype=np.int64),
        fee=np.array([one.per_kg_micro_eur for one in problem.disposals], dtype=np.int64),
        near=_near(travel_s[:, :n, :n].min(axis=0)),
        keys=np.stack([-size, -away_s, away_s, open_s, -prize]),
        planned=np.array(
            [-1 if one.planned_vehicle is None else one.planned_vehicle for one in problem.pickups], dtype=np.int64
        ),
        n_containers=np.array([len(one.container_ids) for one in problem.pickups], dtype=np.int64),
        most_changed=np.array(
            [-1, 0] if problem.most_changed is None else [problem.most_changed, TOO_MANY_CHANGES_MICRO_EUR],
            dtype=np.int64,
        ),
        slice_starts_s=slice_starts_s,
        slice_s=slice_s,
        slice_m=slice_m,
    )


def fleet_arrays(bench: Workbench) -> Fleet:
    """The vehicles of the problem on the bench."""
    problem = bench.problem
    vehicles, n_pickups = problem.vehicles, len(problem.pickups)
    streams, profiles, depots = stream_numbers(problem), sorted(problem.travel), _depots(problem)
    first_depot = n_pickups + len(problem.disposals)
    rules = np.full((len(vehicles), max(1, *(len(one.breaks) for one in vehicles), 1), 2), 0, dtype=np.int64)
    rules[:, :, 0] = NO_RULE_S
    litres = np.full((len(vehicles), len(streams)), -1, dtype=np.int64)
    tips = np.full((len(vehicles), len(streams), len(problem.disposals)), -1, dtype=np.int64)
    n_tips = np.zeros((len(vehicles), len(streams)), dtype=np.int64)
    may_serve = np.zeros((len(vehicles), n_pickups), dtype=np.uint8)
    for at, vehicle in enumerate(vehicles):
        for row, rule in enumerate(vehicle.breaks_left):
            rules[at, row] = rule.work_above_s, rule.break_s
        for stream, capacity_l in vehicle.capacity_l_by_stream.items():
            if stream in streams:
                litres[at, streams[stream]] = capacity_l
                own = bench.disposals_by_vehicle_stream[at, stream]
                tips[at, streams[stream], : len(own)] = [n_pickups + index for index in own]
                n_tips[at, streams[stream]] = len(own)
        may_serve[at, sorted(bench.servable[at])] = 1
    max_work_s = np.array([one.work_left_s for one in vehicles], dtype=np.int64)
    max_stretch_s = np.array([one.max_stretch_s for one in vehicles], dtype=np.int64)
    max_out_s = np.array([NO_RULE_S if one.max_out_s is None else one.max_out_s for one in vehicles], dtype=np.int64)
    max_day_kg = np.array(
        [NO_RULE_KG if one.max_day_kg is None else one.max_day_kg for one in vehicles], dtype=np.int64
    )
    # Overtime begins where the first second of it would be paid.
    regular_s = np.array(
        [one.work_left_s - one.overtime_s(one.work_left_s) if one.has_overtime else NO_RULE_S for one in vehicles],
        dtype=np.int64,
    )
    no_break_s = np.where(rules[:, :, 1] > 0, rules[:, :, 0], NO_RULE_S).min(axis=1)
    indices = range(len(vehicles))
    alike = [next(other for other in indices if bench.is_alike(at, other)) for at in indices]
    return Fleet(
        profile=np.array([profiles.index(one.profile) for one in vehicles], dtype=np.int64),
        start=np.array([first_depot + depots.index(one.start_place_index) for one in vehicles], dtype=np.int64),
        end=np.array([first_depot + depots.index(one.end_place_index) for one in vehicles], dtype=np.int64),
        shift=np.array([one.shift for one in vehicles], dtype=np.int64),
        max_work_s=max_work_s,
        max_stretch_s=max_stretch_s,
        rules=rules,
        max_out_s=max_out_s,
        regular_s=regular_s,
        overtime_per_s=np.array([one.overtime_per_s_micro_eur for one in vehicles], dtype=np.int64),
        free_s=np.minimum.reduce([max_work_s, max_stretch_s, no_break_s, max_out_s, regular_s]),
        is_whole=np.array([_is_whole(problem, at) for at in indices], dtype=np.uint8),
        kg=np.array([one.capacity_kg for one in vehicles], dtype=np.int64),
        litres=litres,
        max_trips=np.array([one.max_trips for one in vehicles], dtype=np.int64),
        max_day_kg=max_day_kg,
        fixed=np.array([one.fixed_micro_eur for one in vehicles], dtype=np.int64),
        per_m=np.array([one.per_m_micro_eur for one in vehicles], dtype=np.int64),
        per_s=np.array([one.per_s_micro_eur for one in vehicles], dtype=np.int64),
        may_serve=may_serve,
        tips=tips,
        n_tips=n_tips,
        alike=np.array(alike, dtype=np.int64),
        on_board_kg=np.array([one.on_board_kg for one in vehicles], dtype=np.int64),
        on_board_l=np.array([one.on_board_l for one in vehicles], dtype=np.int64),
        on_board_stream=np.array(
            [-1 if one.on_board_stream is None else streams[one.on_board_stream] for one in vehicles], dtype=np.int64
        ),
    )


def empty_plan(problem: Problem) -> PlanArrays:
    """Nobody goes anywhere."""
    n_vehicles, n_pickups = len(problem.vehicles), len(problem.pickups)
    most = 2 * n_pickups + 2
    return PlanArrays(
        visits=np.zeros((n_vehicles, most), dtype=np.int32),
        window=np.zeros((n_vehicles, most), dtype=np.int32),
        length=np.zeros(n_vehicles, dtype=np.int64),
        cost=np.zeros(n_vehicles, dtype=np.int64),
        is_absent=np.ones(n_pickups, dtype=np.uint8),
        objective=np.zeros(1, dtype=np.int64),
    )


def fill_plan(plan: PlanArrays, orders: Iterable[tuple[int, Sequence[int]]]) -> None:
    """Write orders, as the scheduler knows them, into an empty plan; windows and costs are the search's to find."""
    n_pickups = len(plan.is_absent)
    for vehicle_index, order in orders:
        plan.length[vehicle_index] = len(order)
        nodes = [visit if visit >= 0 else n_pickups + ~visit for visit in order]
        plan.visits[vehicle_index, : len(order)] = nodes
        plan.is_absent[[visit for visit in order if visit >= 0]] = 0


def orders_of(plan: PlanArrays) -> list[tuple[int, list[int]]]:
    """The orders of all vehicles used."""
    n_pickups = len(plan.is_absent)
    return [
        (at, [node if node < n_pickups else ~(node - n_pickups) for node in plan.visits[at, :length].tolist()])
        for at, length in enumerate(plan.length.tolist())
        if length
    ]


def new_desk(plan: PlanArrays) -> Desk:
    """Memory for a search of a plan of this size."""
    n_vehicles, most = plan.visits.shape
    n_pickups = len(plan.is_absent)
    return Desk(
        gaps=np.zeros((n_vehicles, most + 1, N_GAP_FIELDS), dtype=np.int64),
        totals=np.zeros((n_vehicles, 6), dtype=np.int64),
        trial_visits=np.zeros(most + 2, dtype=np.int32),
        trial_window=np.zeros(most + 2, dtype=np.int32),
        trial=np.zeros((most + 3, 6), dtype=np.int64),
        timed=np.zeros(2, dtype=np.int64),
        place_of=np.zeros((n_pickups, 2), dtype=np.int64),
        out=np.zeros(n_pickups, dtype=np.int64),
        out_keys=np.zeros(n_pickups, dtype=np.int64),
        marks=np.full((n_vehicles, most + 1), -1, dtype=np.int64),
        is_changed=np.zeros(n_vehicles, dtype=np.uint8),
        everyone=np.ones(n_vehicles, dtype=np.uint8),
        openings=np.zeros(2 * most + 2, dtype=np.int64),
        asked=np.zeros(n_vehicles + 1, dtype=np.int64),
        move=np.zeros(7, dtype=np.int64),
        chosen=np.zeros(7, dtype=np.int64),
    )


def _near(travel_s: NDArray[np.int32]) -> NDArray[np.int32]:
    """For every pickup the nearest ones, there and back, itself first; row by row, to spare memory."""
    rows = []
    for at in range(len(travel_s)):
        both_ways_s = travel_s[at] + travel_s[:, at].astype(np.int64)
        both_ways_s[at] = -1
        rows.append(np.argsort(both_ways_s, kind="stable")[:MOST_NEIGHBOURS].astype(np.int32))
    return np.stack(rows)


def _is_whole(problem: Problem, vehicle_index: int) -> bool:
    has_queue = any(one.queue_s and vehicle_index in one.allowed_vehicles for one in problem.disposals)
    return has_queue or problem.has_time_slices


def _slices(
    problem: Problem, grid: tuple[NDArray[np.intp], ...]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Starts of the slices of all profiles, and the travel of each profile in each of them."""
    profiles = sorted(problem.travel)
    starts_s = sorted({one.starts_s for name in profiles for one in problem.travel_slices.get(name, ())})
    firsts = np.array([-NO_RULE_S, *starts_s], dtype=np.int64)
    if not starts_s:
        return firsts, np.zeros((1, 1, 1, 1), dtype=np.int32), np.zeros((1, 1, 1, 1), dtype=np.int32)
    matrices = [[problem.travel_at(name, at_s) for at_s in (None, *starts_s)] for name in profiles]
    slice_s = np.stack([np.stack([matrix.duration_s[grid] for matrix in own]) for own in matrices])
    slice_m = np.stack([np.stack([matrix.distance_m[grid] for matrix in own]) for own in matrices])
    return firsts, slice_s, slice_m


def stream_numbers(problem: Problem) -> dict[str, int]:
    """The streams of the pickups and of what is on board, numbered."""
    streams = {one.stream for one in problem.pickups}
    streams |= {one.on_board_stream for one in problem.vehicles if one.on_board_stream is not None}
    return {stream: at for at, stream in enumerate(sorted(streams))}


def _depots(problem: Problem) -> list[int]:
    return sorted({place for one in problem.vehicles for place in (one.start_place_index, one.end_place_index)})
