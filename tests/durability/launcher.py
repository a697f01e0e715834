"""Started as a process of its own: imports the store once, and forks a child for each line that it reads.

A child can be killed at any moment, and a new one is there within milliseconds, so that many kills take little time.
Each child works on one database, and writes ``ack N`` to standard output after the store has answered for reading N.
"""

import os
import resource
import signal
import sys
import threading
import time
from datetime import timedelta

from api.store.database import Database
from api.store.errors import StoreError
from api.store.migrate import migrate
from api.store.sql_tenants import open_tenant_stores
from optimizer.domain.reading import Reading
from tests.flow.http_samples import NOW

CONTAINERS = 12


def reading_of(number: int) -> Reading:
    """The reading that a number stands for; no two are equal."""
    return Reading(
        container_id=f"P-{number % CONTAINERS:03d}",
        observed_at=NOW - timedelta(minutes=number // CONTAINERS),
        fill_fraction=0.5,
    )


def say(words: str) -> None:
    os.write(1, f"{words}\n".encode())


def ingest(place: str, first: str, threads: str, count: str) -> None:
    """Add readings one by one from several threads, each with a message key."""
    store = open_tenant_stores(place).store("t")
    say("ready")

    def work(thread: int) -> None:
        for number in range(int(first) + thread, int(first) + int(count), int(threads)):
            store.readings.add([reading_of(number)], received_at=NOW, dedup_keys=[f"m{number}"])
            say(f"ack {number}")

    workers = [threading.Thread(target=work, args=(thread,)) for thread in range(int(threads))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def bring_up(url: str, schema: str) -> None:
    """Migrate a town's store."""
    migrate(Database(url, schema=None if schema == "-" else schema))


def ingest_limited(place: str, first: str, most_bytes: str) -> None:
    """Add batches until the system refuses to let a file grow; says how the store called it."""
    store = open_tenant_stores(place).store("t")
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most_bytes), int(most_bytes)))
    number = int(first)
    try:
        for _ in range(400):
            store.readings.add([reading_of(one) for one in range(number, number + 50)], received_at=NOW)
            for one in range(number, number + 50):
                say(f"ack {one}")
            number += 50
    except StoreError as error:
        say(f"error {type(error).__name__}")


_TASKS = {"ingest": ingest, "migrate": bring_up, "limited": ingest_limited}


def main() -> None:
    """Fork for each line until there are no more; a line begins with the seconds until the child is killed."""
    say("launched")
    for line in sys.stdin:
        killed_after_s, task, *words = line.split()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                _TASKS[task](*words)
                status = 0
            finally:
                os._exit(status)
        if killed_after_s != "never":
            time.sleep(float(killed_after_s))
            os.kill(pid, signal.SIGKILL)  # ours until it is waited for, even when it has ended by itself
        _, status = os.waitpid(pid, 0)
        say(f"ended {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main()
