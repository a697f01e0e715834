"""Query engines of one map, one per vehicle profile and situation, on one hierarchy that all of them share.

Guards that every engine's hierarchy holds all that its metric opens: a profile or closure that opens more than any
before widens the hierarchy, and the engines made before keep theirs. A situation (an instant, a closure) costs work
for what it changes only, and only the latest ones are kept.
"""

import contextlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from routing.conditions import ALWAYS, NO_SITUATION, Conditions, Situation
from routing.errors import BrokenProfileError
from routing.hierarchy_file import hierarchy_path, read_hierarchy, write_hierarchy
from routing.kernels.loading import LOADED_PARTS
from routing.metric import Metric, MetricChange, MetricTable, build_metric
from routing.profile import VehicleProfile, load_profile, profile_names
from routing.query import QueryEngine
from routing.reachability import Reachability
from routing.streets import StreetGraph
from routing.turn_hierarchy import TurnHierarchy, build_turn_hierarchy
from routing.turning_places import TurningPlaces
from routing.turns import TurnGraph, build_turns

_logger = logging.getLogger(__name__)

assert LOADED_PARTS  # imported now, so that no first answer waits for them

_KEPT_SITUATIONS = 8
"""Engines besides those without times and overrides; each takes some dozens of bytes per turn of the map."""


class ProfileEngine(NamedTuple):
    """What answers for one profile."""

    query: QueryEngine
    reachability: Reachability
    turning: TurningPlaces | None


class ProfileEngines:
    """Engines, made when they are first asked for; safe to share between threads.

    Parameters
    ----------
    streets
        The map.
    profiles_dir
        Folder with vehicle profiles of one's own.
    cache_dir
        Where turns and hierarchy are kept; nothing is written when it is not given.
    """

    def __init__(self, streets: StreetGraph, *, profiles_dir: Path | None, cache_dir: Path | None) -> None:
        self._streets = streets
        self._profiles_dir = profiles_dir
        self._path = hierarchy_path(streets, cache_dir) if cache_dir else None
        self._engines: dict[str, ProfileEngine] = {}
        self._latest: OrderedDict[tuple[str, Situation], ProfileEngine] = OrderedDict()
        self._tables: dict[str, MetricTable] = {}
        self._turning: dict[str, TurningPlaces] = {}
        self._turns: TurnGraph | None = None
        self._hierarchy: TurnHierarchy | None = None
        self._lock = threading.Lock()

    def of(self, profile: str, conditions: Conditions = ALWAYS) -> ProfileEngine:
        """The engine of a profile under some conditions.

        Raises
        ------
        UnknownProfileError
            When there is no such profile.
        BrokenProfileError
            When the profile's file has missing or impossible values.
        UnknownTimeSliceError
            When the conditions name a time slice that the profile does not have.
        """
        with self._lock:
            if profile not in self._engines:
                self._engines[profile] = self._engine(self._table(profile).metric(NO_SITUATION), profile)
            if conditions == ALWAYS:
                return self._engines[profile]
            situation = self._table(profile).situation(conditions)
            if situation == NO_SITUATION:
                return self._engines[profile]
            return self._in_situation(profile, situation)

    def replace_metric(self, profile: str, metric: Metric) -> None:
        """Answer for a profile with other costs; only what changed is worked out anew, where the hierarchy holds it."""
        before = self.of(profile).query
        with self._lock:
            self._engines[profile] = self._changed(before, metric, profile)

    def _in_situation(self, profile: str, situation: Situation) -> ProfileEngine:
        key = (profile, situation)
        if key not in self._latest:
            before = self._without_overrides(profile, situation)
            metric, change = self._table(profile).changed_metric(situation)
            engine = self._after(before.query, metric, change, profile)
            if before.turning is not None:
                turning = before.turning.under(metric, situation.overrides, change=change)
                engine = engine._replace(turning=turning)
            self._latest[key] = engine
            if len(self._latest) > _KEPT_SITUATIONS:
                self._latest.popitem(last=False)
        self._latest.move_to_end(key)
        return self._latest[key]

    def _without_overrides(self, profile: str, situation: Situation) -> ProfileEngine:
        """The engine that a situation's overrides change least."""
        without = replace(situation, overrides=())
        if without in {situation, NO_SITUATION}:
            return self._engines[profile]
        return self._in_situation(profile, without)

    def _after(self, before: QueryEngine, metric: Metric, change: MetricChange | None, profile: str) -> ProfileEngine:
        if change is not None and change.before is before.metric:
            weights = before.hierarchy.weighed_change(before.weights, change)
            if weights is not None:
                return self._around(replace(before, metric=metric, weights=weights), profile)
        return self._changed(before, metric, profile)

    def _changed(self, before: QueryEngine, metric: Metric, profile: str) -> ProfileEngine:
        if not before.hierarchy.covers(metric):
            return self._engine(metric, profile)
        return self._around(before.with_metric(metric), profile)

    def _engine(self, metric: Metric, profile: str) -> ProfileEngine:
        turns = self._map_turns()
        if self._hierarchy is None:
            self._widen([metric, *self._other_metrics(profile)])
        elif not self._hierarchy.covers(metric):
            self._widen([metric])
        assert self._hierarchy is not None
        query = QueryEngine.on(self._streets, turns, metric, self._hierarchy)
        return self._around(query, profile)

    def _around(self, query: QueryEngine, profile: str) -> ProfileEngine:
        """What goes with a query engine; turning places only where the profile limits reversing."""
        vehicle = self._table(profile).profile
        turning = None
        if vehicle.reversing is not None:
            length_m = vehicle.length_cm / 100
            if profile not in self._turning:
                self._turning[profile] = TurningPlaces(
                    self._streets, query.turns, query.metric, rule=vehicle.reversing, vehicle_length_m=length_m
                )
            turning = self._turning[profile].under(query.metric)
        return ProfileEngine(query, Reachability(metric=query.metric, turns=query.turns), turning)

    def _table(self, profile: str) -> MetricTable:
        if profile not in self._tables:
            vehicle = load_profile(profile, profiles_dir=self._profiles_dir)
            self._tables[profile] = MetricTable(self._streets, self._map_turns(), vehicle)
        return self._tables[profile]

    def _metric(self, vehicle: VehicleProfile) -> Metric:
        return build_metric(self._streets, self._map_turns(), vehicle)

    def _other_metrics(self, profile: str) -> Iterator[Metric]:
        """Those of all other profiles that can be read, so that one hierarchy serves them all."""
        for name in profile_names(self._profiles_dir):
            if name != profile:
                with contextlib.suppress(BrokenProfileError):
                    yield self._metric(load_profile(name, profiles_dir=self._profiles_dir))

    def _map_turns(self) -> TurnGraph:
        """Turns; they and the hierarchy are read where they are kept on disk."""
        if self._turns is None and self._path is not None:
            self._turns, self._hierarchy = read_hierarchy(self._path, self._streets) or (None, None)
        if self._turns is None:
            self._turns = build_turns(self._streets)
        return self._turns

    def _widen(self, metrics: Sequence[Metric]) -> None:
        """Make a hierarchy that holds some metrics more than the one before."""
        turns = self._map_turns()
        self._hierarchy = build_turn_hierarchy(self._streets, turns, metrics, wider_than=self._hierarchy)
        if self._path is not None:
            try:
                write_hierarchy(self._path, self._streets, turns, self._hierarchy)
            except OSError as error:  # what is kept on disk only saves time
                _logger.warning("The hierarchy could not be written to %s (%s).", self._path, error)
