"""Points of interest of an OSM file: litter baskets, recycling places and addresses, for building a demo town.

Guards that a closed way (a building) becomes one point, its centre.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import osmium
import osmium.filter
from osmium import osm

from routing.errors import BrokenMapError
from routing.osm.pbf import require_map_file


@dataclass(frozen=True, slots=True, kw_only=True)
class OsmPoint:
    """A tagged place; a building or area is represented by the middle of its corners.

    Attributes
    ----------
    osm_id
        Such as ``node/123`` or ``way/456``.
    lon_deg, lat_deg
        Where it is.
    tags
        All tags of the element.
    """

    osm_id: str
    lon_deg: float
    lat_deg: float
    tags: dict[str, str]


def read_points(
    path: Path | str,
    *,
    amenities: Collection[str] = ("waste_basket", "recycling"),
    has_addresses: bool = True,
    box_deg: tuple[float, float, float, float] | None = None,
) -> list[OsmPoint]:
    """Tagged places of an OSM file in the order of the file: nodes first, then ways.

    Parameters
    ----------
    path
        An OSM file.
    amenities
        Wanted values of the tag ``amenity``.
    has_addresses
        Whether everything with ``addr:housenumber`` is wanted too.
    box_deg
        West, south, east, north; places outside are left out.

    Raises
    ------
    BrokenMapError
        When the file is missing, cut off, empty or no OSM data.
    """
    path = Path(path)
    require_map_file(path)
    keys = (["amenity"] if amenities else []) + (["addr:housenumber"] if has_addresses else [])
    if not keys:
        return []
    points: list[OsmPoint] = []
    try:
        for element in (
            osmium.FileProcessor(str(path), osm.NODE | osm.WAY)
            .with_locations("flex_mem")
            .with_filter(osmium.filter.KeyFilter(*keys))
        ):
            assert isinstance(element, osm.Node | osm.Way)
            tags = dict(element.tags)
            is_wanted = tags.get("amenity") in amenities or (has_addresses and "addr:housenumber" in tags)
            place = _middle(element) if is_wanted else None
            if place is not None and (box_deg is None or _is_inside(place, box_deg)):
                kind = "node" if isinstance(element, osm.Node) else "way"
                points.append(OsmPoint(osm_id=f"{kind}/{element.id}", lon_deg=place[0], lat_deg=place[1], tags=tags))
    except (RuntimeError, ValueError, OSError) as error:  # pyosmium raises RuntimeError for whatever libosmium rejects
        raise BrokenMapError(source=path.name, detail=f"it is cut off or no OSM data ({error})") from error
    return points


def _middle(element: osm.Node | osm.Way) -> tuple[float, float] | None:
    if isinstance(element, osm.Node):
        return (element.lon, element.lat) if element.location.valid() else None
    nodes = list(element.nodes)
    if len(nodes) > 1 and nodes[0].ref == nodes[-1].ref:
        nodes.pop()  # a closed way names its first corner twice
    known = [(node.lon, node.lat) for node in nodes if node.location.valid()]
    if not known:
        return None
    return sum(lon for lon, _ in known) / len(known), sum(lat for _, lat in known) / len(known)


def _is_inside(place: tuple[float, float], box_deg: tuple[float, float, float, float]) -> bool:
    west, south, east, north = box_deg
    return west <= place[0] <= east and south <= place[1] <= north
