from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.local_time import LocalTime, hours_problem
from routing.ports import MapInfo

BERLIN = ZoneInfo("Europe/Berlin")
HEIDELBERG = LocalTime(lon_deg=8.69, lat_deg=49.41)
PORTO_ALEGRE = LocalTime(lon_deg=-51.22, lat_deg=-30.03)


def test_hours_follow_the_clock_of_the_place_whatever_zone_the_instant_has() -> None:
    at = datetime(2026, 7, 6, 5, 30, tzinfo=UTC)  # 07:30 in Heidelberg, 02:30 in Porto Alegre
    for zone in (UTC, BERLIN, ZoneInfo("Asia/Tokyo")):
        assert HEIDELBERG.is_running("Mo 07:00-08:00", at.astimezone(zone))
        assert PORTO_ALEGRE.is_running("Mo 02:00-03:00", at.astimezone(zone))
    assert not PORTO_ALEGRE.is_running("Mo 07:00-08:00", at)


@pytest.mark.parametrize(
    ("day", "hours", "expected_minutes"),
    [
        (datetime(2026, 3, 29, tzinfo=BERLIN), "02:30-03:30", 30),  # 02:00 to 03:00 does not exist
        (datetime(2026, 10, 25, tzinfo=BERLIN), "02:30-03:30", 90),  # 02:00 to 03:00 comes twice
        (datetime(2026, 10, 26, tzinfo=BERLIN), "02:30-03:30", 60),
        (datetime(2026, 3, 29, tzinfo=BERLIN), "00:00-24:00", 23 * 60),
        (datetime(2026, 10, 25, tzinfo=BERLIN), "00:00-24:00", 25 * 60),
    ],
)
def test_hours_run_as_the_clock_shows_on_days_of_changing_time(
    day: datetime, hours: str, expected_minutes: int
) -> None:
    begin = day.astimezone(UTC)
    end = (day.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=BERLIN).astimezone(UTC)
    n_minutes = int((end - begin).total_seconds()) // 60
    running = [HEIDELBERG.is_running(hours, begin + timedelta(minutes=minute)) for minute in range(n_minutes)]
    assert sum(running) == expected_minutes


def test_public_holidays_are_those_of_the_place() -> None:
    labour_day = datetime(2026, 5, 1, 8, tzinfo=BERLIN)
    assert not HEIDELBERG.is_running("Mo-Fr 07:00-09:00; PH off", labour_day)
    assert HEIDELBERG.is_running("Mo-Fr 07:00-09:00; PH off", labour_day + timedelta(days=7))


def test_sunset_is_that_of_the_place() -> None:
    evening = datetime(2026, 6, 21, 20, 30, tzinfo=BERLIN)
    assert not HEIDELBERG.is_running("sunset-sunrise", evening)
    assert HEIDELBERG.is_running("sunset-sunrise", evening + timedelta(hours=2))


def test_local_time_of_a_map_is_that_of_its_middle() -> None:
    info = MapInfo(source="", digest="", data_at=None, bounds_deg=(8.0, 49.0, 9.0, 50.0), attribution="")
    assert LocalTime.of_map(info) == LocalTime(lon_deg=8.5, lat_deg=49.5)


@pytest.mark.parametrize("hours", ["24/7", "Mo-Fr 07:00-09:00; PH off", "22:00-06:00", "Nov-Mar", "2026 May 01"])
def test_usual_hours_are_understood(hours: str) -> None:
    assert hours_problem(hours) == ""


@pytest.mark.parametrize(
    ("hours", "problem"),
    [
        ("", "cannot be understood"),
        ("22", "cannot be understood"),
        ("wet", "cannot be understood"),
        ("residents", "cannot be understood"),
        ("25:99", "cannot be understood"),
        ("Mo-Fr 07:00-09:00; SH off", "school holidays"),
        ("SH", "school holidays"),
        ("Mo " * 100, "longer than"),
    ],
)
def test_other_hours_say_why_not(hours: str, problem: str) -> None:
    assert problem in hours_problem(hours)


@settings(deadline=None)  # the first call reads the holidays of all countries
@given(st.text(max_size=80))
def test_any_text_is_either_understood_or_refused(text: str) -> None:
    if not hours_problem(text):
        assert HEIDELBERG.is_running(text, datetime(2026, 5, 4, 8, tzinfo=UTC)) in {True, False}
