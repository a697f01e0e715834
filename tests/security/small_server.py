"""The service of a small town as a process of its own, with as few open files as wanted; ended with the block."""

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import uvicorn

from api.http.app import create_app
from api.http.crowd_server import ACCEPTED_AT_ONCE, CrowdServer
from api.http.header_timeout import HeaderTimeoutProtocol
from api.http.serve import _connection_limit
from api.log_setup import configure_logging
from tests.flow.http_samples import services_in

ROOT = Path(__file__).resolve().parents[2]
_SERVE = "import sys; from tests.security.small_server import serve; serve(*sys.argv[1:])"


@dataclass(frozen=True, kw_only=True)
class SmallServer:
    """A running service that lets everybody in."""

    process: psutil.Process
    base_url: str
    address: tuple[str, int]
    log_path: Path


@contextmanager
def small_server(folder: Path, *, open_files: int = 1_024) -> Iterator[SmallServer]:
    """Serve from this folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = probe.getsockname()
    log_path = folder.with_suffix(".log")
    with (
        log_path.open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(folder), str(address[1]), str(open_files)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            base_url = f"http://127.0.0.1:{address[1]}"
            end_s = time.monotonic() + 120
            while not _is_live(base_url):
                assert process.poll() is None, log_path.read_text()
                assert time.monotonic() < end_s
                time.sleep(0.05)
            yield SmallServer(
                process=psutil.Process(process.pid), base_url=base_url, address=address, log_path=log_path
            )
        finally:
            process.kill()


def _is_live(base_url: str) -> bool:
    try:
        return httpx.get(f"{base_url}/v1/health/live", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def serve(folder: str, port: str, open_files: str) -> None:
    """Run as ``fuhre serve`` does, all values as on a command line."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(open_files), int(open_files)))
    configure_logging(is_json=True)
    config = uvicorn.Config(
        create_app(services_in(Path(folder))),
        host="127.0.0.1",
        port=int(port),
        server_header=False,
        access_log=False,
        log_config=None,
        http=HeaderTimeoutProtocol,
        limit_concurrency=_connection_limit(1_000),
        backlog=ACCEPTED_AT_ONCE,
        timeout_keep_alive=10,
    )
    CrowdServer(config).run()
