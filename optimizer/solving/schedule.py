"""When everything happens on a tour whose order is known: exact, shortest, with waits and breaks.

An *order* lists the visits of a vehicle as whole numbers: ``i >= 0`` is pickup ``i``, and ``~d`` (that is, ``-1 - d``)
is tipping at disposal ``d``. Every solver hands its orders to this scheduler, so that times have one origin.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.problem.problem import Problem, ProblemBreak, ProblemVehicle, Window
from optimizer.problem.solution import VehicleTour, Visit, VisitKind
from optimizer.solving.kernels import tour_timing as kernel
from routing.matrix import TravelMatrix

SHORTEST_BREAK_S = 15 * 60
"""ArbZG section 4: shorter pauses are no breaks."""
NO_BREAKS_S = np.zeros(1, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The shortest day that serves an order.

    Attributes
    ----------
    elapsed_s
        From departure to return.
    work_s
        Elapsed time without breaks; what was worked before the shift is not in it.
    departs_s
        When each drive begins; None where travel does not depend on the time.
    """

    elapsed_s: int
    work_s: int
    departs_s: tuple[int, ...] | None = None


class Scheduler:
    """Times orders of one problem; holds scratch memory, so each thread needs its own."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._n_pickups = len(problem.pickups)
        self._node_table, self._windows = _node_table(problem)
        self._travel = _travel_by_vehicle(problem)
        rules = [_reachable_rules(vehicle) for vehicle in problem.vehicles]
        self._limits = [_limits(vehicle, own) for vehicle, own in zip(problem.vehicles, rules, strict=True)]
        self._rules = [
            np.array([(rule.work_above_s, rule.break_s) for rule in own], dtype=np.int64).reshape(-1, 2)
            for own in rules
        ]
        self._pieces_s = [_pieces_s(own) for own in rules]
        may_be_later = problem.has_overtime or problem.has_queues or problem.has_time_slices
        self._most_labels = kernel.MAX_LABELS_OF_LATER if may_be_later else kernel.MAX_LABELS
        self._labels = np.empty((64, self._most_labels, kernel.N_FIELDS), dtype=np.int64)

    def time(self, vehicle_index: int, order: Sequence[int]) -> Timing | None:
        """How long the vehicle is out for this order, or None when it cannot be driven in time."""
        best = self._run(vehicle_index, order)
        if best < 0:
            return None
        label = self._labels[len(order) + 1, best]
        departs_s = None
        if self._has_slices(vehicle_index):
            departs_s = departures_s(self._tour(vehicle_index, order, best))
        return Timing(
            elapsed_s=int(max(label[kernel.TOTAL_S], label[kernel.EARLIEST_S] - label[kernel.LATEST_S])),
            work_s=_work_s(label),
            departs_s=departs_s,
        )

    def schedule(self, vehicle_index: int, order: Sequence[int]) -> VehicleTour | None:
        """The tour with all its times, or None when the order cannot be driven in time.

        The vehicle is back as early as it can be, and leaves as late as that allows.
        """
        best = self._run(vehicle_index, order)
        return None if best < 0 else self._tour(vehicle_index, order, best)

    def _tour(self, vehicle_index: int, order: Sequence[int], best: int) -> VehicleTour:
        """The tour of the best final label."""
        chain = self._chain(best, steps=len(order) + 1)
        vehicle = self._problem.vehicles[vehicle_index]
        starts_s = _stretch_starts(vehicle, chain)
        departs_s = starts_s[0]
        place, clock_s = vehicle.start_place_index, departs_s
        visits: list[Visit] = []
        for visit, label in zip([*order, None], chain, strict=True):
            if label[kernel.PIECE_S] > 0:
                starts_s = starts_s[1:]
                visits.append(_visit(VisitKind.BREAK, -1, arrives_s=clock_s, starts_s=clock_s, departs_s=starts_s[0]))
                clock_s = starts_s[0]
            if visit is None:
                break
            node = self._node(visit)
            next_place = int(self._node_table[node, kernel.NODE_PLACE])
            arrives_s = clock_s + self._drive_s(vehicle_index, place, next_place, clock_s)
            opens_s, _, longer_s = self._windows[label[kernel.WINDOW]].tolist()
            begins_s = max(arrives_s, opens_s)
            clock_s = begins_s + int(self._node_table[node, kernel.NODE_SERVICE_S]) + longer_s
            kind, index = (VisitKind.PICKUP, visit) if visit >= 0 else (VisitKind.TIP, ~visit)
            visits.append(_visit(kind, index, arrives_s=arrives_s, starts_s=begins_s, departs_s=clock_s))
            place = next_place
        return VehicleTour(
            vehicle_index=vehicle_index,
            departs_s=departs_s,
            returns_s=clock_s + self._drive_s(vehicle_index, place, vehicle.end_place_index, clock_s),
            visits=tuple(visits),
        )

    def _has_slices(self, vehicle_index: int) -> bool:
        return len(self._travel[vehicle_index][2]) > 1

    def _drive_s(self, vehicle_index: int, place: int, next_place: int, departs_s: int) -> int:
        duration_s, _, starts_s = self._travel[vehicle_index]
        part = int(np.searchsorted(starts_s, departs_s, side="right")) - 1
        return int(duration_s[part, place, next_place])

    def _run(self, vehicle_index: int, order: Sequence[int]) -> int:
        if self._labels.shape[0] < len(order) + 2:
            self._labels = np.empty((2 * len(order) + 2, self._most_labels, kernel.N_FIELDS), dtype=np.int64)
        nodes = np.array(order, dtype=np.int64)
        nodes[nodes < 0] = self._n_pickups + ~nodes[nodes < 0]
        # A day without breaks is never longer than one with them, so it is tried first.
        best = self._run_with(NO_BREAKS_S, vehicle_index, nodes)
        vehicle = self._problem.vehicles[vehicle_index]
        has_overtime = False
        if best >= 0 and vehicle.has_overtime:
            has_overtime = vehicle.overtime_s(_work_s(self._labels[len(order) + 1, best])) > 0
        if best < 0 or has_overtime:
            # Waits that become breaks are no overtime.
            best = self._run_with(self._pieces_s[vehicle_index], vehicle_index, nodes)
        if best < 0 and has_overtime:
            best = self._run_with(NO_BREAKS_S, vehicle_index, nodes)
        return best

    def _run_with(self, pieces_s: NDArray[np.int64], vehicle_index: int, nodes: NDArray[np.int64]) -> int:
        best = kernel.time_tour(
            nodes,
            self._travel[vehicle_index],
            self._node_table,
            self._windows,
            self._limits[vehicle_index],
            self._rules[vehicle_index],
            pieces_s,
            self._labels,
        )
        return int(best)

    def _node(self, visit: int) -> int:
        return visit if visit >= 0 else self._n_pickups + ~visit

    def _chain(self, best: int, *, steps: int) -> list[list[int]]:
        """The labels that lead to the best final one, one per leg, each with its parent's stretch in front."""
        chain = []
        at = best
        for step in range(steps, 0, -1):
            label = self._labels[step, at].tolist()
            chain.append(label)
            at = label[kernel.PARENT]
        return chain[::-1]


def schedule_tour(problem: Problem, vehicle_index: int, order: Sequence[int]) -> VehicleTour | None:
    """One tour with all its times, or None; for many tours of one problem keep a ``Scheduler``."""
    return Scheduler(problem).schedule(vehicle_index, order)


def order_of(tour: VehicleTour) -> list[int]:
    """The visits of a tour as whole numbers, without its breaks."""
    return [
        visit.index if visit.kind is VisitKind.PICKUP else ~visit.index
        for visit in tour.visits
        if visit.kind is not VisitKind.BREAK
    ]


def departures_s(tour: VehicleTour) -> tuple[int, ...]:
    """When each drive of a tour begins, a break behind it."""
    moments = [tour.departs_s]
    for visit in tour.visits:
        if visit.kind is VisitKind.BREAK:
            moments[-1] = visit.departs_s
        else:
            moments.append(visit.departs_s)
    return tuple(moments)


def _work_s(label: NDArray[np.int64]) -> int:
    """The work of a final label."""
    stretch_s = max(label[kernel.STRETCH_S], label[kernel.EARLIEST_S] - label[kernel.STRETCH_LATEST_S])
    return int(label[kernel.WORK_S] + stretch_s)


def _travel_by_vehicle(problem: Problem) -> list[kernel.Travel]:
    """Travel by slices; micro-euros of ways only where there is more than one."""
    known: dict[tuple[str, int, int], kernel.Travel] = {}
    found = []
    for vehicle in problem.vehicles:
        rates = (vehicle.per_m_micro_eur, vehicle.toll_per_m_micro_eur)
        slices = problem.travel_slices.get(vehicle.profile, ())
        kind = (vehicle.profile, *(rates if slices else (0, 0)))
        if kind not in known:
            first = problem.travel[vehicle.profile]
            duration_s = first.duration_s[np.newaxis]
            ways = np.zeros((1, 1, 1), dtype=np.int64)
            if slices:
                matrices = [first, *(one.matrix for one in slices)]
                duration_s = np.stack([matrix.duration_s for matrix in matrices])
                ways = np.stack([ways_micro_eur(matrix, vehicle) for matrix in matrices])
            starts_s = np.array([-kernel.FOREVER_S, *(one.starts_s for one in slices)], dtype=np.int64)
            for array in (duration_s, ways, starts_s):
                array.setflags(write=False)
            known[kind] = (duration_s, ways, starts_s)
        found.append(known[kind])
    return found


def ways_micro_eur(matrix: TravelMatrix, vehicle: ProblemVehicle) -> NDArray[np.int64]:
    """``(places, places)``: metres and tolls."""
    cost: NDArray[np.int64] = matrix.distance_m.astype(np.int64) * vehicle.per_m_micro_eur
    if matrix.toll_m is not None and vehicle.toll_per_m_micro_eur:
        cost += matrix.toll_m.astype(np.int64) * vehicle.toll_per_m_micro_eur
    return cost


def _stretch_starts(vehicle: ProblemVehicle, chain: list[list[int]]) -> list[int]:
    """When each stretch begins; the first one of a vehicle that is out goes on from where it is."""
    starts_s = _latest_stretch_starts(chain)
    if vehicle.worked_s == 0:
        return starts_s
    rests_at_once = chain[0][kernel.PIECE_S] > 0
    return [vehicle.shift[0], *(starts_s if rests_at_once else starts_s[1:])]


def _latest_stretch_starts(chain: list[list[int]]) -> list[int]:
    """When each stretch between breaks begins at the latest for the earliest return, in the order of the day."""
    next_starts_s = chain[-1][kernel.EARLIEST_S]
    starts_s = []
    for at in range(len(chain) - 1, -1, -1):
        is_last_of_stretch = at == len(chain) - 1 or chain[at + 1][kernel.PIECE_S] > 0
        if is_last_of_stretch:
            piece_s = chain[at + 1][kernel.PIECE_S] if at < len(chain) - 1 else 0
            ends_s = next_starts_s - piece_s
            label = chain[at]
            next_starts_s = min(label[kernel.STRETCH_LATEST_S], ends_s - label[kernel.STRETCH_S])
            starts_s.append(next_starts_s)
    return starts_s[::-1]


def _visit(kind: VisitKind, index: int, *, arrives_s: int, starts_s: int, departs_s: int) -> Visit:
    return Visit(kind=kind, index=index, arrives_s=arrives_s, starts_s=starts_s, departs_s=departs_s)


def _node_table(problem: Problem) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows: list[tuple[int, int, int, int]] = []
    windows: list[tuple[int, int, int]] = []
    services: list[tuple[int, int, tuple[Window, ...], tuple[int, ...]]] = [
        (pickup.place_index, pickup.service_s, pickup.windows, ()) for pickup in problem.pickups
    ]
    services += [(one.place_index, one.unloading_s, one.windows, one.queue_s) for one in problem.disposals]
    for place_index, service_s, own_windows, queue_s in services:
        rows.append((place_index, service_s, len(windows), len(windows) + len(own_windows)))
        longer_s = queue_s or (0,) * len(own_windows)
        windows.extend((*window, longer) for window, longer in zip(own_windows, longer_s, strict=True))
    return (
        np.array(rows, dtype=np.int64).reshape(-1, 4),
        np.array(windows, dtype=np.int64).reshape(-1, 3),
    )


def _reachable_rules(vehicle: ProblemVehicle) -> list[ProblemBreak]:
    """Break rules that the vehicle's shift and working time can ever trigger."""
    most_s = min(vehicle.work_left_s, vehicle.shift[1] - vehicle.shift[0])
    return [rule for rule in vehicle.breaks_left if rule.work_above_s < most_s and rule.break_s > 0]


def _limits(vehicle: ProblemVehicle, rules: Sequence[ProblemBreak]) -> NDArray[np.int64]:
    limits = np.empty(kernel.N_LIMITS, dtype=np.int64)
    limits[kernel.START_PLACE] = vehicle.start_place_index
    limits[kernel.END_PLACE] = vehicle.end_place_index
    limits[kernel.SHIFT_START_S], limits[kernel.SHIFT_END_S] = vehicle.shift
    limits[kernel.MAX_WORK_S] = vehicle.work_left_s
    limits[kernel.MAX_STRETCH_S] = vehicle.max_stretch_s
    limits[kernel.MOST_BREAK_S] = max((rule.break_s for rule in rules), default=0)
    limits[kernel.UNRESTED_S] = vehicle.unrested_s if vehicle.worked_s > 0 else kernel.NOT_OUT
    limits[kernel.MAX_OUT_S] = kernel.FOREVER_S if vehicle.max_out_s is None else vehicle.max_out_s
    is_paid_more = vehicle.regular_work_s is not None
    regular_s = max(0, (vehicle.regular_work_s or 0) - vehicle.worked_s)
    limits[kernel.REGULAR_WORK_S] = regular_s if is_paid_more else kernel.FOREVER_S
    limits[kernel.PER_S_MICRO_EUR] = vehicle.per_s_micro_eur
    limits[kernel.OVERTIME_PER_S_MICRO_EUR] = vehicle.overtime_per_s_micro_eur
    return limits


def _pieces_s(rules: Sequence[ProblemBreak]) -> NDArray[np.int64]:
    """No break, the shortest piece, whole breaks, and what is left of them after a shortest piece."""
    totals = {rule.break_s for rule in rules if rule.break_s > SHORTEST_BREAK_S}
    remainders = {total - SHORTEST_BREAK_S for total in totals if total > 2 * SHORTEST_BREAK_S}
    return np.array(sorted({0, SHORTEST_BREAK_S} | totals | remainders), dtype=np.int64)
