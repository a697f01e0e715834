import pytest

from routing.permissions import node_reason, way_passage
from routing.profile import VehicleProfile, load_profile

TRUCK = load_profile("truck_26t")
VAN = load_profile("van_3_5t")


def _kph(profile: VehicleProfile, direction: str = "forward", **tags: str) -> float:
    return way_passage({"highway": "residential", **tags}, profile, direction=direction).kph


def _reason(profile: VehicleProfile, **tags: str) -> str:
    return way_passage({"highway": "residential", **tags}, profile, direction="forward").reason


@pytest.mark.parametrize(
    ("tags", "may_truck", "may_van"),
    [
        ({}, True, True),
        ({"maxweight": "7.5"}, False, True),
        ({"maxweight": "3"}, False, False),
        ({"maxweight": "26"}, True, True),
        ({"maxweight": "default"}, True, True),
        ({"maxweightrating": "12"}, False, True),
        ({"maxweightrating:hgv": "12"}, False, True),
        ({"maxaxleload": "10"}, False, True),
        ({"maxheight": "3.5"}, False, True),
        ({"maxheight": "12'6\""}, True, True),
        ({"maxwidth": "2.3"}, False, True),
        ({"maxlength": "9"}, False, True),
        ({"hgv": "no"}, False, True),
        ({"hgv": "destination"}, True, True),
        ({"goods": "no"}, True, False),
        ({"motor_vehicle": "no"}, False, False),
        ({"motor_vehicle": "destination"}, True, True),
        ({"access": "no", "hgv": "yes"}, True, False),
        ({"access": "private"}, False, False),
        ({"access": "customers"}, True, True),
        ({"vehicle": "forestry"}, False, False),
        ({"highway": "track"}, False, False),
        ({"highway": "track", "tracktype": "grade1"}, True, True),
        ({"highway": "track", "tracktype": "grade2"}, False, True),
        ({"highway": "service", "service": "alley"}, True, True),
        ({"highway": "service", "service": "driveway"}, True, True),
        ({"highway": "service", "service": "emergency_access"}, False, False),
        ({"highway": "footway"}, False, False),
        ({"surface": "grass"}, False, False),
        ({"smoothness": "impassable"}, False, False),
        ({"smoothness": "horrible"}, True, True),
    ],
)
def test_signs_close_streets_for_vehicles_they_mean(tags: dict[str, str], *, may_truck: bool, may_van: bool) -> None:
    assert (_kph(TRUCK, **tags) > 0, _kph(VAN, **tags) > 0) == (may_truck, may_van)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"maxweight": "7.5"}, "maxweight is 7500 kg and the vehicle has 26000 kg"),
        ({"maxheight": "3"}, "maxheight is 300 cm and the vehicle has 360 cm"),
        ({"hgv": "no"}, "hgv=no"),
        ({"oneway": "-1"}, "it is one-way"),
        ({"highway": "track"}, "the vehicle does not use highway=track"),
        ({"surface": "sand"}, "surface=sand"),
    ],
)
def test_closed_street_says_why(tags: dict[str, str], reason: str) -> None:
    assert _reason(TRUCK, **tags) == reason


def test_signed_limit_changes_the_speed_up_to_the_vehicles_own() -> None:
    assert _kph(TRUCK) == 25
    assert _kph(TRUCK, maxspeed="50") == pytest.approx(42.5)
    assert _kph(TRUCK, highway="primary", maxspeed="100") == 80
    assert _kph(TRUCK, direction="backward", **{"maxspeed": "50", "maxspeed:backward": "30"}) == pytest.approx(25.5)
    assert _kph(TRUCK, highway="service", maxspeed="50") == 12
    assert _kph(TRUCK, maxspeed="50", surface="gravel") == 12


@pytest.mark.parametrize(
    ("tags", "is_open"),
    [
        ({"barrier": "bollard"}, False),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, True),
        ({"barrier": "bollard", "hgv": "no"}, False),
        ({"barrier": "bollard", "bicycle": "yes"}, False),
        ({"barrier": "bollard", "access": "yes"}, True),
        ({"barrier": "gate"}, True),
        ({"barrier": "gate", "locked": "yes"}, False),
        ({"barrier": "gate", "access": "private"}, False),
        ({"barrier": "lift_gate"}, True),
        ({"barrier": "height_restrictor", "maxheight": "2.1"}, False),
        ({"barrier": "height_restrictor", "maxheight": "4"}, True),
        ({"maxweight": "12"}, False),
        ({"highway": "traffic_signals"}, True),
    ],
)
def test_barriers_and_limits_on_nodes_close_the_way_through(tags: dict[str, str], *, is_open: bool) -> None:
    assert (node_reason(tags, TRUCK) == "") == is_open
