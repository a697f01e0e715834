"""Far more connections than the system gives files, and all of them gone at once: the service is itself again soon."""

import resource
import socket
import struct
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.security.small_server import SmallServer, small_server

CROWD = 1_000
OPEN_FILES = 256
WITHIN_S = 10


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallServer]:
    with small_server(tmp_path_factory.mktemp("crowds") / "data", open_files=OPEN_FILES) as running:
        yield running


@pytest.fixture
def many_files() -> Iterator[None]:
    """The crowd needs files of its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CROWD + 200
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this machine lets a process open {hard} files only, and the crowd needs {wanted}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def reading_at(minute: int) -> dict[str, object]:
    return {
        "readings": [{"container_id": "P-001", "observed_at": f"2026-03-02T02:{minute:02d}:00Z", "fill_fraction": 0.5}]
    }


def came_through(server: SmallServer, minute: int) -> bool:
    try:
        with httpx.Client(base_url=server.base_url, timeout=WITHIN_S) as fresh:
            return fresh.post("/v1/readings", json=reading_at(minute)).status_code == 207
    except httpx.TransportError:
        return False


def press_in(server: SmallServer, request: bytes) -> list[socket.socket]:
    """As many connections as the system lets come, each with what it says."""
    crowd = []
    for _ in range(CROWD):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(server.address)
        crowd.append(one)
    time.sleep(1)
    for one in crowd:
        try:
            one.send(request)
        except OSError:
            continue
    return crowd


def leave(crowd: list[socket.socket]) -> None:
    """All at once, and rudely."""
    for one in crowd:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()


@pytest.mark.usefixtures("many_files")
@pytest.mark.parametrize(
    "request_bytes", [b"", b"GET /v1/vehicles HTTP/1.1\r\nHost: x\r\n\r\n"], ids=["idle", "asking"]
)
def test_crowd_beyond_the_open_files_leaves_a_service_that_works(server: SmallServer, request_bytes: bytes) -> None:
    assert came_through(server, 1 if request_bytes else 2)
    before = server.process.num_fds()
    crowd = press_in(server, request_bytes)
    time.sleep(2)
    assert server.process.is_running()
    assert b"Too many open files" not in server.log_path.read_bytes()
    leave(crowd)
    left_s = time.monotonic()
    while not came_through(server, 3 if request_bytes else 4):
        assert time.monotonic() - left_s < WITHIN_S, "it did not recover"
    while server.process.num_fds() > before + 10:
        assert time.monotonic() - left_s < 2 * WITHIN_S, "files were left open"
        time.sleep(0.1)
