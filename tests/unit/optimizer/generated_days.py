"""Random waste days: small ones for oracles, large ones for solvers. Same seed, same day."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from optimizer.problem.problem import (
    MICRO_EUR_PER_EUR,
    Pickup,
    Problem,
    ProblemBreak,
    ProblemDisposal,
    ProblemVehicle,
    TravelSlice,
    Window,
)
from routing.matrix import TravelMatrix

ARBZG_BREAKS = (
    ProblemBreak(work_above_s=6 * 3600, break_s=30 * 60),
    ProblemBreak(work_above_s=9 * 3600, break_s=45 * 60),
)
ALL_DAY: tuple[Window, ...] = ((0, 86_400),)


@dataclass(frozen=True, kw_only=True)
class DayKind:
    """What a random day looks like."""

    n_pickups: int = 30
    n_vehicles: int = 3
    n_disposals: int = 2
    streams: tuple[str, ...] = ("paper", "residual")
    windowed_fraction: float = 0.3
    may_fraction: float = 0.4
    town_km: float = 8.0
    shift_h: tuple[int, int] = (6, 14)
    capacity_kg: tuple[int, ...] = (5_000, 9_000)
    capacity_l: tuple[int, ...] = (60_000, 110_000)
    pickup_kg: tuple[int, int] = (40, 600)
    pickup_l: tuple[int, int] = (400, 6_000)
    service_s: tuple[int, int] = (90, 480)
    max_stretch_s: int = 6 * 3600
    breaks: tuple[ProblemBreak, ...] = ARBZG_BREAKS
    max_trips: int = 4


def generated_day(seed: int, kind: DayKind = DayKind()) -> Problem:
    """A day in a round town with directed streets, two truck profiles and several disposal sites."""
    rng = np.random.default_rng(seed)
    n_places = 1 + kind.n_disposals + kind.n_pickups
    xy_m = rng.normal(0, kind.town_km * 250, size=(n_places, 2))
    xy_m[1 : 1 + kind.n_disposals] *= 2.5
    travel = {
        profile: _matrix(rng, xy_m, speed_m_per_s=speed) for profile, speed in (("truck_26t", 7.0), ("van_3_5t", 8.5))
    }
    vehicles = tuple(_vehicle(rng, kind, at) for at in range(kind.n_vehicles))
    far = travel["truck_26t"].distance_m.max() if n_places > 1 else 0
    whole_day = sum(one.fixed_micro_eur + 9 * 3600 * one.per_s_micro_eur for one in vehicles)
    whole_day += int(far) * 1_000 * (kind.n_pickups + 10) + 60 * MICRO_EUR_PER_EUR * kind.n_pickups
    return Problem(
        midnight_at=datetime(2026, 3, 2, tzinfo=UTC),
        travel=travel,
        pickups=tuple(_pickup(rng, kind, at, penalty=whole_day) for at in range(kind.n_pickups)),
        vehicles=vehicles,
        disposals=tuple(_disposal(rng, kind, at) for at in range(kind.n_disposals)),
    )


def _matrix(rng: np.random.Generator, xy_m: np.ndarray, *, speed_m_per_s: float) -> TravelMatrix:
    grid_m = np.abs(xy_m[:, None, :] - xy_m[None, :, :]).sum(axis=2)
    # One-way streets: some directions are longer, and the triangle inequality is mended afterwards.
    distance_m = grid_m * rng.uniform(1.0, 1.3, size=grid_m.shape)
    for via in range(len(xy_m)):
        distance_m = np.minimum(distance_m, distance_m[:, via : via + 1] + distance_m[via : via + 1, :])
    np.fill_diagonal(distance_m, 0)
    return TravelMatrix.from_arrays(
        duration_s=np.rint(distance_m / speed_m_per_s).astype(np.int32), distance_m=np.rint(distance_m).astype(np.int32)
    )


def _vehicle(rng: np.random.Generator, kind: DayKind, at: int) -> ProblemVehicle:
    size = at % len(kind.capacity_kg)
    starts_s = kind.shift_h[0] * 3600 + int(rng.integers(0, 3)) * 900
    return ProblemVehicle(
        vehicle_id=f"T-{at + 1}",
        profile="van_3_5t" if size == 0 and len(kind.capacity_kg) > 1 else "truck_26t",
        start_place_index=0,
        end_place_index=0,
        shift=(starts_s, kind.shift_h[1] * 3600 + int(rng.integers(0, 3)) * 900),
        max_work_s=10 * 3600,
        max_stretch_s=kind.max_stretch_s,
        breaks=kind.breaks,
        capacity_kg=kind.capacity_kg[size],
        capacity_l_by_stream={
            stream: kind.capacity_l[size] * (1 + number % 2) for number, stream in enumerate(kind.streams)
        },
        max_trips=kind.max_trips,
        fixed_micro_eur=(80 + 40 * size) * MICRO_EUR_PER_EUR,
        per_m_micro_eur=900 + 300 * size,
        per_s_micro_eur=round(60 * MICRO_EUR_PER_EUR / 3600),
    )


def _pickup(rng: np.random.Generator, kind: DayKind, at: int, *, penalty: int) -> Pickup:
    windows = ALL_DAY
    drawn = rng.random()
    if drawn < kind.windowed_fraction / 2:
        opens_s = int(rng.integers(kind.shift_h[0], kind.shift_h[1] - 2)) * 3600
        windows = ((opens_s, opens_s + int(rng.integers(2, 5)) * 3600),)
    elif drawn < kind.windowed_fraction:
        windows = ((kind.shift_h[0] * 3600, (kind.shift_h[0] + 2) * 3600), ((kind.shift_h[1] - 2) * 3600, 86_400))
    is_must = bool(rng.random() >= kind.may_fraction)
    waiting = int(rng.integers(2, 40)) * MICRO_EUR_PER_EUR
    allowed = [index for index in range(kind.n_vehicles) if rng.random() > 0.1] or list(range(kind.n_vehicles))
    return Pickup(
        pickup_id=f"S-{at + 1}",
        place_index=1 + kind.n_disposals + at,
        stream=kind.streams[int(rng.integers(len(kind.streams)))],
        container_ids=(f"C-{at + 1}",),
        demand_kg=int(rng.integers(*kind.pickup_kg)),
        demand_l=int(rng.integers(*kind.pickup_l)),
        service_s=int(rng.integers(*kind.service_s)),
        windows=windows,
        allowed_vehicles=frozenset(allowed),
        prize_micro_eur=penalty + waiting if is_must else waiting,
        is_must=is_must,
    )


def _disposal(rng: np.random.Generator, kind: DayKind, at: int) -> ProblemDisposal:
    streams = set(kind.streams)
    if at > 0 and len(streams) > 1:
        streams.discard(kind.streams[at % len(kind.streams)])
    return ProblemDisposal(
        disposal_site_id=f"D-{at + 1}",
        place_index=1 + at,
        streams=frozenset(streams),
        windows=((int(rng.integers(5, 8)) * 3600, 86_400),),
        unloading_s=600,
        per_kg_micro_eur=int(rng.integers(0, 3)) * 10_000,
        allowed_vehicles=frozenset(range(kind.n_vehicles)),
    )


TINY = DayKind(
    n_pickups=6,
    n_vehicles=2,
    n_disposals=2,
    town_km=10,
    capacity_kg=(900, 1_400),
    capacity_l=(6_000, 12_000),
    pickup_kg=(100, 600),
    pickup_l=(500, 4_000),
    service_s=(600, 3_000),
    max_trips=3,
)
"""Small enough for enumeration, with trips, streams, windows and breaks that bind."""


def with_rare_rules(problem: Problem, seed: int, *, share: float = 0.6) -> Problem:
    """The day with each rare rule drawn: time out, load a day, overtime, tolls, queues, travel by time of day."""
    rng = np.random.default_rng(seed + 20_000)
    draws = rng.random(5) < share
    if draws[0]:
        problem = replace(problem, vehicles=tuple(_out_for_a_while(rng, one) for one in problem.vehicles))
    if draws[1]:
        problem = replace(problem, vehicles=tuple(_with_overtime(rng, one) for one in problem.vehicles))
    if draws[2]:
        rates = [int(rng.integers(0, 3)) * 400 for _ in problem.vehicles]
        vehicles = [replace(one, toll_per_m_micro_eur=rate) for one, rate in zip(problem.vehicles, rates, strict=True)]
        travel = {name: _with_tolls(rng, matrix) for name, matrix in problem.travel.items()}
        problem = replace(problem, travel=travel, vehicles=tuple(vehicles))
    if draws[3]:
        problem = replace(problem, disposals=tuple(_with_queue(rng, one) for one in problem.disposals))
    if draws[4]:
        slices = {name: _rush_hours(rng, matrix) for name, matrix in problem.travel.items()}
        problem = replace(problem, travel_slices=slices)
    return with_day_loads(problem, seed) if rng.random() < share else problem


def with_day_loads(problem: Problem, seed: int) -> Problem:
    """The day with a limit of what most vehicles collect in all their trips: from hardly anything to hardly a limit."""
    rng = np.random.default_rng(seed + 30_000)
    equal_kg = sum(one.demand_kg for one in problem.pickups) / max(1, len(problem.vehicles))
    limits = [int(rng.uniform(0.2, 1.2) * equal_kg) if rng.random() < 0.7 else None for _ in problem.vehicles]
    vehicles = [replace(one, max_day_kg=kg) for one, kg in zip(problem.vehicles, limits, strict=True)]
    return replace(problem, vehicles=tuple(vehicles))


def _out_for_a_while(rng: np.random.Generator, vehicle: ProblemVehicle) -> ProblemVehicle:
    return replace(vehicle, max_out_s=int(rng.integers(2, 9)) * 3600) if rng.random() < 0.7 else vehicle


def _with_overtime(rng: np.random.Generator, vehicle: ProblemVehicle) -> ProblemVehicle:
    if rng.random() < 0.2:
        return vehicle
    rate = int(rng.integers(1, 4)) * vehicle.per_s_micro_eur
    return replace(vehicle, regular_work_s=int(rng.integers(2, 8)) * 3600, overtime_per_s_micro_eur=rate)


def _with_tolls(rng: np.random.Generator, matrix: TravelMatrix) -> TravelMatrix:
    share = rng.random(matrix.distance_m.shape) * (rng.random(matrix.distance_m.shape) < 0.4)
    toll_m = (matrix.distance_m * share).astype(np.int32)
    return TravelMatrix.from_arrays(duration_s=matrix.duration_s, distance_m=matrix.distance_m, toll_m=toll_m)


def _with_queue(rng: np.random.Generator, disposal: ProblemDisposal) -> ProblemDisposal:
    """Every few hours another queue; who joins it before the hour is over is served after it."""
    opens_s, closes_s = disposal.windows[0]
    windows, queues = [], []
    while opens_s < closes_s:
        until_s = min(closes_s, opens_s + int(rng.integers(1, 4)) * 3600)
        queue_s = int(rng.integers(0, 4)) * 600
        ends_s = min(until_s - 1 + disposal.unloading_s + queue_s, closes_s)
        if ends_s - disposal.unloading_s - queue_s >= opens_s:
            windows.append((opens_s, ends_s))
            queues.append(queue_s)
        opens_s = until_s
    return replace(disposal, windows=tuple(windows), queue_s=tuple(queues))


def _rush_hours(rng: np.random.Generator, matrix: TravelMatrix) -> tuple[TravelSlice, ...]:
    """Slower from some hour on, on other streets, and as before later."""
    starts_s = int(rng.integers(6, 10)) * 3600
    longer = rng.uniform(1.0, 1.8)
    rush = TravelMatrix.from_arrays(
        duration_s=(matrix.duration_s * longer).astype(np.int32),
        distance_m=(matrix.distance_m * rng.uniform(1.0, 1.1)).astype(np.int32),
        toll_m=matrix.toll_m,
    )
    ends_s = starts_s + int(rng.integers(1, 4)) * 3600
    return (TravelSlice(starts_s=starts_s, matrix=rush), TravelSlice(starts_s=ends_s, matrix=matrix))
