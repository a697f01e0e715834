"""The audit log in a SQL table: each line holds the digest of the line before, and both ends are noted.

A changed, missing or exchanged line breaks the chain; a cut at either end does not fit the ends that are noted beside.
Old lines go from the front only, when the tenant's retention says so, and the noted front moves with them.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select, update

from api.store.database import Database
from api.store.group_commit import GroupCommit
from api.store.instants import instant, microseconds
from api.store.schema import AUDIT, AUDIT_ENDS
from api.store.tenant_ports import AuditEntry

NO_LINE_SHA256 = "0" * 64
"""Stands before the first line."""

_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class _Line:
    at: datetime
    actor: str
    role: str
    action: str
    target: str
    outcome: str
    trace_id: str


class SqlAuditStore:
    """Appends in one thread, so that many lines share a commit and the chain has one end."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer: GroupCommit[_Line, AuditEntry] = GroupCommit(
            self._write_group, name="fuhre-audit-writer", size_of=lambda _: 1, most_waiting=20_000, most_at_once=2_000
        )

    def append(
        self, *, at: datetime, actor: str, role: str, action: str, target: str, outcome: str, trace_id: str
    ) -> AuditEntry:
        """Write a line, chained to the last one; durable on return."""
        line = _Line(
            at=at,
            actor=_plain(actor, 200),
            role=_plain(role, 32),
            action=_plain(action, 100),
            target=_plain(target, 500),
            outcome=_plain(outcome, 100),
            trace_id=_plain(trace_id, 64),
        )
        return self._writer.submit(line)

    def entries(self, *, after: int = 0, limit: int = 1_000) -> list[AuditEntry]:
        """Lines with a greater sequence, rising."""
        with self._database.read() as connection:
            return _page(connection, after, limit)

    def first_broken(self) -> int | None:
        """Sequence of the first line that was changed or is missing; None when the chain is whole."""
        with self._database.read() as connection:
            sequence, chain = _end(connection, "first")
            last_sequence, last_chain = _end(connection, "last")
            while page := _page(connection, sequence, _PAGE):
                for entry in page:
                    if entry.sequence != sequence + 1 or entry.chain_sha256 != chain_sha256(chain, entry):
                        return sequence + 1
                    sequence, chain = entry.sequence, entry.chain_sha256
        if sequence != last_sequence:
            return min(sequence, last_sequence) + 1
        return None if chain == last_chain else sequence

    def forget_before(self, instant_to_keep: datetime) -> int:
        """Delete the lines from the front that are older, and move the noted front; how many went."""
        with self._database.write(alone_on=AUDIT) as connection:
            first, _ = _end(connection, "first")
            # Lines are kept from the first recent one on: a clock that once stood wrong tears no hole.
            kept = connection.scalar(
                select(AUDIT.c.sequence)
                .where(AUDIT.c.at_us >= microseconds(instant_to_keep))
                .order_by(AUDIT.c.sequence)
                .limit(1)
            )
            newest = _end(connection, "last")[0] if kept is None else kept - 1
            row = connection.execute(select(AUDIT).where(AUDIT.c.sequence == newest)).one_or_none()
            if row is None or newest <= first:
                return 0
            _set_end(connection, "first", newest, row.chain_sha256)
            return connection.execute(delete(AUDIT).where(AUDIT.c.sequence <= newest)).rowcount

    def close(self) -> None:
        """Write what waits."""
        self._writer.close()

    def _write_group(self, lines: Sequence[_Line]) -> list[AuditEntry]:
        entries: list[AuditEntry] = []
        with self._database.write(alone_on=AUDIT) as connection:
            sequence, chain = _end(connection, "last")
            for line in lines:
                sequence += 1
                unsealed = AuditEntry(
                    sequence=sequence,
                    at=instant(microseconds(line.at)),
                    actor=line.actor,
                    role=line.role,
                    action=line.action,
                    target=line.target,
                    outcome=line.outcome,
                    trace_id=line.trace_id,
                    chain_sha256="",
                )
                chain = chain_sha256(chain, unsealed)
                entries.append(replace(unsealed, chain_sha256=chain))
            connection.execute(insert(AUDIT), [_row(entry) for entry in entries])
            _set_end(connection, "last", sequence, chain)
        return entries


def chain_sha256(before: str, entry: AuditEntry) -> str:
    """The digest over the previous line's digest and a line's content."""
    content = [
        before,
        entry.sequence,
        microseconds(entry.at),
        entry.actor,
        entry.role,
        entry.action,
        entry.target,
        entry.outcome,
        entry.trace_id,
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def _end(connection: Connection, name: str) -> tuple[int, str]:
    row = connection.execute(select(AUDIT_ENDS).where(AUDIT_ENDS.c.name == name)).one_or_none()
    return (0, NO_LINE_SHA256) if row is None else (row.sequence, row.chain_sha256)


def _set_end(connection: Connection, name: str, sequence: int, chain: str) -> None:
    values = {"sequence": sequence, "chain_sha256": chain}
    changed = connection.execute(update(AUDIT_ENDS).where(AUDIT_ENDS.c.name == name).values(**values))
    if changed.rowcount == 0:
        connection.execute(insert(AUDIT_ENDS).values(name=name, **values))


def _page(connection: Connection, after: int, limit: int) -> list[AuditEntry]:
    query = select(AUDIT).where(AUDIT.c.sequence > after).order_by(AUDIT.c.sequence).limit(limit)
    return [_entry(row) for row in connection.execute(query)]


def _plain(words: str, most: int) -> str:
    """At most so many characters, without what one of the databases or a terminal would not take."""
    return "".join(one if one.isprintable() else "?" for one in words[:most])


def _row(entry: AuditEntry) -> dict[str, object]:
    return {
        "sequence": entry.sequence,
        "at_us": microseconds(entry.at),
        "actor": entry.actor,
        "role": entry.role,
        "action": entry.action,
        "target": entry.target,
        "outcome": entry.outcome,
        "trace_id": entry.trace_id,
        "chain_sha256": entry.chain_sha256,
    }


def _entry(row: Row[tuple[object, ...]]) -> AuditEntry:
    return AuditEntry(
        sequence=row.sequence,
        at=instant(row.at_us),
        actor=row.actor,
        role=row.role,
        action=row.action,
        target=row.target,
        outcome=row.outcome,
        trace_id=row.trace_id,
        chain_sha256=row.chain_sha256,
    )
