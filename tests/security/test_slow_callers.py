"""Callers that take their answers or send their bodies byte by byte: cut in time, and nobody else notices."""

import select
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest
from starlette.types import Receive, Scope, Send

from api.http import envelope, header_timeout
from api.http.app import create_app
from tests.flow.http_samples import served, services_in, small_container, small_record, store_of

PATIENCE_S = {"reader": header_timeout.READER_TIMEOUT_S, "body": envelope.BODY_TIMEOUT_S}
ANSWER_BYTES = 12_000_000
GET = b"GET /v1/containers?limit=500 HTTP/1.1\r\nHost: x\r\n\r\n"


async def large(scope: Scope, _receive: Receive, send: Send) -> None:
    """An application with one large answer."""
    if scope["type"] != "http":
        raise NotImplementedError  # as the server expects of one that has nothing to start
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % ANSWER_BYTES)]})
    await send({"type": "http.response.body", "body": bytes(ANSWER_BYTES)})


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header_timeout, "READER_TIMEOUT_S", 0.5)
    monkeypatch.setattr(envelope, "BODY_TIMEOUT_S", 0.5)


@pytest.fixture
def large_server() -> Iterator[httpx.Client]:
    with served(large) as client:  # type: ignore[arg-type]  # any application will do
        yield client


@pytest.fixture
def town(tmp_path: Path) -> Iterator[httpx.Client]:
    services = services_in(tmp_path)
    record = small_record()
    many = tuple(replace(small_container(number), address="Lange Straße " * 12) for number in range(500))
    store_of(services).town.replace(replace(record, town=replace(record.town, containers=many)))
    with served(create_app(services)) as client:
        yield client


def dawdler(client: httpx.Client, requests: bytes) -> socket.socket:
    """A connection that takes next to nothing into its own memory."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.connect((client.base_url.host, client.base_url.port or 80))
    raw.sendall(requests)
    return raw


def seconds_until_cut(raw: socket.socket, *, most_s: float) -> float:
    """Read a byte now and then until the other side has ended it."""
    began_s = time.monotonic()
    looker = select.poll()
    looker.register(raw, select.POLLRDHUP)
    while not looker.poll(0):
        assert time.monotonic() - began_s < most_s, "it was never cut"
        raw.recv(1)
        time.sleep(0.05)
    return time.monotonic() - began_s


def test_patience_is_less_than_a_minute() -> None:
    assert 2 * PATIENCE_S["reader"] < 60  # it is cut at the second look at the latest
    assert PATIENCE_S["body"] < 60


def test_reader_that_dawdles_is_cut(large_server: httpx.Client) -> None:
    with dawdler(large_server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") as raw:
        assert 0.3 < seconds_until_cut(raw, most_s=10) < 5


def test_reader_that_only_is_slow_gets_everything(large_server: httpx.Client) -> None:
    with dawdler(large_server, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") as raw:
        raw.settimeout(5)
        taken, began_s = 0, time.monotonic()
        while part := raw.recv(60_000):
            taken += len(part)
            if time.monotonic() - began_s < 2:
                time.sleep(0.002)
    assert taken > ANSWER_BYTES
    assert time.monotonic() - began_s > 1  # longer than the patience that a reader at rest gets


def test_readers_that_dawdle_cost_little_memory_and_hold_up_nobody(town: httpx.Client) -> None:
    size = len(town.get("/v1/containers?limit=500").content)
    assert size > 200_000
    before = psutil.Process().memory_info().rss
    dawdlers = [dawdler(town, GET * 40) for _ in range(15)]
    try:
        most = 0
        for _ in range(20):
            town.get("/v1/vehicles").raise_for_status()
            most = max(most, psutil.Process().memory_info().rss - before)
        assert most < 60e6  # they asked for 175 MB
        for one in dawdlers:
            seconds_until_cut(one, most_s=20)
    finally:
        for one in dawdlers:
            one.close()
    assert town.get("/v1/vehicles").status_code == 200


def test_body_byte_by_byte_is_cut(town: httpx.Client) -> None:
    address = (town.base_url.host, town.base_url.port or 80)
    with socket.create_connection(address, timeout=10) as raw:
        raw.sendall(b"POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        began_s = time.monotonic()
        while not select.select([raw], [], [], 0.05)[0]:
            raw.sendall(b" ")
            assert time.monotonic() - began_s < 8
        assert raw.recv(4_096).startswith(b"HTTP/1.1 408")
