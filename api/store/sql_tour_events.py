"""Tour events in a SQL table: written in groups, and together with the readings that they amount to."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from pydantic import TypeAdapter
from sqlalchemy import Connection, and_, delete, insert, select

from api.store.database import Database
from api.store.group_commit import GroupCommit
from api.store.instants import microseconds
from api.store.reading_rows import ReadingKey, ReadingRows, container_keys
from api.store.schema import QUARANTINE, READINGS, TOUR_EVENTS, TOUR_LESSONS
from api.store.sql_readings import key_of_reading
from api.tablet.ports import EventStatus, Receipt, SentBatch, SentEvent
from api.tablet.receipts import receipts_of
from optimizer.domain.reading import Reading
from optimizer.domain.tour_event import TourEvent
from optimizer.planning.tour_progress import fold_events, readings_of

QUARANTINE_SOURCE = "tablet"
_EVENT = TypeAdapter(TourEvent)
_AT_ONCE = 400
_TAKEN = Receipt(
    event_key="",
    status=EventStatus.REJECTED,
    code="event_id_taken",
    reason="Another event has this id. Give every event an id of its own.",
)


class SqlTourEventStore:
    """One row per event, also for those that could not be used."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = ReadingRows(database)
        self._lock = threading.Lock()
        self._writer: GroupCommit[SentBatch, list[Receipt]] = GroupCommit(
            self._write_group,
            name="fuhre-tour-events-writer",
            size_of=lambda batch: len(batch.events),
            most_waiting=60_000,
            most_at_once=3_000,
        )

    def take(self, batch: SentBatch) -> list[Receipt]:
        """Keep what is new, and what it teaches about fills; one receipt per event, durable on return."""
        return self._writer.submit(batch) if batch.events else []

    def close(self) -> None:
        """Write what waits."""
        self._writer.close()

    def of_day(self, day: date) -> dict[str, list[TourEvent]]:
        """All usable events of a day, by vehicle, in no particular order."""
        query = select(TOUR_EVENTS.c.vehicle_id, TOUR_EVENTS.c.document).where(
            TOUR_EVENTS.c.day == day.isoformat(), TOUR_EVENTS.c.status != EventStatus.REJECTED
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        found: dict[str, list[TourEvent]] = defaultdict(list)
        for row in rows:
            found[row.vehicle_id].append(_EVENT.validate_json(row.document))
        return dict(found)

    def of_tour(self, day: date, vehicle_id: str) -> list[TourEvent]:
        """All usable events of one tour, in no particular order."""
        with self._database.read() as connection:
            return _usable(connection, day.isoformat(), vehicle_id)

    def actors(self, day: date, vehicle_id: str) -> list[str]:
        """The keys that reported about a tour, rising."""
        columns = TOUR_EVENTS.c
        query = select(columns.actor).where(columns.day == day.isoformat(), columns.vehicle_id == vehicle_id)
        with self._database.read() as connection:
            return sorted(connection.scalars(query.distinct()))

    def put_lesson(self, day: date, vehicle_id: str, document: bytes) -> None:
        """Keep what a tour teaches, in place of what it taught before."""
        columns = TOUR_LESSONS.c
        with self._database.write(alone_on=TOUR_LESSONS) as connection:
            is_this = and_(columns.day == day.isoformat(), columns.vehicle_id == vehicle_id)
            connection.execute(delete(TOUR_LESSONS).where(is_this))
            connection.execute(
                insert(TOUR_LESSONS).values(day=day.isoformat(), vehicle_id=vehicle_id, document=document)
            )

    def has_lesson(self, day: date, vehicle_id: str) -> bool:
        """Whether a tour teaches something by now, which it does when it is over."""
        columns = TOUR_LESSONS.c
        query = select(columns.day).where(columns.day == day.isoformat(), columns.vehicle_id == vehicle_id)
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def lessons(self, *, since: date, until: date) -> list[bytes]:
        """What the tours of some days teach, by day and vehicle; the last day is not included."""
        columns = TOUR_LESSONS.c
        query = (
            select(columns.document)
            .where(columns.day >= since.isoformat(), columns.day < until.isoformat())
            .order_by(columns.day, columns.vehicle_id)
        )
        with self._database.read() as connection:
            return list(connection.scalars(query))

    def _write_group(self, batches: Sequence[SentBatch]) -> list[list[Receipt]]:
        # Two services never write one database, but two groups could: readings are withdrawn by what was known before.
        with self._lock, self._database.write(alone_on=TOUR_EVENTS) as connection:
            group = _Group(connection=connection, rows=self._rows)
            answers = [group.take(batch) for batch in batches]
            group.write()
            return answers


@dataclass(slots=True, kw_only=True)
class _Tour:
    """What is known of one tour while a group is written."""

    before: list[TourEvent]
    new: list[TourEvent] = field(default_factory=list)
    received_at_s: int = 0


@dataclass(slots=True, kw_only=True)
class _Group:
    """Batches that go into one transaction."""

    connection: Connection
    rows: ReadingRows
    tours: dict[tuple[str, str], _Tour] = field(default_factory=dict)
    known: dict[str, tuple[str, Receipt]] = field(default_factory=dict)
    event_rows: list[dict[str, object]] = field(default_factory=list)
    quarantined: list[dict[str, object]] = field(default_factory=list)

    def take(self, batch: SentBatch) -> list[Receipt]:
        self._look_up({one.event_key for one in batch.events} - self.known.keys())
        tour = self._tour(batch)
        # A repeated id within the batch is the same event again; what was refused once is judged anew.
        fresh: dict[str, SentEvent] = {}
        for one in batch.events:
            if one.event is not None and self._is_new(one):
                fresh.setdefault(one.event_key, one)
        new = [one.event for one in fresh.values() if one.event is not None]
        told = dict(zip(fresh, receipts_of(batch.vehicle_id, [*tour.before, *tour.new], new), strict=True))
        tour.new += new
        tour.received_at_s = int(batch.received_at.timestamp())
        return [self._receipt(one, batch, told) for one in batch.events]

    def write(self) -> None:
        """Store everything that was taken."""
        if self.event_rows:
            keys = [str(row["event_key"]) for row in self.event_rows]
            for start in range(0, len(keys), _AT_ONCE):
                part = keys[start : start + _AT_ONCE]
                self.connection.execute(delete(TOUR_EVENTS).where(TOUR_EVENTS.c.event_key.in_(part)))
            self.connection.execute(insert(TOUR_EVENTS), self.event_rows)
        if self.quarantined:
            ids = [str(row["message_id"]) for row in self.quarantined]
            there = set(
                self.connection.scalars(select(QUARANTINE.c.message_id).where(QUARANTINE.c.message_id.in_(ids)))
            )
            rows = {str(row["message_id"]): row for row in self.quarantined if row["message_id"] not in there}
            if rows:
                self.connection.execute(insert(QUARANTINE), list(rows.values()))
        self._write_readings()

    def _is_new(self, sent: SentEvent) -> bool:
        known = self.known.get(sent.event_key)
        return known is None or (known[1].status is EventStatus.REJECTED and known[1].code != _TAKEN.code)

    def _receipt(self, sent: SentEvent, batch: SentBatch, told: dict[str, Receipt]) -> Receipt:
        known = self.known.get(sent.event_key)
        if known is not None and (not self._is_new(sent) or sent.event is None):
            content, receipt = known
            is_same = content == sent.content_sha256 or receipt.status is EventStatus.REJECTED
            return receipt if is_same else self._refuse(sent, batch, _taken(sent.event_key), is_kept=False)
        if sent.refusal is not None:
            return self._refuse(sent, batch, sent.refusal, is_kept=True)
        receipt = told[sent.event_key]
        self._keep(sent, batch, receipt, document=_EVENT.dump_json(sent.event))  # type: ignore[arg-type]  # no refusal
        return receipt

    def _refuse(self, sent: SentEvent, batch: SentBatch, receipt: Receipt, *, is_kept: bool) -> Receipt:
        if is_kept:
            self._keep(sent, batch, receipt, document=sent.raw)
        received_us = microseconds(batch.received_at)
        self.quarantined.append(
            {
                # Rises with time as other messages' ids do, and is the same for the same event of one batch.
                "message_id": f"{received_us:016x}-{sent.content_sha256[:12]}",
                "received_at_us": received_us,
                "source": QUARANTINE_SOURCE,
                "reason": receipt.code,
                "detail": receipt.reason,
                "content_type": "application/json",
                "body": sent.raw,
                "device_id": batch.vehicle_id,
                "replayed_at_us": None,
            }
        )
        return receipt

    def _keep(self, sent: SentEvent, batch: SentBatch, receipt: Receipt, *, document: bytes) -> None:
        self.known[sent.event_key] = (sent.content_sha256, receipt)
        self.event_rows.append(
            {
                "event_key": sent.event_key,
                "vehicle_id": batch.vehicle_id,
                "day": batch.day.isoformat(),
                "received_at_us": microseconds(batch.received_at),
                "actor": batch.actor,
                "status": receipt.status,
                "code": receipt.code,
                "detail": receipt.reason[:500],
                "content_sha256": sent.content_sha256,
                "document": document,
            }
        )

    def _look_up(self, keys: set[str]) -> None:
        columns = TOUR_EVENTS.c
        wanted = sorted(keys)
        for start in range(0, len(wanted), _AT_ONCE):
            query = select(columns.event_key, columns.status, columns.code, columns.detail, columns.content_sha256)
            for row in self.connection.execute(query.where(columns.event_key.in_(wanted[start : start + _AT_ONCE]))):
                status = EventStatus(row.status)
                receipt = Receipt(event_key=row.event_key, status=status, code=row.code, reason=row.detail)
                self.known[row.event_key] = (row.content_sha256, receipt)

    def _tour(self, batch: SentBatch) -> _Tour:
        name = (batch.day.isoformat(), batch.vehicle_id)
        tour = self.tours.get(name)
        if tour is None:
            tour = self.tours[name] = _Tour(before=_usable(self.connection, *name))
        return tour

    def _write_readings(self) -> None:
        """What tours teach about fills: what they taught before and no longer say is withdrawn."""
        added: dict[ReadingKey, int] = {}
        gone: set[ReadingKey] = set()
        for (_, vehicle_id), tour in self.tours.items():
            if not tour.new:
                continue
            before = _readings(vehicle_id, tour.before)
            after = _readings(vehicle_id, [*tour.before, *tour.new])
            known = container_keys(self.connection, {one.container_id for one in (*before, *after)})
            old, new = (
                {key for one in told if (key := key_of_reading(known.get(one.container_id), one)) is not None}
                for told in (before, after)
            )
            gone |= old - new
            added.update(dict.fromkeys(sorted(new - old), tour.received_at_s))
        for key in sorted(gone):
            names = ("container_key", "observed_at_s", "source", "is_emptying", "fill_ppm")
            self.connection.execute(
                delete(READINGS).where(*(READINGS.c[name] == value for name, value in zip(names, key, strict=True)))
            )
        self.rows.insert(self.connection, added)


def _usable(connection: Connection, day: str, vehicle_id: str) -> list[TourEvent]:
    columns = TOUR_EVENTS.c
    query = select(columns.document).where(
        columns.day == day, columns.vehicle_id == vehicle_id, columns.status != EventStatus.REJECTED
    )
    return [_EVENT.validate_json(document) for document in connection.scalars(query)]


def _readings(vehicle_id: str, events: Iterable[TourEvent]) -> list[Reading]:
    return readings_of(fold_events(vehicle_id, events))


def _taken(event_key: str) -> Receipt:
    return Receipt(event_key=event_key, status=_TAKEN.status, code=_TAKEN.code, reason=_TAKEN.reason)
