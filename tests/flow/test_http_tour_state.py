"""The state of a tour: what its crew reported, whatever the order, and nobody else's business."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.http.app import create_app
from api.http.services import Services
from api.store.tenant_ports import Role
from tests.flow.http_samples import key_for, served, services_in

DAY = "2026-03-02"
PATH = "/v1/tours/LUE-1/state"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    folder: Path = tmp_path_factory.mktemp("state")
    return services_in(folder, has_keys=True)


@pytest.fixture(scope="module")
def client(services: Services) -> Iterator[httpx.Client]:
    with served(create_app(services)) as opened:
        opened.headers["Authorization"] = f"Bearer {key_for(services, Role.DISPATCHER)}"
        yield opened


def event(number: int, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "event_id": f"e{number}",
        "sequence": number,
        "at": f"2026-03-02T04:{number:02d}:00+01:00",
        "kind": kind,
        **more,
    }


def test_state_tells_what_was_reported_once_and_in_its_order(client: httpx.Client) -> None:
    empty = client.get(PATH, params={"date": DAY}).raise_for_status().json()
    assert (empty["event_count"], empty["emptied"], empty["started_at"]) == (0, [], None)
    events = [
        event(3, "not_emptied", container_id="P-002", code="blocked_by_car"),
        event(2, "emptied", container_id="P-001", weight_kg=80.5),
        event(1, "started"),
        event(4, "emptied", container_id="P-003"),
    ]
    for _ in range(2):
        answer = client.post("/v1/tours/LUE-1/events", json={"day": DAY, "events": events})
        assert answer.status_code == 207, answer.text
    state = client.get(PATH, params={"date": DAY}).raise_for_status().json()
    assert state["event_count"] == 4
    assert [one["container_id"] for one in state["emptied"]] == ["P-001", "P-003"]
    assert state["emptied"][0]["weight_kg"] == 80.5
    assert [(one["container_id"], one["code"]) for one in state["not_emptied"]] == [("P-002", "blocked_by_car")]
    assert state["started_at"] == "2026-03-02T03:01:00Z"
    assert state["returned_at"] is None


def test_state_is_told_to_its_own_crew_and_of_known_vehicles_only(client: httpx.Client, services: Services) -> None:
    other = {"Authorization": f"Bearer {key_for(services, Role.DRIVER, subject_id='LUE-2')}"}
    own = {"Authorization": f"Bearer {key_for(services, Role.DRIVER, subject_id='LUE-1')}"}
    assert client.get(PATH, params={"date": DAY}, headers=own).status_code == 200
    assert client.get(PATH, params={"date": DAY}, headers=other).status_code == 404
    assert client.get("/v1/tours/nobody/state", params={"date": DAY}).status_code == 404
    assert client.get(PATH, params={"date": "yesterday"}).status_code == 422
