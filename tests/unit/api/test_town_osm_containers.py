"""Containers in OpenStreetMap: what their tags mean, and which are none of the town's."""

import pytest

from api.town.osm_containers import containers_from_points
from routing.osm.points import OsmPoint


def point(**tags: str) -> OsmPoint:
    named = {name.replace("__", ":"): value for name, value in tags.items()}
    return OsmPoint(osm_id="node/7", lon_deg=7.5, lat_deg=51.6, tags=named)


@pytest.mark.parametrize(
    ("tags", "streams"),
    [
        ({"amenity": "waste_basket"}, {"litter"}),
        ({"amenity": "recycling", "recycling__glass": "yes", "recycling__glass_bottles": "yes"}, {"glass"}),
        ({"amenity": "recycling", "recycling__paper": "yes", "recycling__cans": "yes"}, {"paper"}),
        ({"amenity": "recycling", "recycling__plastic_packaging": "yes"}, {"plastic"}),
        ({"amenity": "recycling", "recycling__glass": "no", "recycling__clothes": "yes"}, {"textiles"}),
        ({"amenity": "waste_disposal"}, {"residual"}),
        ({"amenity": "waste_disposal", "waste": "litter"}, {"litter"}),
    ],
)
def test_streams_follow_the_recycling_tags(tags: dict[str, str], streams: set[str]) -> None:
    found = containers_from_points([point(**tags)], country="DE")
    assert {one.stream for one in found.containers} == streams
    assert not found.skipped


@pytest.mark.parametrize(
    "tags",
    [
        {"amenity": "waste_basket", "access": "private"},
        {"amenity": "waste_basket", "indoor": "yes"},
        {"amenity": "recycling", "recycling__glass": "yes", "level": "5"},
        {"amenity": "recycling", "recycling__glass": "yes", "recycling_type": "centre"},
        {"amenity": "recycling", "recycling__batteries": "yes"},
        {"amenity": "recycling"},
        {"amenity": "waste_basket", "waste": "cigarettes"},
    ],
)
def test_places_that_are_no_street_containers_are_counted_not_imported(tags: dict[str, str]) -> None:
    found = containers_from_points([point(**tags)], country="DE")
    assert found.containers == ()
    assert sum(found.skipped.values()) == 1


def test_containers_of_one_place_share_their_site_and_are_unverified() -> None:
    tags = {"amenity": "recycling", "recycling__glass": "yes", "recycling__paper": "yes", "location": "underground"}
    found = containers_from_points([point(**tags)], country="DE")
    assert {one.site_id for one in found.containers} == {"node-7"}
    assert {one.capacity_l for one in found.containers} == {5_000.0}
    assert not any(one.has_sensor for one in found.containers)
    assert all("node/7, unverified" in found.notes[one.container_id] for one in found.containers)


def test_glass_is_emptied_in_quiet_hours_only() -> None:
    (glass,) = containers_from_points([point(amenity="recycling", recycling__glass="yes")], country="DE").containers
    assert glass.hours.expression == "Mo-Sa 07:00-20:00; PH off"


def test_service_times_of_the_map_are_used_where_they_are_understood() -> None:
    for tagged, expected in (("Mo-Fr 06:00-10:00", "Mo-Fr 06:00-10:00"), ("early", "24/7")):
        (one,) = containers_from_points([point(amenity="waste_basket", service_times=tagged)], country="DE").containers
        assert one.hours.expression == expected
