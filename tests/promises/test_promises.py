"""The command that shows the promises works: a little of each, on SQLite, in a service of its own."""

import re

import pytest

from tests.promises.figures import PROMISES, measured
from tests.promises.formats import table_of
from tests.promises.place import Place, Size
from tests.promises.table import Table, Verdict

QUICK = Size(requests=300, bodies=3, stops=1, is_quick=True)
ON_A_QUIET_MACHINE = re.compile("p99|seconds|a map that is 400 days old|longest of|reading stored")
"""Figures that say more about the machine than about the service where other tests run at the same time."""


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PROMISES))
def test_promise_is_measured_and_kept(name: str) -> None:
    table = measured([name], is_postgresql=False, size=QUICK)
    assert {row.promise for row in table.rows} == {name}
    assert any(row.verdict is not Verdict.UNKNOWN for row in table.rows), table.markdown()
    missed = [row.what for row in table.missed if not ON_A_QUIET_MACHINE.search(row.what)]
    assert missed == [], table.markdown()


def test_promise_that_cannot_be_measured_is_not_met_and_the_others_are_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks(_place: Place, _table: Table) -> None:
        raise RuntimeError("no such thing")

    def holds(_place: Place, table: Table) -> None:
        table.at_most("G11", "a", 1, 2)

    monkeypatch.setitem(PROMISES, "G10", ("", breaks))
    monkeypatch.setitem(PROMISES, "G11", ("", holds))
    kept: list[int] = []
    table = measured(["G10", "G11"], is_postgresql=False, size=QUICK, keep=lambda one: kept.append(len(one.rows)))
    assert [row.verdict for row in table.rows] == [Verdict.MISSED, Verdict.MET]
    assert "no such thing" in table.rows[0].measured
    assert kept == [1, 2]


@pytest.mark.slow
def test_every_recorded_message_comes_to_its_documented_end() -> None:
    text, odd = table_of(is_postgresql=False)
    assert odd == 0, text
    assert text.count("\n") > 60


def test_table_tells_what_is_beyond_its_target() -> None:
    table = Table()
    table.at_most("G1", "a | b", 10.25, 10, "s", digits=2)
    table.at_most("G1", "c", 10, 10, "s")
    table.at_least("G1", "d", 99_999, 100_000)
    table.none_of("G1", "e", 0, 5, "all")
    table.none_of("G1", "f", 0, 0, "all")
    table.unknown("G1", "g", "0", "nobody was there")
    assert [row.what for row in table.missed] == ["a | b", "d", "f"]
    lines = table.markdown().splitlines()
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert cells == ["G1", "a / b", "<= 10 s", "10.25 s", "MISSED"]
    assert "99,999" in lines[4]
    assert lines[-1].count("not measured") == 1
