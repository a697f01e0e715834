"""Which vehicles can work on the day, and why the others cannot."""

from dataclasses import dataclass

from optimizer.domain.town import Town
from optimizer.domain.vehicle import Vehicle
from optimizer.problem.elapsed_windows import DayClock
from optimizer.problem.problem import MICRO_EUR_PER_EUR, ProblemBreak, ProblemVehicle, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutVehicle:
    """A vehicle that cannot drive on the day, with the reason as a sentence."""

    vehicle_id: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingVehicle:
    """A vehicle with its shift on the day."""

    vehicle: Vehicle
    shift: Window


def tolled_profiles(town: Town) -> frozenset[str]:
    """Profiles of which a vehicle pays tolls: the router must count the metres that it pays for."""
    return frozenset(vehicle.profile for vehicle in town.vehicles if vehicle.toll_eur_per_km)


def working_fleet(
    town: Town, clock: DayClock, *, vehicle_ids: frozenset[str], streams: frozenset[str], profiles: tuple[str, ...]
) -> tuple[list[WorkingVehicle], list[LeftOutVehicle]]:
    """Vehicles that are asked for, work on the day and collect one of the streams; and the ones that do not."""
    working: list[WorkingVehicle] = []
    left_out: list[LeftOutVehicle] = []
    for vehicle in town.vehicles:
        if vehicle_ids and vehicle.vehicle_id not in vehicle_ids:
            continue
        shift = clock.shift(vehicle.shift)
        obstacle = ""
        if not vehicle.is_available:
            obstacle = "is not available: it is in the workshop or has no crew"
        elif shift is None:
            obstacle = f"has no shift on {clock.day:%A}s"
        elif not vehicle.streams & streams:
            obstacle = "collects none of the streams that are due"
        elif vehicle.profile not in profiles:
            obstacle = f"has the profile '{vehicle.profile}', which the map does not know; use {', '.join(profiles)}"
        if obstacle or shift is None:
            message = f"Vehicle {vehicle.vehicle_id} {obstacle}."
            left_out.append(LeftOutVehicle(vehicle_id=vehicle.vehicle_id, message=message))
        else:
            working.append(WorkingVehicle(vehicle=vehicle, shift=shift))
    return working, left_out


def problem_vehicle(working: WorkingVehicle, *, start_place_index: int, end_place_index: int) -> ProblemVehicle:
    """The vehicle in whole numbers; capacities are rounded down."""
    vehicle = working.vehicle
    return ProblemVehicle(
        vehicle_id=vehicle.vehicle_id,
        profile=vehicle.profile,
        start_place_index=start_place_index,
        end_place_index=end_place_index,
        shift=working.shift,
        max_work_s=vehicle.shift.max_work_s,
        max_stretch_s=vehicle.shift.max_stretch_s,
        breaks=tuple(
            ProblemBreak(work_above_s=rule.work_above_s, break_s=rule.break_s) for rule in vehicle.shift.breaks
        ),
        capacity_kg=int(vehicle.capacity_kg),
        capacity_l_by_stream={stream: int(vehicle.capacity_l(stream)) for stream in sorted(vehicle.streams)},
        max_trips=vehicle.max_trips,
        fixed_micro_eur=round(vehicle.cost_eur_per_day * MICRO_EUR_PER_EUR),
        per_m_micro_eur=round(vehicle.cost_eur_per_km * MICRO_EUR_PER_EUR / 1000),
        per_s_micro_eur=round(vehicle.cost_eur_per_h * MICRO_EUR_PER_EUR / 3600),
        max_out_s=vehicle.shift.max_out_s,
        max_day_kg=vehicle.max_day_kg,
        regular_work_s=vehicle.shift.regular_work_s,
        overtime_per_s_micro_eur=round(vehicle.overtime_eur_per_h * MICRO_EUR_PER_EUR / 3600),
        toll_per_m_micro_eur=round(vehicle.toll_eur_per_km * MICRO_EUR_PER_EUR / 1000),
    )
