"""A stop in a street that an override takes away is named, with the street that serves it instead."""

from datetime import datetime, timedelta

import pytest

from routing.location import Side
from routing.overrides import AllowPrivate, Change, CloseStreet, Override, SetDirection, SetLimit, SetSpeed, WayTarget
from routing.street_router import RoadRouter
from tests.unit.routing.depot_notes import BERLIN, book_of, note
from tests.unit.routing.town_sketch import Sketch

TRUCK, VAN = "truck_26t", "van_3_5t"
MAIN, GARDEN, YARD, FAR = 1, 2, 5, 6
MONDAY = datetime(2026, 5, 4, 8, tzinfo=BERLIN)


@pytest.fixture
def town(sketch: Sketch) -> Sketch:
    """A block of 400 m by 60 m, a private yard that branches off, and a loop far from all other streets."""
    sketch.nodes(a=(0, 0), b=(400, 0), c=(400, 60), d=(0, 60), e=(800, 0), f=(800, 600), g=(400, 600), y=(200, 40))
    sketch.nodes(m=(200, 60)).tag("d", highway="turning_circle")
    sketch.way(MAIN, "a b", name="Hauptstraße").way(GARDEN, "d m c", name="Gartenweg").way(3, "a d").way(4, "b c")
    sketch.way(YARD, "m y", name="Hof", access="private", highway="service").tag("y", highway="turning_circle")
    return sketch.way(FAR, "b e f g c", name="Ringstraße")


def _router(town: Sketch, *overrides: Override) -> RoadRouter:
    return town.router(overrides=book_of(*overrides))


def test_closed_street_is_named_with_override_and_the_street_used_instead(town: Sketch) -> None:
    until_at = MONDAY + timedelta(days=18)
    router = _router(town, note(target=MAIN, valid_until_at=until_at))
    stops = [town.at(410, 40), town.at(200, 5)]
    assert router.travel(stops, profile=TRUCK, at=MONDAY).rejections == ()
    [notice] = router.closed_streets(stops, profile=TRUCK, at=MONDAY)
    assert (notice.waypoint_index, notice.street_name, notice.served_from) == (1, "Hauptstraße", "Gartenweg")
    assert (notice.override_id, notice.reason, notice.until_at) == ("note-1", "burst pipe", until_at)
    assert notice.distance_m == pytest.approx(55, abs=0.5)
    assert router.closed_streets(stops, profile=TRUCK, at=until_at) == ()


def test_stop_without_another_street_near_is_named_as_served_from_none(town: Sketch) -> None:
    router = _router(town, note(target=FAR))
    stops = [town.at(200, 0), town.at(800, 500)]
    assert [one.waypoint_index for one in router.travel(stops, profile=TRUCK).rejections] == [1]
    [notice] = router.closed_streets(stops, profile=TRUCK)
    assert (notice.waypoint_index, notice.street_name, notice.served_from) == (1, "Ringstraße", None)


@pytest.mark.parametrize(
    ("change", "is_named"),
    [
        (CloseStreet(), True),
        (SetLimit(weight_kg=7_500), True),
        (SetLimit(weight_kg=40_000), False),
        (SetSpeed(kph=10), False),
        (SetDirection(open_to="backward"), False),
    ],
)
def test_only_what_keeps_this_vehicle_out_is_named(town: Sketch, change: Change, *, is_named: bool) -> None:
    router = _router(town, note(change, MAIN))
    assert bool(router.closed_streets([town.at(200, 5)], profile=TRUCK)) == is_named


def test_override_for_other_vehicles_is_not_named(town: Sketch) -> None:
    router = _router(town, note(target=MAIN, profiles=(TRUCK,)))
    assert len(router.closed_streets([town.at(200, 5)], profile=TRUCK)) == 1
    assert router.closed_streets([town.at(200, 5)], profile=VAN) == ()


def test_stop_in_an_open_street_beside_a_closed_one_is_not_named(town: Sketch) -> None:
    assert _router(town, note(target=MAIN)).closed_streets([town.at(200, 50)], profile=TRUCK) == ()


def test_street_with_one_direction_left_is_not_named_even_when_the_side_moves_the_stop(town: Sketch) -> None:
    forward = note(target=WayTarget(way_ids=(MAIN,), direction="forward"))
    router = _router(town, forward)
    assert router.closed_streets([town.at(200, -5, side=Side.RIGHT)], profile=TRUCK) == ()


def test_street_that_the_vehicle_never_uses_is_not_named_when_it_is_closed(town: Sketch) -> None:
    stop = town.at(200, 35)
    assert _router(town, note(target=YARD)).closed_streets([stop], profile=TRUCK) == ()
    opened = _router(town, note(AllowPrivate(), YARD), note(target=YARD, override_id="note-2"))
    [notice] = opened.closed_streets([stop], profile=TRUCK)
    assert (notice.street_name, notice.override_id, notice.served_from) == ("Hof", "note-2", "Gartenweg")


def test_nothing_is_worked_out_anew_where_no_stop_is_near_a_closed_street(town: Sketch) -> None:
    router = _router(town, note(target=MAIN))
    assert router.closed_streets([town.at(800, 500)], profile=TRUCK) == ()
    assert router.closed_streets([], profile=TRUCK) == ()
    assert len(router._engines._latest) == 1
