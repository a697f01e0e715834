"""Readings in one narrow SQL table: written in bulk, read straight into arrays."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Integer, Select, select, type_coerce

from api.store.database import Database
from api.store.group_commit import GroupCommit
from api.store.ports import ReadingStatus
from api.store.reading_rows import ReadingKey, ReadingRows, VainHopeError, container_keys, message_key
from api.store.schema import CONTAINERS, READINGS
from optimizer.domain.reading import FillHistory, FillSeries, Quality, Reading, Source

NO_LEVEL_PPM = -1
"""Stands in the table where a reading carries no level."""

_CODES = {Source.SENSOR: 0, Source.DRIVER: 1, Source.TRUCK: 2}
SOURCES = {code: source for source, code in _CODES.items()}
_CHUNK = 50_000
_ID_CHUNK = 500


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one caller adds."""

    readings: Sequence[Reading]
    dedup_keys: Sequence[str | None]
    received_at_s: int


class SqlReadingStore:
    """A reading is its own key, so that a repetition changes nothing and the order of arrival does not matter."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = ReadingRows(database)
        self._is_hopeful = True
        self._writer: GroupCommit[_Batch, list[ReadingStatus]] = GroupCommit(
            self._write_group,
            name="fuhre-readings-writer",
            size_of=lambda batch: len(batch.readings),
            most_waiting=200_000,
            most_at_once=20_000,
        )

    def add(
        self, readings: Sequence[Reading], *, received_at: datetime, dedup_keys: Sequence[str | None] = ()
    ) -> list[ReadingStatus]:
        """Store what is new, together with what other callers add at the same time; durable on return.

        A key counts as seen when an earlier call brought it: the readings of one message may share one.
        """
        batch = _batch(readings, received_at, dedup_keys)
        return self._writer.submit(batch) if readings else []

    async def add_awaited(
        self, readings: Sequence[Reading], *, received_at: datetime, dedup_keys: Sequence[str | None] = ()
    ) -> list[ReadingStatus]:
        """As ``add``, while the event loop serves others."""
        batch = _batch(readings, received_at, dedup_keys)
        return await self._writer.written(batch) if readings else []

    def close(self) -> None:
        """Write what waits."""
        self._writer.close()

    def _write_group(self, batches: Sequence[_Batch]) -> list[list[ReadingStatus]]:
        if self._is_hopeful:
            try:
                return self._write(batches, is_hopeful=True)
            except VainHopeError:
                pass
        told = self._write(batches, is_hopeful=False)
        # Who sends things again goes on with it for a while: hope waits until a group was new from end to end.
        is_all_new = not any(ReadingStatus.DUPLICATE in statuses for statuses in told)
        self._is_hopeful = is_all_new or not self._database.is_sqlite
        return told

    def _write(self, batches: Sequence[_Batch], *, is_hopeful: bool) -> list[list[ReadingStatus]]:
        container_ids = {reading.container_id for batch in batches for reading in batch.readings}
        with self._database.write() as connection:
            known = container_keys(connection, container_ids)
            first_bringers = _first_bringers(batches, known)
            fresh_messages = self._rows.insert_message_keys(
                connection,
                {message: batches[index].received_at_s for message, index in first_bringers.items()},
                is_hopeful=is_hopeful,
            )
            new_of_batch: list[set[str]] = [set() for _ in batches]
            for message in fresh_messages:
                new_of_batch[first_bringers[message]].add(message)
            judged = [_judge(batch, known, new) for batch, new in zip(batches, new_of_batch, strict=True)]
            rows: dict[ReadingKey, int] = {}
            for batch, keys in zip(batches, judged, strict=True):
                for key in keys:
                    if isinstance(key, tuple):
                        rows.setdefault(key, batch.received_at_s)
            fresh = self._rows.insert(connection, rows, is_hopeful=is_hopeful)
        if len(fresh) == sum(map(len, judged)):  # all are rows, none of them twice, and none was known
            return [[ReadingStatus.ACCEPTED] * len(keys) for keys in judged]
        return [[_status(one, fresh) for one in statuses] for statuses in judged]

    def add_history(self, history: FillHistory, *, received_at: datetime) -> int:
        """Store whole series, fast; the number of new readings. Unknown containers are left out."""
        received_at_s = int(received_at.timestamp())
        added = 0
        with self._database.write() as connection:
            keys = container_keys(connection, set(history))
            chunk: dict[ReadingKey, int] = {}
            for container_id, key in keys.items():
                chunk.update(dict.fromkeys(_keys_of_series(key, history[container_id]), received_at_s))
                if len(chunk) >= _CHUNK:
                    added += len(self._rows.insert(connection, chunk))
                    chunk = {}
            return added + len(self._rows.insert(connection, chunk))

    def history(self, *, as_of: datetime, days: int) -> FillHistory:
        """Series of the ``days`` before ``as_of``, strictly rising in time, unchecked."""
        last_s = int(as_of.timestamp())
        first_s = int((as_of - timedelta(days=days)).timestamp())
        columns = READINGS.c
        query = (
            select(
                columns.container_key,
                columns.observed_at_s,
                columns.source,
                type_coerce(columns.is_emptying, Integer),
                columns.fill_ppm,
            )
            .where(columns.observed_at_s.between(first_s, last_s))
            .order_by(columns.container_key, columns.observed_at_s)
        )
        with self._database.read() as connection:
            names = {
                row.container_key: row.container_id
                for row in connection.execute(
                    select(CONTAINERS.c.container_key, CONTAINERS.c.container_id).where(CONTAINERS.c.is_active)
                )
            }
            parts = list(arrays_of(connection, query))
        table = np.concatenate(parts) if parts else np.empty((0, 5), dtype=np.int64)
        return dict(_series_of(table, names))

    def latest(self, container_ids: Sequence[str]) -> Mapping[str, Reading]:
        """The last observed fill of each container that has one."""
        found: dict[str, Reading] = {}
        columns = READINGS.c
        with self._database.read() as connection:
            for start in range(0, len(container_ids), _ID_CHUNK):
                keys = container_keys(connection, set(container_ids[start : start + _ID_CHUNK]))
                for container_id, key in keys.items():
                    row = connection.execute(
                        select(columns.observed_at_s, columns.fill_ppm, columns.source, columns.is_emptying)
                        .where(columns.container_key == key, columns.fill_ppm != NO_LEVEL_PPM)
                        .order_by(columns.observed_at_s.desc(), columns.source, columns.fill_ppm.desc())
                        .limit(1)
                    ).one_or_none()
                    if row is not None:
                        found[container_id] = Reading(
                            container_id=container_id,
                            observed_at=datetime.fromtimestamp(row.observed_at_s, UTC),
                            fill_fraction=row.fill_ppm / 1e6,
                            source=SOURCES[row.source],
                            is_emptying=row.is_emptying,
                        )
        return found


def _batch(readings: Sequence[Reading], received_at: datetime, dedup_keys: Sequence[str | None]) -> _Batch:
    if dedup_keys and len(dedup_keys) != len(readings):
        raise ValueError("Give one dedup key per reading, or none at all.")
    keys = [key if key is None else message_key(key) for key in dedup_keys] or [None] * len(readings)
    return _Batch(readings, keys, int(received_at.timestamp()))


def key_of_reading(container_key: int | None, reading: Reading) -> ReadingKey | None:
    """The row that a reading is; None where there is no such container."""
    return None if container_key is None else _row(container_key, reading)


def _row(container_key: int, reading: Reading) -> ReadingKey:
    fill_fraction = reading.fill_fraction
    return (
        container_key,
        int(reading.observed_at.timestamp()),
        _CODES[reading.source],
        reading.is_emptying,
        NO_LEVEL_PPM if math.isnan(fill_fraction) else max(0, round(fill_fraction * 1e6)),
    )


def _first_bringers(batches: Sequence[_Batch], known: Mapping[str, int]) -> dict[str, int]:
    """By message key, the position of the first batch that brings it with a known container."""
    bringers: dict[str, int] = {}
    for index, batch in enumerate(batches):
        for reading, message in zip(batch.readings, batch.dedup_keys, strict=True):
            if message is not None and reading.container_id in known:
                bringers.setdefault(message, index)
    return bringers


def _judge(batch: _Batch, known: Mapping[str, int], new_messages: Collection[str]) -> list[ReadingKey | ReadingStatus]:
    """The row of each reading that may be new, else what is to be said of it."""
    judged: list[ReadingKey | ReadingStatus] = []
    for reading, message in zip(batch.readings, batch.dedup_keys, strict=True):
        container_key = known.get(reading.container_id)
        if container_key is None:
            judged.append(ReadingStatus.UNKNOWN_CONTAINER)
        elif message is None or message in new_messages:
            judged.append(_row(container_key, reading))
        else:
            judged.append(ReadingStatus.DUPLICATE)
    return judged


def _status(judged: ReadingKey | ReadingStatus, fresh: set[ReadingKey]) -> ReadingStatus:
    if isinstance(judged, ReadingStatus):
        return judged
    if judged in fresh:
        fresh.discard(judged)  # the same reading once more in this transaction is a duplicate
        return ReadingStatus.ACCEPTED
    return ReadingStatus.DUPLICATE


def _keys_of_series(container_key: int, series: FillSeries) -> Iterator[ReadingKey]:
    levels = np.nan_to_num(series.fill_fraction.astype(np.float64), nan=NO_LEVEL_PPM / 1e6)
    ppm = np.maximum(np.rint(levels * 1e6).astype(np.int64), NO_LEVEL_PPM)
    yield from zip(repeat(container_key), series.observed_at_s.tolist(), repeat(0), repeat(False), ppm.tolist())
    glanced = np.rint(series.glance_fraction.astype(np.float64) * 1e6).astype(np.int64)
    code = _CODES[Source.DRIVER]
    yield from zip(repeat(container_key), series.glanced_at_s.tolist(), repeat(code), repeat(False), glanced.tolist())
    for emptied_at_s in series.emptied_at_s.tolist():
        yield container_key, emptied_at_s, _CODES[Source.TRUCK], True, NO_LEVEL_PPM


def arrays_of(connection: Connection, query: Select[Any]) -> Iterator[NDArray[np.int64]]:
    """The rows of a query of five whole numbers, in large pieces: never an object per reading."""
    statement = str(query.compile(connection.engine, compile_kwargs={"literal_binds": True}))
    # A named cursor of PostgreSQL hands the rows out in pieces, as SQLite's always does.
    raw = connection.connection
    cursor = raw.cursor() if connection.dialect.name == "sqlite" else raw.driver_connection.cursor("readings")  # type: ignore[union-attr]  # it is open
    try:
        cursor.execute(statement)
        while rows := cursor.fetchmany(_CHUNK):
            yield np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=5 * len(rows)).reshape(-1, 5)
    finally:
        cursor.close()


def _series_of(table: NDArray[np.int64], names: Mapping[int, str]) -> Iterator[tuple[str, FillSeries]]:
    """Series of a table of (container key, instant, source, is emptying, fill), sorted by the first two."""
    if not len(table):
        return
    keys, starts = np.unique(table[:, 0], return_index=True)
    for key, rows in zip(keys.tolist(), np.split(table, starts[1:]), strict=True):
        if key not in names:
            continue
        is_glance = rows[:, 2] == _CODES[Source.DRIVER]
        observed_at_s, fill_fraction = _levels_of(rows[~is_glance])
        glanced_at_s, glance_fraction = _levels_of(rows[is_glance])
        yield (
            names[key],
            FillSeries(
                container_id=names[key],
                observed_at_s=observed_at_s,
                fill_fraction=fill_fraction,
                quality=np.full(len(observed_at_s), Quality.UNCHECKED, dtype=np.int8),
                emptied_at_s=np.unique(rows[rows[:, 3] == 1, 1]),
                glanced_at_s=glanced_at_s,
                glance_fraction=glance_fraction,
            ),
        )


def _levels_of(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Instants and levels; of several readings of one instant a sensor's counts, and the fuller one."""
    _, observed_at_s, source, _, fill_ppm = rows.T
    order = np.lexsort((fill_ppm, -source, observed_at_s))
    order = order[fill_ppm[order] != NO_LEVEL_PPM]
    is_last = np.append(np.diff(observed_at_s[order]) != 0, np.ones(min(1, len(order)), dtype=bool))
    order = order[is_last]
    return observed_at_s[order], (fill_ppm[order] / 1e6).astype(np.float32)
