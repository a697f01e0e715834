"""The router on real streets: map, profiles, snapping and search behind the port ``StreetRouter``.

Guards that a matrix is complete: a waypoint that cannot be placed, or that the anchor cannot exchange a vehicle
with, is named and left out before anything is searched.
"""

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from routing.errors import UnreachableError, WaypointError
from routing.kernels.search import UNREACHED
from routing.leg_shapes import leg_shape, street_names
from routing.location import Location, Waypoint
from routing.matrix import PlacedTravel, Rejection, TravelMatrix
from routing.metric import build_metric
from routing.path import LegPath
from routing.ports import MapInfo, ProgressCallback
from routing.profile import load_profile, profile_names
from routing.query import QueryEngine, metres, seconds
from routing.reachability import Reach, anchor_reach, blocking_rule
from routing.snapping import DEFAULT_LIMIT_M, NearestStreet, Snap, SnapIndex
from routing.streets import StreetGraph
from routing.streets_file import load_cached_streets
from routing.turns import TurnGraph, build_turns


def open_router(path: Path, *, cache_dir: Path | None = None, profiles_dir: Path | None = None) -> "RoadRouter":
    """A router on an OSM file, from the cache when the same file was opened before.

    Parameters
    ----------
    path
        An OSM file (``.osm.pbf``, ``.osm``).
    cache_dir
        Where imported streets are kept; nothing is written when it is not given.
    profiles_dir
        Folder with vehicle profiles of one's own (``*.toml``).

    Raises
    ------
    BrokenMapError
        When the file cannot be read.
    """
    return RoadRouter.from_streets(load_cached_streets(path, cache_dir=cache_dir), profiles_dir=profiles_dir)


class RoadRouter:
    """Travel matrices and leg paths on the streets of one map.

    Safe to share between threads; a pickled copy rebuilds its indices on first use.
    """

    def __init__(
        self,
        streets: StreetGraph,
        *,
        profiles_dir: Path | None = None,
        limit_m: float = DEFAULT_LIMIT_M,
        n_threads: int | None = None,
    ) -> None:
        self.streets = streets
        self._profiles_dir = profiles_dir
        self._limit_m = limit_m
        self._n_threads = n_threads
        self._prepare()

    @classmethod
    def from_streets(
        cls,
        streets: StreetGraph,
        *,
        profiles_dir: Path | None = None,
        limit_m: float = DEFAULT_LIMIT_M,
        n_threads: int | None = None,
    ) -> "RoadRouter":
        """A router on streets that are already in memory."""
        return cls(streets, profiles_dir=profiles_dir, limit_m=limit_m, n_threads=n_threads)

    @property
    def map_info(self) -> MapInfo:
        """Which map the answers come from."""
        return self.streets.info

    @property
    def profiles(self) -> tuple[str, ...]:
        """Names of the shipped profiles and of those in the profiles folder."""
        return profile_names(self._profiles_dir)

    def travel(
        self,
        waypoints: Sequence[Waypoint],
        *,
        profile: str,
        anchor_index: int = 0,
        progress: ProgressCallback | None = None,
    ) -> PlacedTravel:
        """Durations and distances between all waypoints that can be placed; see the port.

        Raises
        ------
        UnknownProfileError
            When there is no such profile.
        BrokenProfileError
            When the profile's file has missing or impossible values.
        """
        engine = self._engine(profile)
        placed = self._index.place(waypoints, engine.metric, limit_m=self._limit_m)
        outcomes = self._connected(waypoints, placed, engine, anchor_index=anchor_index)
        snaps = [outcome for outcome in outcomes if isinstance(outcome, Snap)]
        rejections = tuple(
            Rejection(waypoint_index=index, error=outcome)
            for index, outcome in enumerate(outcomes)
            if isinstance(outcome, WaypointError)
        )
        row_of = np.full(len(waypoints), -1, dtype=np.int32)
        row_of[[index for index, outcome in enumerate(outcomes) if isinstance(outcome, Snap)]] = np.arange(len(snaps))
        cost = engine.packed_costs(snaps, n_threads=self._n_threads or os.cpu_count() or 1, progress=progress)
        if progress is not None:
            progress(1.0)
        if (cost == UNREACHED).any():
            raise AssertionError("Connected places have no path between them: the reachability check is wrong.")
        return PlacedTravel(
            matrix=TravelMatrix.from_arrays(duration_s=seconds(cost), distance_m=metres(cost)),
            row_of=row_of,
            rejections=rejections,
        )

    def paths(
        self, waypoints: Sequence[Waypoint], legs: Sequence[tuple[int, int]], *, profile: str
    ) -> tuple[LegPath, ...]:
        """Street geometry for legs between waypoint indices, in the order asked; see the port.

        Raises
        ------
        UnknownProfileError
            When there is no such profile.
        BrokenProfileError
            When the profile's file has missing or impossible values.
        WaypointError
            When a leg's end cannot be placed or the leg has no path.
        """
        engine = self._engine(profile)
        asked = sorted({index for leg in legs for index in leg})
        placed = self._index.place([waypoints[index] for index in asked], engine.metric, limit_m=self._limit_m)
        snap_of: dict[int, Snap] = {}
        for index, outcome in zip(asked, placed, strict=True):
            if isinstance(outcome, WaypointError):
                raise outcome
            snap_of[index] = outcome
        return tuple(self._leg(engine, waypoints, snap_of, leg) for leg in legs)

    def nearest_street(self, location: Location, *, profile: str = "van_3_5t") -> NearestStreet | None:
        """The nearest street with a name that the vehicle may use, ``None`` when there is none within the limit."""
        engine = self._engine(profile)
        return self._index.nearest_named(location, engine.metric, limit_m=self._limit_m)

    def __getstate__(self) -> dict[str, Any]:
        return {
            "streets": self.streets,
            "profiles_dir": self._profiles_dir,
            "limit_m": self._limit_m,
            "n_threads": self._n_threads,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        streets = state.pop("streets")
        self.__init__(streets, **state)  # type: ignore[misc]  # a copy starts like a new router

    def _prepare(self) -> None:
        self._index = SnapIndex(self.streets)
        self._turns: TurnGraph | None = None
        self._engines: dict[str, QueryEngine] = {}
        self._lock = threading.Lock()

    def _engine(self, profile: str) -> QueryEngine:
        with self._lock:
            if profile not in self._engines:
                vehicle = load_profile(profile, profiles_dir=self._profiles_dir)
                if self._turns is None:
                    self._turns = build_turns(self.streets)
                metric = build_metric(self.streets, self._turns, vehicle)
                self._engines[profile] = QueryEngine(streets=self.streets, turns=self._turns, metric=metric)
            return self._engines[profile]

    def _connected(
        self,
        waypoints: Sequence[Waypoint],
        placed: list[Snap | WaypointError],
        engine: QueryEngine,
        *,
        anchor_index: int,
    ) -> list[Snap | WaypointError]:
        """Snaps that can exchange a vehicle with the anchor; the others become errors."""
        if not waypoints:
            return []
        anchor = placed[anchor_index]
        if isinstance(anchor, WaypointError):
            return [
                self._without_anchor(waypoint, outcome, anchor)
                for waypoint, outcome in zip(waypoints, placed, strict=True)
            ]
        reach = anchor_reach(engine.metric, engine.turns, anchor)
        return [
            self._reachable(waypoint, outcome, engine, reach, anchor_label=waypoints[anchor_index].label)
            for waypoint, outcome in zip(waypoints, placed, strict=True)
        ]

    def _without_anchor(
        self, waypoint: Waypoint, outcome: Snap | WaypointError, anchor_error: WaypointError
    ) -> WaypointError:
        if isinstance(outcome, WaypointError):
            return outcome
        name = self.streets.segment_name(outcome.segment)
        detail = f"the place that all tours start from cannot be used ({anchor_error})"
        return UnreachableError(label=waypoint.label, street_name=name, detail=detail)

    def _reachable(
        self,
        waypoint: Waypoint,
        outcome: Snap | WaypointError,
        engine: QueryEngine,
        reach: Reach,
        *,
        anchor_label: str,
    ) -> Snap | WaypointError:
        if isinstance(outcome, WaypointError):
            return outcome
        missing = reach.missing(outcome, engine.turns)
        if not missing:
            return outcome
        rule = blocking_rule(self.streets, engine.metric, outcome.segment)
        detail = f"there is no way {missing} {anchor_label}" + (f"; {rule}" if rule else "")
        name = self.streets.segment_name(outcome.segment)
        return UnreachableError(label=waypoint.label, street_name=name, detail=detail)

    def _leg(
        self,
        engine: QueryEngine,
        waypoints: Sequence[Waypoint],
        snap_of: dict[int, Snap],
        leg: tuple[int, int],
    ) -> LegPath:
        start, end = snap_of[leg[0]], snap_of[leg[1]]
        trace = engine.trace(start, end) if leg[0] != leg[1] else engine.standstill(start)
        if trace is None:
            name = self.streets.segment_name(end.segment)
            detail = f"there is no way from {waypoints[leg[0]].label}"
            raise UnreachableError(label=waypoints[leg[1]].label, street_name=name, detail=detail)
        cost = np.array(trace.cost, dtype=np.int64)
        return LegPath(
            lon_lat_deg=leg_shape(self.streets, trace.arcs, start, end),
            duration_s=int(seconds(cost)),
            distance_m=int(metres(cost)),
            street_names=street_names(self.streets, trace.arcs),
        )
