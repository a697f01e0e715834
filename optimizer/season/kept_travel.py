"""A town's travel matrices, made once and cut for every day of a season.

Guards the pace of a season: a router needs seconds for what a slice of an array gives at once. The price is one set of
travel times for all days; streets that are closed for some days, and rush hours, are not in a season.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import numpy as np

from optimizer.domain.town import Town
from routing.crow_flight import CrowFlightRouter
from routing.errors import UnknownProfileError
from routing.location import Location, Side, Waypoint
from routing.matrix import PlacedTravel, Rejection, TravelMatrix
from routing.notices import ClosedStreetNotice
from routing.path import LegPath
from routing.ports import MapInfo, ProgressCallback, StreetRouter

Place = tuple[Location, Side, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTravel:
    """Answers the router's port from memory; can be sent to another process.

    Attributes
    ----------
    travel_by_profile
        Over all places of the town.
    index_of
        Of a place in them.
    """

    map_info: MapInfo
    travel_by_profile: dict[str, PlacedTravel]
    index_of: dict[Place, int]

    @property
    def profiles(self) -> tuple[str, ...]:
        """Of the town's vehicles."""
        return tuple(self.travel_by_profile)

    def serving(self, waypoints: Sequence[Waypoint]) -> Self:  # noqa: ARG002 - all of the town were served at once
        """The same."""
        return self

    def travel(
        self,
        waypoints: Sequence[Waypoint],
        *,
        profile: str,
        anchor_index: int = 0,  # noqa: ARG002 - the town's first depot was the anchor
        progress: ProgressCallback | None = None,
        at: datetime | None = None,  # noqa: ARG002 - all days drive alike
        with_tolls: bool = False,  # noqa: ARG002 - a season's roads have no tolls
    ) -> PlacedTravel:
        """The rows of these waypoints.

        Raises
        ------
        UnknownProfileError
            When no vehicle of the town has the profile.
        KeyError
            When a waypoint is none of the town's places.
        """
        if profile not in self.travel_by_profile:
            raise UnknownProfileError(profile=profile, known=self.profiles)
        kept = self.travel_by_profile[profile]
        errors = {one.waypoint_index: one.error for one in kept.rejections}
        rows, row_of, rejections = list[int](), np.full(len(waypoints), -1, dtype=np.int32), list[Rejection]()
        for at_index, waypoint in enumerate(waypoints):
            index = self.index_of[_place(waypoint)]
            if index in errors:
                rejections.append(Rejection(waypoint_index=at_index, error=errors[index]))
            else:
                row_of[at_index] = len(rows)
                rows.append(int(kept.row_of[index]))
        block = np.ix_(rows, rows)
        matrix = TravelMatrix.from_arrays(
            duration_s=kept.matrix.duration_s[block], distance_m=kept.matrix.distance_m[block]
        )
        if progress is not None:
            progress(1.0)
        return PlacedTravel(matrix=matrix, row_of=row_of, rejections=tuple(rejections))

    def paths(
        self,
        waypoints: Sequence[Waypoint],
        legs: Sequence[tuple[int, int]],
        *,
        profile: str,
        at: datetime | None = None,
    ) -> tuple[LegPath, ...]:
        """Straight lines: a season's tours are counted, not drawn.

        Raises
        ------
        UnknownProfileError
            When no vehicle of the town has the profile.
        """
        if profile not in self.travel_by_profile:
            raise UnknownProfileError(profile=profile, known=self.profiles)
        return CrowFlightRouter().paths(waypoints, legs, profile=CrowFlightRouter().profiles[0], at=at)

    def closed_streets(
        self,
        waypoints: Sequence[Waypoint],  # noqa: ARG002 - seasons know no closures
        *,
        profile: str,  # noqa: ARG002
        at: datetime | None = None,  # noqa: ARG002
    ) -> tuple[ClosedStreetNotice, ...]:
        """None."""
        return ()


def keep_travel(town: Town, router: StreetRouter) -> KeptTravel:
    """Ask the router once for everything that the town's tours may need."""
    # In the words of the problem's builder: places are told apart by location, side and room to turn.
    locations = [*(one.location for one in town.depots), *(one.location for one in town.disposal_sites)]
    waypoints = [Waypoint(label="yard", location=location, has_room_to_turn=True) for location in locations]
    waypoints += [
        Waypoint(label=f"container site {one.site_id}", location=one.location, side=side)
        for one in town.containers
        for side in Side
    ]
    unique = {_place(waypoint): waypoint for waypoint in waypoints}
    needs_right = any(one.side is Side.RIGHT for one in town.containers)
    kept = [one for one in unique.values() if needs_right or one.side is Side.ANY]
    serving = router.serving(kept)
    profiles = sorted({vehicle.profile for vehicle in town.vehicles} & set(router.profiles))
    return KeptTravel(
        map_info=router.map_info,
        travel_by_profile={profile: serving.travel(kept, profile=profile) for profile in profiles},
        index_of={_place(waypoint): index for index, waypoint in enumerate(kept)},
    )


def _place(waypoint: Waypoint) -> Place:
    return (waypoint.location, waypoint.side, waypoint.has_room_to_turn)
