"""Finds the tasks of a run by family and name."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.solver.case import Case
from benchmarks.solver.day import Day
from benchmarks.solver.families.registry import CASE_FAMILIES
from benchmarks.solver.ground import street_ground
from benchmarks.solver.waste_day import waste_day

_ROOT = Path(__file__).resolve().parents[2]
WASTE_DAYS = "waste_day"
FAMILIES = (*CASE_FAMILIES, WASTE_DAYS)
WASTE_SIZES = (300,)
WASTE_SEEDS = (42, 43, 44)
OPTIONAL_SHARE = 0.2
_DAY_NAME = re.compile(r"\d+-\d+(-bo)?")


def instances_dir() -> Path:
    """Folder of the published instances, whether it exists or not."""
    return Path(os.environ.get("FUHRE_SHARED_DATA", _ROOT.parent / "shared" / "data")) / "vrp"


def names_of(family: str) -> tuple[str, ...]:
    """Instances of a family that are there."""
    if family == WASTE_DAYS:
        plain = [f"{n}-{seed}" for n in WASTE_SIZES for seed in WASTE_SEEDS]
        return tuple(name for one in plain for name in (one, f"{one}-bo"))
    known = CASE_FAMILIES[family]
    return tuple(sorted(path.stem for path in (instances_dir() / known.folder).glob(known.pattern)))


def chosen_names(family: str, wanted: Sequence[str]) -> tuple[str, ...]:
    """The wanted instances of a family, all of them where none is named; waste days of any size can be asked for."""
    if family == WASTE_DAYS and wanted:
        return tuple(name for name in wanted if _DAY_NAME.fullmatch(name))
    return tuple(name for name in names_of(family) if not wanted or name in wanted)


def read_task(family: str, name: str, *, cache_dir: Path = Path("bench-results/cache")) -> Case | Day:
    """One task; a waste day's name is its size, its seed and ``bo`` for breaks and optional stops: ``300-42-bo``."""
    if family == WASTE_DAYS:
        n, seed, *extras = name.split("-")
        ground = street_ground(n=int(n), seed=int(seed), cache_dir=cache_dir)
        is_full = bool(extras)
        return waste_day(ground, n=int(n), seed=int(seed), optional_share=OPTIONAL_SHARE * is_full, with_breaks=is_full)
    known = CASE_FAMILIES[family]
    suffix = Path(known.pattern).suffix
    return known.read(instances_dir() / known.folder / f"{name}{suffix}")
