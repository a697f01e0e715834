"""Too deep, too wide, too much, too slow, too often: refused quickly, in little memory, and nobody else waits."""

import json
import socket
import struct
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from api.http.app import create_app
from api.http.services import Services
from api.store.tenant_ports import Role
from tests.flow.http_samples import key_for, served, services_in
from tests.security.direct_client import DirectClient


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return services_in(tmp_path_factory.mktemp("limits"), has_keys=True, is_behind_tls=True)


@pytest.fixture(scope="module")
def client(services: Services) -> Iterator[httpx.Client]:
    object.__setattr__(services, "has_public_docs", False)
    with served(create_app(services), limit_concurrency=200) as opened:
        opened.headers["authorization"] = f"Bearer {key_for(services, Role.ADMIN)}"
        opened.headers["content-type"] = "application/json"
        yield opened


def rss_mb() -> float:
    return psutil.Process().memory_info().rss / 1e6


@pytest.mark.parametrize("path", ["/v1/plans", "/v1/readings", "/v1/ingest/things-stack"])
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" + b"1," * 480_000 + b"1]",
        b'{"readings": [' + b"{}," * 300_000 + b"{}]}",
        b"[" + b"[]," * 300_000 + b"[]]",
        b'{"readings": [' + b'"\\u0000",' * 100_000 + b"1]}",
    ],
    ids=["deep lists", "deep objects", "wide", "empty items", "empty lists", "texts"],
)
def test_deep_and_wide_bodies_are_refused_quickly(client: httpx.Client, path: str, body: bytes) -> None:
    before_mb, worked_s = rss_mb(), []
    for _ in range(3):  # the server is in this process, and so are threads that earlier tests left working
        began_s = time.process_time()
        answer = client.post(path, content=body)
        worked_s.append(time.process_time() - began_s)
    assert min(worked_s) < 1
    assert answer.status_code < 500
    if not path.startswith("/v1/ingest"):  # networks are told 200, and the body goes to quarantine
        assert answer.status_code in {400, 413, 422}, answer.text
    assert rss_mb() - before_mb < 100


def test_bodies_are_refused_for_their_depth_and_width_and_not_only_by_the_parser(client: httpx.Client) -> None:
    def code_of(body: bytes) -> object:
        return client.post("/v1/plans", content=body).json()["code"]

    assert code_of(b'{"day":' + b"[" * 31 + b"]" * 31 + b"}") == "invalid_request"
    assert code_of(b'{"day":' + b"[" * 32 + b"]" * 32 + b"}") == "body_too_deep"
    assert code_of(b'{"streams":[' + b"1," * 119_999 + b"1]}") == "invalid_request"
    assert code_of(b'{"streams":[' + b"1," * 120_001 + b"1]}") == "body_too_wide"


def test_oversize_without_a_key_is_refused_before_it_is_read(client: httpx.Client) -> None:
    before_mb = rss_mb()
    address = (client.base_url.host, client.base_url.port or 80)
    for headers in (b"Content-Length: 150000000", b"Transfer-Encoding: chunked"):
        with socket.create_connection(address, timeout=10) as raw:
            raw.sendall(b"POST /v1/readings HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n\r\n")
            answer = raw.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 401")
        assert b"connection: close" in answer
    assert rss_mb() - before_mb < 20


def test_slow_body_is_cut(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.http.envelope.BODY_TIMEOUT_S", 0.5)
    began_s = time.monotonic()
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=20) as raw:
        key = client.headers["authorization"].encode()
        raw.sendall(
            b"POST /v1/plans HTTP/1.1\r\nHost: x\r\nAuthorization: " + key + b"\r\nContent-Length: 100\r\n\r\n{"
        )
        assert raw.recv(65_536).startswith(b"HTTP/1.1 408")
    assert time.monotonic() - began_s < 10


def test_ten_thousand_ranges_and_parts_are_nothing(client: httpx.Client) -> None:
    ranges = "bytes=" + ",".join(f"{n}-{n}" for n in range(8_000))
    parts = b"".join(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' for _ in range(10_000)) + b"--x--"
    began_s = time.process_time()
    assert client.get("/v1/vehicles", headers={"range": ranges}).status_code == 200
    sent = client.post("/v1/plans", content=parts, headers={"content-type": "multipart/form-data; boundary=x"})
    assert sent.status_code == 415
    assert time.process_time() - began_s < 0.5


def test_answers_in_production_carry_every_header_and_show_no_inside(client: httpx.Client) -> None:
    for path in ("/v1/vehicles", "/v1/health/live", "/nothing", "/openapi.json"):
        answer = client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers
    for path in ("/docs", "/redoc", "/openapi.json", "/metrics", "/static-offline-docs/swagger-ui.css"):
        assert httpx.get(f"{client.base_url}{path}").status_code == 401, path
    for method in ("TRACE", "CONNECT"):
        assert client.request(method, "/v1/vehicles").status_code in {400, 405}


def test_key_that_asks_too_often_waits_and_others_do_not(tmp_path_factory: pytest.TempPathFactory) -> None:
    services = services_in(
        tmp_path_factory.mktemp("rates"), tenant_ids=("lue", "neighbour"), has_keys=True,
        key_requests_per_s=5, tenant_requests_per_s=10, ingest_requests_per_s=5,
    )  # fmt: skip
    with DirectClient(create_app(services)).opened() as direct:
        key, other = key_for(services, Role.PLANNER), key_for(services, Role.PLANNER)
        answers = [direct.request("GET", "/v1/vehicles", key=key) for _ in range(30)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert 10 <= 30 - len(refused) < 25
        assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
        assert refused[0].json()["code"] == "too_many_requests"
        assert direct.request("GET", "/v1/vehicles", key=other).status_code == 200
        neighbour = key_for(services, Role.SENSOR, tenant_id="neighbour")
        own = key_for(services, Role.SENSOR)
        body = json.dumps({"readings": []}).encode()
        flood = [direct.request("POST", "/v1/readings", key=own, content=body).status_code for _ in range(40)]
        assert flood.count(429) > 5
        assert direct.request("POST", "/v1/readings", key=neighbour, content=body).status_code != 429
        # Sensors do not take the office's share.
        assert direct.request("GET", "/v1/vehicles", key=other).status_code == 200
    services.stores.close()


def test_guessing_is_slowed_down_and_locks_nobody_out(tmp_path_factory: pytest.TempPathFactory) -> None:
    services = services_in(tmp_path_factory.mktemp("guessing"), has_keys=True)
    app, key = create_app(services), key_for(services, Role.ADMIN)
    _, key_id, _ = key.split("_", 2)
    statuses = []
    with DirectClient(app).opened() as direct:
        for number in range(1_000):
            spoofed = {"x-forwarded-for": f"198.51.100.{number % 250}"}
            guess = f"fuhre_{key_id}_{number:043d}"
            statuses.append(direct.request("GET", "/v1/vehicles", key=guess, headers=spoofed).status_code)
            if number % 100 == 99:
                assert direct.request("GET", "/v1/vehicles", key=key).status_code == 200
        assert set(statuses) == {401, 429}
        assert statuses.index(429) == 20
        assert statuses.count(401) < 60
        # Guesses at one key from many places are counted together.
        spread = []
        for number in range(60):
            one = DirectClient(app, address=f"203.0.113.{number}")
            one._call = direct._call
            spread.append(one.request("GET", "/v1/vehicles", key=f"fuhre_{key_id}_{number:043d}").status_code)
        assert spread.count(429) > 50
    services.stores.close()


def test_connections_beyond_the_limit_are_refused_and_the_service_recovers(client: httpx.Client) -> None:
    address = (client.base_url.host, client.base_url.port or 80)
    idlers = [socket.create_connection(address, timeout=5) for _ in range(212)]
    try:
        began_s = time.monotonic()
        # A busy server may not have looked at all of them yet.
        while client.get("/v1/vehicles").status_code != 503:
            assert time.monotonic() - began_s < 5
            time.sleep(0.05)
    finally:
        for idler in idlers:
            idler.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # end with a reset
            idler.close()
    began_s = time.monotonic()
    while client.get("/v1/vehicles").status_code != 200:
        assert time.monotonic() - began_s < 10
        time.sleep(0.05)
