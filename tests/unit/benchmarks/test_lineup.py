import sys
from types import SimpleNamespace

import pytest

from benchmarks.routing import lineup
from benchmarks.routing.peer import LeftOutError


def test_lineup_names_the_python_version_when_a_wheel_needs_a_later_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineup, "sys", SimpleNamespace(version_info=(3, 11, 7)))
    assert lineup.reason_against("osrm_ch") == "its wheel needs Python 3.12 or later and this is 3.11"
    assert not lineup.reason_against("scipy")


def test_lineup_names_the_module_when_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = lineup.Entrant(make=lambda: pytest.fail("must not be made"), module="no_such_engine.inside")
    monkeypatch.setitem(lineup.ENTRANTS, "missing", missing)
    assert "no_such_engine.inside is not installed" in lineup.reason_against("missing")
    with pytest.raises(LeftOutError, match="not installed"):
        lineup.make_peer("missing")


def test_lineup_makes_peers_that_carry_their_own_name() -> None:
    for name in lineup.ENTRANTS:
        if not lineup.reason_against(name):
            assert lineup.make_peer(name).name == name
    assert sys.version_info >= (3, 11)
