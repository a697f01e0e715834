"""GeoJSON after RFC 7946 and GPX 1.1, for any plan and any name."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from io import StringIO

import gpxpy
import numpy as np
import pytest
from rich.console import Console

from api.cli.show_plan import show_plan
from api.export.geojson import UnknownTourError, plan_to_geojson, tour_to_geojson
from api.export.gpx import tour_to_gpx
from api.export.plan_paths import find_plan_paths
from api.export.summary import Figure, summarise_plan
from api.export.texts import Language
from optimizer.domain.plan import Plan, StopKind, Totals
from optimizer.domain.town import Town
from routing.location import Waypoint
from routing.path import LegPath
from tests.unit.api.plan_factory import GridRouter, make_plan, make_town

HOSTILE = '</script><img src=x onerror=alert(1)> & "quoted" \' ]]> \x07'


@pytest.fixture(scope="module")
def town() -> Town:
    return make_town()


@pytest.fixture(scope="module")
def plan(town: Town) -> Plan:
    return make_plan(town)


@dataclass(frozen=True)
class AskedRouter(GridRouter):
    """Writes down when it was asked for which legs."""

    asked: list[tuple[datetime | None, int]]

    def paths(
        self,
        waypoints: Sequence[Waypoint],
        legs: Sequence[tuple[int, int]],
        *,
        profile: str,
        at: datetime | None = None,
    ) -> tuple[LegPath, ...]:
        self.asked.append((at, len(legs)))
        return super().paths(waypoints, legs, profile=profile, at=at)


def test_legs_are_asked_for_at_the_slice_in_which_they_are_driven(town: Town, plan: Plan) -> None:
    tour = plan.tours[0]
    legs = [stop for stop in tour.stops if stop.leg]
    left_at = [tour.stops[stop.sequence - 1].departs_at.astimezone(town.zone) for stop in legs]
    switch = left_at[len(left_at) // 2].time()
    one = replace(plan, tours=(tour,))
    usual, late = (datetime.combine(plan.day, clock, tzinfo=town.zone) for clock in (time(10), switch))
    for slices, expected in (
        ((), [(usual, len(legs))]),
        ((switch,), [(usual, len(legs) // 2), (late, len(legs) - len(legs) // 2)]),
        ((time(0),), [(datetime.combine(plan.day, time(0), tzinfo=town.zone), len(legs))]),
    ):
        router = AskedRouter(asked=[])
        paths = find_plan_paths(one, replace(town, travel_slices_local=slices), router)
        assert router.asked == expected
        found = paths[tour.vehicle_id]
        assert [path is not None for path in found] == [stop.leg is not None for stop in tour.stops]
        straight = find_plan_paths(one, town, GridRouter())[tour.vehicle_id]
        for path, other in zip(found, straight, strict=True):
            assert (path is None) == (other is None)
            assert path is None or other is None or np.array_equal(path.lon_lat_deg, other.lon_lat_deg)


def test_every_leg_of_a_plan_has_its_path(town: Town, plan: Plan) -> None:
    paths = find_plan_paths(plan, town, GridRouter())
    for tour in plan.tours:
        for stop, path in zip(tour.stops, paths[tour.vehicle_id], strict=True):
            assert (path is None) == (stop.leg is None)


def test_geojson_is_a_valid_feature_collection(town: Town, plan: Plan) -> None:
    document = json.loads(json.dumps(plan_to_geojson(plan, find_plan_paths(plan, town, GridRouter()), town=town)))
    assert document["type"] == "FeatureCollection"
    west, south, east, north = document["bbox"]
    lines = points = 0
    for feature in document["features"]:
        assert feature["type"] == "Feature"
        geometry = feature["geometry"]
        positions = geometry["coordinates"] if geometry["type"] == "LineString" else [geometry["coordinates"]]
        lines += geometry["type"] == "LineString"
        points += geometry["type"] == "Point"
        for lon_deg, lat_deg in positions:
            assert west <= lon_deg <= east
            assert south <= lat_deg <= north
            assert (7 < lon_deg < 8, 51 < lat_deg < 52) == (True, True)  # longitude first
            assert lon_deg == round(lon_deg, 6)
    assert lines >= len(plan.tours)
    stops = sum(stop.kind is not StopKind.BREAK for tour in plan.tours for stop in tour.stops)
    assert points >= stops + len(plan.unserved) - len(plan.tours)


def test_one_tour_is_a_part_of_the_whole(town: Town, plan: Plan) -> None:
    paths = find_plan_paths(plan, town, GridRouter())
    vehicle_id = plan.tours[1].vehicle_id
    alone = tour_to_geojson(plan, vehicle_id, paths, town=town)["features"]
    assert alone
    assert all(feature in plan_to_geojson(plan, paths, town=town)["features"] for feature in alone)
    with pytest.raises(UnknownTourError, match="ghost"):
        tour_to_geojson(plan, "ghost", paths, town=town)


def test_plan_without_tours_still_exports(town: Town, plan: Plan) -> None:
    empty = replace(plan, tours=(), totals=Totals())
    document = plan_to_geojson(empty, {}, town=town)
    assert len(document["features"]) == len(plan.unserved)
    assert summarise_plan(empty).tour_count == 0


def test_gpx_navigates_and_draws(town: Town, plan: Plan) -> None:
    tour = plan.tours[0]
    gpx = gpxpy.parse(tour_to_gpx(plan, tour.vehicle_id, find_plan_paths(plan, town, GridRouter()), town=town))
    assert gpx.version == "1.1"
    (route,) = gpx.routes
    halts = [stop for stop in tour.stops if stop.kind is not StopKind.BREAK]
    assert len(route.points) == len(halts)
    assert route.points[0].longitude == pytest.approx(halts[0].location.lon_deg, abs=1e-6)
    assert sum(len(segment.points) for segment in gpx.tracks[0].segments) > len(halts)
    times = [point.time for point in route.points if point.time is not None]
    assert times == sorted(times)


def test_gpx_keeps_hostile_names_inert(town: Town, plan: Plan) -> None:
    tour = plan.tours[0]
    stops = (tour.stops[0], replace(tour.stops[1], label=HOSTILE), *tour.stops[2:])
    hostile = replace(plan, town_name=HOSTILE, tours=(replace(tour, stops=stops), *plan.tours[1:]))
    document = tour_to_gpx(hostile, tour.vehicle_id, find_plan_paths(hostile, town, GridRouter()), town=town)
    assert "<img" not in document
    assert "onerror" in " ".join(point.name or "" for point in gpxpy.parse(document).routes[0].points)


@pytest.mark.parametrize(("language", "said"), [("de", ("Überstunden", "Maut")), ("en", ("overtime", "toll"))])
@pytest.mark.parametrize("width", [80, 120])
def test_terminal_tells_overtime_and_toll_where_there_are_any(
    plan: Plan, language: Language, said: tuple[str, str], width: int
) -> None:
    def shown(one: Plan) -> str:
        console = Console(width=width, record=True, file=StringIO())
        show_plan(one, console=console, language=language)
        return console.export_text()

    assert not any(word in shown(plan) for word in said)
    tour = plan.tours[0]
    totals = replace(tour.totals, overtime_s=2 * 3600, toll_eur=3.25)
    dear = shown(replace(plan, tours=(replace(tour, totals=totals), *plan.tours[1:]), totals=totals))
    lines = [line for line in dear.splitlines() if line.startswith(f"{tour.vehicle_id}: ")]
    comma = "," if language == "de" else "."
    assert [figure in line for figure, line in zip((f"2{comma}0 h", f"3{comma}25 EUR"), lines, strict=True)] == [
        True
    ] * 2
    assert all(dear.count(word) == 2 for word in said), "once for the tour, once among the figures"


@pytest.mark.parametrize(
    ("language", "told"),
    [("de", "Karte: town.osm.pbf, vom 8. September 2024"), ("en", "Map: town.osm.pbf, of 8 September")],
)
def test_terminal_tells_the_map_and_its_date(plan: Plan, language: Language, told: str) -> None:
    dated = replace(plan, map_source="town.osm.pbf", map_data_at=datetime(2024, 9, 8, 20, 21, tzinfo=UTC))
    console = Console(width=80, record=True, file=StringIO())
    show_plan(dated, console=console, language=language)
    assert told in console.export_text()
    assert plan_to_geojson(dated, {}, attribution="")["plan"]["map_data_at"] == "2024-09-08T20:21:00+00:00"


def test_summary_states_the_totals_of_the_plan(plan: Plan) -> None:
    summary = summarise_plan(plan)
    assert summary.distance_km == pytest.approx(plan.totals.distance_m / 1000)
    assert summary.container_count == plan.totals.lifts
    assert sum(tour.container_count for tour in summary.tours) == plan.totals.lifts
    assert summary.due_count == summary.due_emptied_count + sum(one.is_due for one in plan.unserved)
    assert plan.baseline is not None
    change = summary.change_percent(Figure.DISTANCE_KM)
    assert change == pytest.approx(100 * (plan.totals.distance_m / plan.baseline.distance_m - 1), abs=0.5)
