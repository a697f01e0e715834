import pytest

from routing.rules import Directions, access, directions, limits, max_speed_kph, strictest
from tests.unit.routing.town_sketch import Sketch

TRUCK = ("vehicle", "motor_vehicle", "hgv")
BOTH, FORWARD, BACKWARD, NEITHER = (
    Directions(True, True),
    Directions(True, False),
    Directions(False, True),
    Directions(False, False),
)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, BOTH),
        ({"oneway": "no"}, BOTH),
        ({"oneway": "yes"}, FORWARD),
        ({"oneway": "1"}, FORWARD),
        ({"oneway": "true"}, FORWARD),
        ({"oneway": "-1"}, BACKWARD),
        ({"oneway": "reverse"}, BACKWARD),
        ({"oneway": "reversible"}, NEITHER),
        ({"oneway": "alternating"}, NEITHER),
        ({"oneway": "what"}, BOTH),
        ({"junction": "roundabout"}, FORWARD),
        ({"junction": "roundabout", "oneway": "no"}, BOTH),
        ({"junction": "roundabout", "oneway": "-1"}, BACKWARD),
        ({"highway": "motorway"}, FORWARD),
        ({"highway": "motorway_link"}, FORWARD),
        ({"highway": "motorway_link", "oneway": "no"}, BOTH),
        ({"oneway": "yes", "oneway:hgv": "no"}, BOTH),
        ({"oneway:hgv": "yes"}, FORWARD),
        ({"oneway": "yes", "oneway:bicycle": "no"}, FORWARD),
        ({"oneway": "yes", "oneway:motor_vehicle": "no", "oneway:hgv": "-1"}, BACKWARD),
    ],
)
def test_directions_follow_the_most_particular_oneway_tag(tags: dict[str, str], expected: object) -> None:
    assert directions(tags, vehicle_keys=TRUCK) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, ("", "")),
        ({"access": "private"}, ("private", "access")),
        ({"access": "no", "hgv": "yes"}, ("yes", "hgv")),
        ({"motor_vehicle": "no", "vehicle": "yes"}, ("no", "motor_vehicle")),
        ({"hgv": "yes", "hgv:forward": "no"}, ("no", "hgv:forward")),
        ({"hgv:backward": "no"}, ("", "")),
        ({"access": "customers;delivery"}, ("customers", "access")),
    ],
)
def test_access_takes_the_most_particular_key(tags: dict[str, str], expected: object) -> None:
    assert access(tags, vehicle_keys=("access", *TRUCK), direction="forward") == expected


def test_limits_take_the_strictest_readable_value() -> None:
    tags = {"maxweight": "12", "maxweight:hgv": "7.5", "maxheight": "low", "maxwidth:forward": "2"}
    assert limits(tags, direction="forward") == {"maxweight": 7500, "maxwidth": 200}
    assert limits(tags, direction="backward", is_heavy=False) == {"maxweight": 12_000}


def test_speed_limit_depends_on_direction_and_vehicle() -> None:
    tags = {"maxspeed": "70", "maxspeed:backward": "50", "maxspeed:hgv": "60"}
    assert max_speed_kph(tags, direction="forward", is_heavy=True) == 60
    assert max_speed_kph(tags, direction="forward", is_heavy=False) == 70
    assert max_speed_kph(tags, direction="backward", is_heavy=False) == 50
    assert max_speed_kph({"maxspeed": "fast"}, direction="forward", is_heavy=False) is None


def test_strictest_ignores_what_states_no_limit() -> None:
    assert strictest("maxheight", ["4", "default", "12'", "tall"]) == "12'"
    assert strictest("maxheight", ["default"]) is None


def test_import_names_values_that_cannot_be_understood(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0)).tag("b", barrier="gate", maxheight="low")
    sketch.way(1, "a b", maxweight="3.5 bananas", maxspeed="fast", oneway="maybe")
    elements = {issue.element for issue in sketch.streets().issues}
    assert elements == {
        "way tag maxweight=3.5 bananas",
        "way tag maxspeed=fast",
        "way tag oneway=maybe",
        "node tag maxheight=low",
    }
