"""Messages of networks: a secret in a header, or a signature over instant and body, and nothing stored without."""

import json
from collections.abc import Iterator

import httpx
import pytest

from api.http.app import create_app
from api.http.services import Services
from api.identity.access_keys import digest_of
from api.identity.webhook_signature import sign
from api.store.tenant_ports import Role
from tests.flow.http_samples import NOW, key_for, services_in, store_of
from tests.security.direct_client import DirectClient

ADDRESS = "/v1/readings"
NOW_S = int(NOW.timestamp())


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    made = services_in(tmp_path_factory.mktemp("webhooks"), has_keys=True)
    yield made
    made.stores.close()


@pytest.fixture(scope="module")
def client(services: Services) -> Iterator[DirectClient]:
    with DirectClient(create_app(services)).opened() as opened:
        yield opened


def body_at(minute: int) -> bytes:
    reading = {"container_id": "P-001", "observed_at": f"2026-03-02T03:{minute:02d}:00Z", "fill_fraction": 0.5}
    return json.dumps({"readings": [reading]}).encode()


def signed(
    client: DirectClient, key: str, body: bytes, *, at_s: int = NOW_S, path: str = ADDRESS, **change: str
) -> httpx.Response:
    _, key_id, secret = key.split("_", 2)
    headers = {
        "content-type": "application/json",
        "x-fuhre-key-id": key_id,
        "x-fuhre-timestamp": str(at_s),
        "x-fuhre-signature": sign(digest_of(secret), timestamp=str(at_s), body=body),
    } | change
    return client.request("POST", path, content=body, headers=headers)


def readings_of(services: Services) -> int:
    history = store_of(services).readings.history(as_of=NOW, days=2)
    return len(history["P-001"].observed_at_s) if "P-001" in history else 0


def test_signed_message_is_taken_once(client: DirectClient, services: Services) -> None:
    key = key_for(services, Role.SENSOR)
    before = readings_of(services)
    assert signed(client, key, body_at(1)).json()["accepted"] == 1
    assert signed(client, key, body_at(1)).status_code == 401  # a replay
    assert readings_of(services) == before + 1


@pytest.mark.parametrize("at_s", [NOW_S - 301, NOW_S + 301, 0])
def test_message_of_another_time_is_refused(client: DirectClient, services: Services, at_s: int) -> None:
    before = readings_of(services)
    assert signed(client, key_for(services, Role.SENSOR), body_at(2), at_s=at_s).status_code == 401
    assert readings_of(services) == before


def test_changed_message_is_refused_and_nothing_is_stored(client: DirectClient, services: Services) -> None:
    key, other = key_for(services, Role.SENSOR), key_for(services, Role.SENSOR)
    before = readings_of(services)
    _, _, secret = key.split("_", 2)
    of_another_body = sign(digest_of(secret), timestamp=str(NOW_S), body=b"{}")
    for change in (
        {"x-fuhre-signature": of_another_body},
        {"x-fuhre-signature": ""},
        {"x-fuhre-signature": "sha256=" + "0" * 64},
        {"x-fuhre-timestamp": str(NOW_S + 1)},
        {"x-fuhre-timestamp": "now"},
        {"x-fuhre-key-id": other.split("_")[1]},
        {"x-fuhre-key-id": "f" * 12},
        {"x-fuhre-key-id": "../etc"},
    ):
        assert signed(client, key, body_at(3), **change).status_code == 401
    assert readings_of(services) == before


def test_signature_opens_nothing_but_ingestion(client: DirectClient, services: Services) -> None:
    assert signed(client, key_for(services, Role.SENSOR), b"{}", path="/v1/plans").status_code == 403
    # The digest that is kept could sign for any key, so only sensors' keys may.
    assert signed(client, key_for(services, Role.ADMIN), body_at(4)).status_code == 401


def test_secret_in_a_header_of_its_own_is_a_key_too(client: DirectClient, services: Services) -> None:
    headers = {"content-type": "application/json", "x-fuhre-key": key_for(services, Role.SENSOR)}
    assert client.request("POST", ADDRESS, content=body_at(5), headers=headers).json()["accepted"] == 1
    headers["x-fuhre-key"] = "fuhre_wrong"
    assert client.request("POST", ADDRESS, content=body_at(6), headers=headers).status_code == 401
