"""What the depot knows better than the map counts in its plans: a closed street, from the day it is closed."""

from datetime import datetime
from pathlib import Path

import pytest

from api.wiring import OVERRIDES_NAME, open_street_router
from routing.errors import RoutingError
from routing.location import Location, Waypoint
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
