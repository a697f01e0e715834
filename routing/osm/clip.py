"""Cut a smaller OSM file out of a larger one: streets, turn restrictions, and places with an address or amenity.

Guards that ways at the border keep all their nodes with their tags, and that no half-written file is left behind.
"""

from pathlib import Path

import osmium
import osmium.filter
from osmium import osm

from routing.errors import BrokenMapError
from routing.osm.pbf import require_map_file

KEPT_KEYS = ("highway", "amenity", "addr:housenumber", "landuse")
"""Tags that a way or node must have one of to be taken over for its own sake."""

_AGE_KEYS = ("osmosis_replication_timestamp", "timestamp")


def clip_map(source: Path, target: Path, *, box_deg: tuple[float, float, float, float]) -> None:
    """Write what touches the box into a new file; the ending of ``target`` chooses its format.

    Parameters
    ----------
    box_deg
        West, south, east, north.

    Raises
    ------
    BrokenMapError
        When the source is missing, cut off or no OSM data, or no street of it touches the box.
    """
    require_map_file(source)
    west, south, east, north = box_deg
    box = osm.Box(osm.Location(west, south), osm.Location(east, north))
    try:
        nodes, ways, n_streets = _find(source, box)
        if n_streets:
            _write(source, target, nodes, ways)
    except (RuntimeError, ValueError, OSError) as error:  # pyosmium raises RuntimeError for whatever libosmium rejects
        target.unlink(missing_ok=True)
        raise BrokenMapError(source=source.name, detail=f"it is cut off or no OSM data ({error})") from error
    if not n_streets:
        place = f"{west:g} to {east:g} degrees east, {south:g} to {north:g} degrees north"
        raise BrokenMapError(source=source.name, detail=f"it has no street within {place}")


def _find(source: Path, box: osm.Box) -> tuple[set[int], set[int], int]:
    """Ids of the nodes and ways to keep, and how many of the ways are streets."""
    nodes: set[int] = set()
    ways: set[int] = set()
    n_streets = 0
    wanted = osmium.filter.KeyFilter(*KEPT_KEYS)
    elements = osmium.FileProcessor(str(source), osm.NODE | osm.WAY).with_locations("flex_mem").with_filter(wanted)
    for element in elements:
        if isinstance(element, osm.Node):
            if element.location.valid() and box.contains(element.location):
                nodes.add(element.id)
        elif isinstance(element, osm.Way) and any(
            node.location.valid() and box.contains(node.location) for node in element.nodes
        ):
            ways.add(element.id)
            nodes.update(node.ref for node in element.nodes)
            n_streets += "highway" in element.tags
    return nodes, ways, n_streets


def _write(source: Path, target: Path, nodes: set[int], ways: set[int]) -> None:
    """Copy the chosen nodes and ways, and the turn restrictions whose ways are all among them, in the file's order."""
    given = osmium.io.Reader(str(source), osm.NOTHING).header()
    header = osmium.io.Header()
    for key in _AGE_KEYS:
        if given.get(key):
            header.set(key, given.get(key))
    with osmium.SimpleWriter(str(target), header=header, overwrite=True) as writer:
        for entity, ids in ((osm.NODE, nodes), (osm.WAY, ways)):
            for element in osmium.FileProcessor(str(source), entity).with_filter(osmium.filter.IdFilter(ids)):
                writer.add(element)
        restrictions = osmium.filter.TagFilter(("type", "restriction"))
        for relation in osmium.FileProcessor(str(source), osm.RELATION).with_filter(restrictions):
            assert isinstance(relation, osm.Relation)
            members = [member.ref for member in relation.members if member.type == "w"]
            if members and ways.issuperset(members):
                writer.add(relation)
