"""Scenarios through the whole service: every kind of change, in two languages, with nothing live touched."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.http.app import create_app
from api.http.services import Services
from api.jobs.open_runners import OpenPlanningRunner, OpenTenantRunner
from api.jobs.town_folders import open_tenant_store
from api.store.table_digest import TableContent, content_of
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

ASKED = {"day": "2026-03-02", "limits": {"iteration_limit": 50, "seed": 3}}
TOLD = {"jobs", "scenarios", "audit", "audit_ends"}
"""Tables that may say that somebody asked."""


def opener_of(folder: Path, tenant_id: str) -> OpenPlanningRunner:
    return OpenPlanningRunner(
        open_store=partial(open_tenant_store, str(folder), tenant_id), open_ports=open_straight_line_ports
    )


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    folder: Path = tmp_path_factory.mktemp("scenarios")
    made = services_in(folder, OpenTenantRunner(opener_of=partial(opener_of, folder)))
    store_of(made).readings.add_history(rising_history(small_record().town), received_at=NOW)
    return made


@pytest.fixture(scope="module")
def client(services: Services) -> Iterator[httpx.Client]:
    with served(create_app(services)) as opened:
        wait_until_ready(opened)
        yield opened


@pytest.fixture(scope="module")
def plan_id(client: httpx.Client) -> str:
    location: str = client.post("/v1/plans", json=ASKED).raise_for_status().headers["location"]
    assert wait_until_final(client, location)["status"] == "succeeded"
    return location.rpartition("/")[2]


def live_content(services: Services) -> dict[str, TableContent]:
    with store_of(services).database.read() as connection:  # type: ignore[attr-defined]  # looks behind the port
        found = content_of(connection)
    return {name: content for name, content in found.items() if name not in TOLD}


def compared(client: httpx.Client, plan_id: str, *changes: dict[str, Any]) -> dict[str, Any]:
    body = {"name": "what if", "base_plan_id": plan_id, "changes": list(changes)}
    answer = client.post("/v1/scenarios", json=body)
    assert answer.status_code == 202, answer.text
    return wait_until_final(client, answer.headers["location"])


NEW_CONTAINER = {
    "site_id": "new",
    "location": {"lon_deg": 7.521, "lat_deg": 51.611},
    "stream": "paper",
    "capacity_l": 1_100,
}


@pytest.mark.parametrize(
    ("change", "words_de"),
    [
        ({"op": "vehicle.remove", "vehicle_id": "LUE-1"}, "ohne Fahrzeug LUE-1"),
        ({"op": "vehicle.add_like", "vehicle_id": "LUE-1", "new_vehicle_id": "X"}, "weiteren Fahrzeug wie LUE-1"),
        ({"op": "vehicle.replace", "vehicle_id": "LUE-1", "like_vehicle_id": "LUE-2"}, "statt Fahrzeug LUE-1"),
        ({"op": "disposal_site.close", "disposal_site_id": "plant"}, "Entsorgungsanlage plant geschlossen"),
        (
            {"op": "shift.change", "vehicle_id": "LUE-1", "starts_local": "09:00", "ends_local": "10:00"},
            "von 09:00 bis 10:00",
        ),
        ({"op": "service_level.change", "must_collect_probability": 0.9}, "ab 90 % Überlaufrisiko"),
        ({"op": "container.add", "container_id": "P-900", "container": NEW_CONTAINER}, "weiteren Behälter P-900"),
        ({"op": "container.remove", "container_ids": ["P-001"]}, "ohne Behälter P-001"),
        ({"op": "demand.scale", "factor": 0.5}, "mit 0,5-facher Füllgeschwindigkeit"),
        ({"op": "sensors.lose", "lost_fraction": 0.5}, "ohne 50 % der Sensoren"),
    ],
)
def test_each_change_is_compared_in_words_and_touches_nothing_live(
    client: httpx.Client, services: Services, plan_id: str, change: dict[str, Any], words_de: str
) -> None:
    before = live_content(services)
    assert before["readings"].rows > 0
    assert before["plans"].rows == 1
    done = compared(client, plan_id, change)
    assert done["status"] == "succeeded", done["failure"]
    comparison = done["comparison"]
    assert words_de in comparison["summary_de"][0]
    assert comparison["base"]["plan_id"] == plan_id
    lifts = comparison["changed"]["totals"]["lifts"] - comparison["base"]["totals"]["lifts"]
    assert lifts == comparison["difference"]["lifts"]
    assert live_content(services) == before


def test_closed_road_is_refused_in_words_where_there_is_no_map(client: httpx.Client, plan_id: str) -> None:
    done = compared(client, plan_id, {"op": "road.close", "street": "Hauptstraße"})
    assert done["status"] == "failed"
    assert done["failure"]["issues"][0]["code"] == "no_map"


@pytest.mark.parametrize(
    "change",
    [
        {"op": "road.close"},
        {"op": "road.close", "center": {"lon_deg": 7.5, "lat_deg": 51.6}},
        {"op": "road.close", "street": "A", "outline": [{"lon_deg": 7.5, "lat_deg": 51.6}]},
        {"op": "demand.scale", "factor": 9},
        {"op": "sensors.lose"},
        {"op": "container.remove", "container_ids": []},
        {"op": "container.add", "container_id": "P-001", "container": NEW_CONTAINER},
        {"op": "container.add", "container_id": "P-901", "container": NEW_CONTAINER | {"stream": "gold"}},
        {"op": "vehicle.replace", "vehicle_id": "LUE-1", "like_vehicle_id": "nobody"},
    ],
)
def test_impossible_change_is_refused_at_once(client: httpx.Client, plan_id: str, change: dict[str, Any]) -> None:
    body = {"name": "what if", "base_plan_id": plan_id, "changes": [change]}
    answer = client.post("/v1/scenarios", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
