"""What keeps a container off a vehicle before any tour is tried: what it collects, lifts, holds, and when it works."""

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.domain.container import Container
from optimizer.domain.plan import ReasonCode
from optimizer.domain.vehicle import Vehicle
from optimizer.planning.insertion_option import Option, Rule
from optimizer.problem.build_problem import BuiltProblem
from optimizer.problem.elapsed_windows import has_room
from optimizer.problem.problem import ProblemVehicle
from optimizer.problem.stops import Parcel

_PLACE_CODES = frozenset(
    {ReasonCode.OUTSIDE_MAP, ReasonCode.TOO_FAR_FROM_ROAD, ReasonCode.UNREACHABLE, ReasonCode.REVERSING}
)
"""Refusals that hold for every vehicle, whatever it loads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstObstacle:
    """Judges the vehicles that no tour was tried for.

    Attributes
    ----------
    left_out
        Why vehicles do not drive on the day, by id.
    parcel
        What would be emptied at the stop, with its hours on the day.
    """

    built: BuiltProblem
    left_out: Mapping[str, str]
    parcel: Parcel

    def option_of(self, vehicle: Vehicle, container: Container) -> Option:
        """The rule that stands against the vehicle, and how much it lacks where that can be counted."""
        rule = self._rule_of_master_data(vehicle, container)
        if rule is not None:
            return Option(vehicle_id=vehicle.vehicle_id, rule=rule)
        found = next((one for one in self.built.problem.vehicles if one.vehicle_id == vehicle.vehicle_id), None)
        refused = {one.container_id: one.code for one in self.built.refused}
        if found is None or refused.get(container.container_id) in _PLACE_CODES:
            return Option(vehicle_id=vehicle.vehicle_id, rule=Rule.ACCESS)
        rule, missing = self._of_load(found, container.stream) or self._of_time(found, container.stream)
        return Option(vehicle_id=vehicle.vehicle_id, rule=rule, missing=missing)

    def _rule_of_master_data(self, vehicle: Vehicle, container: Container) -> Rule | None:
        if container.stream not in vehicle.streams:
            return Rule.STREAM
        if container.system not in vehicle.systems:
            return Rule.LIFTING_SYSTEM
        return Rule.NOT_DRIVING if vehicle.vehicle_id in self.left_out else None

    def _of_load(self, vehicle: ProblemVehicle, stream: str) -> tuple[Rule, int] | None:
        over_kg = self.parcel.demand_kg - vehicle.capacity_kg
        over_l = self.parcel.demand_l - vehicle.capacity_l_by_stream.get(stream, 0)
        if over_kg > 0:
            return Rule.SIZE_KG, over_kg
        return (Rule.SIZE_L, over_l) if over_l > 0 else None

    def _of_time(self, vehicle: ProblemVehicle, stream: str) -> tuple[Rule, int]:
        """Shift, opening hours and container hours; where none of them is in the way, it is the place."""
        shift_s = vehicle.shift[1] - vehicle.shift[0]
        sites = [one for one in self.built.problem.disposals if stream in one.streams]
        longest_s = max(self.parcel.service_s, min((one.unloading_s for one in sites), default=0))
        if longest_s > shift_s:
            return Rule.SHIFT, longest_s - shift_s
        if not any(has_room(one.windows, vehicle.shift, work_s=one.unloading_s) for one in sites):
            return Rule.DISPOSAL_CLOSED, 0
        if not has_room(self.parcel.windows, vehicle.shift, work_s=self.parcel.service_s):
            return Rule.CONTAINER_HOURS, 0
        return Rule.ACCESS, 0
