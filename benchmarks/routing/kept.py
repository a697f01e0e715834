"""Keeps what takes peers long to prepare from run to run, with the time that it took.

Guards against half-made preparations: a folder appears under its name only when it is complete.
"""

import json
import shutil
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from benchmarks.routing.peer import Preparation

_STAMP = "prepared.json"


def keep(folder: Path, make: Callable[[Path], None]) -> Preparation:
    """Make a folder's content unless an earlier run did."""
    stamp = folder / _STAMP
    if stamp.is_file():
        return Preparation(seconds=float(json.loads(stamp.read_text(encoding="utf-8"))["seconds"]), is_kept=True)
    growing = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(growing, ignore_errors=True)
    growing.mkdir(parents=True)
    begin = time.perf_counter()
    make(growing)
    seconds = time.perf_counter() - begin
    (growing / _STAMP).write_text(json.dumps({"seconds": seconds}), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    growing.rename(folder)
    return Preparation(seconds=seconds, is_kept=False)


def versioned(distribution: str) -> str:
    """The distribution's name with its version, for a folder's name."""
    return f"{distribution}-{version(distribution)}"
