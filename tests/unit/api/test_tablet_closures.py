"""A closure's outline closes the street that it is about, and no other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from api.tablet.closed_router import with_closures
from api.tablet.closures import Closure, outline, overrides_of
from api.wiring import build_ports, open_street_router
from optimizer.domain.issues import InvalidInputError
from routing.location import Location, Waypoint
from tests.flow.town_samples import SOUTH, STEP_LAT, STEP_LON, WEST, town_xml

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MIDNIGHT = NOW.replace(hour=23)


def closure(*places: Location, **more: object) -> Closure:
    made = Closure(
        closure_id="c1",
        line=places,
        reason="works",
        valid_from_at=NOW,
        valid_until_at=None,
        added_at=NOW,
        added_by="key",
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields of the closure


def place(column: float, row: float) -> Location:
    return Location(lon_deg=WEST + column * STEP_LON, lat_deg=SOUTH + row * STEP_LAT)


places = st.builds(Location, lon_deg=st.floats(7, 8), lat_deg=st.floats(51, 52))
degrees_of_lon = st.one_of(st.sampled_from([-180.0, 180.0, 179.9999]), st.floats(-180, 180))
degrees_of_lat = st.one_of(st.sampled_from([-90.0, 90.0, 89.99999]), st.floats(-90, 90))
anywhere = st.builds(Location, lon_deg=degrees_of_lon, lat_deg=degrees_of_lat)


@given(st.lists(places, min_size=1, max_size=8))
def test_outline_of_any_line_is_a_polygon_that_a_router_takes(line: list[Location]) -> None:
    shape = shapely.Polygon(outline(line))
    assert shape.area > 0
    made = overrides_of([closure(*line)], from_at=NOW, until_at=MIDNIGHT)
    assert [one.override_id for one in made] == ["closure-c1"]


@given(st.lists(anywhere, min_size=1, max_size=4))
def test_closure_at_the_ends_of_the_earth_stops_no_plan(line: list[Location]) -> None:
    assert len(overrides_of([closure(*line)], from_at=NOW, until_at=MIDNIGHT)) == 1


@pytest.mark.parametrize(
    ("more", "holds"),
    [
        ({}, True),
        ({"valid_until_at": NOW + timedelta(hours=1)}, True),
        ({"valid_from_at": NOW - timedelta(days=2), "valid_until_at": NOW}, False),
        ({"valid_from_at": MIDNIGHT}, False),
        ({"withdrawn_at": NOW}, False),
    ],
)
def test_closure_counts_while_it_holds(more: dict[str, object], holds: object) -> None:
    made = overrides_of([closure(place(1, 1), **more)], from_at=NOW, until_at=MIDNIGHT)
    assert bool(made) == holds


def test_closure_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="Exchange"):
        closure(place(1, 1), valid_until_at=NOW - timedelta(hours=1))


def test_closed_street_is_driven_around_and_the_crossing_ones_stay_open(tmp_path: Path) -> None:
    path = tmp_path / "map.osm"
    path.write_text(town_xml(), encoding="utf-8")
    ports = build_ports(open_street_router(path))
    here = Waypoint(label="here", location=place(0.5, 1))
    there = Waypoint(label="there", location=place(4.5, 1))

    def metres(closures: list[Closure]) -> int:
        closed = with_closures(ports, overrides_of(closures, from_at=NOW, until_at=MIDNIGHT))
        placed = closed.router.travel([here, there], profile="van_3_5t", at=NOW)
        assert placed.rejections == ()
        return int(placed.matrix.distance_m[0, 1])

    straight_m = metres([])
    along = closure(place(2, 1), place(3, 1))
    assert metres([along]) > straight_m
    assert metres([replace(along, withdrawn_at=NOW)]) == straight_m
    # Closed is the street between its crossings; what only meets it there stays open.
    across = Waypoint(label="south", location=place(2, 0.5)), Waypoint(label="north", location=place(2, 1.5))
    closed = with_closures(ports, overrides_of([along], from_at=NOW, until_at=MIDNIGHT))
    both = [
        int(one.router.travel(across, profile="van_3_5t", at=NOW).matrix.distance_m[0, 1]) for one in (ports, closed)
    ]
    assert both[0] == both[1]
