from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from optimizer.forecasting.public_holidays import german_holidays, regional_holidays
from optimizer.forecasting.slots import SLOTS_PER_WEEK, slot_grid

BERLIN = ZoneInfo("Europe/Berlin")


def never(_day: date) -> bool:
    return False


def second(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp())


def test_cells_are_the_slots_of_the_local_clock() -> None:
    grid = slot_grid(second("2026-03-02T07:30"), second("2026-03-02T12:00"), BERLIN, never)
    edges = [datetime.fromtimestamp(edge, BERLIN).hour for edge in grid.edge_at_s.tolist()]
    assert edges == [6, 9, 12]
    assert grid.slot.tolist() == [2, 3]  # Monday


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_on_which_the_clock_changes_keeps_eight_slots_and_all_its_hours(day: str, hours: int) -> None:
    following = str(date.fromisoformat(day).replace(day=int(day[-2:]) + 1))
    grid = slot_grid(second(f"{day}T00:00"), second(f"{following}T00:00"), BERLIN, never)
    assert len(grid) == 8
    assert grid.days.sum() * 24 == pytest.approx(hours)
    assert grid.slot.tolist() == list(range(48, 56))


def test_holidays_count_as_sundays() -> None:
    grid = slot_grid(second("2026-06-04T00:00"), second("2026-06-05T00:00"), BERLIN, german_holidays())
    assert grid.slot.tolist() == list(range(48, 56))  # Corpus Christi in North Rhine-Westphalia, a Thursday
    assert (
        slot_grid(second("2026-06-04T00:00"), second("2026-06-05T00:00"), BERLIN, german_holidays("HH")).slot[0] == 24
    )


def test_a_week_of_flat_activity_is_seven_days_of_exposure() -> None:
    grid = slot_grid(second("2026-03-02T00:00"), second("2026-03-09T00:00"), BERLIN, never)
    assert grid.exposure_days(np.ones(SLOTS_PER_WEEK))[-1] == pytest.approx(7)
    assert sorted(set(grid.slot.tolist())) == list(range(56))


def test_a_grid_of_one_instant_has_one_cell() -> None:
    instant = int(datetime(1970, 1, 1, tzinfo=UTC).timestamp())
    assert len(slot_grid(instant, instant, BERLIN, never)) == 1


@pytest.mark.parametrize(
    ("region", "is_free"), [("DE-NW", True), ("DE-HH", False), ("DE", False), ("AT-9", True), ("CZ", False)]
)
def test_holidays_are_those_of_the_region(region: str, is_free: bool) -> None:  # noqa: FBT001 - a pytest parameter
    assert regional_holidays(region)(date(2026, 6, 4)) is is_free  # Corpus Christi


@pytest.mark.parametrize("region", ["XX", "DE-QQ", ""])
def test_an_unknown_region_is_refused_with_its_name(region: str) -> None:
    with pytest.raises(ValueError, match=f"'{region}'"):
        regional_holidays(region)
