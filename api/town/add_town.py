"""A town of one's own: from a place name, or from an OSM file, to a folder whose TODOs are the rest of the work.

Guards that a failed import leaves nothing behind, and that nothing from the map passes for verified.
"""

import re
import shutil
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from api.files.containers_file import write_containers
from api.files.templates import readings_template
from api.files.town_folder import CONTAINERS_NAME, FLEET_NAME, MAP_NAME, READINGS_NAMES
from api.town.download import NOMINATIM_URL, OVERPASS_URL, download_map, find_place
from api.town.fleet_draft import DraftPlace, draft_fleet
from api.town.osm_containers import CONTAINER_AMENITIES, FoundContainers, containers_from_points
from api.town.spread import nearest_to
from optimizer.domain.issues import InvalidInputError, Issue
from routing.errors import BrokenMapError
from routing.location import Location
from routing.osm.clip import clip_map
from routing.osm.pbf import load_streets
from routing.osm.points import OsmPoint, read_points
from routing.streets import StreetGraph

_DISPOSAL_AMENITIES = ("waste_transfer_station",)
_TOWN_STREETS = frozenset({"primary", "secondary", "tertiary", "unclassified", "residential"})

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedTown:
    """What was made.

    Attributes
    ----------
    containers_by_stream
        Number of containers found in the map, by stream.
    skipped
        Number of places that were left out, by reason.
    message
        What was made and what to fill in next, for people.
    """

    folder: Path
    containers_by_stream: dict[str, int]
    skipped: dict[str, int]
    message: str


def add_town_from_place(
    name: str,
    folder: Path,
    *,
    nominatim_url: str = NOMINATIM_URL,
    overpass_url: str = OVERPASS_URL,
    timeout_s: float = 180.0,
    pause_s: float = 15.0,
) -> AddedTown:
    """Download a place's streets and containers and make its folder.

    Raises
    ------
    PlaceNotFoundError
        When the place is unknown, no area, too large, or the download failed.
    BrokenMapError
        When there are no streets.
    InvalidInputError
        When the folder is there already.
    """
    with _new_folder(folder) as staging:
        place = find_place(name, nominatim_url=nominatim_url)
        downloaded = staging / "download.osm"
        download_map(place, downloaded, overpass_url=overpass_url, timeout_s=timeout_s, pause_s=pause_s)
        clip_map(downloaded, staging / MAP_NAME, box_deg=place.box_deg)
        downloaded.unlink()
        return _fill(staging, folder, name=place.name, country=place.country or "DE", outline=place.outline)


def add_town_from_osm(
    file: Path, folder: Path, *, box_deg: Box | None = None, place: str | None = None, country: str = "DE"
) -> AddedTown:
    """Make a town's folder from an OSM file, clipped to a box.

    Parameters
    ----------
    box_deg
        West, south, east, north; the whole file when it is not given.
    place
        Name of the town; the file's name when it is not given.
    country
        Two-letter code; whose time zone and public holidays count.

    Raises
    ------
    BrokenMapError
        When the file is no OSM data, or has no streets within the box.
    InvalidInputError
        When the folder is there already.
    """
    with _new_folder(folder) as staging:
        name = place or file.name.split(".")[0].replace("_", " ")
        if box_deg is not None or not file.name.endswith(".pbf"):
            clip_map(file, staging / MAP_NAME, box_deg=box_deg or (-180.0, -90.0, 180.0, 90.0))
        elif file.is_file():
            shutil.copyfile(file, staging / MAP_NAME)
        else:
            raise BrokenMapError(source=file.name, detail="there is no such file")
        outline = shapely.box(*box_deg) if box_deg is not None else None
        return _fill(staging, folder, name=name, country=country, outline=outline)


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """A folder that takes its name only when everything in it is done."""
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        message = f"{folder} is there already. Choose another folder, or move it away; nothing was changed."
        raise InvalidInputError([Issue(where=folder.name, code="folder_exists", message=message)])
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        yield staging
        staging.chmod(0o755)  # mkdtemp gives the folder to its owner alone
        if folder.exists():
            folder.rmdir()  # an empty one; the rename needs the name
        staging.replace(folder)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def _fill(staging: Path, folder: Path, *, name: str, country: str, outline: shapely.Geometry | None) -> AddedTown:
    map_path = staging / MAP_NAME
    streets = load_streets(map_path)
    points = read_points(map_path, amenities=(*CONTAINER_AMENITIES, *_DISPOSAL_AMENITIES), has_addresses=False)
    in_town = [point for point in points if _is_within(point, outline)]
    found = containers_from_points(
        [point for point in in_town if point.tags.get("amenity") in CONTAINER_AMENITIES], country=country
    )
    write_containers(found.containers, staging / CONTAINERS_NAME, notes=found.notes)
    counts = dict(sorted(Counter(container.stream for container in found.containers).items()))
    depot, disposal = _places(points, streets, found, outline)
    text = draft_fleet(
        name=name,
        town_id=_slug(name),
        country=country,
        streams=list(counts) or ["glass", "paper"],
        depot=depot,
        disposal=disposal,
    )
    (staging / FLEET_NAME).write_text(text, encoding="utf-8")
    (staging / READINGS_NAMES[1]).write_text(readings_template(examples=()), encoding="utf-8")
    message = _message(name, folder, streets, counts, found.skipped, depot=depot, disposal=disposal)
    return AddedTown(folder=folder, containers_by_stream=counts, skipped=found.skipped, message=message)


def _places(
    points: Sequence[OsmPoint], streets: StreetGraph, found: FoundContainers, outline: shapely.Geometry | None
) -> tuple[DraftPlace, DraftPlace]:
    """Depot and disposal site: at a tagged transfer station or recycling centre, else on a street in the middle."""
    centre = _centre_street(streets, found, outline)
    stations = [point for point in points if point.tags.get("amenity") in _DISPOSAL_AMENITIES]
    centres = [point for point in points if point.tags.get("recycling_type") == "centre"]
    nowhere = DraftPlace(
        name="TODO",
        location=centre,
        origin="put it where it is; this is only a street in the town's middle.",
        is_known=False,
    )
    disposal = depot = nowhere
    for candidates, what in ((stations, "transfer station"), (centres, "recycling centre")):
        if candidates and not disposal.is_known:
            nearest = nearest_to(candidates, centre.lon_deg, centre.lat_deg)
            disposal = DraftPlace(
                name=nearest.tags.get("name", what.capitalize()),
                location=Location(lon_deg=round(nearest.lon_deg, 7), lat_deg=round(nearest.lat_deg, 7)),
                origin=f"a {what} in OpenStreetMap ({nearest.osm_id}).",
                is_known=True,
            )
    if stations:
        depot = DraftPlace(
            name="Depot",
            location=disposal.location,
            origin=f"put it where it is; this is {disposal.origin}",
            is_known=False,
        )
    return depot, disposal


def _centre_street(streets: StreetGraph, found: FoundContainers, outline: shapely.Geometry | None) -> Location:
    """A point on an ordinary street, nearest to the middle of the containers, of the town, or of the map."""
    if found.containers:
        lon = float(np.median([one.location.lon_deg for one in found.containers]))
        lat = float(np.median([one.location.lat_deg for one in found.containers]))
    elif outline is not None:
        middle_of_town = shapely.centroid(outline)
        lon, lat = float(shapely.get_x(middle_of_town)), float(shapely.get_y(middle_of_town))
    else:
        west, south, east, north = streets.info.bounds_deg
        lon, lat = (west + east) / 2, (south + north) / 2
    is_ordinary = np.array([dict(tags).get("highway") in _TOWN_STREETS for tags in streets.way_tags])
    segments = np.flatnonzero(is_ordinary[streets.way_tags_index[streets.segment_way]])
    if not segments.size:
        segments = np.arange(streets.n_segments)
    middle = (streets.segment_first_point[segments] + streets.segment_last_point[segments]) // 2
    stretch = np.cos(np.radians(lat))
    away = np.hypot((streets.point_lon_deg[middle] - lon) * stretch, streets.point_lat_deg[middle] - lat)
    nearest = int(middle[int(np.argmin(away))])
    return Location(
        lon_deg=round(float(streets.point_lon_deg[nearest]), 7), lat_deg=round(float(streets.point_lat_deg[nearest]), 7)
    )


def _is_within(point: OsmPoint, outline: shapely.Geometry | None) -> bool:
    return outline is None or bool(shapely.covers(outline, shapely.Point(point.lon_deg, point.lat_deg)))


def _message(
    name: str,
    folder: Path,
    streets: StreetGraph,
    counts: dict[str, int],
    skipped: dict[str, int],
    *,
    depot: DraftPlace,
    disposal: DraftPlace,
) -> str:
    found = ", ".join(f"{count} {stream}" for stream, count in counts.items())
    lines = [
        f"{name} is in {folder}: {streets.n_segments:,} street segments, "
        + (f"containers in OpenStreetMap: {found}." if found else "no waste containers in OpenStreetMap."),
        *(f"  left out: {count} because {reason}" for reason, count in sorted(skipped.items())),
        "What is left to do:",
        f"  1. {FLEET_NAME}: look for TODO. Vehicles and their costs; the depot ({depot.origin.rstrip('.')})"
        + ("" if disposal.is_known else "; the disposal site")
        + ".",
        f"  2. {CONTAINERS_NAME}: "
        + ("every line is unverified; check volumes and positions." if found else "write one line per container."),
        f"  3. {READINGS_NAMES[1]}: readings of sensors, if there are any; without them forecasts use usual rates.",
        f"Then: fuhre plan --town {folder}",
    ]
    return "\n".join(lines)


def _slug(name: str) -> str:
    plain = name.lower().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "town"
