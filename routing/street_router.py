"""The router on real streets: map, profiles, snapping and search behind the port ``StreetRouter``.

Guards that a matrix is complete: a waypoint that cannot be placed, or that the anchor cannot exchange a vehicle
with, is named and left out before anything is searched.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.cch.many_to_many import Matrix
from routing.closed_streets import closed_street_notices, near_taken_streets, split_closing
from routing.conditions import Conditions
from routing.errors import UnreachableError, WaypointError
from routing.kernels.cch_matrix import UNREACHABLE
from routing.leg_paths import leg_paths
from routing.local_time import LocalTime
from routing.location import Location, Waypoint
from routing.manoeuvres import TurnGuide
from routing.map_report import MapReport, report_gaps
from routing.matrix import PlacedDurations, PlacedTravel, Rejection, TravelMatrix
from routing.metric import Metric
from routing.notices import ClosedStreetNotice
from routing.override_book import NO_OVERRIDES, OverrideBook
from routing.override_targets import target_issues
from routing.overrides import AllowPrivate, Override, WayTarget
from routing.path import LegPath
from routing.places import Places
from routing.ports import MapInfo, ProgressCallback
from routing.private_streets import PrivateStreets
from routing.profile import load_profile, profile_names
from routing.profile_engines import ProfileEngine, ProfileEngines
from routing.query import Traces
from routing.reachability import Reachability, blocking_rule
from routing.result_arrays import empty_matrix
from routing.snapping import DEFAULT_LIMIT_M, NearestStreet, Placement, SnapIndex
from routing.streets import MapIssue, StreetGraph
from routing.streets_file import load_cached_streets
from routing.toll_rules import TollRule, toll_rule_of_zone, toll_segments

_SERVED_ID = "private streets with places to serve"
_SMALL_POINTS = 1_500
"""Below, a second thread costs more than it saves: what does not divide takes half of the time."""


def open_router(
    path: Path,
    *,
    cache_dir: Path | None = None,
    profiles_dir: Path | None = None,
    overrides: OverrideBook = NO_OVERRIDES,
) -> "RoadRouter":
    """A router on an OSM file, from the cache when the same file was opened before.

    Parameters
    ----------
    path
        An OSM file (``.osm.pbf``, ``.osm``).
    cache_dir
        Where imported streets and their hierarchy are kept; nothing is written when it is not given.
    profiles_dir
        Folder with vehicle profiles of one's own (``*.toml``).
    overrides
        What the depot knows better than the map.

    Raises
    ------
    BrokenMapError
        When the file cannot be read.
    """
    streets = load_cached_streets(path, cache_dir=cache_dir)
    return RoadRouter(streets, profiles_dir=profiles_dir, cache_dir=cache_dir, overrides=overrides)


class RoadRouter:
    """Travel matrices and leg paths on the streets of one map.

    Safe to share between threads; a pickled copy reads or rebuilds its indices on first use.

    Parameters
    ----------
    streets
        The map.
    profiles_dir
        Folder with vehicle profiles of one's own.
    cache_dir
        Where the hierarchy is kept, and where very large matrices have their nameless files.
    limit_m
        How far a street may be from its waypoint.
    n_threads
        Threads of one matrix; two where there are two cores, if not given. The answer is the same for any number.
    overrides
        What the depot knows better than the map. Dated ones need the instant ``at`` of a query to hold.
    """

    def __init__(
        self,
        streets: StreetGraph,
        *,
        profiles_dir: Path | None = None,
        cache_dir: Path | None = None,
        limit_m: float = DEFAULT_LIMIT_M,
        n_threads: int | None = None,
        overrides: OverrideBook = NO_OVERRIDES,
    ) -> None:
        self.streets = streets
        self._profiles_dir = profiles_dir
        self._limit_m = limit_m
        self._cache_dir = cache_dir
        self._n_threads = n_threads or min(2, os.cpu_count() or 1)
        self._overrides = overrides
        self._prepare()

    @classmethod
    def from_streets(
        cls,
        streets: StreetGraph,
        *,
        profiles_dir: Path | None = None,
        cache_dir: Path | None = None,
        limit_m: float = DEFAULT_LIMIT_M,
        n_threads: int | None = None,
        overrides: OverrideBook = NO_OVERRIDES,
    ) -> "RoadRouter":
        """A router on streets that are already in memory."""
        return cls(
            streets,
            profiles_dir=profiles_dir,
            cache_dir=cache_dir,
            limit_m=limit_m,
            n_threads=n_threads,
            overrides=overrides,
        )

    @property
    def map_info(self) -> MapInfo:
        """Which map the answers come from."""
        return self.streets.info

    @cached_property
    def toll_rule(self) -> TollRule:
        """Where lorries pay toll on this map."""
        return toll_rule_of_zone(LocalTime.of_map(self.map_info).zone.key)

    @property
    def overrides(self) -> OverrideBook:
        """What the depot knows better than the map."""
        return self._overrides

    @cached_property
    def override_issues(self) -> tuple[MapIssue, ...]:
        """Ways, names and areas of overrides that this map does not have, with suggestions."""
        return target_issues(self._overrides, self.streets)

    def with_overrides(self, overrides: OverrideBook) -> "RoadRouter":
        """A router with another book; it shares the map, all indices and what has been worked out with this one."""
        router = object.__new__(RoadRouter)  # copying would prepare everything anew, as for another process
        router.__dict__.update(self.__dict__)
        router._overrides = overrides
        router.__dict__.pop("override_issues", None)
        return router

    def serving(self, waypoints: Sequence[Waypoint]) -> "RoadRouter":
        """A router whose vehicles may also use the private streets on which these waypoints stand.

        Other private streets stay closed. Equal private streets give equal answers, whichever waypoints named them.
        """
        ways = self._private_streets.ways_at([one.location for one in waypoints], limit_m=self._limit_m)
        if not ways or any(one.override_id == _SERVED_ID for one in self._overrides.overrides):
            return self
        book = self._overrides.add(
            Override(
                override_id=_SERVED_ID,
                change=AllowPrivate(),
                target=WayTarget(way_ids=ways),
                reason="a place that is served stands on it",
                created_by="fuhre",
                created_at=self.map_info.data_at or datetime(2000, 1, 1, tzinfo=UTC),
            )
        )
        return self.with_overrides(book)

    @cached_property
    def _private_streets(self) -> PrivateStreets:
        driven = (load_profile(name, profiles_dir=self._profiles_dir).class_kph for name in self.profiles)
        classes = frozenset(name for class_kph in driven for name, kph in class_kph.items() if kph > 0)
        return PrivateStreets(self.streets, classes=classes)

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
        at: datetime | None = None,
        with_tolls: bool = False,
    ) -> PlacedTravel:
        """Durations and distances between all waypoints that can be placed; see the port.

        Raises
        ------
        UnknownProfileError
            When there is no such profile.
        BrokenProfileError
            When the profile's file has missing or impossible values.
        """
        chosen = self._engines.of(profile, self._conditions(at))
        places, row_of, rejections = self._admitted(waypoints, chosen, anchor_index=anchor_index)
        out = self._empty_matrix(places), self._empty_matrix(places)
        chosen.query.matrices(places, n_threads=self._threads_for(places), progress=progress, out=out)
        for answer in out:
            _seal(answer)
        if progress is not None:
            progress(1.0)
        toll_m = self._toll_m(places, chosen, profile) if with_tolls else None
        matrix = TravelMatrix(duration_s=out[0], distance_m=out[1], toll_m=toll_m)
        return PlacedTravel(matrix=matrix, row_of=row_of, rejections=rejections)

    def durations(
        self,
        waypoints: Sequence[Waypoint],
        *,
        profile: str,
        anchor_index: int = 0,
        progress: ProgressCallback | None = None,
        at: datetime | None = None,
    ) -> PlacedDurations:
        """The durations of ``travel`` alone, in about two thirds of its time.

        Raises
        ------
        UnknownProfileError
            When there is no such profile.
        BrokenProfileError
            When the profile's file has missing or impossible values.
        """
        chosen = self._engines.of(profile, self._conditions(at))
        places, row_of, rejections = self._admitted(waypoints, chosen, anchor_index=anchor_index)
        out = self._empty_matrix(places)
        chosen.query.durations(places, n_threads=self._threads_for(places), progress=progress, out=out)
        _seal(out)
        if progress is not None:
            progress(1.0)
        return PlacedDurations(duration_s=out, row_of=row_of, rejections=rejections)

    def paths(
        self,
        waypoints: Sequence[Waypoint],
        legs: Sequence[tuple[int, int]],
        *,
        profile: str,
        at: datetime | None = None,
    ) -> tuple[LegPath, ...]:
        """Street geometry and manoeuvres for legs between waypoint indices, in the order asked; see the port.

        Raises
        ------
        UnknownProfileError
            When there is no such profile.
        BrokenProfileError
            When the profile's file has missing or impossible values.
        WaypointError
            When a leg's end cannot be placed or the leg has no path.
        """
        chosen = self._engines.of(profile, self._conditions(at))
        places, pairs, traces = self._traced(chosen, waypoints, legs)
        goals = [waypoints[end].location for _, end in legs]
        starts, ends = places.taken(pairs[:, 0]), places.taken(pairs[:, 1])
        return leg_paths(self._guide, traces, starts=starts, ends=ends, goals=goals)

    def map_report(
        self,
        *,
        profile: str,
        waypoints: Sequence[Waypoint] = (),
        legs: Sequence[tuple[int, int]] | None = None,
        at: datetime | None = None,
    ) -> MapReport:
        """What the map does not say about the streets of some legs, or about all that the vehicle may use.

        Raises
        ------
        UnknownProfileError
            When there is no such profile.
        BrokenProfileError
            When the profile's file has missing or impossible values.
        WaypointError
            When a leg's end cannot be placed or the leg has no path.
        """
        chosen = self._engines.of(profile, self._conditions(at))
        arcs = None if legs is None else self._traced(chosen, waypoints, legs)[2].arc.tolist()
        vehicle = load_profile(profile, profiles_dir=self._profiles_dir)
        return report_gaps(self.streets, vehicle, arcs=arcs, is_open=chosen.query.metric.arc_ms >= 0)

    def closed_streets(
        self, waypoints: Sequence[Waypoint], *, profile: str, at: datetime | None = None
    ) -> tuple[ClosedStreetNotice, ...]:
        """Waypoints whose own street an override takes away; see the port.

        Raises
        ------
        UnknownProfileError
            When there is no such profile.
        BrokenProfileError
            When the profile's file has missing or impossible values.
        """
        in_force = self._overrides.active_at(at, LocalTime.of_map(self.map_info))
        closing, others = split_closing(in_force, profile=profile)
        if not closing:
            return ()
        chosen = self._engines.of(profile, self._conditions(at))
        metric = chosen.query.metric
        near = near_taken_streets(waypoints, closing, metric, index=self._index, limit_m=self._limit_m)
        if not near.size:
            return ()
        asked = [waypoints[position] for position in near.tolist()]
        without = self._engines.of(profile, Conditions(at=at, overrides=others)).query.metric
        return closed_street_notices(
            near,
            before=self._index.locate(asked, without, limit_m=self._limit_m),
            now=self._located(asked, chosen),
            metric=metric,
            closing=closing,
            streets=self.streets,
        )

    def replace_metric(self, profile: str, metric: Metric) -> None:
        """Answer for a profile with other costs from now on; only what changed is worked out anew.

        Calls that have begun end with the costs they began with.

        Raises
        ------
        UnknownProfileError
            When there is no such profile.
        BrokenProfileError
            When the profile's file has missing or impossible values.
        """
        self._engines.replace_metric(profile, metric)

    def nearest_street(self, location: Location, *, profile: str = "van_3_5t") -> NearestStreet | None:
        """The nearest street with a name that the vehicle may use, ``None`` when there is none within the limit."""
        engine = self._engines.of(profile).query
        return self._index.nearest_named(location, engine.metric, limit_m=self._limit_m)

    def __getstate__(self) -> dict[str, Any]:
        return {
            "streets": self.streets,
            "profiles_dir": self._profiles_dir,
            "cache_dir": self._cache_dir,
            "limit_m": self._limit_m,
            "n_threads": self._n_threads,
            "overrides": self._overrides,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        streets = state.pop("streets")
        self.__init__(streets, **state)  # type: ignore[misc]  # a copy starts like a new router

    def _prepare(self) -> None:
        self._index = SnapIndex(self.streets)
        self._guide = TurnGuide(self.streets)
        self._engines = ProfileEngines(self.streets, profiles_dir=self._profiles_dir, cache_dir=self._cache_dir)

    def _conditions(self, at: datetime | None) -> Conditions:
        return Conditions(at=at, overrides=self._overrides)

    def _located(self, waypoints: Sequence[Waypoint], chosen: ProfileEngine) -> Placement:
        """Places where the vehicle stops, after the profile's rule for reversing if it has one."""
        placement = self._index.locate(waypoints, chosen.query.metric, limit_m=self._limit_m)
        return placement if chosen.turning is None else chosen.turning.applied(waypoints, placement)

    def _traced(
        self, chosen: ProfileEngine, waypoints: Sequence[Waypoint], legs: Sequence[tuple[int, int]]
    ) -> tuple[Places, NDArray[np.intp], Traces]:
        """Places of the waypoints that legs use, the legs between them, and their ways."""
        asked, flat = np.unique(np.array(legs, dtype=np.intp).reshape(-1, 2), return_inverse=True)
        placement = self._located([waypoints[i] for i in asked.tolist()], chosen)
        if placement.errors:
            raise placement.errors[min(placement.errors)]
        pairs = flat.reshape(-1, 2)
        traces = chosen.query.traces(placement.places, pairs)
        lost = np.flatnonzero(traces.duration_s == UNREACHABLE)
        if lost.size:
            start, end = legs[int(lost[0])]
            name = self.streets.segment_name(int(placement.places.segment[pairs[lost[0], 1]]))
            detail = f"there is no way from {waypoints[start].label}"
            raise UnreachableError(label=waypoints[end].label, street_name=name, detail=detail)
        return placement.places, pairs, traces

    def _admitted(
        self, waypoints: Sequence[Waypoint], chosen: ProfileEngine, *, anchor_index: int
    ) -> tuple[Places, NDArray[np.int32], tuple[Rejection, ...]]:
        """Places of the waypoints that get a row, the row of each waypoint, and those without one."""
        placement = self._located(waypoints, chosen)
        errors = placement.errors
        if waypoints:
            metric = chosen.query.metric
            errors = self._errors(waypoints, placement, metric, chosen.reachability, anchor_index=anchor_index)
        if not errors:
            return placement.places, np.arange(len(waypoints), dtype=np.int32), ()
        rejections = tuple(Rejection(waypoint_index=index, error=errors[index]) for index in sorted(errors))
        is_placed = np.ones(len(waypoints), dtype=np.bool_)
        is_placed[list(errors)] = False
        row_of = np.where(is_placed, np.cumsum(is_placed) - 1, -1).astype(np.int32)
        return placement.places.taken(np.flatnonzero(is_placed)), row_of, rejections

    def _empty_matrix(self, places: Places) -> Matrix:
        return empty_matrix(len(places), scratch_dir=self._cache_dir)

    def _toll_m(self, places: Places, chosen: ProfileEngine, profile: str) -> Matrix:
        """Metres on toll streets of the fastest ways; none for vehicles that are too light to pay."""
        out = self._empty_matrix(places)
        weight_kg = load_profile(profile, profiles_dir=self._profiles_dir).weight_kg
        if weight_kg > self.toll_rule.above_kg:
            chosen.query.toll_lengths(places, self._is_toll_segment, n_threads=self._threads_for(places), out=out)
        else:
            out[:] = 0
        _seal(out)
        return out

    @cached_property
    def _is_toll_segment(self) -> NDArray[np.bool_]:
        return toll_segments(self.streets, self.toll_rule)

    def _threads_for(self, places: Places) -> int:
        return self._n_threads if len(places) >= _SMALL_POINTS else 1

    def _errors(
        self,
        waypoints: Sequence[Waypoint],
        placement: Placement,
        metric: Metric,
        reachability: Reachability,
        *,
        anchor_index: int,
    ) -> dict[int, WaypointError]:
        """Waypoints that have no place or cannot exchange a vehicle with the anchor."""
        errors = dict(placement.errors)
        anchor_index %= len(waypoints)
        if anchor_index in errors:
            detail = f"the place that all tours start from cannot be used ({errors[anchor_index]})"
            for index in set(range(len(waypoints))) - errors.keys():
                errors[index] = self._unreachable(waypoints[index], placement, index, detail)
            return errors
        reach = reachability.around(placement.places.taken(np.array([anchor_index])))
        no_way_from, no_way_to = reach.missing(placement.places)
        for index in np.flatnonzero(no_way_from | no_way_to).tolist():
            if index not in errors:
                rule = blocking_rule(self.streets, metric, int(placement.places.segment[index]))
                detail = f"there is no way {'from' if no_way_from[index] else 'to'} {waypoints[anchor_index].label}"
                detail += f"; {rule}" if rule else ""
                errors[index] = self._unreachable(waypoints[index], placement, index, detail)
        return errors

    def _unreachable(self, waypoint: Waypoint, placement: Placement, index: int, detail: str) -> UnreachableError:
        name = self.streets.segment_name(int(placement.places.segment[index]))
        return UnreachableError(label=waypoint.label, street_name=name, detail=detail)


def _seal(matrix: Matrix) -> None:
    """Make an answer read-only, after a look for entries that must not be there."""
    if matrix.size and matrix.max() == UNREACHABLE:
        raise AssertionError("Connected places have no path between them: the reachability check is wrong.")
    matrix.setflags(write=False)
