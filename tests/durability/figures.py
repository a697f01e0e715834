"""The figures of durability on this machine: ``python -m tests.durability.figures kills`` and others.

``kills`` loses processes at random moments, ``ingest`` measures durable writing, ``million`` migrates, saves and
restores a million readings (``--readings 200000000``: ten gigabytes of SQLite, about half an hour), ``migrations`` cuts
migrations off. Each runs on SQLite and on PostgreSQL, and ends with an error when a promise is broken. Processor
seconds stand beside the elapsed ones: they count where others compute too.
"""

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil

from api.store.backup import back_up
from api.store.check import check_data
from api.store.database import Database
from api.store.migrate import migrate
from api.store.restore import restore
from api.store.sql_store import SqlStore
from api.store.sql_tenants import open_tenant_stores
from tests.durability.launcher import reading_of
from tests.durability.old_layout import content, make_old_store
from tests.durability.victims import kill_while_ingesting, kill_while_migrating, make_town, missing
from tests.flow.http_samples import NOW
from tests.postgres import running_postgres

MILLION = 1_000_000


def say(sentence: str) -> None:
    """One line at once, also into a pipe."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def kills(kind: str, place: str, options: argparse.Namespace) -> None:
    """Acknowledged readings after kills of the ingesting process."""
    make_town(place)
    acks, opened_s = kill_while_ingesting(place, kills=options.kills, seed=11)
    lost = missing(place, acks)
    say(
        f"{kind}: {options.kills} kills, {len(acks)} acknowledged, {len(lost)} lost; "
        f"open again in median {statistics.median(opened_s):.2f} s, at most {max(opened_s):.2f} s"
    )
    assert not lost
    assert all(not one.faults for one in check_data(place))


def ingest(kind: str, place: str, options: argparse.Namespace) -> None:
    """Readings a second, each call durable on return."""
    make_town(place)
    stores = open_tenant_stores(place)
    first = 0
    for size, total, threads in ((1, 10_000, 50), (100, 100_000, 8), (1_000, 100_000, 4)):
        for has_keys in (False, True):
            began_cpu_s = _cpu_s()
            took, waits_s = _add(stores.store("t"), first, size, total // options.share, threads, has_keys=has_keys)
            first += total
            waits_s.sort()
            say(
                f"{kind}: {threads} threads, {size} a call{', with message keys' if has_keys else ''}: "
                f"{len(waits_s) * size / took:,.0f} readings/s, {len(waits_s) / took:,.0f} calls/s, "
                f"p50 {waits_s[len(waits_s) // 2] * 1e3:.0f} ms, p99 {waits_s[int(len(waits_s) * 0.99)] * 1e3:.0f} ms; "
                f"{(_cpu_s() - began_cpu_s) / len(waits_s) / size * 1e6:.0f} us CPU a reading, server's included, "
                f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores",
            )
    stores.close()


def _cpu_s() -> float:
    """Processor seconds of this process and of the servers that it has started."""
    mine = Path(tempfile.gettempdir()).glob("fuhre-pg-*/data/postmaster.pid")
    servers = [psutil.Process(int(path.read_text().splitlines()[0])) for path in mine]
    times = [one.cpu_times() for server in servers for one in (server, *server.children())]
    return time.process_time() + sum(one.user + one.system for one in times)


def _add(
    store: SqlStore, first: int, size: int, total: int, threads: int, *, has_keys: bool
) -> tuple[float, list[float]]:
    waits_s: list[float] = []

    def work(thread: int) -> None:
        for start in range(first + thread * size, first + total, threads * size):
            batch = [reading_of(number) for number in range(start, start + size)]
            keys = [f"m{number}" for number in range(start, start + size)] if has_keys else []
            began_s = time.perf_counter()
            statuses = store.readings.add(batch, received_at=NOW, dedup_keys=keys)
            waits_s.append(time.perf_counter() - began_s)
            assert set(statuses) == {"accepted"}

    workers = [threading.Thread(target=work, args=(thread,)) for thread in range(threads)]
    began_s = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return time.perf_counter() - began_s, waits_s


def million(kind: str, place: str, options: argparse.Namespace, fresh: Callable[[], str]) -> None:
    """An earlier version's store with a million readings, or as many as wanted: migrate, save, restore."""
    is_file = kind == "sqlite"
    url = f"sqlite:///{place}.db" if is_file else place
    make_old_store(url, readings=options.readings)
    is_large = options.readings > MILLION
    # A restore compares every table with what was saved; looking once more takes too long where there is much.
    before = None if is_large else content(url)

    def timed(what: str, most_s: float, do: Callable[[], object]) -> None:
        began_s, began_cpu_s = time.monotonic(), time.process_time()
        do()
        took_s = time.monotonic() - began_s
        cpu_s = time.process_time() - began_cpu_s
        say(f"{kind}: {what} {options.readings:,} readings {took_s:.1f} s ({cpu_s:.1f} s CPU)")
        assert took_s <= most_s, what

    database = Database(url)
    timed("migrate", 60 * options.readings / MILLION if is_large else 60, lambda: migrate(database))
    size_bytes = _size_bytes(database)
    database.close()
    say(f"{kind}: a database of {size_bytes / 1e9:.2f} GB")
    archive = Path(options.folder) / f"{kind}.zip"
    timed("back up", 3_600 if is_large else 60, lambda: back_up(url, archive, now=datetime.now(UTC)))
    say(f"{kind}: archive {archive.stat().st_size / 1e6:.1f} MB")
    new = fresh()
    timed("restore", 900 if is_large else 60, lambda: restore(archive, new))
    assert before is None or content(f"sqlite:///{new}/fuhre.db" if is_file else new) == before


def _size_bytes(database: Database) -> int:
    if database.file is not None:
        return Path(database.file).stat().st_size
    with database.read() as connection:
        return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar() or 0)


def migrations(kind: str, fresh: Callable[[], str], options: argparse.Namespace) -> None:
    """Migrations killed at random moments."""
    is_file = kind == "sqlite"

    def fresh_old_store() -> str:
        url = f"sqlite:///{fresh()}.db" if is_file else fresh()
        make_old_store(url, readings=options.readings)
        return url

    most_s = 0.3 if is_file else options.readings / 100_000
    url = kill_while_migrating(fresh_old_store, kills=options.kills, seed=5, most_s=most_s)
    database = Database(url)
    migrate(database)
    database.close()
    assert not check_data(url)[0].faults
    say(f"{kind}: {options.kills} migrations of {options.readings} readings killed before their end, 0 changed rows")


def main() -> None:
    """Run what was asked on both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["kills", "ingest", "million", "migrations"])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--readings", type=int, default=MILLION)
    parser.add_argument("--share", type=int, default=1, help="Divide the amount of ingested readings by this.")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fuhre-figures-") as folder:
        options.folder = folder
        if options.only != "postgresql":
            _run("sqlite", options, lambda: str(Path(tempfile.mkdtemp(dir=folder)) / "data"))
        if options.only != "sqlite":
            with running_postgres(is_on_disk=True) as server:
                _run("postgresql", options, server.make_database)


def _run(kind: str, options: argparse.Namespace, fresh: Callable[[], str]) -> None:
    if options.what == "million":
        million(kind, fresh(), options, fresh)
    elif options.what == "migrations":
        migrations(kind, fresh, options)
    else:
        {"kills": kills, "ingest": ingest}[options.what](kind, fresh(), options)


if __name__ == "__main__":
    main()
