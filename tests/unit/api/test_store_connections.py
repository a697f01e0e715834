"""Connections to a database: few are opened, they are kept, and a dead one is noticed before or at its next use."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event

from api.store import database as database_module
from api.store.database import KEPT_FILE_CONNECTIONS, KEPT_SERVER_CONNECTIONS, Database
from api.store.errors import StoreUnavailableError
from tests.postgres import PostgresServer, postgres

__all__ = ["postgres"]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    is_sqlite = request.param == "sqlite"
    opened = Database(
        f"sqlite:///{tmp_path / 'a.db'}" if is_sqlite else request.getfixturevalue("postgres").make_database()
    )
    yield opened
    opened.close()


def test_bursts_of_readers_close_no_connection_and_open_few(database: Database) -> None:
    opened, closed = [], []
    event.listen(database.engine, "connect", lambda *_: opened.append(1))
    event.listen(database.engine, "close", lambda *_: closed.append(1))
    barrier = threading.Barrier(40)

    def read(_: int) -> None:
        barrier.wait()
        for _turn in range(3):
            with database.read() as connection:
                connection.exec_driver_sql("SELECT 1")
                time.sleep(0.005)

    with ThreadPoolExecutor(40) as pool:
        list(pool.map(read, range(80)))
    assert not closed
    assert 1 <= len(opened) <= (KEPT_FILE_CONNECTIONS if database.is_sqlite else KEPT_SERVER_CONNECTIONS)


def end_connections(url: str) -> None:
    other = Database(url)
    with other.write() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    other.close()


@pytest.mark.parametrize("trusted_s", [0.0, 1_000.0])
def test_ended_connection_costs_one_answer_at_most_and_none_after_a_rest(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, trusted_s: float
) -> None:
    monkeypatch.setattr(database_module, "TRUSTED_FOR_S", trusted_s)
    url = postgres.make_database()
    database = Database(url)
    with database.read() as connection:
        connection.exec_driver_sql("SELECT 1")
    end_connections(url)
    if trusted_s:
        with pytest.raises(StoreUnavailableError), database.read():
            pass
    with database.read() as connection:
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "repeatable read"
        assert connection.exec_driver_sql("SHOW transaction_read_only").scalar() == "on"
    with database.write() as connection:
        assert connection.exec_driver_sql("SHOW transaction_read_only").scalar() == "off"
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    database.close()


def test_block_that_raises_leaves_nothing(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE things (name integer)")

    def fail_half_way() -> None:
        with database.write() as connection:
            connection.exec_driver_sql("INSERT INTO things VALUES (1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM things").scalar() == 0
