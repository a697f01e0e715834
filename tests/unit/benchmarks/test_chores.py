import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from benchmarks.routing import chores
from benchmarks.routing.figures import Figure, Figures
from benchmarks.routing.peer import Case


def _case(tmp_path: Path) -> Case:
    return Case(name="town", map_path=tmp_path / "town.osm", kept_dir=tmp_path, scratch_dir=tmp_path)


def do_nothing(case: Case, sizes: tuple[int, ...]) -> list[Figure]:
    return [Figure(map_name=case.name, track="chores", peer="ours", what="done", value=float(sizes[0]))]


def fail(case: Case, sizes: tuple[int, ...]) -> list[Figure]:
    raise ValueError(f"no streets in {case.name} for {sizes}")


def sleep(case: Case, sizes: tuple[int, ...]) -> list[Figure]:
    time.sleep(60)
    return do_nothing(case, sizes)


class _Pool:
    """Runs a chore in this process, and takes one that sleeps for one that hangs."""

    def __init__(self, _size: int) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def apply_async(self, chore: Callable[..., list[Figure]], arguments: tuple[Any, ...]) -> Self:
        self._call = chore, arguments
        return self

    def get(self, _limit_s: float) -> list[Figure]:
        chore, arguments = self._call
        if chore is sleep:
            raise chores.multiprocessing.TimeoutError
        return chore(*arguments)


def test_run_chores_notes_figures_and_reasons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores, "_CHORES", (("ours", do_nothing), ("ours", fail), ("ours", sleep)))
    monkeypatch.setattr(chores.multiprocessing, "get_context", lambda _: type("Context", (), {"Pool": _Pool}))
    figures = Figures()
    chores.run_chores(_case(tmp_path), sizes=(3,), figures=figures, say=lambda _: None)
    assert [(item.what, item.note) for item in figures.items] == [
        ("done", ""),
        ("left_out", "fail: ValueError: no streets in town for (3,)"),
        ("left_out", "sleep: needs more than 900 s"),
    ]


def test_short_hops_go_to_the_nearest_place_that_is_left() -> None:
    position = np.array([0, 7, 1, 3])
    duration_s = np.abs(position[:, None] - position[None, :]).astype(np.int32)
    assert chores._short_hops(duration_s, 4) == [0, 2, 3, 1]
