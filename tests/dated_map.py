"""A map file with nothing in it but a date."""

from datetime import datetime
from pathlib import Path

import osmium


def write_dated_map(path: Path, data_at: datetime) -> None:
    """Put it where the old one was, in one step."""
    header = osmium.io.Header()
    header.set("osmosis_replication_timestamp", f"{data_at:%Y-%m-%dT%H:%M:%SZ}")
    fresh = path.with_name("fresh.osm.pbf")
    writer = osmium.SimpleWriter(str(fresh), header=header)
    writer.add_node(osmium.osm.mutable.Node(id=1, location=(7.5, 51.6)))
    writer.close()
    fresh.replace(path)
