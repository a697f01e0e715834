"""Writing many readings at once says the same of each as writing them one by one, whatever was there before."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.store.ports import ReadingStatus
from api.store.reading_rows import ReadingRows, VainHopeError, container_keys
from api.store.sql_store import SqlStore, open_store
from optimizer.domain.reading import Reading
from tests.flow.http_samples import NOW, small_record

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    made = open_store(f"sqlite:///{tmp_path / 'town.sqlite3'}")
    made.town.replace(small_record())
    yield made
    made.close()


def rows_of(numbers: list[int]) -> dict[tuple[int, int, int, bool, int], int]:
    return {(1 + number % 12, 1_700_000_000 + number, 0, False, 500_000): 1_700_100_000 for number in numbers}


def test_hope_writes_more_rows_than_fit_into_a_statement(store: SqlStore) -> None:
    rows = rows_of(list(range(257)))
    with store.database.write() as connection:
        assert ReadingRows(store.database).insert(connection, rows, is_hopeful=True) == set(rows)
    with store.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM readings").scalar() == 257


def test_vain_hope_leaves_nothing_behind(store: SqlStore) -> None:
    write = ReadingRows(store.database).insert
    with store.database.write() as connection:
        write(connection, rows_of([150]), is_hopeful=True)
    with pytest.raises(VainHopeError), store.database.write() as connection:
        write(connection, rows_of(list(range(200))), is_hopeful=True)
    with store.database.write() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM readings").scalar() == 1
        assert write(connection, rows_of(list(range(200)))) == set(rows_of(list(range(200)))) - set(rows_of([150]))


def test_single_row_needs_no_hope(store: SqlStore) -> None:
    write = ReadingRows(store.database).insert
    for expected in ({*rows_of([3])}, set()):
        with store.database.write() as connection:
            assert write(connection, rows_of([3]), is_hopeful=True) == expected


def test_containers_are_found_by_odd_names_and_however_many_are_asked_for(store: SqlStore) -> None:
    asked = {f"P-{number:03d}" for number in range(2_000)} | {'"', "\\", "'", "{}", "ä", "P-0"}
    with store.database.read() as connection:
        assert set(container_keys(connection, asked)) == {f"P-{number:03d}" for number in range(12)}
        assert container_keys(connection, set()) == {}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=st.lists(st.lists(st.tuples(st.integers(0, 13), st.integers(0, 4)), min_size=1, max_size=9), max_size=9))
def test_every_first_sending_is_accepted_and_every_other_a_duplicate(
    store: SqlStore, groups: list[list[tuple[int, int]]]
) -> None:
    with store.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM readings")
    seen: set[tuple[int, int]] = set()
    for group in groups:
        readings = [
            Reading(
                container_id=f"P-{container:03d}",
                observed_at=LONG_AGO + timedelta(minutes=minute),
                fill_fraction=0.5,
            )
            for container, minute in group
        ]
        expected = []
        for one in group:
            if one[0] > 11:
                expected.append(ReadingStatus.UNKNOWN_CONTAINER)
            else:
                expected.append(ReadingStatus.DUPLICATE if one in seen else ReadingStatus.ACCEPTED)
                seen.add(one)
        assert store.readings.add(readings, received_at=NOW) == expected
