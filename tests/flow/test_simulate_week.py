"""Three days of two small towns through the API alone, with all that a week brings: every account must be right."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from api.simulate.accounts import settle
from api.simulate.callers import UnexpectedAnswerError
from api.simulate.crew import DrivenTour, seen_as
from api.simulate.own_service import ServiceFailedError, own_service
from api.simulate.protocol import Happening, WeekResult, WeekSpec
from api.simulate.report import as_html, as_markdown
from api.simulate.set_clock import SetClock
from api.simulate.towns import TownSize
from api.simulate.week import Week

MONDAY = date(2026, 3, 2)
SPEC = WeekSpec(
    first_day=MONDAY,
    n_days=3,
    sizes=(TownSize(containers=40, vehicles=2), TownSize(containers=12, vehicles=1)),
    iterations=50,
    happenings={
        0: frozenset({Happening.PARTNER_JOINS}),
        1: frozenset({Happening.BREAKDOWN}),
        2: frozenset({Happening.STREET_CLOSED, Happening.NO_NETWORK, Happening.PARTNER_LEAVES}),
    },
)


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    lived = Week(SPEC, tmp_path_factory.mktemp("week"), tells=lambda _: None)
    lived.live()
    return lived


@pytest.mark.slow
def test_every_account_of_three_days_is_right(week: Week) -> None:
    wrong = [f"{one.name}: {one.detail}" for one in week.result.accounts if not one.is_right]
    assert wrong == []
    assert len(week.result.accounts) == 8
    ledger = week.lives[0].ledger
    assert sum(map(len, ledger.emptied.values())) >= 5
    assert ledger.repeated_events >= 5
    assert ledger.readings["accepted"] > 500


@pytest.mark.slow
def test_all_that_a_week_brings_has_happened(week: Week) -> None:
    told = "\n".join(words for one in week.result.days for words in one.happenings)
    for words in (
        "breakdown told by",
        "road closed told by",
        "joint day:",
        "joint day settled:",
        "had no network all day",
        "withdrew",
    ):
        assert words in told
    abroad = [int(found) for found in re.findall(r"(\d+) of the neighbour's by own vehicles", told)]
    assert len(abroad) == 2
    assert sum(abroad) > 0, "nobody crossed the border: the joint day proves nothing"
    answered = week.result.journal.requests
    assert answered["fetch a tour 304"] >= 3
    assert answered["ask too early for a joint plan 409"] == answered["ask too late for a joint plan 409"] == 1


@pytest.mark.slow
def test_account_is_wrong_when_an_emptying_is_missing_or_counted_twice(week: Week) -> None:
    life = week.lives[0]
    name, instants = next(iter(life.ledger.emptied.items()))
    begins_at = datetime(2026, 3, 2, 4, tzinfo=UTC)
    for wrong in ([], [*instants, instants[0] + 3_600], [instants[0] + 60, *instants[1:]]):
        life.ledger.emptied[name] = wrong
        accounts = settle(
            week.folder / "data",
            week.lives,
            week.result.days,
            begins_at=begins_at,
            ends_at=begins_at + timedelta(days=3),
        )
        assert not accounts[0].is_right
        assert name in accounts[0].detail
    life.ledger.emptied[name] = instants


@pytest.mark.slow
def test_report_tells_every_day_and_account_and_asks_for_nothing_from_outside(week: Week) -> None:
    markdown, page = as_markdown(week.result), as_html(week.result)
    for one in week.result.accounts:
        assert one.name in markdown
        assert one.name in page
    assert "Every account is right." in markdown
    assert markdown.count("breakdown told by") == page.count("breakdown told by") == 1
    assert "http://" not in page
    assert "https://" not in page


def test_wrong_account_is_told_first() -> None:
    from api.simulate.protocol import Account

    account = Account(name="every <plan> is valid", is_right=False, detail="x | y")
    result = replace(WeekResult(spec=SPEC), accounts=[account])
    assert not result.is_right
    assert "**Not right: every <plan> is valid.**" in as_markdown(result)
    assert "x / y" in as_markdown(result)
    assert "<plan>" not in as_html(result)


def test_set_clock_goes_on_from_what_was_set_for_everybody_who_reads_the_file(tmp_path: Path) -> None:
    wanted = datetime(2026, 3, 2, 5, tzinfo=UTC)
    setter, reader = SetClock(tmp_path / "clock"), SetClock(tmp_path / "clock")
    assert abs(reader() - datetime.now(UTC)) < timedelta(seconds=5)
    setter.set(wanted)
    first = reader()
    assert timedelta() <= first - wanted < timedelta(seconds=5)
    assert reader() >= first
    setter.set(wanted - timedelta(hours=1))
    assert reader() < first


def test_service_that_cannot_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(ServiceFailedError, match="FUHRE_QUEUE_LENGTH"),
        own_service(tmp_path, {}, [], settings={"FUHRE_QUEUE_LENGTH": "0"}),
    ):
        pass


def test_drivers_press_the_nearest_step() -> None:
    assert [seen_as(level) for level in (0.0, 0.2, 0.5, 0.8, 0.95, 1.2)] == ["0", "25", "50", "75", "100", "over"]
    assert DrivenTour("x").events == []
    assert issubclass(UnexpectedAnswerError, RuntimeError)
