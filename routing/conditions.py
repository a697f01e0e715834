"""Everything besides map and vehicle that decides which streets are open and how fast: instant, overrides, time slice.

``Conditions`` are what a caller asks for; a ``Situation`` is what they come down to on one map for one vehicle. Guards
that two instants at which the same things hold share one metric, and that no instant at all means no times at all.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from routing.conditional import SUFFIX, hours_in, parse_condition
from routing.errors import UnknownTimeSliceError
from routing.local_time import LocalTime
from routing.override_book import NO_OVERRIDES, OverrideBook
from routing.overrides import Override
from routing.profile import VehicleProfile
from routing.streets import StreetGraph
from routing.time_slices import TimeSlice, slice_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """When somebody drives, and what the depot knows.

    Attributes
    ----------
    at
        The instant, aware. Without one no times apply: neither conditional tags nor dated overrides nor time slices.
    overrides
        The depot's book.
    slice_name
        A time slice of the profile to take whatever the instant is; empty for the one that the instant falls into.
    """

    at: datetime | None = None
    overrides: OverrideBook = NO_OVERRIDES
    slice_name: str = ""

    def __post_init__(self) -> None:
        if self.at is not None and self.at.utcoffset() is None:
            raise ValueError(f"The instant {self.at} has no zone; give it one, as in 2026-05-01T06:00:00+02:00.")


ALWAYS = Conditions()
"""No instant, no overrides: the map's signs without times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What holds on one map for one vehicle; equal situations have equal metrics.

    Attributes
    ----------
    running
        Opening hours of conditional tags that are running; ``None`` where conditional tags do not apply at all.
    overrides
        Overrides in force, the later ones last.
    time_slice
        The slice whose speeds hold, if any.
    """

    running: frozenset[str] | None = None
    overrides: tuple[Override, ...] = ()
    time_slice: TimeSlice | None = None


NO_SITUATION = Situation()
"""What no conditions come down to."""


def conditional_hours(streets: StreetGraph) -> frozenset[str]:
    """All opening hours that conditional tags and turn restrictions of a map depend on."""
    tags = {pair for tags in (*streets.way_tags, *streets.node_tags) for pair in tags if pair[0].endswith(SUFFIX)}
    of_tags = {hours for key, text in tags for hours in hours_in({key: text})}
    of_turns = {hours for item in streets.restrictions for hours in parse_condition(item.condition).hours}
    return frozenset(of_tags | of_turns)


def situation(
    conditions: Conditions, profile: VehicleProfile, *, hours: Collection[str], local_time: LocalTime
) -> Situation:
    """What conditions come down to.

    Parameters
    ----------
    conditions
        What was asked for.
    profile
        The vehicle.
    hours
        Opening hours that the map depends on, see ``conditional_hours``.
    local_time
        Local time on the map.

    Raises
    ------
    UnknownTimeSliceError
        When the profile has no time slice of the name asked for.
    """
    at = conditions.at
    in_force = conditions.overrides.active_at(at, local_time)
    return Situation(
        running=None if at is None else frozenset(one for one in hours if local_time.is_running(one, at)),
        overrides=tuple(item for item in in_force if not item.profiles or profile.name in item.profiles),
        time_slice=_time_slice(conditions, profile, local_time),
    )


def _time_slice(conditions: Conditions, profile: VehicleProfile, local_time: LocalTime) -> TimeSlice | None:
    if conditions.slice_name:
        for item in profile.time_slices:
            if item.name == conditions.slice_name:
                return item
        known = tuple(item.name for item in profile.time_slices)
        raise UnknownTimeSliceError(profile=profile.name, slice_name=conditions.slice_name, known=known)
    return None if conditions.at is None else slice_at(profile.time_slices, conditions.at, local_time)
