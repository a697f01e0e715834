"""The ways between stops that no plan had joined, asked from the map once per place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from optimizer.domain.plan import Leg, Stop
from optimizer.domain.town import Town
from optimizer.problem.fleet import tolled_profiles
from optimizer.problem.stops import container_waypoints
from optimizer.problem.under_way import last_place, waypoint_of
from routing.location import Location, Waypoint
from routing.matrix import PlacedTravel
from routing.ports import StreetRouter


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivenLegs:
    """Ways of one vehicle profile between the places of a day; a place off the map has ways of no length."""

    travel: PlacedTravel
    index_of: dict[Location, int]

    @classmethod
    def asked(
        cls, town: Town, places: Iterable[Waypoint], *, profile: str, router: StreetRouter, at: datetime
    ) -> "DrivenLegs":
        """The ways between some places, the depot first."""
        once: dict[Location, Waypoint] = {}
        for place in places:
            once.setdefault(place.location, place)
        waypoints = list(once.values())
        travel = router.serving(container_waypoints(town)).travel(
            waypoints, profile=profile, at=at, with_tolls=profile in tolled_profiles(town)
        )
        return cls(travel=travel, index_of={place.location: at for at, place in enumerate(waypoints)})

    def between(self, done: Sequence[Stop], stop: Stop) -> Leg:
        """The way from where the done stops leave the vehicle."""
        start, end = (
            int(self.travel.row_of[self.index_of[one.location]]) if one.location in self.index_of else -1
            for one in (last_place(done), stop)
        )
        if start < 0 or end < 0:
            return Leg(duration_s=0, distance_m=0)
        matrix = self.travel.matrix
        return Leg(
            duration_s=int(matrix.duration_s[start, end]),
            distance_m=int(matrix.distance_m[start, end]),
            toll_m=0 if matrix.toll_m is None else int(matrix.toll_m[start, end]),
        )


def places_of(stops: Iterable[Stop], town: Town) -> list[Waypoint]:
    """Where the stops are, as they were placed when they were planned."""
    return [waypoint_of(stop, town) for stop in stops]
