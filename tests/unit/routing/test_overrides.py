from datetime import datetime, timedelta

import pytest

from routing.local_time import LocalTime
from routing.overrides import AreaTarget, SetDirection, SetLimit, SetSpeed, StreetTarget, WayTarget
from tests.unit.routing.depot_notes import BERLIN, note

HEIDELBERG = LocalTime(lon_deg=8.69, lat_deg=49.41)
BEGIN = datetime(2026, 5, 4, 7, tzinfo=BERLIN)
END = datetime(2026, 5, 22, 17, tzinfo=BERLIN)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("at", "is_active"), [(BEGIN - SECOND, False), (BEGIN, True), (END - SECOND, True), (END, False), (None, False)]
)
def test_override_holds_from_its_beginning_to_before_its_end(at: datetime | None, *, is_active: bool) -> None:
    assert note(valid_from_at=BEGIN, valid_until_at=END).is_active(at, HEIDELBERG) == is_active


def test_open_ends_hold_for_ever() -> None:
    long_ago, far_ahead = datetime(1970, 1, 1, tzinfo=BERLIN), datetime(2200, 1, 1, tzinfo=BERLIN)
    assert note(valid_from_at=BEGIN).is_active(far_ahead, HEIDELBERG)
    assert not note(valid_from_at=BEGIN).is_active(long_ago, HEIDELBERG)
    assert note(valid_until_at=END).is_active(long_ago, HEIDELBERG)
    assert note().is_active(long_ago, HEIDELBERG)


def test_without_an_instant_only_timeless_overrides_hold() -> None:
    assert note().is_active(None, HEIDELBERG)
    for dated in (note(valid_from_at=BEGIN), note(valid_until_at=END), note(hours="24/7")):
        assert not dated.is_active(None, HEIDELBERG)


@pytest.mark.parametrize(
    ("hour", "minute", "is_active"), [(7, 29, False), (7, 30, True), (8, 14, True), (8, 15, False)]
)
@pytest.mark.parametrize("day", [datetime(2026, 3, 27, tzinfo=BERLIN), datetime(2026, 3, 30, tzinfo=BERLIN)])
def test_school_hours_follow_the_clock_on_both_sides_of_summer_time(
    day: datetime, hour: int, minute: int, *, is_active: bool
) -> None:
    school = note(hours="Mo-Fr 07:30-08:15; PH off")
    assert school.is_active(day.replace(hour=hour, minute=minute), HEIDELBERG) == is_active


def test_validity_in_the_hour_that_comes_twice_ends_at_the_right_one() -> None:
    second_half_past_two = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1)
    override = note(valid_until_at=second_half_past_two)
    assert override.is_active(datetime(2026, 10, 25, 2, 45, tzinfo=BERLIN), HEIDELBERG)  # the first 02:45
    assert not override.is_active(datetime(2026, 10, 25, 2, 45, tzinfo=BERLIN, fold=1), HEIDELBERG)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"override_id": " "}, "Its id must be one line"),
        ({"reason": ""}, "Its reason must be one line"),
        ({"reason": "a\nb"}, "Its reason must be one line"),
        ({"reason": "x" * 501}, "Its reason must be one line"),
        ({"created_by": "\x1b[31m"}, "Its created_by must be one line"),
        ({"created_at": datetime(2026, 5, 4)}, "with their offset"),  # noqa: DTZ001 - the fault that is tested
        ({"valid_from_at": datetime(2026, 5, 4)}, "with their offset"),  # noqa: DTZ001 - the fault that is tested
        ({"valid_from_at": END, "valid_until_at": BEGIN}, "ends before it begins"),
        ({"valid_from_at": BEGIN, "valid_until_at": BEGIN}, "ends before it begins"),
        ({"valid_from_at": datetime(1, 1, 1, tzinfo=BERLIN)}, "years 1900 to 2999"),
        ({"hours": "when it rains"}, "The hours 'when it rains' cannot be understood"),
        ({"hours": "Mo-Fr; SH off"}, "school holidays"),
        ({"change": SetDirection(open_to="both"), "target": WayTarget(way_ids=(1,), direction="forward")}, "whole way"),
    ],
)
def test_impossible_overrides_say_what_is_wrong(fields: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        note(**fields)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (SetLimit, "A limit needs a weight_kg"),
        (lambda: SetLimit(weight_kg=0), "whole number of kilograms"),
        (lambda: SetSpeed(kph=0), "close the street to keep out"),
        (lambda: SetSpeed(kph=float("nan")), "not between 1 and 200"),
        (lambda: SetDirection(open_to="sideways"), "not 'sideways'"),  # type: ignore[arg-type]  # the fault
        (lambda: WayTarget(way_ids=()), "at least one OSM way"),
        (lambda: WayTarget(way_ids=(0,)), "above zero"),
        (lambda: WayTarget(way_ids=(2**63,)), "at least one OSM way"),
        (lambda: AreaTarget(outline_deg=((8, 49), (9, 49), (8, 49))), "at least three corners"),
        (lambda: AreaTarget(outline_deg=((8, 49), (9, 49), (8, 200))), "pairs of longitude and latitude"),
        (lambda: AreaTarget(outline_deg=((8, 49), (9, 49), (8, float("nan")))), "pairs of longitude and latitude"),
        (lambda: StreetTarget(name=" "), "name of the street is empty"),
        (lambda: StreetTarget(name="A", box_deg=(9, 49, 8, 50)), "west below east"),
    ],
)
def test_impossible_changes_and_targets_say_what_is_wrong(make: "object", problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        make()  # type: ignore[operator]  # a function


def test_equal_instants_and_speeds_make_equal_overrides() -> None:
    utc = note(SetSpeed(kph=30), valid_from_at=BEGIN)
    assert utc == note(SetSpeed(kph=30.0), valid_from_at=BEGIN.astimezone(None))
    assert hash(utc) == hash(note(SetSpeed(kph=30.0), valid_from_at=BEGIN.astimezone(None)))
