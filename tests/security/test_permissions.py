"""Every operation, every role, every kind of proof: the table of permissions is what happens."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from api.http.app import create_app
from api.http.operations import OperationIndex
from api.http.services import Services
from api.identity.access_keys import mint_key
from api.identity.errors import UnlistedOperationError
from api.identity.permissions import PERMISSIONS
from api.store.tenant_ports import Role
from tests.flow.http_samples import NOW, key_for, services_in, store_of
from tests.security.direct_client import DirectClient

ID = "0" * 32
REQUESTS: dict[str, tuple[str, str]] = {
    "addReadings": ("POST", "/v1/readings"),
    "cancelPlan": ("POST", f"/v1/plans/{ID}/cancel"),
    "cancelScenario": ("POST", f"/v1/scenarios/{ID}/cancel"),
    "endAlert": ("POST", "/v1/alerts/{alert_id}/end"),
    "getContainer": ("GET", "/v1/containers/P-001"),
    "getDevice": ("GET", "/v1/devices/A84041000181C061"),
    "getPlan": ("GET", f"/v1/plans/{ID}"),
    "getScenario": ("GET", f"/v1/scenarios/{ID}"),
    "getTour": ("GET", f"/v1/plans/{ID}/tours/LUE-1"),
    "listContainers": ("GET", "/v1/containers"),
    "listDisposalSites": ("GET", "/v1/disposal-sites"),
    "listPlans": ("GET", "/v1/plans"),
    "listVehicles": ("GET", "/v1/vehicles"),
    "putContainer": ("PUT", "/v1/containers/P-001"),
    "readDocumentation": ("GET", "/openapi.json"),
    "readMetrics": ("GET", "/metrics"),
    "requestPlan": ("POST", "/v1/plans"),
    "requestScenario": ("POST", "/v1/scenarios"),
}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    made = services_in(tmp_path_factory.mktemp("permissions"), tenant_ids=("lue", "neighbour"), has_keys=True)
    object.__setattr__(made, "has_public_docs", False)
    yield made
    made.stores.close()


@pytest.fixture(scope="module")
def app(services: Services) -> FastAPI:
    return create_app(services)


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[DirectClient]:
    with DirectClient(app).opened() as opened:
        yield opened


@pytest.fixture(scope="module")
def requests(app: FastAPI) -> dict[str, tuple[str, str]]:
    """One request for each operation: those above, and every other one from its description."""
    found = dict(REQUESTS)
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            filled = path
            for parameter in operation.get("parameters", []):
                filled = filled.replace(f"{{{parameter['name']}}}", "X1")
            found[operation["operationId"]] = found.get(operation["operationId"], (method.upper(), filled))
            if "{" in found[operation["operationId"]][1]:
                found[operation["operationId"]] = (method.upper(), filled)
    return found


def send(client: DirectClient, request: tuple[str, str], key: str | None) -> httpx.Response:
    method, path = request
    return client.request(method, path, key=key, content=b"{" if method in {"POST", "PUT"} else None)


def without_trace(answer: httpx.Response) -> dict[str, object]:
    return {name: value for name, value in answer.json().items() if name != "trace_id"}


def test_every_operation_has_a_line_and_a_request(requests: dict[str, tuple[str, str]]) -> None:
    assert set(requests) == set(PERMISSIONS)


def test_each_role_may_do_what_the_table_says_and_nothing_else(
    client: DirectClient, services: Services, requests: dict[str, tuple[str, str]]
) -> None:
    deviations = []
    for role in Role:
        key = key_for(services, role)
        for operation_id, request in requests.items():
            permission = PERMISSIONS[operation_id]
            answer = send(client, request, key)
            is_let_in = answer.status_code not in {401, 403}
            if is_let_in != (permission.is_public or role in permission.roles) or answer.status_code == 401:
                deviations.append((operation_id, role, answer.status_code))
            assert answer.status_code < 500 or operation_id == "isReady", (operation_id, answer.text)
    assert deviations == []


def test_without_a_valid_key_every_operation_says_the_same(
    client: DirectClient, services: Services, requests: dict[str, tuple[str, str]]
) -> None:
    bodies = set()
    for number, (name, operation_id) in enumerate(product(PROOFS, requests)):
        fresh = DirectClientFrom(client, f"198.51.{number // 200}.{number % 200 + 1}")
        answer = send(fresh, requests[operation_id], PROOFS[name](services))
        if PERMISSIONS[operation_id].is_public:
            assert answer.status_code in {200, 503}
        else:
            assert answer.status_code == 401, (name, operation_id, answer.text)
            assert answer.headers["www-authenticate"] == 'Bearer realm="fuhre"'
            bodies.add(json.dumps(without_trace(answer), sort_keys=True))
    assert len(bodies) == 1


def revoked_key(services: Services) -> str:
    key = key_for(services, Role.ADMIN)
    services.stores.keys.revoke(key.split("_")[1], at=NOW)
    return key


def expired_key(services: Services) -> str:
    key, text = mint_key(tenant_id="lue", role=Role.ADMIN, label="old", now=NOW - timedelta(days=3), valid_days=2)
    services.stores.keys.add(key)
    return text


def key_with_another_secret(services: Services) -> str:
    key = key_for(services, Role.ADMIN)
    return f"{key[:-1]}{'A' if key[-1] != 'A' else 'B'}"


PROOFS: dict[str, Callable[[Services], str | None]] = {
    "none": lambda _: None,
    "garbage": lambda _: "garbage",
    "another secret": key_with_another_secret,
    "revoked": revoked_key,
    "expired": expired_key,
    "never kept": lambda _: mint_key(tenant_id="lue", role=Role.ADMIN, label="x", now=NOW)[1],
    "unsigned token": lambda _: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
}


class DirectClientFrom(DirectClient):
    def __init__(self, opened: DirectClient, address: str) -> None:
        super().__init__(opened._transport.app, address=address)
        self._call = opened._call


def test_denials_are_in_the_audit_log_with_who_and_what(client: DirectClient, services: Services) -> None:
    key = key_for(services, Role.DRIVER)
    answer = client.request("POST", "/v1/plans", key=key, json={})
    assert answer.status_code == 403
    last = list(store_of(services).audit.entries(limit=10_000))[-1]
    assert (last.actor, last.role, last.action) == (key.split("_")[1], "driver", "requestPlan")
    assert (last.target, last.outcome) == ("/v1/plans", "denied:forbidden")
    assert last.trace_id == answer.json()["trace_id"]


def test_operation_without_a_line_keeps_the_service_from_starting() -> None:
    router = APIRouter()

    @router.get("/v1/forgotten", operation_id="forgotten")
    def forgotten() -> None: ...

    with pytest.raises(UnlistedOperationError, match="forgotten"):
        OperationIndex(FastAPI(openapi_url=None), [router])


def test_part_of_the_application_without_a_line_keeps_the_service_from_starting() -> None:
    app = FastAPI(openapi_url=None)

    @app.get("/v1/beside")
    def beside() -> None: ...

    with pytest.raises(UnlistedOperationError, match="beside"):
        OperationIndex(app, [])


def test_rotation_has_two_valid_keys_and_revoking_one_leaves_the_other(
    client: DirectClient, services: Services
) -> None:
    old, new = key_for(services, Role.PLANNER), key_for(services, Role.PLANNER)
    assert {client.request("GET", "/v1/vehicles", key=key).status_code for key in (old, new)} == {200}
    services.stores.keys.revoke(old.split("_")[1], at=NOW)
    services.doorkeeper._cache._keys.clear()  # type: ignore[attr-defined]  # as a second later
    assert client.request("GET", "/v1/vehicles", key=old).status_code == 401
    assert client.request("GET", "/v1/vehicles", key=new).status_code == 200


def test_key_of_an_inactive_tenant_opens_nothing(client: DirectClient, services: Services) -> None:
    key = key_for(services, Role.ADMIN, tenant_id="neighbour")
    assert client.request("GET", "/v1/vehicles", key=key).status_code == 200
    tenant = services.stores.tenant("neighbour")
    assert tenant is not None
    services.stores.put_tenant(replace(tenant, is_active=False))
    services.doorkeeper._cache._tenants.clear()  # type: ignore[attr-defined]  # as a second later
    try:
        assert client.request("GET", "/v1/vehicles", key=key).status_code == 401
    finally:
        services.stores.put_tenant(tenant)
        services.doorkeeper._cache._tenants.clear()  # type: ignore[attr-defined]  # as above


def test_secret_is_nowhere_in_the_databases(services: Services) -> None:
    key = key_for(services, Role.ADMIN)
    secret = key.split("_", 2)[2].encode()
    folder = services.data_folder
    assert folder is not None
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) >= 3
    assert all(secret not in path.read_bytes() for path in files)
