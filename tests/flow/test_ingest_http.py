"""Messages over HTTP with real keys into a real database: webhook in, level, alert or quarantine out."""

import base64
import gzip
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from api.http.app import create_app
from api.http.services import Services
from api.store.errors import StoreUnavailableError
from api.store.tenant_ports import Role
from tests.flow.http_samples import key_for, served, services_in
from tests.unit.api.ingest.memory_store import FIXTURES, fixture_bytes
from tests.unit.api.ingest.mutations import bodies
from tests.unit.api.ingest.test_ingest_intake import tts

EUI = "A84041000181C061"
CALIBRATED = {"decoder": "milesight_em310", "container_id": "P-001", "empty_mm": 2000, "full_mm": 400}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return services_in(tmp_path_factory.mktemp("ingest"), tenant_ids=("lue", "sel"), has_keys=True)


@pytest.fixture(scope="module")
def client(services: Services) -> Iterator[httpx.Client]:
    with served(create_app(services)) as client:
        yield client


def bearer(services: Services, role: Role, **whose: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {key_for(services, role, **whose)}"}


@pytest.fixture(scope="module")
def office(services: Services) -> dict[str, str]:
    return bearer(services, Role.DISPATCHER)


@pytest.fixture(scope="module")
def network(services: Services) -> dict[str, str]:
    return bearer(services, Role.SENSOR)


def latest(client: httpx.Client, office: dict[str, str], container_id: str) -> float | None:
    reading = client.get(f"/v1/containers/{container_id}", headers=office).raise_for_status().json()["latest_reading"]
    return None if reading is None else float(reading["fill_fraction"])


def test_message_of_a_new_sensor_is_taken_in_after_it_was_registered(
    client: httpx.Client, office: dict[str, str], network: dict[str, str]
) -> None:
    body = fixture_bytes("tts_em310.json")
    first = client.post("/v1/ingest/things-stack", content=body, headers=network)
    assert (first.status_code, first.json()["results"][0]["code"]) == (200, "unknown_device")
    [message] = client.get("/v1/quarantine?reason=unknown_device", headers=office).json()["messages"]
    whole = client.get(f"/v1/quarantine/{message['message_id']}", headers=office).json()
    assert base64.b64decode(whole["body_base64"]) == body
    made = client.put(f"/v1/devices/{EUI.lower()}", json=CALIBRATED, headers=office)
    assert (made.status_code, made.json()["device_id"]) == (201, EUI)
    replayed = client.post(f"/v1/quarantine/{message['message_id']}/replay", headers=office).json()
    assert (replayed["accepted"], replayed["quarantined"]) == (1, 0)
    assert latest(client, office, "P-001") == pytest.approx(0.625)
    again = client.post("/v1/ingest/things-stack", content=body, headers=network).json()
    assert (again["accepted"], again["duplicate"]) == (0, 1)
    assert client.get(f"/v1/quarantine/{message['message_id']}", headers=office).json()["replayed_at"] is not None


def test_same_message_five_times_at_once_is_stored_once(
    client: httpx.Client, office: dict[str, str], network: dict[str, str]
) -> None:
    client.put(f"/v1/devices/{EUI}", json={**CALIBRATED, "container_id": "P-002"}, headers=office).raise_for_status()
    body = tts(f_cnt=77, decoded_payload={"distance": 800}, frm_payload=None)

    def send(_: int) -> dict[str, Any]:
        return dict(client.post("/v1/ingest/things-stack", content=body, headers=network).raise_for_status().json())

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(send, range(5)))
    assert sum(answer["accepted"] for answer in answers) == 1
    assert sum(answer["duplicate"] for answer in answers) == 4


@pytest.mark.parametrize(
    ("path", "fixture"),
    [
        ("chirpstack?event=up", "chirpstack_em310.json"),
        ("ngsi", "ngsi_v2_normalized.json"),
        ("ngsi", "ngsi_ld_unknown_context.json"),
        ("ngsi?scale=fraction", "ngsi_ld_key_values.json"),
    ],
)
def test_other_formats_are_taken_in(
    client: httpx.Client, office: dict[str, str], network: dict[str, str], path: str, fixture: str
) -> None:
    client.put(f"/v1/devices/{EUI}", json=CALIBRATED, headers=office).raise_for_status()
    types = {"content-type": "application/ld+json"}
    answer = client.post(f"/v1/ingest/{path}", content=fixture_bytes(fixture), headers=network | types).json()
    assert answer["accepted"] + answer["duplicate"] == 1, answer


@pytest.mark.parametrize("event", ["join", "status", "log", "ack"])
def test_other_events_are_acknowledged(client: httpx.Client, network: dict[str, str], event: str) -> None:
    answer = client.post(f"/v1/ingest/chirpstack?event={event}", content=b"{}", headers=network)
    assert (answer.status_code, answer.json()["results"][0]["code"]) == (200, f"event_{event}")


def test_sensor_key_of_one_device_speaks_for_no_other(client: httpx.Client, services: Services) -> None:
    own = bearer(services, Role.SENSOR, subject_id="0000000000000001")
    answer = client.post("/v1/ingest/things-stack", content=fixture_bytes("tts_em310.json"), headers=own).json()
    assert answer["results"][0]["code"] == "foreign_device"
    same = bearer(services, Role.SENSOR, subject_id=EUI.lower())
    answer = client.post("/v1/ingest/things-stack", content=fixture_bytes("tts_em310.json"), headers=same).json()
    assert answer["results"][0]["code"] != "foreign_device"


def test_tenants_do_not_see_each_other(
    client: httpx.Client, services: Services, office: dict[str, str], network: dict[str, str]
) -> None:
    client.post("/v1/ingest/things-stack", content=b"junk of lue", headers=network).raise_for_status()
    client.post("/v1/ingest/things-stack", content=tts(decoded_payload={"temperature": 99}, f_cnt=5), headers=network)
    client.put(f"/v1/devices/{EUI}", json=CALIBRATED, headers=office).raise_for_status()
    mine = client.get("/v1/quarantine", headers=office).json()["messages"]
    other = bearer(services, Role.DISPATCHER, tenant_id="sel")
    assert mine
    assert client.get("/v1/quarantine", headers=other).json()["messages"] == []
    assert client.get("/v1/alerts", headers=other).json()["alerts"] == []
    for path in (f"/v1/devices/{EUI}", f"/v1/quarantine/{mine[0]['message_id']}"):
        assert client.get(path, headers=other).status_code == 404
    assert client.post(f"/v1/quarantine/{mine[0]['message_id']}/replay", headers=other).status_code == 404


def test_fire_is_listed_first_until_a_person_ends_it(
    client: httpx.Client, office: dict[str, str], network: dict[str, str]
) -> None:
    client.put(f"/v1/devices/{EUI}", json={**CALIBRATED, "decoder": "dingtek_df702"}, headers=office).raise_for_status()
    for counter, fields in ((501, {"level": "900 mm", "tilt": True}), (502, {"level": "900 mm", "fire": True})):
        body = tts(decoded_payload=fields, frm_payload=None, f_cnt=counter)
        client.post("/v1/ingest/things-stack", content=body, headers=network).raise_for_status()
    first = client.get("/v1/alerts", headers=office).json()["alerts"][0]
    assert (first["kind"], first["subject_id"], first["container_id"]) == ("fire", EUI, "P-001")
    ended = client.post(f"/v1/alerts/{first['alert_id']}/end", headers=office).raise_for_status().json()
    assert ended["ended_at"] is not None
    kinds = [one["kind"] for one in client.get("/v1/alerts", headers=office).json()["alerts"]]
    assert "fire" not in kinds
    for nobody in ("fire:nobody", "%00", "fire:%00"):
        assert client.post(f"/v1/alerts/{nobody}/end", headers=office).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"decoder": "nobody"},
        {"shape": "igloo"},
        {"empty_mm": 400, "full_mm": 2000},
        {"empty_mm": 2000, "full_mm": None},
        {"empty_mm": 2.35, "full_mm": 0.4},
        {"unknown": 1},
    ],
)
def test_impossible_device_is_refused(client: httpx.Client, office: dict[str, str], changes: dict[str, Any]) -> None:
    answer = client.put("/v1/devices/impossible", json={**CALIBRATED, **changes}, headers=office)
    assert answer.status_code == 422
    assert client.get("/v1/devices/impossible", headers=office).status_code == 404


def test_devices_are_listed_in_pages(client: httpx.Client, office: dict[str, str]) -> None:
    for number in range(5):
        client.put(f"/v1/devices/page-{number}", json={}, headers=office).raise_for_status()
    page = client.get("/v1/devices?limit=3&after=page-", headers=office).json()
    assert [one["device_id"] for one in page["devices"]] == ["page-0", "page-1", "page-2"]
    assert page["next_after"] == "page-2"


def test_sender_without_a_key_is_refused_and_nothing_is_kept(client: httpx.Client, office: dict[str, str]) -> None:
    before = len(client.get("/v1/quarantine?limit=500", headers=office).json()["messages"])
    assert client.post("/v1/ingest/things-stack", content=b"{}").status_code == 401
    assert len(client.get("/v1/quarantine?limit=500", headers=office).json()["messages"]) == before


def test_compressed_body_is_not_unpacked(client: httpx.Client, network: dict[str, str]) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    headers = network | {"content-encoding": "gzip"}
    assert client.post("/v1/ingest/ngsi", content=bomb, headers=headers).status_code == 415


def test_bodies_are_limited(client: httpx.Client, network: dict[str, str]) -> None:
    assert client.post("/v1/ingest/things-stack", content=b" " * 1_000_001, headers=network).status_code == 413
    entity = {"id": "C:P-003", "type": "WasteContainer", "fillingLevel": 0.5, "note": "x" * 1_000}
    batch = json.dumps({"data": [entity] * 2_000}).encode()
    assert 1_000_000 < len(batch) < 5_000_000
    assert client.post("/v1/ingest/ngsi", content=batch, headers=network).status_code == 200


def test_no_body_makes_the_service_fail(client: httpx.Client, network: dict[str, str]) -> None:
    path_of = {"things_stack": "things-stack", "ngsi_percent": "ngsi?scale=percent", "ngsi_fraction": "ngsi"}
    sent = [(name, path.read_bytes()) for path in sorted(FIXTURES.iterdir()) for name in ("things_stack", "senml")]
    for format_name, body in [*sent, *bodies(150, seed=7)]:
        answer = client.post(f"/v1/ingest/{path_of.get(format_name, format_name)}", content=body, headers=network)
        assert answer.status_code == 200, (format_name, body[:200], answer.text)


def test_database_that_does_not_answer_is_told_with_503(
    client: httpx.Client, services: Services, network: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise StoreUnavailableError

    store = services.stores.store("lue")
    monkeypatch.setattr(type(store.readings), "add_awaited", fail)
    entity = {"id": "C:P-004", "type": "WasteContainer", "fillingLevel": 0.5, "dateObserved": "2026-03-02T03:00:00Z"}
    answer = client.post("/v1/ingest/ngsi", json=entity, headers=network)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
