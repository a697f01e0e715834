"""Conditional tags, overrides and time slices on hand-made streets: what may be driven, how fast, and why not."""

import dataclasses
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
import pytest

from routing.conditions import ALWAYS, Conditions
from routing.errors import UnknownTimeSliceError
from routing.metric import Metric, build_metric
from routing.override_book import OverrideBook
from routing.overrides import (
    AllowAccess,
    AllowPrivate,
    Change,
    CloseStreet,
    ForbidReversing,
    SetDirection,
    SetLimit,
    SetSpeed,
    WayTarget,
)
from routing.profile import VehicleProfile, load_profile
from routing.time_slices import TimeSlice
from routing.turns import build_turns
from tests.unit.routing.depot_notes import BERLIN, book_of, note
from tests.unit.routing.town_sketch import Sketch

TRUCK = load_profile("truck_26t")
VAN = load_profile("van_3_5t")
MONDAY_8 = datetime(2026, 5, 4, 8, tzinfo=BERLIN)
MONDAY_23 = datetime(2026, 5, 4, 23, tzinfo=BERLIN)
SUNDAY_8 = datetime(2026, 5, 3, 8, tzinfo=BERLIN)


def _metric(sketch: Sketch, conditions: Conditions = ALWAYS, profile: VehicleProfile = TRUCK) -> Metric:
    streets = sketch.streets()
    return build_metric(streets, build_turns(streets), profile, conditions=conditions)


def _street(sketch: Sketch, **tags: str) -> Sketch:
    return sketch.nodes(a=(0, 0), b=(1000, 0)).way(1, "a b", **tags)


def _kph(metric: Metric) -> list[float]:
    """Speed along the street of 1 km and against it, 0 where closed."""
    return [round(3_600_000 / ms, 1) if ms > 0 else 0 for ms in metric.arc_ms.tolist()]


def _noted(change: Change, target: WayTarget | int = 1, **fields: object) -> Conditions:
    return Conditions(overrides=book_of(note(change, target, **fields)))


@pytest.mark.parametrize(
    ("tags", "at_8", "at_23", "on_sunday"),
    [
        ({"access__conditional": "no @ (Mo-Fr 07:00-09:00)"}, [0, 0], [25, 25], [25, 25]),
        ({"motor_vehicle__conditional": "no @ (Su,PH)"}, [25, 25], [25, 25], [0, 0]),
        ({"hgv__conditional": "no @ (22:00-06:00)"}, [25, 25], [0, 0], [25, 25]),
        ({"hgv": "no", "hgv__conditional": "destination @ (06:00-11:00)"}, [25, 25], [0, 0], [25, 25]),
        ({"hgv__forward__conditional": "no @ (22:00-06:00)"}, [25, 25], [0, 25], [25, 25]),
        ({"access__conditional": "no @ (07:30-19:00 AND weight>7.5)"}, [0, 0], [25, 25], [0, 0]),
        ({"access__conditional": "no @ (weight>30)"}, [25, 25], [25, 25], [25, 25]),
        ({"access__conditional": "no @ (length>9)"}, [0, 0], [0, 0], [0, 0]),
        ({"maxweight__conditional": "7.5 @ (22:00-06:00)"}, [25, 25], [0, 0], [25, 25]),
        ({"maxweight": "7.5", "maxweight__conditional": "none @ (Mo-Fr 06:00-20:00)"}, [25, 25], [0, 0], [0, 0]),
        ({"maxheight__conditional": "3.5 @ (Su)"}, [25, 25], [25, 25], [0, 0]),
        ({"maxlength__conditional": "9 @ (Mo-Fr 07:00-19:00)"}, [0, 0], [25, 25], [25, 25]),
        ({"maxspeed": "50", "maxspeed__conditional": "30 @ (22:00-06:00)"}, [42.5] * 2, [25.5] * 2, [42.5] * 2),
        ({"maxspeed": "50", "maxspeed__hgv__conditional": "30 @ (22:00-06:00)"}, [42.5] * 2, [25.5] * 2, [42.5] * 2),
        ({"maxspeed": "50", "maxspeed__backward__conditional": "20 @ (Su)"}, [42.5] * 2, [42.5] * 2, [42.5, 17]),
        ({"oneway__conditional": "yes @ (Mo-Fr 07:00-09:00)"}, [25, 0], [25, 25], [25, 25]),
        ({"oneway": "yes", "oneway__conditional": "no @ (Su)"}, [25, 0], [25, 0], [25, 25]),
        ({"oneway": "yes", "oneway__conditional": "-1 @ (12:00-24:00)"}, [25, 0], [0, 25], [25, 0]),
        ({"access__conditional": "no @ (wet)"}, [25, 25], [25, 25], [25, 25]),
    ],
)
def test_conditional_tags_hold_at_their_times(
    sketch: Sketch, tags: dict[str, str], at_8: list[float], at_23: list[float], on_sunday: list[float]
) -> None:
    _street(sketch, **tags)
    found = [_kph(_metric(sketch, Conditions(at=at))) for at in (MONDAY_8, MONDAY_23, SUNDAY_8)]
    assert found == [at_8, at_23, on_sunday]


@pytest.mark.parametrize("tags", [{"access__conditional": "no @ (Mo-Su)"}, {"hgv__conditional": "no @ (weight>7.5)"}])
def test_without_an_instant_conditional_tags_do_not_hold(sketch: Sketch, tags: dict[str, str]) -> None:
    assert _kph(_metric(_street(sketch, **tags))) == [25, 25]


def test_conditional_tag_of_a_barrier_opens_and_closes_it(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(500, 0), c=(1000, 0)).way(1, "a b c")
    sketch.tag("b", barrier="bollard", motor_vehicle__conditional="yes @ (06:00-11:00)")
    closed = [_metric(sketch, Conditions(at=at)).node_reason.any() for at in (MONDAY_8, MONDAY_23)]
    assert closed == [False, True]
    assert _metric(sketch).node_reason.any()


def test_closing_time_is_in_the_reason(sketch: Sketch) -> None:
    metric = _metric(_street(sketch, hgv__conditional="no @ (22:00-06:00)"), Conditions(at=MONDAY_23))
    assert metric.reasons[metric.arc_reason[0]] == "hgv=no"


DIRECTIONS: list[tuple[Literal["forward", "backward", "both"], list[float]]] = [
    ("forward", [25, 0]),
    ("backward", [0, 25]),
    ("both", [25, 25]),
]


@pytest.mark.parametrize(
    ("tags", "change", "expected"),
    [
        ({}, CloseStreet(), [0, 0]),
        ({}, SetLimit(weight_kg=7_500), [0, 0]),
        ({}, SetLimit(weight_kg=26_000), [25, 25]),
        ({}, SetLimit(axle_load_kg=8_000), [0, 0]),
        ({}, SetLimit(height_cm=350), [0, 0]),
        ({}, SetLimit(width_cm=254), [0, 0]),
        ({}, SetLimit(length_cm=999), [0, 0]),
        ({}, SetLimit(length_cm=1_000, height_cm=400), [25, 25]),
        ({"maxweight": "7.5", "maxweightrating:hgv": "12"}, SetLimit(weight_kg=40_000), [25, 25]),
        ({"maxheight": "3", "maxweight": "7.5"}, SetLimit(height_cm=400), [0, 0]),
        ({"maxspeed": "50"}, SetSpeed(kph=10), [10, 10]),
        ({}, SetSpeed(kph=200), [80, 80]),
        ({"hgv": "no"}, SetSpeed(kph=10), [0, 0]),
        ({"highway": "track"}, SetSpeed(kph=10), [0, 0]),
        *[({"oneway": "yes", "oneway:hgv": "-1"}, SetDirection(open_to=way), kph) for way, kph in DIRECTIONS],
        ({"junction": "roundabout"}, SetDirection(open_to="both"), [25, 25]),
        ({"access": "private"}, AllowPrivate(), [25, 25]),
        ({"motor_vehicle": "permit"}, AllowPrivate(), [25, 25]),
        ({"hgv": "no"}, AllowPrivate(), [0, 0]),
        ({"hgv": "no", "access": "private"}, AllowAccess(), [25, 25]),
        ({"hgv": "no", "maxweight": "7.5"}, AllowAccess(), [0, 0]),
        ({"hgv": "no", "oneway": "yes"}, AllowAccess(), [25, 0]),
        ({"highway": "track"}, AllowAccess(), [0, 0]),
        ({}, ForbidReversing(), [25, 25]),
    ],
)
def test_overrides_change_a_street(sketch: Sketch, tags: dict[str, str], change: Change, expected: list[float]) -> None:
    assert _kph(_metric(_street(sketch, **tags), _noted(change))) == expected


def test_override_of_one_direction_leaves_the_other(sketch: Sketch) -> None:
    target = WayTarget(way_ids=(1,), direction="backward")
    assert _kph(_metric(_street(sketch), _noted(CloseStreet(), target))) == [25, 0]


def test_override_of_one_way_leaves_the_others(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(1000, 0), c=(2000, 0)).way(1, "a b").way(2, "b c")
    assert _kph(_metric(sketch, _noted(CloseStreet(), 2))) == [25, 25, 0, 0]


def test_override_for_some_vehicles_leaves_the_others(sketch: Sketch) -> None:
    _street(sketch)
    conditions = _noted(CloseStreet(), profiles=("truck_26t",))
    assert _kph(_metric(sketch, conditions)) == [0, 0]
    assert _kph(_metric(sketch, conditions, VAN)) == [28, 28]


def test_permit_and_speed_together_open_a_street_of_a_strange_class(sketch: Sketch) -> None:
    _street(sketch, highway="track", access="forestry")
    book = book_of(note(AllowAccess(), override_id="a"), note(SetSpeed(kph=9), override_id="b"))
    assert _kph(_metric(sketch, Conditions(overrides=book))) == [9, 9]


def test_later_override_counts_and_a_closure_beats_all(sketch: Sketch) -> None:
    _street(sketch)
    book = book_of(note(SetSpeed(kph=10), override_id="a"), note(SetSpeed(kph=20), override_id="b"))
    assert _kph(_metric(sketch, Conditions(overrides=book))) == [20, 20]
    closed = OverrideBook().add(note(override_id="close"))
    for override in (
        *book.overrides,
        note(AllowAccess(), override_id="c"),
        note(SetDirection(open_to="both"), 1, override_id="d"),
    ):
        closed = closed.add(override)
    assert _kph(_metric(sketch, Conditions(overrides=closed))) == [0, 0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (CloseStreet(), "closed by override 'note-1': burst pipe"),
        (SetLimit(height_cm=350), "maxheight is 350 cm and the vehicle has 360 cm, says override 'note-1'"),
        (SetDirection(open_to="backward"), "it is one-way, says override 'note-1'"),
    ],
)
def test_street_closed_by_an_override_names_it(sketch: Sketch, change: Change, reason: str) -> None:
    metric = _metric(_street(sketch), _noted(change))
    assert metric.reasons[metric.arc_reason[0]] == reason


def test_sign_that_closes_anyway_is_not_laid_on_an_override(sketch: Sketch) -> None:
    metric = _metric(_street(sketch, hgv="no"), _noted(SetLimit(height_cm=500)))
    assert metric.reasons[metric.arc_reason[0]] == "hgv=no"


@pytest.mark.parametrize(
    ("tags", "change", "is_open"),
    [
        ({"barrier": "gate", "access": "private"}, AllowPrivate(), True),
        ({"barrier": "gate", "locked": "yes"}, AllowPrivate(), True),
        ({"barrier": "bollard"}, AllowPrivate(), False),
        ({"barrier": "bollard"}, AllowAccess(), True),
        ({"barrier": "gate", "hgv": "no"}, AllowAccess(), True),
        ({"barrier": "height_restrictor", "maxheight": "2.1"}, AllowAccess(), False),
        ({"barrier": "height_restrictor", "maxheight": "2.1"}, SetLimit(height_cm=400), True),
        ({"barrier": "height_restrictor", "maxheight": "4"}, SetLimit(height_cm=210), False),
        ({"barrier": "gate"}, SetLimit(height_cm=210), True),  # the way is closed, its gate is no lower than before
    ],
)
def test_permits_and_limits_hold_for_gates_on_the_street_too(
    sketch: Sketch, tags: dict[str, str], change: Change, *, is_open: bool
) -> None:
    sketch.nodes(a=(0, 0), b=(500, 0), c=(1000, 0)).tag("b", **tags).way(1, "a b c")
    assert (not _metric(sketch, _noted(change)).node_reason.any()) == is_open


@pytest.mark.parametrize(
    ("at", "is_closed"),
    [
        (MONDAY_8 - timedelta(seconds=1), False),
        (MONDAY_8, True),
        (MONDAY_23 - timedelta(seconds=1), True),
        (MONDAY_23, False),
        (None, False),
    ],
)
def test_dated_override_is_expired_or_not_yet_valid_at_other_times(
    sketch: Sketch, at: datetime | None, *, is_closed: bool
) -> None:
    book = book_of(note(valid_from_at=MONDAY_8, valid_until_at=MONDAY_23))
    assert (_kph(_metric(_street(sketch), Conditions(at=at, overrides=book))) == [0, 0]) == is_closed


def test_withdrawn_override_changes_nothing(sketch: Sketch) -> None:
    book = book_of(note()).withdraw("note-1", by="lead", at=MONDAY_8)
    assert _kph(_metric(_street(sketch), Conditions(at=MONDAY_8, overrides=book))) == [25, 25]


def test_school_hours_close_a_street_for_a_quarter_of_an_hour_also_after_clocks_change(sketch: Sketch) -> None:
    book = book_of(note(hours="Mo-Fr 07:45-08:00; PH off"))
    _street(sketch)
    for day in (datetime(2026, 3, 27, tzinfo=BERLIN), datetime(2026, 3, 30, tzinfo=BERLIN)):
        times = [day.replace(hour=7, minute=44), day.replace(hour=7, minute=45), day.replace(hour=8)]
        found = [_kph(_metric(sketch, Conditions(at=at, overrides=book)))[0] for at in times]
        assert found == [25, 0, 25]


RUSH = TimeSlice(name="rush", hours="Mo-Fr 07:00-09:00", speed_factor=(("residential", 0.5),))
SLOW_TRUCK = dataclasses.replace(TRUCK, time_slices=(RUSH,))


def test_time_slice_multiplies_the_speed_of_its_classes(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(1000, 0), c=(2000, 0)).way(1, "a b", maxspeed="50").way(2, "b c", highway="primary")
    assert _kph(_metric(sketch, Conditions(at=MONDAY_8), SLOW_TRUCK)) == [21.3, 21.3, 50, 50]
    for conditions in (Conditions(at=MONDAY_23), ALWAYS):
        assert _kph(_metric(sketch, conditions, SLOW_TRUCK)) == [42.5, 42.5, 50, 50]


def test_time_slice_can_be_named_whatever_the_time(sketch: Sketch) -> None:
    _street(sketch)
    for at in (None, MONDAY_23):
        assert _kph(_metric(sketch, Conditions(at=at, slice_name="rush"), SLOW_TRUCK)) == [12.5, 12.5]
    with pytest.raises(UnknownTimeSliceError, match=r"has no time slice 'snow'\. Known are: rush\."):
        _metric(sketch, Conditions(slice_name="snow"), SLOW_TRUCK)
    with pytest.raises(UnknownTimeSliceError, match="Add one as a table"):
        _metric(sketch, Conditions(slice_name="snow"))


def test_speed_of_an_override_holds_in_the_rush_hour_too_and_its_other_changes_slow_down(sketch: Sketch) -> None:
    _street(sketch, access="private")
    book = book_of(note(AllowPrivate(), override_id="a"))
    assert _kph(_metric(sketch, Conditions(at=MONDAY_8, overrides=book), SLOW_TRUCK)) == [12.5, 12.5]
    book = book.add(note(SetSpeed(kph=10), override_id="b"))
    assert _kph(_metric(sketch, Conditions(at=MONDAY_8, overrides=book), SLOW_TRUCK)) == [10, 10]


def test_override_is_laid_over_the_tags_that_hold_at_the_time(sketch: Sketch) -> None:
    _street(sketch, hgv__conditional="no @ (22:00-06:00)", maxweight__conditional="7.5 @ (22:00-06:00)")
    book = book_of(note(SetLimit(weight_kg=40_000)))
    assert _kph(_metric(sketch, Conditions(at=MONDAY_23, overrides=book))) == [0, 0]
    book = book.add(note(AllowAccess(), override_id="permit"))
    assert _kph(_metric(sketch, Conditions(at=MONDAY_23, overrides=book))) == [25, 25]


def test_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no zone"):
        Conditions(at=datetime(2026, 5, 4))  # noqa: DTZ001 - the fault that is tested


@pytest.mark.parametrize(
    "conditional_turn",
    ["no_left_turn @ (Mo-Fr 07:00-09:00)", "no_left_turn @ (06:00-10:00 AND weight>7.5); no_u_turn @ (Su)"],
)
def test_conditional_turn_restriction_binds_at_its_times(sketch: Sketch, conditional_turn: str) -> None:
    sketch.nodes(south=(0, -100), mid=(0, 0), west=(-100, 0), north=(0, 100))
    sketch.way(1, "south mid").way(2, "mid west").way(3, "mid north")
    members = [("way", 1, "from"), ("node", 2, "via"), ("way", 2, "to")]
    sketch.relation(members, {"type": "restriction", "restriction:conditional": conditional_turn})
    open_turns = [_metric(sketch, Conditions(at=at)).graph.head.size for at in (MONDAY_8, MONDAY_23)]
    assert open_turns[0] == open_turns[1] - 1
    assert np.array_equal(_metric(sketch).graph.head, _metric(sketch, Conditions(at=MONDAY_23)).graph.head)


def test_conditional_turn_restriction_for_goods_vehicles_spares_the_van(sketch: Sketch) -> None:
    sketch.nodes(south=(0, -100), mid=(0, 0), west=(-100, 0), north=(0, 100))
    sketch.way(1, "south mid").way(2, "mid west").way(3, "mid north")
    members = [("way", 1, "from"), ("node", 2, "via"), ("way", 2, "to")]
    sketch.relation(members, {"type": "restriction", "restriction:hgv:conditional": "no_left_turn @ (07:00-09:00)"})
    for profile, n_closed in ((TRUCK, 1), (VAN, 0)):
        sizes = [_metric(sketch, Conditions(at=at), profile).graph.head.size for at in (MONDAY_8, MONDAY_23)]
        assert sizes[1] - sizes[0] == n_closed


def test_turn_restriction_with_a_strange_condition_becomes_an_issue(sketch: Sketch) -> None:
    sketch.nodes(south=(0, -100), mid=(0, 0), west=(-100, 0), north=(0, 100))
    sketch.way(1, "south mid").way(2, "mid west").way(3, "mid north")
    members = [("way", 1, "from"), ("node", 2, "via"), ("way", 2, "to")]
    sketch.relation(members, {"type": "restriction", "restriction:conditional": "no_left_turn @ (fog)"})
    streets = sketch.streets()
    assert streets.restrictions == ()
    assert ["'fog' is no time and no size" in issue.detail for issue in streets.issues] == [True]
