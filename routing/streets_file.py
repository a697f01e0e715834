"""Keep imported streets on disk: one file per map content and format, checked before it is believed.

Guards against half-written, damaged and outdated files: the name holds the digest of the map file and the format
version, and ``routing.arrays_file`` checks the content.
"""

import hashlib
import logging
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from routing.arrays_file import read_arrays, write_arrays
from routing.osm.pbf import load_streets, require_map_file
from routing.ports import MapInfo
from routing.streets import ARRAY_FIELDS, MapIssue, StreetGraph, TurnRestriction

FORMAT_VERSION = 5
"""Raised whenever the import or the layout changes, so that older files are not used."""

_logger = logging.getLogger(__name__)


def load_cached_streets(path: Path | str, *, cache_dir: Path | None) -> StreetGraph:
    """Streets of an OSM file, from the cache when it holds them; otherwise imported and kept there.

    Raises
    ------
    BrokenMapError
        When the OSM file cannot be read.
    """
    path = Path(path)
    require_map_file(path)
    if cache_dir is None:
        return load_streets(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    cache_path = cache_dir / f"streets-{digest[:24]}-v{FORMAT_VERSION}.bin"
    if cache_path.is_file():
        try:
            return read_streets(cache_path)
        except ValueError as error:
            _logger.warning("The street cache %s is damaged (%s); it is built again.", cache_path.name, error)
    streets = load_streets(path)
    write_streets(cache_path, streets)
    return streets


def write_streets(path: Path, streets: StreetGraph) -> None:
    """Write streets so that the file is complete or absent."""
    texts = {
        "info": {**asdict(streets.info), "data_at": streets.info.data_at.isoformat() if streets.info.data_at else None},
        "way_tags": streets.way_tags,
        "node_tags": streets.node_tags,
        "names": streets.names,
        "road_numbers": streets.road_numbers,
        "restrictions": [asdict(item) for item in streets.restrictions],
        "issues": [asdict(item) for item in streets.issues],
    }
    write_arrays(path, {name: getattr(streets, name) for name in ARRAY_FIELDS}, texts)


def read_streets(path: Path) -> StreetGraph:
    """Read streets that ``write_streets`` wrote; the arrays are mapped from the file.

    Raises
    ------
    ValueError
        When the file is damaged or of another format.
    """
    arrays, texts = read_arrays(path)
    try:
        values: dict[str, Any] = {**{name: arrays[name] for name in ARRAY_FIELDS}, **_texts(texts)}
        return StreetGraph(**values)
    except (KeyError, TypeError) as error:
        raise ValueError(f"its content is incomplete ({error})") from error


def _texts(texts: dict[str, Any]) -> dict[str, Any]:
    info = texts["info"]
    data_at = datetime.fromisoformat(info["data_at"]) if info["data_at"] else None
    return {
        "info": MapInfo(**{**info, "data_at": data_at, "bounds_deg": tuple(info["bounds_deg"])}),
        "way_tags": _tag_sets(texts["way_tags"]),
        "node_tags": _tag_sets(texts["node_tags"]),
        "names": tuple(texts["names"]),
        "road_numbers": tuple(texts["road_numbers"]),
        "restrictions": tuple(
            TurnRestriction(**{**item, "arcs": tuple(item["arcs"]), "exempt": tuple(item["exempt"])})
            for item in texts["restrictions"]
        ),
        "issues": tuple(MapIssue(**item) for item in texts["issues"]),
    }


def _tag_sets(tag_sets: list[list[list[str]]]) -> tuple[tuple[tuple[str, str], ...], ...]:
    return tuple(tuple((key, value) for key, value in tags) for tags in tag_sets)
