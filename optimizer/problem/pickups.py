"""Stops become pickups with their vehicles, windows and prizes, or are refused with a reason."""

from collections import Counter
from dataclasses import replace

from optimizer.domain.plan import ReasonCode
from optimizer.problem.elapsed_windows import has_room
from optimizer.problem.fleet import LeftOutVehicle, WorkingVehicle
from optimizer.problem.place_travel import SharedTravel
from optimizer.problem.problem import MICRO_EUR_PER_EUR, Pickup, ProblemDisposal, ProblemVehicle
from optimizer.problem.refused import RefusedContainer, refused_for_its_place
from optimizer.problem.stops import DueContainer, Parcel, Stop, pack

FASTEST_M_PER_S = 30
"""No truck is faster; bounds what a day can cost."""


class PickupBuilder:
    """Turns stops into pickups, or says why not; the first obstacle that no tour can overcome counts."""

    def __init__(
        self,
        *,
        vehicles: list[ProblemVehicle],
        fleet: list[WorkingVehicle],
        disposals: tuple[ProblemDisposal, ...],
        left_out: list[LeftOutVehicle],
        travel: SharedTravel,
    ) -> None:
        self.vehicles = vehicles
        self.fleet = fleet
        self.disposals = disposals
        self.left_out = left_out
        self.travel = travel
        self.pickups: list[Pickup] = []
        self.refused: list[RefusedContainer] = []
        self._times_used: Counter[str] = Counter()

    def add(self, stop: Stop, waypoint_index: int) -> None:
        """Make pickups of the stop's containers, and refuse those that cannot be served."""
        capable = [
            index
            for index, one in enumerate(self.fleet)
            if stop.stream in one.vehicle.streams and stop.system in one.vehicle.systems
        ]
        if not capable:
            self._refuse_all(stop, ReasonCode.NO_VEHICLE, self._why_no_vehicle(stop), _ask_for_vehicle(stop))
            return
        reaching = [index for index in capable if self.travel.reaches(self.vehicles[index].profile, waypoint_index)]
        if not reaching:
            error = self.travel.errors_by_profile[self.vehicles[capable[0]].profile][waypoint_index]
            self.refused += [refused_for_its_place(one.container.container_id, error) for one in stop.containers]
            return
        tipping = [index for index in reaching if self._can_tip(index, stop.stream)]
        if not tipping:
            self._refuse_all(
                stop,
                ReasonCode.DISPOSAL_CLOSED,
                f"No disposal site takes {stop.stream} from a suitable vehicle during its shift.",
                f"Open a disposal site for {stop.stream} during the shift, or add one to the town.",
            )
            return
        servable = [one for one in stop.containers if self._is_servable(one, tipping)]
        for parcel in pack(servable, lambda parcel: bool(self._allowed(parcel, tipping))):
            self.pickups.append(
                Pickup(
                    pickup_id=self._new_id(stop),
                    place_index=self.travel.place_of[waypoint_index],
                    stream=stop.stream,
                    container_ids=tuple(one.container.container_id for one in parcel.containers),
                    demand_kg=parcel.demand_kg,
                    demand_l=parcel.demand_l,
                    service_s=parcel.service_s,
                    windows=parcel.windows,
                    allowed_vehicles=self._allowed(parcel, tipping),
                    prize_micro_eur=max(0, round(parcel.cost_of_waiting_eur * MICRO_EUR_PER_EUR)),
                    is_must=parcel.is_must,
                )
            )

    def _new_id(self, stop: Stop) -> str:
        """Site and stream, numbered from the second pickup on."""
        pickup_id = f"{stop.site_id}/{stop.stream}"
        self._times_used[pickup_id] += 1
        times = self._times_used[pickup_id]
        return pickup_id if times == 1 else f"{pickup_id}#{times}"

    def _is_servable(self, one: DueContainer, vehicles: list[int]) -> bool:
        parcel = Parcel(containers=(one,))
        container = one.container
        if not any(self._holds(index, parcel) for index in vehicles):
            self._refuse(
                one,
                ReasonCode.EXCEEDS_VEHICLE,
                f"Its {parcel.demand_kg} kg and {parcel.demand_l} l of {container.stream} are more than any suitable "
                "vehicle can load.",
                "Use a larger vehicle, or correct the container's capacity or the stream's density.",
            )
            return False
        if not self._allowed(parcel, vehicles):
            hours = f"'{container.hours.expression}'"
            self._refuse(
                one,
                ReasonCode.TIME_WINDOW,
                f"Its hours {hours} leave no {parcel.service_s} s during the shift of a suitable vehicle.",
                "Widen the container's hours or move the shift.",
            )
            return False
        return True

    def _allowed(self, parcel: Parcel, vehicles: list[int]) -> frozenset[int]:
        return frozenset(
            index
            for index in vehicles
            if self._holds(index, parcel)
            and has_room(parcel.windows, self.vehicles[index].shift, work_s=parcel.service_s)
        )

    def _holds(self, vehicle_index: int, parcel: Parcel) -> bool:
        vehicle = self.vehicles[vehicle_index]
        stream = parcel.containers[0].container.stream
        return parcel.demand_kg <= vehicle.capacity_kg and parcel.demand_l <= vehicle.capacity_l_by_stream[stream]

    def _can_tip(self, vehicle_index: int, stream: str) -> bool:
        shift = self.vehicles[vehicle_index].shift
        return any(
            vehicle_index in disposal.allowed_vehicles
            and stream in disposal.streams
            and has_room(disposal.windows, shift, work_s=disposal.unloading_s)
            for disposal in self.disposals
        )

    def _why_no_vehicle(self, stop: Stop) -> str:
        wanted = f"No vehicle that collects {stop.stream} with the lifting system '{stop.system}' can drive."
        return " ".join([wanted, *(one.message for one in self.left_out[:3])])

    def _refuse_all(self, stop: Stop, code: ReasonCode, message: str, remedy: str) -> None:
        for one in stop.containers:
            self._refuse(one, code, message, remedy)

    def _refuse(self, one: DueContainer, code: ReasonCode, message: str, remedy: str) -> None:
        self.refused.append(
            RefusedContainer(
                container_id=one.container.container_id, code=code, message=message, what_would_change_it=remedy
            )
        )


def with_penalties(
    pickups: list[Pickup], vehicles: list[ProblemVehicle], disposals: tuple[ProblemDisposal, ...]
) -> tuple[Pickup, ...]:
    """Raise the prizes of must-collect pickups above all that the rest of a day can cost or earn.

    One must-collect pickup then outweighs every tour and every optional pickup; among them the cost of waiting decides.
    """
    dearest_fee = max((disposal.per_kg_micro_eur for disposal in disposals), default=0)
    whole_day = sum(pickup.demand_kg * dearest_fee for pickup in pickups)
    whole_day += sum(pickup.prize_micro_eur for pickup in pickups if not pickup.is_must)
    for vehicle in vehicles:
        shift_s = vehicle.shift[1] - vehicle.shift[0]
        per_m = vehicle.per_m_micro_eur + vehicle.toll_per_m_micro_eur
        per_s = vehicle.per_s_micro_eur + vehicle.overtime_per_s_micro_eur + FASTEST_M_PER_S * per_m
        whole_day += vehicle.fixed_micro_eur + shift_s * per_s
    return tuple(
        replace(pickup, prize_micro_eur=whole_day + pickup.prize_micro_eur) if pickup.is_must else pickup
        for pickup in pickups
    )


def _ask_for_vehicle(stop: Stop) -> str:
    return f"Make a vehicle available on the day that collects {stop.stream} with '{stop.system}'."
