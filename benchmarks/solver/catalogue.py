"""Finds the tasks of a run by family and name."""

import os
from pathlib import Path

from benchmarks.solver.case import Case
from benchmarks.solver.day import Day
from benchmarks.solver.families.registry import CASE_FAMILIES

_ROOT = Path(__file__).resolve().parents[2]
FAMILIES = tuple(CASE_FAMILIES)


def instances_dir() -> Path:
    """Folder of the published instances, whether it exists or not."""
    return Path(os.environ.get("FUHRE_SHARED_DATA", _ROOT.parent / "shared" / "data")) / "vrp"


def names_of(family: str) -> tuple[str, ...]:
    """Instances of a family that are there."""
    known = CASE_FAMILIES[family]
    return tuple(sorted(path.stem for path in (instances_dir() / known.folder).glob(known.pattern)))


def read_task(family: str, name: str) -> Case | Day:
    """One task."""
    known = CASE_FAMILIES[family]
    path = instances_dir() / known.folder / known.pattern.replace("*", name)
    return known.read(path)
