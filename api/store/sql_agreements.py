"""What tenants share, in the service's own tables: agreements, and each tenant's part of joint days.

Guards that every question names a tenant, and that nobody is answered with what belongs to others.
"""

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Row, delete, insert, or_, select, update

from api.store.database import Database
from api.store.instants import instant, microseconds
from api.store.service_schema import AGREEMENTS, JOINT_DAYS
from api.store.sharing_ports import JointDayRecord
from optimizer.domain.agreement import Agreement

_AGREEMENT = TypeAdapter(Agreement)


class SqlAgreementStore:
    """One row per agreement."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, agreement: Agreement) -> None:
        """Keep a new one; durable on return."""
        with self._database.write() as connection:
            connection.execute(
                insert(AGREEMENTS).values(
                    agreement_id=agreement.agreement_id,
                    proposer_id=agreement.proposer_id,
                    partner_id=agreement.partner_id,
                    document=_AGREEMENT.dump_json(agreement),
                )
            )

    def replace(self, before: Agreement, after: Agreement) -> bool:
        """Change one, unless it was changed meanwhile; False then."""
        with self._database.write() as connection:
            changed = connection.execute(
                update(AGREEMENTS)
                .where(
                    AGREEMENTS.c.agreement_id == before.agreement_id,
                    AGREEMENTS.c.document == _AGREEMENT.dump_json(before),
                )
                .values(document=_AGREEMENT.dump_json(after))
            )
            return changed.rowcount == 1

    def get(self, agreement_id: str, tenant_id: str) -> Agreement | None:
        """One of the tenant's; another's is as unknown as none."""
        if not agreement_id.isprintable():
            return None
        query = select(AGREEMENTS.c.document).where(AGREEMENTS.c.agreement_id == agreement_id, _is_party(tenant_id))
        with self._database.read() as connection:
            document = connection.scalar(query)
        return None if document is None else _AGREEMENT.validate_json(document)

    def of_tenant(self, tenant_id: str) -> list[Agreement]:
        """All that the tenant takes part in, in the order of their ids, which rise with time."""
        query = select(AGREEMENTS.c.document).where(_is_party(tenant_id)).order_by(AGREEMENTS.c.agreement_id)
        with self._database.read() as connection:
            return [_AGREEMENT.validate_json(document) for document in connection.scalars(query)]


class SqlJointDays:
    """One row per joint day and tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, records: Sequence[JointDayRecord]) -> None:
        """Keep every tenant's part, all or none; parts of a plan that is made again are replaced."""
        with self._database.write() as connection:
            connection.execute(delete(JOINT_DAYS).where(JOINT_DAYS.c.plan_id.in_({one.plan_id for one in records})))
            connection.execute(
                insert(JOINT_DAYS),
                [
                    {
                        "plan_id": one.plan_id,
                        "tenant_id": one.tenant_id,
                        "day": one.day.isoformat(),
                        "created_at_us": microseconds(one.created_at),
                        "saved_micro_eur": one.saved_micro_eur,
                        "document": one.document,
                        "agreed_at_us": None if one.agreed_at is None else microseconds(one.agreed_at),
                    }
                    for one in records
                ],
            )

    def get(self, plan_id: str, tenant_id: str) -> JointDayRecord | None:
        """The tenant's part of one."""
        if not plan_id.isprintable():
            return None
        query = select(JOINT_DAYS).where(JOINT_DAYS.c.plan_id == plan_id, JOINT_DAYS.c.tenant_id == tenant_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _record(row)

    def of_tenant(self, tenant_id: str, *, limit: int = 100) -> list[JointDayRecord]:
        """The tenant's parts, newest first."""
        query = (
            select(JOINT_DAYS)
            .where(JOINT_DAYS.c.tenant_id == tenant_id)
            .order_by(JOINT_DAYS.c.created_at_us.desc(), JOINT_DAYS.c.plan_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def agree(self, plan_id: str, tenant_id: str, *, at: datetime) -> None:
        """Note that the tenant drives its part; the first time counts, durable on return."""
        is_this = (JOINT_DAYS.c.plan_id == plan_id, JOINT_DAYS.c.tenant_id == tenant_id)
        with self._database.write() as connection:
            connection.execute(
                update(JOINT_DAYS)
                .where(*is_this, JOINT_DAYS.c.agreed_at_us.is_(None))
                .values(agreed_at_us=microseconds(at))
            )


def _is_party(tenant_id: str) -> ColumnElement[bool]:
    return or_(AGREEMENTS.c.proposer_id == tenant_id, AGREEMENTS.c.partner_id == tenant_id)


def _record(row: Row[tuple[object, ...]]) -> JointDayRecord:
    return JointDayRecord(
        plan_id=row.plan_id,
        tenant_id=row.tenant_id,
        day=date.fromisoformat(row.day),
        created_at=instant(row.created_at_us),
        saved_micro_eur=row.saved_micro_eur,
        document=bytes(row.document),
        agreed_at=None if row.agreed_at_us is None else instant(row.agreed_at_us),
    )
