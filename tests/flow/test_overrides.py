"""What the depot knows better than the map counts in its plans: a closed street, from the day it is closed."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from api.wiring import OVERRIDES_NAME, build_ports, open_street_router
from optimizer.domain.request import DayRequest, SolveLimits
from optimizer.planning.plan_day import plan_day
from routing.errors import RoutingError
from routing.location import Location, Waypoint
from tests.flow.http_samples import small_town
from tests.flow.town_samples import SOUTH, STEP_LAT, STEP_LON, WEST, town_xml

HERE = Waypoint(label="here", location=Location(lon_deg=WEST + STEP_LON / 2, lat_deg=SOUTH + STEP_LAT))
THERE = Waypoint(label="there", location=Location(lon_deg=WEST + 4.5 * STEP_LON, lat_deg=SOUTH + STEP_LAT))
CLOSED = """
[[override]]
id = "works-1"
reason = "burst pipe"
created_by = "dispatch"
created_at = 2026-03-01T12:00:00+01:00
from = 2026-03-03T00:00:00+01:00
street = "Langstraße 3"
change = "close"

[[override]]
id = "works-2"
reason = "bridge too weak"
created_by = "dispatch"
created_at = 2026-03-01T12:00:00+01:00
from = 2026-03-03T00:00:00+01:00
ways = [1001]
change = "limit"
weight_kg = 2000
"""


@pytest.fixture
def map_path(tmp_path: Path) -> Path:
    path = tmp_path / "map.osm"
    path.write_text(town_xml(), encoding="utf-8")
    return path


def metres(map_path: Path, at: str) -> int:
    placed = open_street_router(map_path).travel([HERE, THERE], profile="van_3_5t", at=datetime.fromisoformat(at))
    assert placed.rejections == ()
    return int(placed.matrix.distance_m[0, 1])


def test_override_counts_from_its_first_day(map_path: Path) -> None:
    before_m = metres(map_path, "2026-03-03T10:00+01:00")
    map_path.with_name(OVERRIDES_NAME).write_text(CLOSED, encoding="utf-8")
    assert metres(map_path, "2026-03-02T10:00+01:00") == before_m
    assert metres(map_path, "2026-03-03T10:00+01:00") != before_m


def test_broken_overrides_name_every_issue(map_path: Path) -> None:
    path = map_path.with_name(OVERRIDES_NAME)
    path.write_text(CLOSED.replace('change = "close"', 'change = "explode"').replace("ways = [1001]", ""), "utf-8")
    with pytest.raises(RoutingError) as refused:
        open_street_router(map_path)
    assert "works-1" in str(refused.value)
    assert "works-2" in str(refused.value)


def test_plan_says_which_stop_lies_in_a_closed_street(map_path: Path) -> None:
    closed = CLOSED.replace('street = "Langstraße 3"', 'street = "Querstraße 2"\nuntil = 2026-03-06T17:00:00+01:00')
    map_path.with_name(OVERRIDES_NAME).write_text(closed, encoding="utf-8")
    town = small_town(container_count=2, vehicle_count=1)
    # One in the middle of a block of the closed street, one in a street that stays open.
    stands = [HERE.location, Location(lon_deg=WEST, lat_deg=SOUTH + 3.5 * STEP_LAT)]
    town = replace(
        town,
        containers=tuple(replace(one, location=at) for one, at in zip(town.containers, stands, strict=True)),
        depots=(replace(town.depots[0], location=Location(lon_deg=WEST, lat_deg=SOUTH + 4.5 * STEP_LAT)),),
        disposal_sites=(
            replace(town.disposal_sites[0], location=Location(lon_deg=WEST + STEP_LON, lat_deg=SOUTH + 4.5 * STEP_LAT)),
        ),
    )
    request = DayRequest(
        town=town,
        day=date(2026, 3, 4),
        as_of=datetime.fromisoformat("2026-03-03T18:00+01:00"),
        history={},
        limits=SolveLimits(time_limit_s=None, iteration_limit=20, seed=1),
        policy="all",
        solver="greedy",
    )
    plan = plan_day(request, build_ports(open_street_router(map_path)), plan_id="p", generated_at=request.as_of)
    assert plan.unserved == ()
    [closed_street] = [one for one in plan.warnings if one.startswith("closed_street: ")]
    assert closed_street == (
        "closed_street: Querstraße 2 is closed to truck_26t (override works-1: burst pipe, until 2026-03-06 17:00); "
        "container site site-000 is served from Langstraße 1, 104 m away"
    )
