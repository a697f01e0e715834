"""Cut a smaller OSM file out of a larger one: streets, turn restrictions, and places with an address or amenity.

Guards that ways at the border keep all their nodes with their tags, and that no half-written file is left behind.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import osmium
import osmium.filter
from osmium import osm

from routing.errors import BrokenMapError
from routing.osm.pbf import require_map_file

KEPT_KEYS = ("highway", "amenity", "addr:housenumber", "landuse")
"""Tags that a way or node must have one of to be taken over for its own sake."""


def clip_map(source: Path, target: Path, *, box_deg: tuple[float, float, float, float]) -> None:
    """Write what touches the box into a new file; the ending of ``target`` chooses its format.

    Parameters
    ----------
    box_deg
        West, south, east, north.

    Raises
    ------
    BrokenMapError
        When the source is missing, cut off or no OSM data, or nothing of it touches the box.
    """
    require_map_file(source)
    try:
        with TemporaryDirectory(dir=target.parent) as folder:
            undated = Path(folder) / "undated.osm.pbf"
            n_ways = _write(source, undated, box_deg)
            _copy_dated(undated, target, source)
    except (RuntimeError, ValueError, OSError) as error:  # pyosmium raises RuntimeError for whatever libosmium rejects
        target.unlink(missing_ok=True)
        raise BrokenMapError(source=source.name, detail=f"it is cut off or no OSM data ({error})") from error
    if not n_ways:
        target.unlink(missing_ok=True)
        west, south, east, north = box_deg
        place = f"{west:g} to {east:g} degrees east, {south:g} to {north:g} degrees north"
        raise BrokenMapError(source=source.name, detail=f"it has no street within {place}")


def _write(source: Path, target: Path, box_deg: tuple[float, float, float, float]) -> int:
    west, south, east, north = box_deg
    box = osm.Box(osm.Location(west, south), osm.Location(east, north))
    kept_ways: set[int] = set()
    n_streets = 0
    with osmium.BackReferenceWriter(str(target), ref_src=str(source), overwrite=True, remove_tags=False) as writer:
        wanted = osmium.filter.KeyFilter(*KEPT_KEYS)
        for element in (
            osmium.FileProcessor(str(source), osm.NODE | osm.WAY).with_locations("flex_mem").with_filter(wanted)
        ):
            if isinstance(element, osm.Node):
                if element.location.valid() and box.contains(element.location):
                    writer.add(element)
            elif isinstance(element, osm.Way) and any(
                node.location.valid() and box.contains(node.location) for node in element.nodes
            ):
                writer.add(element)
                kept_ways.add(element.id)
                n_streets += "highway" in element.tags
        restrictions = osmium.filter.TagFilter(("type", "restriction"))
        for relation in osmium.FileProcessor(str(source), osm.RELATION).with_filter(restrictions):
            assert isinstance(relation, osm.Relation)
            ways = [member.ref for member in relation.members if member.type == "w"]
            if ways and kept_ways.issuperset(ways):
                writer.add(relation)
    return n_streets


def _copy_dated(undated: Path, target: Path, source: Path) -> None:
    """Copy the cut-out with the age of the source, which the writer of references cannot pass on."""
    given = osmium.io.Reader(str(source), osm.NOTHING).header()
    header = osmium.io.Header()
    for key in ("osmosis_replication_timestamp", "timestamp"):
        if given.get(key):
            header.set(key, given.get(key))
    with osmium.SimpleWriter(str(target), header=header, overwrite=True) as writer:
        for element in osmium.FileProcessor(str(undated)):
            writer.add(element)
