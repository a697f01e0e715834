"""A town on streets of its own with a dated map file; small enough to be opened in a second."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import osmium

from api.files.town_folder import LoadedTown
from routing.location import Location
from tests.flow.town_samples import SOUTH, STEP_LAT, STEP_LON, WEST, town_xml
from tests.promises.place import town_named


def write_map(path: Path, data_at: datetime) -> None:
    """The sample streets as a map of this instant, put there in one step."""
    source = path.with_name("streets.osm")
    source.write_text(town_xml(), encoding="utf-8")
    header = osmium.io.Header()
    header.set("osmosis_replication_timestamp", f"{data_at:%Y-%m-%dT%H:%M:%SZ}")
    fresh = path.with_name("fresh.osm.pbf")
    writer = osmium.SimpleWriter(str(fresh), header=header)
    for one in osmium.FileProcessor(str(source)):
        writer.add(one)
    writer.close()
    source.unlink()
    fresh.replace(path)


def mapped_town(folder: Path, data_at: datetime, *, containers: int = 12) -> LoadedTown:
    """Containers, yard and plant stand at the streets."""
    loaded = town_named("Lünen", "LUE", containers=containers)
    map_path = folder / "made.osm.pbf"
    write_map(map_path, data_at)

    def at(number: int) -> Location:
        column, row = number % 4, number // 4 % 5
        return Location(lon_deg=WEST + (0.4 + column) * STEP_LON, lat_deg=SOUTH + row * STEP_LAT)

    town = loaded.town
    placed = replace(
        town,
        containers=tuple(replace(one, location=at(number)) for number, one in enumerate(town.containers)),
        depots=tuple(replace(one, location=at(17)) for one in town.depots),
        disposal_sites=tuple(replace(one, location=at(19)) for one in town.disposal_sites),
    )
    return replace(loaded, town=placed, map_path=map_path)
