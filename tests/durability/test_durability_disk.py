"""A full disk is said so, loses nothing, and is over when there is room again."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.store.check import check_data
from api.store.errors import StoreFullError
from api.store.sql_store import SqlStore
from api.store.sql_tenants import open_tenant_stores
from tests.durability.launcher import reading_of
from tests.durability.small_disk import small_disk
from tests.durability.victims import acks_in, launched, make_town, missing
from tests.flow.http_samples import NOW
from tests.postgres import running_postgres


@contextlib.contextmanager
def disk_of(size: str) -> Iterator[Path]:
    with small_disk(size) as disk:
        if disk is None:
            pytest.skip("a small disk cannot be made: mounting needs an administrator")
        yield disk


def fill_until_refused(store: SqlStore, acks: set[int], first: int) -> float:
    """Add readings until the disk is full; how long the refusal took."""
    for number in range(first, first + 2_000_000, 500):
        began_s = time.monotonic()
        try:
            store.readings.add([reading_of(one) for one in range(number, number + 500)], received_at=NOW)
        except StoreFullError:
            return time.monotonic() - began_s
        acks.update(range(number, number + 500))
    raise AssertionError("the disk never was full")


def check_full_and_free_again(place: str, ballast: Path) -> None:
    """Fill the disk, see that reading works, make room, and write on without a restart."""
    make_town(place)
    stores = open_tenant_stores(place)
    store = stores.store("t")
    acks: set[int] = set()
    assert fill_until_refused(store, acks, 0) < 5
    assert store.readings.latest(["P-001"])
    ballast.unlink()
    began_s = time.monotonic()
    assert set(store.readings.add([reading_of(5_000_000)], received_at=NOW)) == {"accepted"}
    assert time.monotonic() - began_s < 30
    acks.add(5_000_000)
    stores.close()
    assert missing(place, acks) == set()
    assert all(not one.faults for one in check_data(place))


def test_full_disk_is_said_so_and_over_when_there_is_room() -> None:
    with disk_of("6m") as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(3 << 20))
        check_full_and_free_again(str(disk / "data"), ballast)


@pytest.mark.slow
def test_full_disk_of_postgresql_is_said_so_and_over_when_there_is_room() -> None:
    with running_postgres(is_on_disk=True) as server, disk_of("40m") as disk:
        place = server.make_database(disk)
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(12 << 20))
        check_full_and_free_again(place, ballast)
        server.stop("immediate")


def test_file_that_may_not_grow_loses_nothing_whatever_the_write(tmp_path: Path) -> None:
    place = str(tmp_path / "data")
    make_town(place)
    acks: set[int] = set()
    refused = 0
    size = (tmp_path / "data" / "tenants" / "t.sqlite3").stat().st_size
    with launched() as launcher:
        for turn in range(10):
            lines = launcher.run("limited", place, turn * 1_000_000, size + 4_096 * (1 + 17 * turn) + 100 * turn)
            acks |= acks_in(lines)
            assert lines[-1] == "ended 0", lines[-2:]
            refused += any(line in {"error StoreFullError", "error StoreUnavailableError"} for line in lines)
            assert all(not one.faults for one in check_data(place))
    assert refused == 10
    assert missing(place, acks) == set()
