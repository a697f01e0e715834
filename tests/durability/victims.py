"""Children that are killed at random moments, and what they said before."""

import queue
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from api.store.database import Database
from api.store.sql_tenants import open_tenant_stores
from api.store.tenant_ports import Tenant
from tests.durability.launcher import reading_of
from tests.durability.old_layout import content
from tests.flow.http_samples import NOW, small_record

ROOT = Path(__file__).resolve().parents[2]


class Launcher:
    """The process that forks the children."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.durability.launcher"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._said: queue.Queue[str] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        assert self.next_line() == "launched"

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(line.strip())

    def next_line(self) -> str:
        return self._said.get(timeout=60)

    def run(self, *words: object, killed_after_s: float | None = None) -> list[str]:
        """Run a child, kill it after so long where wanted; what it said, and at last ``ended CODE``."""
        assert self._process.stdin is not None
        when = "never" if killed_after_s is None else f"{killed_after_s:.4f}"
        self._process.stdin.write(" ".join(map(str, (when, *words))) + "\n")
        self._process.stdin.flush()
        lines = [self.next_line()]
        while not lines[-1].startswith("ended "):
            lines.append(self.next_line())
        return lines

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._listener.join(timeout=30)
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def launched() -> Iterator[Launcher]:
    launcher = Launcher()
    try:
        yield launcher
    finally:
        launcher.close()


def make_town(place: str) -> None:
    """A tenant ``t`` with containers."""
    stores = open_tenant_stores(place)
    stores.add_tenant(Tenant(tenant_id="t", name="T", created_at=NOW))
    stores.store("t").town.replace(small_record())
    stores.close()


def acks_in(lines: list[str]) -> set[int]:
    return {int(line.split()[1]) for line in lines if line.startswith("ack ")}


def missing(place: str, acks: set[int]) -> set[int]:
    """Readings that were acknowledged and are not there."""
    stores = open_tenant_stores(place)
    stored = {
        (container_id, second)
        for container_id, series in stores.store("t").readings.history(as_of=NOW, days=36_500).items()
        for second in series.observed_at_s.tolist()
    }
    stores.close()
    wanted = {number: reading_of(number) for number in acks}
    return {
        number for number, one in wanted.items() if (one.container_id, int(one.observed_at.timestamp())) not in stored
    }


def kill_while_migrating(fresh: Callable[[], str], *, kills: int, seed: int, most_s: float) -> str:
    """Kill so many migrations before they end, and look after each that nothing has changed; the last store's URL.

    A migration that ends before its kill counts for nothing: the next one begins with a fresh old store.
    """
    url = fresh()
    before = content(url)
    chance = random.Random(seed)
    killed = 0
    with launched() as launcher:
        while killed < kills:
            has_ended = "ended 0" in launcher.run("migrate", url, "-", killed_after_s=chance.uniform(0, most_s))
            wait_until_alone(url)
            assert content(url) == before
            if has_ended:
                url, most_s = fresh(), most_s * 0.8
            else:
                killed += 1
    return url


def wait_until_alone(url: str) -> None:
    """PostgreSQL ends a statement before it notices that its client is gone."""
    database = Database(url)
    query = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    end_s = time.monotonic() + 60
    while not database.is_sqlite:
        with database.read() as connection:
            if connection.exec_driver_sql(query).scalar() == 0:
                break
        assert time.monotonic() < end_s
        time.sleep(0.05)
    database.close()


def kill_while_ingesting(place: str, *, kills: int, seed: int, threads: int = 8) -> tuple[set[int], list[float]]:
    """Kill so many children at random moments; all acknowledged readings, and how long each reopening took."""
    chance = random.Random(seed)
    acks: set[int] = set()
    opened_s: list[float] = []
    with launched() as launcher:
        first = 0
        for _ in range(kills):
            after_s = chance.uniform(0.02, 0.6)
            acks |= acks_in(launcher.run("ingest", place, first, threads, 100_000, killed_after_s=after_s))
            first += 100_000
            began_s = time.monotonic()
            open_tenant_stores(place).close()
            opened_s.append(time.monotonic() - began_s)
    return acks, opened_s
