"""The whole way with nothing replaced but the map: readings in, checked tours out, a scenario beside them."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from api.http.app import create_app
from api.jobs.open_runners import OpenPlanningRunner, OpenTenantRunner
from api.jobs.planning_parts import export_tours
from api.jobs.town_folders import open_tenant_store
from tests.flow.http_samples import (
    NOW,
    open_straight_line_ports,
    rising_history,
    served,
    services_in,
    small_record,
    store_of,
    wait_until_final,
    wait_until_ready,
)

ASKED = {"day": "2026-03-02", "limits": {"iteration_limit": 50, "seed": 3}, "with_baseline": True}


def opener_of(folder: Path, tenant_id: str) -> OpenPlanningRunner:
    return OpenPlanningRunner(
        open_store=partial(open_tenant_store, str(folder), tenant_id),
        open_ports=open_straight_line_ports,
        export_tours=export_tours,
    )


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder: Path = tmp_path_factory.mktemp("real")
    services = services_in(folder, OpenTenantRunner(opener_of=partial(opener_of, folder)))
    store_of(services).readings.add_history(rising_history(small_record().town), received_at=NOW)
    with served(create_app(services)) as opened:
        wait_until_ready(opened)
        yield opened


@pytest.fixture(scope="module")
def finished(client: httpx.Client) -> str:
    location: str = client.post("/v1/plans", json=ASKED).raise_for_status().headers["location"]
    answer = wait_until_final(client, location)
    assert answer["status"] == "succeeded", answer["failure"]
    return location


def test_full_containers_are_collected_in_tours(client: httpx.Client, finished: str) -> None:
    plan = client.get(finished).json()["plan"]
    collected = [
        collection["container_id"]
        for tour in plan["tours"]
        for stop in tour["stops"]
        for collection in stop["collections"]
    ]
    unserved = [one["container_id"] for one in plan["unserved"]]
    assert len(collected) > 0
    assert sorted(collected + unserved) == sorted(one.container_id for one in small_record().town.containers)
    assert plan["baseline"]["lifts"] == 12
    assert {"generated_at", "data_as_of", "inputs_digest", "solver", "warnings", "degraded"} <= plan.keys()


def test_tours_reach_the_tablet_and_the_navigation_device(client: httpx.Client, finished: str) -> None:
    vehicle_id = client.get(finished).json()["plan"]["tours"][0]["vehicle_id"]
    address = f"{finished}/tours/{vehicle_id}"
    sheet = client.get(address)
    assert sheet.json()["tour"]["stops"][0]["kind"] == "start"
    assert client.get(address, headers={"If-None-Match": sheet.headers["etag"]}).status_code == 304
    assert "<gpx" in client.get(address, params={"format": "gpx"}).text
    geojson = client.get(address, params={"format": "geojson"}).json()
    assert geojson["type"] == "FeatureCollection"
    lon_deg, lat_deg = next(one for one in geojson["features"] if one["geometry"]["type"] == "Point")["geometry"][
        "coordinates"
    ]
    assert lon_deg == pytest.approx(7.52, abs=0.1)
    assert lat_deg == pytest.approx(51.61, abs=0.1)


def test_same_request_gives_the_same_tours(client: httpx.Client, finished: str) -> None:
    again = client.post("/v1/plans", json=ASKED).raise_for_status().headers["location"]
    second = wait_until_final(client, again)["plan"]
    first = client.get(finished).json()["plan"]
    assert (second["tours"], second["inputs_digest"]) == (first["tours"], first["inputs_digest"])


def test_scenario_with_one_truck_less_leaves_the_live_plan_alone(client: httpx.Client, finished: str) -> None:
    before = client.get(finished).content
    body = {
        "name": "one truck less",
        "base_plan_id": finished.rpartition("/")[2],
        "changes": [{"op": "vehicle.remove", "vehicle_id": "LUE-1"}],
    }
    location = client.post("/v1/scenarios", json=body).raise_for_status().headers["location"]
    done = wait_until_final(client, location)
    assert done["status"] == "succeeded", done["failure"]
    assert all(tour["vehicle_id"] != "LUE-1" for tour in done["comparison"]["changed"]["tours"])
    assert done["comparison"]["base"]["plan_id"] == body["base_plan_id"]
    assert done["comparison"]["summary"]
    assert client.get(finished).content == before


def test_day_without_any_truck_is_a_plan_and_no_error(client: httpx.Client) -> None:
    body = {
        "name": "no truck at all",
        "request": {"day": "2026-03-02", "limits": {"iteration_limit": 5}},
        "changes": [{"op": "vehicle.remove", "vehicle_id": vehicle_id} for vehicle_id in ("LUE-1", "LUE-2")],
    }
    location = client.post("/v1/scenarios", json=body).raise_for_status().headers["location"]
    done = wait_until_final(client, location)
    assert done["status"] == "succeeded", done["failure"]
    changed = done["comparison"]["changed"]
    assert changed["tours"] == []
    assert {one["reason"] for one in changed["unserved"] if one["is_due"]} == {"no_vehicle"}


def test_empty_day_is_a_plan_without_tours(client: httpx.Client) -> None:
    body = {"day": "2026-02-21", "streams": ["glass"], "limits": {"iteration_limit": 5}}
    done = wait_until_final(client, client.post("/v1/plans", json=body).raise_for_status().headers["location"])
    assert done["status"] == "succeeded", done["failure"]
