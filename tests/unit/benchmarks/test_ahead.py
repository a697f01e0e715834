import multiprocessing
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.routing import ahead
from benchmarks.routing.peer import Case


def test_compile_engine_asks_every_pair_of_a_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(ahead, "durations", lambda *given: asked.append(given))
    ahead.compile_engine()
    weights, sources, targets = asked[0]
    assert len(sources) == len(targets) == 64
    assert weights.hierarchy.n_states == 64


def test_kernels_count_as_compiled_when_this_python_has_compiled_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "cch_matrix", SimpleNamespace(__file__=str(tmp_path / "cch_matrix.py")))
    monkeypatch.setattr(ahead, "sys", SimpleNamespace(version_info=(3, 12)))
    cache = tmp_path / "__pycache__"
    cache.mkdir()
    (cache / "cch_matrix.fill-1.py311.nbi").touch()
    assert not ahead.are_kernels_compiled()
    (cache / "cch_matrix.fill-1.py312.nbi").touch()
    assert ahead.are_kernels_compiled()


def test_prepare_ahead_stops_what_is_unfinished_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    class Endless:
        def __init__(self, **_: object) -> None:
            self.is_killed = False

        def start(self) -> None:
            started.append(self)

        def join(self, timeout: float | None = None) -> None:
            assert self.is_killed or timeout is not None

        def is_alive(self) -> bool:
            return not self.is_killed

        def kill(self) -> None:
            self.is_killed = True

    context = SimpleNamespace(Event=multiprocessing.Event, Process=Endless)
    monkeypatch.setattr(ahead.multiprocessing, "get_context", lambda _: context)
    monkeypatch.setattr(ahead, "are_kernels_compiled", lambda: False)
    monkeypatch.setattr(ahead, "reason_against", lambda _: "not here")
    case = Case(name="town", map_path=tmp_path / "town.osm", kept_dir=tmp_path, scratch_dir=tmp_path)
    ahead.prepare_ahead(case, limit_s=0.1)
    assert [one.is_killed for one in started] == [True, True]
