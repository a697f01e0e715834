"""A town that floods a real server: refused cheaply and in the documented form, and nobody else waits."""

import json
import socket
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.http.app import create_app
from api.http.services import Services
from api.store.tenant_ports import Role
from tests.flow.http_samples import key_for, served, services_in

_OWN = {"date", "x-trace-id", "content-length"}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = services_in(
        tmp_path, tenant_ids=("lue", "neighbour"), has_keys=True, ingest_requests_per_s=0.5, key_requests_per_s=2
    )
    yield services
    services.stores.close()


@pytest.fixture
def client(services: Services) -> Iterator[httpx.Client]:
    with served(create_app(services)) as opened:
        yield opened


def reading(minute: int) -> bytes:
    item = {"container_id": "P-001", "observed_at": f"2026-03-02T02:{minute % 60:02d}:00Z", "fill_fraction": 0.5}
    return json.dumps({"readings": [item]}).encode()


def post(client: httpx.Client, key: str, body: bytes) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    return client.post("/v1/readings", content=body, headers=headers)


def counted(client: httpx.Client, key: str) -> float:
    text = client.get("/metrics", headers={"authorization": f"Bearer {key}"}).raise_for_status().text
    lines = [line for line in text.splitlines() if line.startswith("fuhre_requests_total") and '"429"' in line]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


@pytest.mark.parametrize("asks", ["readings", "vehicles"])
def test_refusal_without_parsing_says_the_same_as_the_gates(
    client: httpx.Client, services: Services, asks: str
) -> None:
    key = key_for(services, Role.ADMIN)
    refused = []
    for number in range(60):
        if asks == "readings":
            answer = post(client, key, reading(number))
        else:
            answer = client.get("/v1/vehicles", headers={"authorization": f"Bearer {key}"})
        if answer.status_code == 429:
            refused.append(answer)
    by_gate, *early = refused
    assert len(early) > 5
    for answer in early:
        said, wanted = answer.json(), by_gate.json()
        assert said.pop("trace_id") == answer.headers["x-trace-id"] != wanted.pop("trace_id")
        assert said == wanted
        others = {name: value for name, value in by_gate.headers.items() if name not in _OWN}
        assert {name: value for name, value in answer.headers.items() if name not in _OWN} == others
        assert len(answer.headers["x-trace-id"]) == 32


def test_flood_over_one_line_is_answered_in_order_and_the_neighbour_is_served(
    client: httpx.Client, services: Services
) -> None:
    sensors, neighbour = key_for(services, Role.SENSOR), key_for(services, Role.SENSOR, tenant_id="neighbour")
    body = reading(1)
    message = (
        f"POST /v1/readings HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sensors}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    wanted, statuses, seen = 400, [], b""
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=20) as raw:
        raw.sendall(message * wanted)
        assert post(client, neighbour, reading(2)).status_code == 207
        while len(statuses) < wanted:
            seen += raw.recv(65_536)
            statuses = [part[:3] for part in seen.split(b"HTTP/1.1 ")[1:]]
        while not seen.endswith(b"}"):
            seen += raw.recv(65_536)
    assert set(statuses) == {b"207", b"429"}
    assert 1 <= statuses.count(b"207") < 30
    # The town's other key is of the same town, and waits with it; its office does not.
    assert post(client, key_for(services, Role.SENSOR), body).status_code == 429
    office = {"authorization": f"Bearer {key_for(services, Role.PLANNER)}"}
    assert client.get("/v1/vehicles", headers=office).status_code == 200
    while (answer := post(client, sensors, reading(3))).status_code == 429:
        time.sleep(0.2)
    assert answer.status_code == 207


def test_what_was_refused_early_is_counted(client: httpx.Client, services: Services) -> None:
    sensors, admin = key_for(services, Role.SENSOR), key_for(services, Role.ADMIN)
    refused = sum(post(client, sensors, reading(number)).status_code == 429 for number in range(60))
    assert refused > 20
    ends_s = time.monotonic() + 12
    while (now := counted(client, admin)) < refused:
        assert time.monotonic() < ends_s, (now, refused)
        time.sleep(2)
    assert now == refused


def test_guesses_that_go_on_are_refused_cheaply_and_right_keys_are_let_in(
    client: httpx.Client, services: Services
) -> None:
    sensors, guess = key_for(services, Role.SENSOR), f"{key_for(services, Role.SENSOR)[:-4]}xxxx"
    answers = [post(client, guess, reading(1)) for _ in range(60)]
    statuses = [answer.status_code for answer in answers]
    assert statuses[:20] == [401] * 20
    assert set(statuses[20:]) <= {401, 429}
    early = Counter(answer.headers["x-trace-id"][:16] for answer in answers if answer.status_code == 429)
    assert early.most_common(1)[0][1] > 10  # those that were refused by their bytes are numbered
    assert post(client, sensors, reading(2)).status_code == 207


def test_key_that_is_revoked_while_it_floods_is_told_so(client: httpx.Client, services: Services) -> None:
    sensors = key_for(services, Role.SENSOR)
    while post(client, sensors, reading(1)).status_code != 429:
        pass
    assert post(client, f"{sensors[:-4]}xxxx", reading(1)).status_code == 401
    services.stores.keys.revoke(sensors.split("_")[1], at=services.now())
    ends_s = time.monotonic() + 5
    while post(client, sensors, reading(1)).status_code != 401:
        assert time.monotonic() < ends_s
        time.sleep(0.02)
