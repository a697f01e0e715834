import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from routing.errors import BrokenProfileError
from routing.local_time import LocalTime
from routing.profile import VehicleProfile, load_profile
from routing.time_slices import TimeSlice, slice_at

BERLIN = ZoneInfo("Europe/Berlin")
HEIDELBERG = LocalTime(lon_deg=8.69, lat_deg=49.41)
SCHOOL = TimeSlice(name="school", hours="Mo-Fr 07:30-08:15", speed_factor=(("residential", 0.5),))
RUSH = TimeSlice(name="rush", hours="Mo-Fr 07:00-09:00,16:00-18:00; PH off", speed_factor=(("primary", 0.6),))

TABLES = """
[[time_slice]]
name = "school"
hours = "Mo-Fr 07:30-08:15"
speed_factor = { residential = 0.5, living_street = 1 }

[[time_slice]]
name = "rush"
hours = "Mo-Fr 07:00-09:00"
[time_slice.speed_factor]
primary = 0.6
"""


def _with_tables(folder: Path, tables: str) -> VehicleProfile:
    shipped = Path(str(load_profile.__globals__["_SHIPPED"])) / "truck_26t.toml"
    path = folder / "own.toml"
    path.write_text(shipped.read_text(encoding="utf-8") + tables, encoding="utf-8")
    return load_profile(path)


@pytest.mark.parametrize(
    ("hour", "minute", "expected"),
    [(7, 29, RUSH), (7, 30, SCHOOL), (8, 14, SCHOOL), (8, 15, RUSH), (9, 0, None), (17, 0, RUSH)],
)
def test_first_slice_that_fits_is_taken(hour: int, minute: int, expected: TimeSlice | None) -> None:
    at = datetime(2026, 5, 4, hour, minute, tzinfo=BERLIN)
    assert slice_at((SCHOOL, RUSH), at, HEIDELBERG) == expected


def test_slices_follow_the_clock_over_the_change_of_summer_time() -> None:
    for day in (datetime(2026, 3, 27, tzinfo=BERLIN), datetime(2026, 3, 30, tzinfo=BERLIN)):  # before and after
        assert slice_at((RUSH,), day.replace(hour=7), HEIDELBERG) == RUSH
        assert slice_at((RUSH,), day.replace(hour=6, minute=59), HEIDELBERG) is None


def test_slices_are_read_from_the_profile(tmp_path: Path) -> None:
    profile = _with_tables(tmp_path, TABLES)
    assert [item.name for item in profile.time_slices] == ["school", "rush"]
    assert profile.time_slices[0].factors == {"residential": 0.5, "living_street": 1.0}


def test_shipped_profiles_slow_down_at_no_time() -> None:
    assert load_profile("truck_26t").time_slices == ()


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        ("[time_slice]\nname = 1", "time_slice must be written as tables [[time_slice]]"),
        ("[[time_slice]]", "name must be a text"),
        ('[[time_slice]]\nname = "a"', "hours must be a text"),
        ('[[time_slice]]\nname = "a"\nhours = "late"', "the hours 'late' cannot be understood"),
        ('[[time_slice]]\nname = "a"\nhours = "24/7"', "speed_factor must be a table"),
        ('[[time_slice]]\nname = "a"\nhours = "24/7"\nspeed_factor = { road = 0 }', "road must be a number from 0.05"),
        ('[[time_slice]]\nname = "a"\nhours = "24/7"\nspeed_factor = { road = true }', "road must be a number"),
        ('[[time_slice]]\nname = "a"\nhours = "24/7"\nspeed_factor = { lane = 1 }', "'lane' is no highway class"),
        ('[[time_slice]]\nname = "a"\nhours = "24/7"\nspeed_factor = { road = 1 }\ncolour = 1', "colour is unknown"),
        (TABLES.replace('"rush"', '"school"'), "the name 'school' is taken"),
    ],
)
def test_impossible_slices_are_named(tmp_path: Path, tables: str, problem: str) -> None:
    with pytest.raises(BrokenProfileError, match=re.escape(problem)):
        _with_tables(tmp_path, tables)
