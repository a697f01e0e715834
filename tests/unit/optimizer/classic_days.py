"""Random days of the classic kinds: one trip a vehicle from and to its depot, loads, windows, types and prizes."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from optimizer.problem.problem import Pickup, Problem, ProblemDisposal, ProblemVehicle
from routing.matrix import TravelMatrix

SHIFT = (0, 30_000)


def classic_day(
    seed: int,
    n_pickups: int,
    *,
    n_vehicles: int = 4,
    has_windows: bool = False,
    may_fraction: float = 0.0,
    two_kinds: bool = False,
    has_free_choice: bool = False,
    two_depots: bool = False,
    is_limited: bool = False,
    room: int = 40,
) -> Problem:
    """Directed ways, loads and perhaps windows; each vehicle makes one trip from and to its depot.

    On limited days vehicles may be out only for so long, and no pickup lies so well that leaving it out takes longer.
    """
    rng = np.random.default_rng(seed)
    n_depots = 2 if two_depots else 1
    xy = rng.integers(0, 1_000, (n_depots + n_pickups, 2))
    metres = np.rint(np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))).astype(np.int64)
    metres += np.where(np.eye(len(xy), dtype=bool), 0, rng.integers(0, 60, metres.shape))
    choice = ((room // 3, 200, 2), (2 * room // 3, 350, 2), (room, 500, 3), (2 * room, 900, 3))
    vehicles = tuple(
        ProblemVehicle(
            vehicle_id=f"v{at}",
            profile="truck",
            start_place_index=at % n_depots,
            end_place_index=at % n_depots,
            shift=SHIFT,
            max_work_s=SHIFT[1],
            max_stretch_s=SHIFT[1],
            breaks=(),
            capacity_kg=room // 2 if two_kinds and at % 4 < 2 else room,
            capacity_l_by_stream={"paper": 10_000},
            max_trips=1,
            fixed_micro_eur=300 if two_kinds and at % 4 < 2 else 700,
            per_m_micro_eur=2,
            per_s_micro_eur=0,
        )
        for at in range(n_vehicles)
    )
    if has_free_choice:
        vehicles = tuple(
            replace(
                one, capacity_kg=choice[at % 4][0], fixed_micro_eur=choice[at % 4][1], per_m_micro_eur=choice[at % 4][2]
            )
            for at, one in enumerate(vehicles)
        )
    if is_limited:
        vehicles = tuple(replace(one, max_out_s=2_700 + 300 * (at % 4 // 2)) for at, one in enumerate(vehicles))
    pickups = []
    for at in range(n_pickups):
        opens_s = int(rng.integers(0, 6_000)) if has_windows else 0
        pickups.append(
            Pickup(
                pickup_id=f"p{at}",
                place_index=n_depots + at,
                stream="paper",
                container_ids=(f"c{at}",),
                demand_kg=int(rng.integers(1, 15)),
                demand_l=int(rng.integers(1, 15)),
                service_s=int(rng.integers(10, 200)) + (61 if is_limited else 0),
                windows=((opens_s, opens_s + 1_500 if has_windows else SHIFT[1]),),
                allowed_vehicles=frozenset(range(n_vehicles)),
                prize_micro_eur=int(rng.integers(200, 2_500)) if rng.random() < may_fraction else 10**7,
                is_must=False,
            )
        )
    disposals = tuple(
        ProblemDisposal(
            disposal_site_id=f"d{depot}",
            place_index=depot,
            streams=frozenset({"paper"}),
            windows=((0, SHIFT[1]),),
            unloading_s=60,
            per_kg_micro_eur=3,
            allowed_vehicles=frozenset(at for at in range(n_vehicles) if at % n_depots == depot),
        )
        for depot in range(n_depots)
    )
    matrix = TravelMatrix.from_arrays(duration_s=metres, distance_m=metres * 3)
    return Problem(
        midnight_at=datetime(2026, 3, 2, tzinfo=UTC),
        travel={"truck": matrix},
        pickups=tuple(pickups),
        vehicles=vehicles,
        disposals=disposals,
    )


CLASSIC_KINDS: tuple[dict[str, Any], ...] = (
    {},
    {"has_windows": True},
    {"may_fraction": 0.6},
    {"two_kinds": True, "has_windows": True, "may_fraction": 0.3},
    {"two_depots": True, "has_windows": True},
    {"has_free_choice": True},
    {"has_free_choice": True, "has_windows": True, "may_fraction": 0.3},
    {"has_free_choice": True, "two_depots": True, "may_fraction": 0.3},
    {"is_limited": True, "has_windows": True},
    {"is_limited": True, "has_windows": True, "two_depots": True, "may_fraction": 0.3},
    {"is_limited": True, "has_free_choice": True, "may_fraction": 0.3},
)
