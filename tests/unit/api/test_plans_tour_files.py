import json
from xml.etree import ElementTree as ET

import pytest

from api.export.kml import tour_to_kml
from api.export.plan_paths import find_plan_paths
from api.export.stored_paths import dump_paths, load_paths
from api.http.language import language_of
from api.plans.tour_files import TourFormat, make_tour_file
from optimizer.domain.plan import Plan, StopKind
from optimizer.domain.town import Town
from tests.unit.api.plan_factory import GridRouter, make_plan, make_town

KML = "{http://www.opengis.net/kml/2.2}"


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town()


@pytest.fixture(scope="module")
def plan(town: Town) -> Plan:
    return make_plan(town)


def test_streets_of_a_tour_survive_storage(plan: Plan, town: Town) -> None:
    paths = find_plan_paths(plan, town, GridRouter())
    vehicle_id = plan.tours[0].vehicle_id
    found, attribution = load_paths(dump_paths(paths[vehicle_id], attribution="© somebody"))
    assert attribution == "© somebody"
    assert len(found) == len(plan.tours[0].stops)
    for stored, path in zip(found, paths[vehicle_id], strict=True):
        assert (stored is None) == (path is None)
        if stored is not None and path is not None:
            assert stored.lon_lat_deg == pytest.approx(path.lon_lat_deg, abs=1e-6)
            assert (stored.distance_m, stored.duration_s) == (path.distance_m, path.duration_s)
            assert stored.manoeuvres == path.manoeuvres
            assert stored.street_names == path.street_names


@pytest.mark.parametrize("format_name", [one for one in TourFormat if one is not TourFormat.JSON])
def test_file_is_made_of_stored_streets_and_without_them(plan: Plan, town: Town, format_name: TourFormat) -> None:
    vehicle_id = plan.tours[0].vehicle_id
    paths = find_plan_paths(plan, town, GridRouter())[vehicle_id]
    stored = dump_paths(paths, attribution="© OpenStreetMap contributors")
    drawn, straight = (
        make_tour_file(plan, vehicle_id, town=town, format_name=format_name, language="en", stored_paths=one)
        for one in (stored, None)
    )
    assert drawn
    assert straight
    assert drawn != straight
    if format_name is not TourFormat.PDF:
        assert b"OpenStreetMap" in drawn
        assert b"OpenStreetMap" not in straight
    if format_name is TourFormat.GEOJSON:
        assert json.loads(drawn)["type"] == "FeatureCollection"


def test_kml_has_each_stop_once_and_longitude_first(plan: Plan, town: Town) -> None:
    tour = plan.tours[0]
    paths = find_plan_paths(plan, town, GridRouter())
    root = ET.fromstring(tour_to_kml(plan, tour.vehicle_id, paths, town=town, language="de"))
    stops = [stop for stop in tour.stops if stop.kind is not StopKind.BREAK]
    points = [one.text for one in root.findall(f".//{KML}Point/{KML}coordinates")]
    assert points == [f"{round(one.location.lon_deg, 6)},{round(one.location.lat_deg, 6)}" for one in stops]
    names = [one.text or "" for one in root.findall(f".//{KML}Placemark/{KML}name")]
    assert [name for name in names if name.startswith("000 ")]


@pytest.mark.parametrize(
    ("asked", "header", "spoken"),
    [
        ("en", "de", "en"),
        (None, "en-GB,en;q=0.9,de;q=0.5", "en"),
        (None, "fr,en;q=0.2,de;q=0.8", "de"),
        (None, "fr", "de"),
        (None, None, "de"),
        (None, "en;q=zero, *;q=0.1", "de"),
    ],
)
def test_language_is_what_is_asked_then_what_the_browser_prefers(
    asked: str | None, header: str | None, spoken: str
) -> None:
    assert language_of(asked, header) == spoken  # type: ignore[arg-type]  # as it comes from the address
