"""Keep a map's turns and their hierarchy on disk, to be mapped back into memory instead of built again.

Guards against files of another map, format or build: name and content hold the map's digest, and the file is checked
as a whole before it is believed.
"""

import logging
from pathlib import Path

from routing.arrays_file import read_arrays, write_arrays
from routing.cch.hierarchy import Hierarchy
from routing.streets import StreetGraph
from routing.turn_hierarchy import TurnHierarchy
from routing.turns import ARRAY_FIELDS, TurnGraph

FORMAT_VERSION = 1
"""Raised whenever turns, the order of contraction or the layout change, so that older files are not used."""

_logger = logging.getLogger(__name__)


def hierarchy_path(streets: StreetGraph, cache_dir: Path) -> Path:
    """Where the hierarchy of a map lies."""
    return cache_dir / f"hierarchy-{streets.info.digest[:24]}-v{FORMAT_VERSION}.bin"


def write_hierarchy(path: Path, streets: StreetGraph, turns: TurnGraph, hierarchy: TurnHierarchy) -> None:
    """Write turns and hierarchy of a map."""
    arrays = {
        **{f"turns.{name}": getattr(turns, name) for name in ARRAY_FIELDS},
        **{f"hierarchy.{name}": array for name, array in hierarchy.hierarchy.arrays().items()},
        "node_of": hierarchy.node_of,
        "key": hierarchy.key,
    }
    write_arrays(path, arrays, {"map_digest": streets.info.digest, "rules": turns.rules})


def read_hierarchy(path: Path, streets: StreetGraph) -> tuple[TurnGraph, TurnHierarchy] | None:
    """Turns and hierarchy of a map, ``None`` when there is no file or it must not be believed."""
    if not path.is_file():
        return None
    try:
        arrays, texts = read_arrays(path)
        of_turns = {name: arrays[f"turns.{name}"] for name in ARRAY_FIELDS}
        turns = TurnGraph(**of_turns, rules=tuple(tuple(rule) for rule in texts["rules"]))
        prefix = "hierarchy."
        of_hierarchy = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
        hierarchy = Hierarchy.from_arrays(of_hierarchy)
        found = TurnHierarchy(node_of=arrays["node_of"], key=arrays["key"], hierarchy=hierarchy)
    except (ValueError, KeyError, TypeError, OSError) as error:
        _logger.warning("The hierarchy file %s cannot be used (%s); it is built again.", path.name, error)
        return None
    if texts["map_digest"] != streets.info.digest:
        _logger.warning("The hierarchy file %s belongs to another map; it is built again.", path.name)
        return None
    return turns, found
