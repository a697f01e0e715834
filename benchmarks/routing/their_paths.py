"""OSRM's path between two points with the OSM nodes along it, by its route service in this process."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LonLat = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TheirPath:
    """One path.

    Attributes
    ----------
    nodes
        OSM ids along it; the first and last street stretch is listed whole.
    stretch_s
        Seconds from each node to the next.
    duration_s
        Of the whole path, turns included.
    ends
        Longitude and latitude where it really starts and ends.
    """

    nodes: tuple[int, ...]
    stretch_s: tuple[float, ...]
    duration_s: float
    ends: tuple[LonLat, LonLat]


class TheirPaths:
    """Asks for single paths."""

    def __init__(self, stem: Path, *, algorithm: str = "MLD") -> None:
        self._osrm: Any = importlib.import_module("osrm")
        self._engine = self._osrm.OSRM(algorithm=algorithm, storage_config=str(stem), use_shared_memory=False)

    def path(self, start: LonLat, end: LonLat, *, bearings_deg: Sequence[float] = ()) -> TheirPath | None:
        """The fastest path, starting and ending in the directions given if any; ``None`` where there is none."""
        request = self._osrm.RouteParameters(
            coordinates=[start, end],
            annotations=["nodes", "duration"],
            overview="false",
            generate_hints=False,
            bearings=[(round(bearing) % 360, 25) for bearing in bearings_deg],
        )
        try:
            answer = self._engine.Route(request)
        except RuntimeError:  # how the bindings say NoRoute and NoSegment
            return None
        route = answer["routes"][0]
        annotation = route["legs"][0]["annotation"]
        places = [list(waypoint["location"]) for waypoint in answer["waypoints"]]
        return TheirPath(
            nodes=tuple(int(node) for node in annotation["nodes"]),
            stretch_s=tuple(float(seconds) for seconds in annotation["duration"]),
            duration_s=float(route["duration"]),
            ends=((places[0][0], places[0][1]), (places[1][0], places[1][1])),
        )
