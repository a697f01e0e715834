import pickle
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.domain.hours import Hours, TimeWindow, local_midnight, seconds_between
from optimizer.domain.issues import InvalidInputError

BERLIN = ZoneInfo("Europe/Berlin")


def spans(hours: Hours, day: date) -> list[tuple[str, str]]:
    return [(f"{one.start_at:%H:%M}", f"{one.end_at:%H:%M}") for one in hours.windows_on(day, BERLIN)]


def test_windows_follow_the_weekday() -> None:
    hours = Hours(expression="Mo-Fr 06:00-12:00,13:00-18:00; Sa 08:00-12:00")
    assert spans(hours, date(2026, 3, 2)) == [("06:00", "12:00"), ("13:00", "18:00")]
    assert spans(hours, date(2026, 3, 7)) == [("08:00", "12:00")]
    assert spans(hours, date(2026, 3, 8)) == []


def test_public_holiday_closes() -> None:
    assert spans(Hours(expression="Mo-Fr 06:00-15:00; PH off"), date(2026, 10, 3)) == []
    assert spans(Hours(expression="Mo-Fr 06:00-15:00; PH off"), date(2026, 12, 25)) == []


def test_night_hours_are_split_at_midnight() -> None:
    hours = Hours(expression="Mo 22:00-04:00")
    assert spans(hours, date(2026, 3, 2)) == [("22:00", "00:00")]
    assert spans(hours, date(2026, 3, 3)) == [("00:00", "04:00")]


@pytest.mark.parametrize(
    ("day", "hours_long"), [(date(2026, 10, 25), 25), (date(2027, 3, 28), 23), (date(2026, 3, 2), 24)]
)
def test_always_open_day_is_as_long_as_the_local_day(day: date, hours_long: int) -> None:
    (window,) = Hours().windows_on(day, BERLIN)
    assert seconds_between(window.start_at, window.end_at) == hours_long * 3600
    assert window.start_at == local_midnight(day, BERLIN)


@pytest.mark.parametrize("expression", ["", "whenever", "Mo-Fr 25:99"])
def test_wrong_syntax_is_refused_with_an_example(expression: str) -> None:
    with pytest.raises(InvalidInputError, match="Mo-Fr 06:00-15:00"):
        Hours(expression=expression)


def test_hours_survive_the_way_to_another_process() -> None:
    hours = Hours(expression="Mo-Fr 06:00-15:00")
    hours.windows_on(date(2026, 3, 2), BERLIN)
    assert pickle.loads(pickle.dumps(hours)) == hours


@given(day=st.dates(date(2024, 1, 1), date(2030, 12, 31)))
def test_windows_are_sorted_and_disjoint_on_every_day(day: date) -> None:
    windows = Hours(expression="Mo-Sa 05:00-09:00,16:00-02:30; Su 22:00-23:00").windows_on(day, BERLIN)
    edges = [edge.timestamp() for one in windows for edge in (one.start_at, one.end_at)]
    assert edges == sorted(edges)
    assert len(set(edges)) == len(edges)


def test_time_window_needs_a_zone_and_an_order() -> None:
    midnight = local_midnight(date(2026, 3, 2), BERLIN)
    for start, end in ((midnight, midnight), (midnight.replace(tzinfo=None), midnight.replace(tzinfo=None))):
        with pytest.raises(InvalidInputError):
            TimeWindow(start_at=start, end_at=end)
