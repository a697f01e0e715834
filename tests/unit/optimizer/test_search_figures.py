"""The command that judges thousands of days: it tells of faults, and of none where there is none."""

import pytest

from tests.unit.optimizer import search_figures
from tests.unit.optimizer.search_figures import Judged, checked_day, main, tiny_day


def test_days_of_every_kind_keep_the_rules() -> None:
    assert [one.fault for one in map(checked_day, range(45), [60] * 45)] == [""] * 45


def test_tiny_days_are_solved_to_the_best() -> None:
    assert [one.fault for one in map(tiny_day, range(4), [20_000] * 4)] == [""] * 4


def test_command_ends_with_1_and_names_the_seed_when_a_day_has_a_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # A tiny day that is hardly searched at all is not at its best.
    assert main(["--days", "0", "--tiny-days", "12", "--tiny-iterations", "1", "--processes", "1"]) == 1
    said = capsys.readouterr().out
    assert "micro-euros, and" in said
    assert "12 days beside brute force" in said
    monkeypatch.setattr(search_figures, "check_solution", lambda *_: ["too heavy"])
    assert checked_day(3, 1) == Judged(seed=3, fault="too heavy")
