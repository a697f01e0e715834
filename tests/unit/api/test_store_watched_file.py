"""A SQLite file that is moved away or replaced is noticed: nothing is acknowledged that nobody would find again."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.store.database import Database
from api.store.errors import BrokenDatabaseError, MovedDatabaseError, StoreUnavailableError
from api.store.homes import SERVICE_FILE
from api.store.sql_tenants import open_tenant_stores


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'a.db'}")
    with opened.write() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (number INTEGER)")
    yield opened
    opened.close()


def insert(database: Database, number: int) -> None:
    with database.write() as connection:
        connection.exec_driver_sql(f"INSERT INTO kept VALUES ({number})")


def numbers(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.exec_driver_sql("SELECT number FROM kept ORDER BY number").scalars())


@pytest.mark.parametrize("what", ["gone", "replaced"])
def test_nothing_is_written_while_the_file_is_not_where_it_was(database: Database, tmp_path: Path, what: str) -> None:
    insert(database, 1)
    file, away = tmp_path / "a.db", tmp_path / "away.db"
    file.replace(away)
    if what == "replaced":
        file.write_bytes(away.read_bytes())
    with pytest.raises(MovedDatabaseError, match="Put the file back") as told:
        insert(database, 2)
    assert isinstance(told.value, StoreUnavailableError), "a sender is told to try again"
    assert told.value.source == str(file)
    assert str(tmp_path) not in str(told.value)
    away.replace(file)
    database.check_file()
    insert(database, 3)
    assert numbers(database) == [1, 3]


def test_no_connection_makes_an_empty_file_in_place_of_the_one_that_is_gone(database: Database, tmp_path: Path) -> None:
    insert(database, 1)
    file, away = tmp_path / "a.db", tmp_path / "away.db"
    file.replace(away)
    failed: list[BaseException] = []

    def read() -> None:
        try:
            numbers(database)
        except MovedDatabaseError as error:
            failed.append(error)

    with database.read():  # the only connection is taken: another reader needs a new one
        reader = threading.Thread(target=read)
        reader.start()
        reader.join()
    assert len(failed) == 1
    assert not file.exists()
    away.replace(file)
    assert numbers(database) == [1]


def test_worker_makes_no_database_where_the_service_s_own_is_gone(tmp_path: Path) -> None:
    open_tenant_stores(tmp_path).close()
    (tmp_path / SERVICE_FILE).unlink()
    with pytest.raises(BrokenDatabaseError, match="the file is missing"):
        open_tenant_stores(tmp_path, may_migrate=False)
    assert not (tmp_path / SERVICE_FILE).exists()
