"""VROOM on published instances whose rules it has: capacities and time windows, one price of distance.

Its exploration level is the highest one. It ends when it has explored that much, mostly before the time is over.
"""

from datetime import timedelta

import numpy as np
import vroom

from benchmarks.solver.case import Case
from benchmarks.solver.day import Day
from benchmarks.solver.peer import Answer, LeftOutError, Stopwatch, orders_from
from benchmarks.solver.peers.ours import tiny_case

MOST_EXPLORATION = 5
FAMILIES = ("cvrp_x", "vrptw", "tiny")


class VroomPeer:
    """One process of VROOM."""

    def warm(self) -> None:
        """Nothing is compiled; a short call loads what is loaded late."""
        self.prepare(tiny_case())
        self.solve(seed=1, time_limit_s=0.1)

    def prepare(self, task: Case | Day) -> None:
        """Jobs, vehicles and one matrix of times, which are the costs."""
        if isinstance(task, Day) or task.family not in FAMILIES:
            raise LeftOutError("VROOM has no tipping, trips, limits of duration or prizes as this family has them")
        self._case = task

    def solve(self, *, seed: int, time_limit_s: float) -> Answer:
        """Search; VROOM takes no seed."""
        del seed
        case = self._case
        model = vroom.Input()
        model.set_durations_matrix("car", np.ascontiguousarray(case.distance, dtype=np.uint32))
        kind = case.vehicles[0]
        shift = vroom.TimeWindow(int(case.opens[0]), int(case.closes[0]))
        model.add_vehicle(
            [vroom.Vehicle(at, start=0, end=0, capacity=[kind.capacity], time_window=shift) for at in range(kind.count)]
        )
        model.add_job(
            [
                vroom.Job(
                    site,
                    location=site,
                    default_service=int(case.service[site]),
                    pickup=vroom.Amount([int(case.demand[site])]),
                    time_windows=[vroom.TimeWindow(int(case.opens[site]), int(case.closes[site]))],
                )
                for site in range(1, len(case.demand))
            ]
        )
        watch = Stopwatch()
        solution = model.solve(
            exploration_level=MOST_EXPLORATION, nb_threads=1, timeout=timedelta(seconds=time_limit_s)
        )
        wall_s = watch.seconds()
        routes: list[list[int]] = [[] for _ in range(kind.count)]
        frame = solution.routes
        for vehicle, what, site in zip(frame["vehicle_id"], frame["type"], frame["id"], strict=True):
            if what == "job":
                routes[int(vehicle)].append(int(site) - case.n_depots)
        return Answer(orders=orders_from(routes), wall_s=wall_s)
