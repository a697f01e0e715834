"""What the floors above may ask of the ground: travel matrices and leg paths on one map."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from routing.location import Waypoint
from routing.matrix import PlacedTravel
from routing.notices import ClosedStreetNotice
from routing.path import LegPath

ProgressCallback = Callable[[float], None]
"""Called with the share of the work that is done, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapInfo:
    """Which map the answers come from.

    Attributes
    ----------
    source
        File name or place name.
    digest
        Hexadecimal digest of the map's content.
    data_at
        How old the map is, where the source says so.
    bounds_deg
        West, south, east, north.
    attribution
        What must be shown beside anything drawn from the map.
    """

    source: str
    digest: str
    data_at: datetime | None
    bounds_deg: tuple[float, float, float, float]
    attribution: str


class StreetRouter(Protocol):
    """Travel matrices and paths for vehicle profiles on one map."""

    @property
    def map_info(self) -> MapInfo:
        """Which map the answers come from."""
        ...

    @property
    def profiles(self) -> tuple[str, ...]:
        """Names of the vehicle profiles that can be asked for."""
        ...

    def serving(self, waypoints: Sequence[Waypoint]) -> Self:
        """A router whose vehicles may also use the private streets on which these waypoints stand.

        Ask it with all containers of a town, so that every question of a day is answered on the same streets.
        """
        ...

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
        """Durations and distances between all waypoints that can be placed.

        Parameters
        ----------
        waypoints
            Places in the order of the answer's ``row_of``.
        profile
            Name of the vehicle profile.
        anchor_index
            The waypoint (a depot) that every other one must reach and be reached from. Where it cannot be placed
            itself, all waypoints are rejected.
        progress
            Called now and then with the share done.
        at
            When the vehicle drives, aware: signs with times, dated overrides and rush hours count as they are then.
            Without it no times apply.
        with_tolls
            Whether ``TravelMatrix.toll_m`` is asked for too; it may stay None where nobody knows of tolls.

        Raises
        ------
        UnknownProfileError
            When there is no such profile.
        """
        ...

    def paths(
        self,
        waypoints: Sequence[Waypoint],
        legs: Sequence[tuple[int, int]],
        *,
        profile: str,
        at: datetime | None = None,
    ) -> tuple[LegPath, ...]:
        """Street geometry for legs between waypoint indices, in the order asked, at the instant of their matrix.

        Raises
        ------
        UnknownProfileError
            When there is no such profile.
        WaypointError
            When a leg's end cannot be placed or the leg has no path.
        """
        ...

    def closed_streets(
        self, waypoints: Sequence[Waypoint], *, profile: str, at: datetime | None = None
    ) -> tuple[ClosedStreetNotice, ...]:
        """Waypoints whose own street an override takes away from the vehicle, served from another one or not at all.

        Raises
        ------
        UnknownProfileError
            When there is no such profile.
        """
        ...
