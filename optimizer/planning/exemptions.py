"""Days on which one street is opened to one vehicle profile: an exemption from access sign, weight or width limit.

Height limits are never lifted: no permit makes a bridge higher. Asks only routers that take overrides.
"""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from optimizer.domain.container import Container
from optimizer.domain.plan import ReasonCode
from optimizer.domain.relaxation import RelaxationKind
from optimizer.domain.request import DayRequest
from optimizer.problem.refused import RefusedContainer
from routing.location import Location, Waypoint
from routing.override_book import OverrideBook
from routing.overrides import AllowAccess, Change, Override, SetLimit, StreetTarget
from routing.ports import StreetRouter
from routing.snapping import NearestStreet

MOST_STREETS = 2
BOX_DEG = (0.012, 0.008)
"""How far the street's name is looked for around the container, in longitude and latitude: about 800 m."""
PLENTY = 100_000
EXEMPTIONS: tuple[tuple[RelaxationKind, Change], ...] = (
    (RelaxationKind.STREET_ACCESS, AllowAccess()),
    (RelaxationKind.STREET_WEIGHT, SetLimit(weight_kg=PLENTY, axle_load_kg=PLENTY)),
    (RelaxationKind.STREET_WIDTH, SetLimit(width_cm=PLENTY, length_cm=PLENTY)),
)
REASONS = frozenset({ReasonCode.UNREACHABLE, ReasonCode.TOO_FAR_FROM_ROAD})


@runtime_checkable
class TakesOverrides(Protocol):
    """A router on real streets, of which a changed one can be made."""

    @property
    def overrides(self) -> OverrideBook:
        """What holds now."""
        ...

    def with_overrides(self, overrides: OverrideBook) -> StreetRouter:
        """The same streets with another book."""
        ...

    def nearest_street(self, location: Location, *, profile: str = "van_3_5t") -> NearestStreet | None:
        """The street at a place."""
        ...


def exempting_routers(
    request: DayRequest, refused: tuple[RefusedContainer, ...], router: StreetRouter
) -> Iterator[tuple[RelaxationKind, str, str, StreetRouter]]:
    """Kind, street, profile and router of every exemption that lets the fleet reach a refused container."""
    if not isinstance(router, TakesOverrides):
        return
    containers = {one.container_id: one for one in request.town.containers}
    seen: set[tuple[str, str]] = set()
    for one in refused:
        if one.code not in REASONS or len(seen) >= MOST_STREETS:
            continue
        container = containers[one.container_id]
        street = router.nearest_street(container.location)
        for profile in _profiles(request, container):
            if street is None or (street.name, profile) in seen or len(seen) >= MOST_STREETS:
                continue
            seen.add((street.name, profile))
            for kind, change in EXEMPTIONS:
                opened = router.with_overrides(
                    router.overrides.add(_exemption(change, street.name, profile, container, request))
                )
                if _reaches(opened, request, container, profile):
                    yield kind, street.name, profile, opened
                    break


def _profiles(request: DayRequest, container: Container) -> list[str]:
    fleet = request.town.vehicles
    return sorted({one.profile for one in fleet if container.stream in one.streams and one.is_available})


def _exemption(change: Change, street: str, profile: str, container: Container, request: DayRequest) -> Override:
    lon, lat = container.location.lon_deg, container.location.lat_deg
    return Override(
        override_id="tried-exemption",
        change=change,
        target=StreetTarget(
            name=street, box_deg=(lon - BOX_DEG[0], lat - BOX_DEG[1], lon + BOX_DEG[0], lat + BOX_DEG[1])
        ),
        reason="tried for a container that cannot be reached",
        created_by="fuhre",
        created_at=request.as_of,
        profiles=(profile,),
    )


def _reaches(router: StreetRouter, request: DayRequest, container: Container, profile: str) -> bool:
    """Asked with two places only, so that most attempts cost little."""
    vehicle = next(one for one in request.town.vehicles if one.profile == profile)
    depot = next(one for one in request.town.depots if one.depot_id == vehicle.start_depot_id)
    places = [
        Waypoint(label="depot", location=depot.location, has_room_to_turn=True),
        Waypoint(label=container.container_id, location=container.location, side=container.side),
    ]
    return not router.serving(places).travel(places, profile=profile).rejections
