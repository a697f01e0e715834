"""Gives a joint day to the tablets of all its towns, once each of them has agreed to drive it.

Guards that no town sends another's vehicles anywhere: each agrees for itself, and the last one's yes releases it all.
What a crash leaves half done, the next yes of any of them completes; saying yes twice changes nothing.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.jobs.job import JobKind, JobRequest
from api.jobs.planning_documents import PlanningAsk, dump_planning_ask
from api.sharing.agreements import require_agreements
from api.sharing.joint_document import JointPart, load_part, record_of_part
from api.store.plan_version_ports import Release
from api.store.sharing_ports import JointDayRecord
from api.store.tenant_ports import TenantStores
from optimizer.domain.request import SelectionRules, SolveLimits
from optimizer.domain.sendable_error import SendableError

ACTOR = "joint-day"


class CannotBeDrivenError(SendableError):
    """The joint day cannot be given to tablets; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JointRelease:
    """How far a joint day is.

    Attributes
    ----------
    agreed_by, waits_for
        Towns that have said yes, and those that have not.
    left_by
        Towns whose tablets had it and have something else by now.
    release
        What the asking town's own tablets have; None while any town is waited for.
    """

    agreed_by: tuple[str, ...]
    waits_for: tuple[str, ...]
    left_by: tuple[str, ...]
    release: Release | None


def agree(stores: TenantStores, record: JointDayRecord, *, at: datetime) -> JointRelease:
    """Say yes for the record's town; with the last yes every town's tablets get their tours.

    Raises
    ------
    CannotBeDrivenError
        When the day was planned by a version of the service that noted too little, or was taken back by a town.
    AgreementUnusableError
        When an agreement that the day rests on has ended.
    """
    part = load_part(record.document)
    if not part.groups:
        raise CannotBeDrivenError("An earlier version of the service planned this day. Plan it together once more.")
    before = state_of(stores, record)
    if before.left_by:
        names = ", ".join(before.left_by)
        raise CannotBeDrivenError(f"{names} has released another plan for this day. Plan it together once more.")
    others = [name for name in (record.tenant_id, *part.partner_ids) if name != part.asker_id]
    require_agreements(stores.agreements, part.asker_id, others, record.day)
    stores.joint_days.agree(record.plan_id, record.tenant_id, at=at)
    records = _records(stores, record)
    if all(one.agreed_at is not None for one in records):
        for one in records:
            _release(stores, one, at=at)
    return state_of(stores, record)


def state_of(stores: TenantStores, record: JointDayRecord) -> JointRelease:
    """How far the day is, as the record's town may know it."""
    records = _records(stores, record)
    has_agreed = {one.tenant_id: one.agreed_at is not None for one in records}
    left_by = tuple(
        one.tenant_id
        for one in records
        if (versions := stores.store(one.tenant_id).versions).releases(record.plan_id)
        and versions.current_release(record.plan_id) is None
    )
    is_released = all(has_agreed.values())
    return JointRelease(
        agreed_by=tuple(name for name, agreed in has_agreed.items() if agreed),
        waits_for=tuple(name for name, agreed in has_agreed.items() if not agreed),
        left_by=left_by,
        release=stores.store(record.tenant_id).versions.current_release(record.plan_id) if is_released else None,
    )


def _records(stores: TenantStores, record: JointDayRecord) -> Sequence[JointDayRecord]:
    """The parts of all towns of the day, by name; nobody but its towns gets this far."""
    names = sorted({record.tenant_id, *load_part(record.document).partner_ids})
    found = [stores.joint_days.get(record.plan_id, name) for name in names]
    return [one for one in found if one is not None]


def _release(stores: TenantStores, record: JointDayRecord, *, at: datetime) -> None:
    store, part = stores.store(record.tenant_id), load_part(record.document)
    if store.versions.latest(record.plan_id) is None:
        store.jobs.adopt(_request(part), record_of_part(part), at=at)
    if not store.versions.releases(record.plan_id):
        version = store.versions.latest(record.plan_id)
        assert version is not None, "it was adopted above, or its own job made it"
        store.versions.release(record.plan_id, if_match=version.etag, at=at, actor=ACTOR)


def _request(part: JointPart) -> JobRequest:
    """What the town would have asked for, had it asked."""
    plan = part.plan
    document = dump_planning_ask(
        PlanningAsk(
            day=plan.day,
            as_of=plan.data_as_of,
            streams=plan.streams,
            vehicle_ids=(),
            exclude=(),
            force=(),
            rules=SelectionRules(),
            limits=SolveLimits(seed=plan.solver.seed),
            policy="",
            solver=plan.solver.name,
            with_baseline=False,
            partners=part.partner_ids,
        )
    )
    return JobRequest(
        job_id=plan.plan_id,
        kind=JobKind.PLAN,
        document=document,
        request_digest=hashlib.sha256(document).hexdigest(),
    )
