"""What-if questions about a day keep out of the streets that are closed on it, as its plans do."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.http.app import create_app
from api.http.services import Services
from api.jobs.open_runners import OpenPlanningRunner, OpenTenantRunner
from api.jobs.planning_parts import open_planning_ports
from api.jobs.town_folders import open_tenant_store
from api.store.town_document import TownRecord
from optimizer.domain.container import Container
from optimizer.domain.places import Depot
from optimizer.domain.town import Town
from routing.location import Location
from tests.flow.http_samples import (
    NOW,
    rising_history,
    served,
    services_in,
    small_town,
    store_of,
    wait_until_final,
    wait_until_ready,
)
from tests.flow.town_samples import SOUTH, STEP_LAT, STEP_LON, WEST, town_xml


def at(column: float, row: float) -> Location:
    return Location(lon_deg=WEST + column * STEP_LON, lat_deg=SOUTH + row * STEP_LAT)


def town_on_streets() -> Town:
    """One container in the middle of a street that begins at the depot."""
    town = small_town()
    return replace(
        town,
        depots=(Depot(depot_id="yard", location=at(0.2, 0)),),
        disposal_sites=tuple(replace(one, location=at(0.4, 0)) for one in town.disposal_sites),
        containers=(
            Container(container_id="P-000", site_id="s", location=at(3.5, 0), stream="paper", capacity_l=3_000),
        ),
    )


def opener_of(folder: Path, tenant_id: str) -> OpenPlanningRunner:
    return OpenPlanningRunner(
        open_store=partial(open_tenant_store, str(folder), tenant_id),
        open_ports=partial(open_planning_ports, folder / "map.osm", folder / "cache"),
    )


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    folder: Path = tmp_path_factory.mktemp("closed")
    (folder / "map.osm").write_text(town_xml(), encoding="utf-8")
    made = services_in(folder, OpenTenantRunner(opener_of=partial(opener_of, folder)))
    town = town_on_streets()
    store_of(made).town.replace(TownRecord(town=town))
    store_of(made).readings.add_history(rising_history(town), received_at=NOW)
    return made


@pytest.fixture(scope="module")
def client(services: Services) -> Iterator[httpx.Client]:
    with served(create_app(services)) as opened:
        wait_until_ready(opened)
        yield opened


def compared(client: httpx.Client) -> dict[str, Any]:
    body = {
        "name": "more paper",
        "request": {"day": "2026-03-02", "policy": "all", "limits": {"iteration_limit": 20}},
        "changes": [{"op": "demand.scale", "factor": 1.2}],
    }
    location = client.post("/v1/scenarios", json=body).raise_for_status().headers["location"]
    found = wait_until_final(client, location)
    assert found["status"] == "succeeded", found
    return dict(found["comparison"])


def test_both_plans_of_a_scenario_keep_out_of_closed_streets(client: httpx.Client) -> None:
    before = compared(client)
    assert before["base"]["totals"]["lifts"] == 1
    line = [{"lon_deg": at(column, 0).lon_deg, "lat_deg": at(column, 0).lat_deg} for column in (1.1, 1.9)]
    closed = client.post("/v1/closures", json={"line": line, "reason": "works"})
    assert closed.status_code == 201, closed.text
    after = compared(client)
    for name in ("base", "changed"):
        assert after[name]["totals"]["lifts"] == 1
        longer_m = after[name]["totals"]["distance_m"] - before[name]["totals"]["distance_m"]
        assert longer_m >= 2 * 111_195 * STEP_LAT * 0.9, "round the block, there or back"
