"""Drives a day's tours with the loads that are really there.

Plans rest on expected fills. A vehicle that is full before the plan says so tips at the nearest site that takes its
load, and comes back: the kilometres and the time count, even beyond the end of the shift.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from optimizer.problem.problem import MICRO_EUR_PER_EUR, Problem, ProblemVehicle
from optimizer.problem.solution import Solution, VehicleTour, VisitKind
from optimizer.season.energy import Drive, EmissionFactors, EnergyModel
from optimizer.season.records import Effort

Load = tuple[float, float]
"""True kilograms and loose litres."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivenDay:
    """What came of a day's tours.

    Attributes
    ----------
    emptied_at_s
        Seconds since midnight at which the work at each container began, by container id.
    """

    effort: Effort
    emptied_at_s: dict[str, int]


def drive_day(
    problem: Problem,
    solution: Solution,
    load_of: Callable[[str, int], Load],
    *,
    energy: Mapping[str, EnergyModel],
    factors: EmissionFactors,
) -> DrivenDay:
    """All tours of a day.

    Parameters
    ----------
    load_of
        True load of a container, by its id, at a second since midnight.
    energy
        Models by vehicle id.
    """
    total, emptied = Effort(), dict[str, int]()
    for tour in solution.tours:
        driver = _Driver(problem, tour, load_of, energy[problem.vehicles[tour.vehicle_index].vehicle_id])
        total = total + driver.effort(factors)
        emptied.update(driver.emptied_at_s)
    return DrivenDay(effort=total, emptied_at_s=emptied)


class _Driver:
    """One vehicle's day, visit by visit."""

    def __init__(
        self, problem: Problem, tour: VehicleTour, load_of: Callable[[str, int], Load], energy: EnergyModel
    ) -> None:
        self.problem, self.tour, self.load_of, self.energy = problem, tour, load_of, energy
        self.vehicle: ProblemVehicle = problem.vehicles[tour.vehicle_index]
        self.place = self.vehicle.start_place_index
        self.late_s = 0
        """How much later than planned, for extra ways to tip."""
        self.board_kg = self.board_l = 0.0
        self.distance_m = self.driving_s = self.idle_s = self.break_s = self.fee_micro_eur = 0
        self.trips = self.lifts = 0
        self.used = self.collected_kg = self.collected_l = 0.0
        self.emptied_at_s: dict[str, int] = {}
        for visit in tour.visits:
            if visit.kind is VisitKind.BREAK:
                self.break_s += visit.departs_s - visit.starts_s
            elif visit.kind is VisitKind.TIP:
                self._tip(visit.index)
            else:
                self._collect(visit.index, visit.starts_s)
        self._go(self.vehicle.end_place_index, halts=0.0)

    def effort(self, factors: EmissionFactors) -> Effort:
        """The sums of the day."""
        out_s = self.tour.returns_s - self.tour.departs_s + self.late_s
        energy = self.energy
        lifting, idling = energy.lifting(self.lifts), energy.idling(self.idle_s)
        auxiliary = energy.auxiliary(idle_s=self.idle_s, out_s=out_s - self.break_s)
        self.used += lifting + idling + auxiliary
        is_diesel = energy.drive is Drive.DIESEL
        vehicle = self.vehicle
        cost = vehicle.fixed_micro_eur + self.distance_m * vehicle.per_m_micro_eur + out_s * vehicle.per_s_micro_eur
        return Effort(
            distance_m=self.distance_m,
            out_s=out_s,
            driving_s=self.driving_s,
            working_s=out_s - self.break_s,
            overtime_s=max(self.tour.returns_s + self.late_s - vehicle.shift[1], 0),
            tours=1,
            trips=self.trips,
            lifts=self.lifts,
            collected_l=self.collected_l,
            collected_kg=self.collected_kg,
            diesel_l=self.used if is_diesel else 0.0,
            electricity_kwh=0.0 if is_diesel else self.used,
            co2e_kg=energy.co2e_kg(self.used, factors),
            lifting_co2e_kg=energy.co2e_kg(lifting, factors),
            idling_co2e_kg=energy.co2e_kg(idling, factors),
            auxiliary_co2e_kg=energy.co2e_kg(auxiliary, factors),
            cost_eur=(cost + self.fee_micro_eur) / MICRO_EUR_PER_EUR,
        )

    def _go(self, place: int, *, halts: float = 1.0) -> None:
        if place == self.place:
            return
        leg_m = self.problem.distance_m(self.tour.vehicle_index, self.place, place)
        self.distance_m += leg_m
        self.driving_s += self.problem.duration_s(self.tour.vehicle_index, self.place, place)
        self.used += self.energy.leg(distance_m=leg_m, load_kg=self.board_kg, halts=halts)
        self.place = place

    def _collect(self, index: int, starts_s: int) -> None:
        pickup = self.problem.pickups[index]
        loads = [self.load_of(one, starts_s + self.late_s) for one in pickup.container_ids]
        kg, litres = sum(load[0] for load in loads), sum(load[1] for load in loads)
        is_laden = self.board_l > 0
        room_l = self.vehicle.capacity_l_by_stream[pickup.stream]
        if is_laden and (self.board_kg + kg > self.vehicle.capacity_kg or self.board_l + litres > room_l):
            self._tip_on_the_way(pickup.stream, pickup.place_index)
        self._go(pickup.place_index)
        self.board_kg += kg
        self.board_l += litres
        self.collected_kg += kg
        self.collected_l += litres
        self.lifts += len(loads)
        self.idle_s += pickup.service_s
        self.emptied_at_s.update(dict.fromkeys(pickup.container_ids, starts_s + self.late_s))

    def _tip(self, index: int) -> None:
        disposal = self.problem.disposals[index]
        self._go(disposal.place_index)
        self.fee_micro_eur += round(disposal.per_kg_micro_eur * self.board_kg)
        self.board_kg = self.board_l = 0.0
        self.trips += 1

    def _tip_on_the_way(self, stream: str, next_place: int) -> None:
        """Tip where it costs the least time, on the way to the next stop."""
        at = self.tour.vehicle_index
        direct_s = self.problem.duration_s(at, self.place, next_place)

        def way_s(index: int) -> int:
            site = self.problem.disposals[index]
            there_s = self.problem.duration_s(at, self.place, site.place_index)
            return there_s + self.problem.duration_s(at, site.place_index, next_place) + site.unloading_s

        sites = [
            index
            for index, site in enumerate(self.problem.disposals)
            if stream in site.streams and at in site.allowed_vehicles
        ]
        nearest = min(sites, key=way_s)
        self.late_s += way_s(nearest) - direct_s
        self._tip(nearest)
