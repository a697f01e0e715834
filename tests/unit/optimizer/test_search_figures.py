"""The command that judges thousands of days: it tells of faults, and of none where there is none."""

from collections.abc import Callable

import pytest

from tests.unit.optimizer import search_figures
from tests.unit.optimizer.search_figures import (
    Judged,
    checked_bred_day,
    checked_day,
    main,
    tiny_bred_day,
    tiny_day,
)


def test_days_of_every_kind_keep_the_rules() -> None:
    assert [one.fault for one in map(checked_day, range(45), [60] * 45)] == [""] * 45


def test_tiny_days_are_solved_to_the_best() -> None:
    assert [one.fault for one in map(tiny_day, range(4), [20_000] * 4)] == [""] * 4


@pytest.mark.parametrize("judge", [checked_bred_day, tiny_bred_day])
def test_days_with_bred_plans_have_no_fault(judge: Callable[[int, int], Judged]) -> None:
    assert [one.fault for one in map(judge, range(11), [150_000] * 11)] == [""] * 11


def test_command_ends_with_1_and_names_the_seed_when_a_day_has_a_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # A tiny day that is hardly searched at all is not at its best.
    none = ["--days", "0", "--bred-days", "0", "--tiny-bred-days", "0"]
    assert main([*none, "--tiny-days", "12", "--tiny-iterations", "1", "--processes", "1"]) == 1
    said = capsys.readouterr().out
    assert "micro-euros, and" in said
    assert "12 days beside brute force" in said
    monkeypatch.setattr(search_figures, "check_solution", lambda *_: ["too heavy"])
    assert checked_day(3, 1) == Judged(seed=3, fault="too heavy")
