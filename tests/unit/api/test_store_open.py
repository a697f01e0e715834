import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from api.jobs.job import JobKind, JobRequest
from api.store.check import check_data
from api.store.database import Database
from api.store.errors import BrokenDatabaseError, InUseError, NewerDatabaseError, StoreFullError, StoreUnavailableError
from api.store.migrate import SERVICE_LAYOUTS, TOWN_LAYOUTS, migrate
from api.store.schema import METADATA
from api.store.service_schema import SERVICE_METADATA
from api.store.sql_store import open_store
from tests.durability.old_layout import content, make_old_store
from tests.flow.http_samples import NOW, small_record
from tests.postgres import PostgresServer, postgres

__all__ = ["postgres"]


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def test_migrations_make_the_tables_that_the_code_sees(tmp_path: Path) -> None:
    database = Database(url_of(tmp_path / "a.db"))
    migrate(database)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    database.close()


def test_migrations_make_the_service_tables_that_the_code_sees(tmp_path: Path) -> None:
    database = Database(url_of(tmp_path / "a.db"))
    migrate(database, SERVICE_LAYOUTS)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SERVICE_METADATA) == []
    database.close()


def test_migrations_make_the_tables_that_the_code_sees_on_postgresql(postgres: PostgresServer) -> None:
    def is_ours(_thing: object, name: str | None, kind: str, *_: object) -> bool:
        # Of the readings only the columns are compared: the table is made by hand, in parts and without a reference.
        return not (kind == "table" and str(name).startswith("readings_")) and kind != "foreign_key_constraint"

    url = postgres.make_database()
    for layouts, metadata in ((TOWN_LAYOUTS, METADATA), (SERVICE_LAYOUTS, SERVICE_METADATA)):
        database = Database(url)
        with database.write() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        migrate(database, layouts)
        with database.read() as connection:
            context = MigrationContext.configure(connection, opts={"include_object": is_ours})
            assert compare_metadata(context, metadata) == []
        database.close()


def test_readings_of_an_earlier_layout_stay_and_lose_their_reference(tmp_path: Path) -> None:
    url = url_of(tmp_path / "a.db")
    make_old_store(url, readings=5_000, layout="0005")
    before = content(url)["readings"]
    store = open_store(url)
    with store.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_list(readings)").all() == []
    store.close()
    assert content(url)["readings"] == before
    assert check_data(url)[0].faults == ()


def test_opening_twice_keeps_the_content(tmp_path: Path) -> None:
    for _ in range(2):
        store = open_store(url_of(tmp_path / "a.db"))
        if store.town.load() is None:
            store.town.replace(small_record())
        store.close()
    store = open_store(url_of(tmp_path / "a.db"))
    assert store.town.version() == 1
    store.close()


def test_opening_refuses_a_newer_layout(tmp_path: Path) -> None:
    open_store(url_of(tmp_path / "a.db")).close()
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(NewerDatabaseError, match="layout 9999"):
        open_store(url_of(tmp_path / "a.db"))


def test_opening_refuses_tables_of_something_else(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()
    with pytest.raises(BrokenDatabaseError, match="something else"):
        open_store(url_of(tmp_path / "a.db"))


def test_opening_refuses_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"not a database at all, but long enough to have a header" * 100)
    with pytest.raises(BrokenDatabaseError):
        open_store(url_of(tmp_path / "a.db"))


def test_opening_refuses_a_flipped_page(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = open_store(url_of(path))
    store.town.replace(small_record())
    store.close()
    content = bytearray(path.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 64] = b"\xff" * 64
    path.write_bytes(content)
    with pytest.raises(BrokenDatabaseError):
        open_store(url_of(path))


def test_opening_refuses_a_url_that_is_none() -> None:
    with pytest.raises(BrokenDatabaseError, match="form is not understood"):
        open_store("fuhre.db")


def test_opening_a_missing_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError):
        open_store(url_of(tmp_path / "missing" / "a.db"))


def test_second_service_is_held_off_until_the_first_has_closed(tmp_path: Path) -> None:
    first, second = (open_store(url_of(tmp_path / "a.db")) for _ in range(2))
    first.claim()
    with pytest.raises(InUseError):
        second.claim()
    first.close()
    second.claim()
    second.close()


def test_sqlite_runs_durably_and_checks_references(tmp_path: Path) -> None:
    database = Database(url_of(tmp_path / "a.db"))
    with database.read() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    database.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 4000}


def test_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    store = open_store(url_of(tmp_path / "a.db"))
    store.town.replace(small_record())
    database = Database(url_of(tmp_path / "a.db"))

    def delete_and_fail() -> None:
        with database.write() as connection:
            connection.exec_driver_sql("DELETE FROM town")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        delete_and_fail()
    assert store.town.version() == 1
    database.close()
    store.close()


def test_lock_held_for_too_long_is_unavailable_not_a_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.store.database.BUSY_TIMEOUT_S", 0.2)
    store = open_store(url_of(tmp_path / "a.db"))
    blocker = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError):
        store.town.replace(small_record())
    blocker.close()
    store.town.replace(small_record())
    store.close()


def test_full_disk_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = open_store(url_of(path))
    with store.database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    store.close()
    database = Database(url_of(path))

    def write_more_than_fits() -> None:
        with database.write() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
            connection.exec_driver_sql("CREATE TABLE big (content BLOB)")
            connection.exec_driver_sql("INSERT INTO big VALUES (zeroblob(1000000))")

    with pytest.raises(StoreFullError):
        write_more_than_fits()
    database.close()


def test_same_idempotency_key_at_once_makes_one_job(tmp_path: Path) -> None:
    store = open_store(url_of(tmp_path / "a.db"))
    made: list[tuple[str, bool]] = []

    def submit(number: int) -> None:
        request = JobRequest(
            job_id=f"j{number}", kind=JobKind.PLAN, document=b"{}", request_digest="d", idempotency_key="k"
        )
        job, is_new = store.jobs.add(request, at=NOW)
        made.append((job.job_id, is_new))

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    assert len(made) == 10
    assert len({job_id for job_id, _ in made}) == 1
    assert sum(is_new for _, is_new in made) == 1
