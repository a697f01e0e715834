"""Plans a day with the partners that a tenant names; without those who cannot take part, saying what that costs.

Guards that partners' data are read for agreed days only, and that each tenant is given its own part alone.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from api.jobs.planning_documents import PlanningAsk
from api.sharing.agreements import best_agreement, why_not
from api.sharing.joint_document import dump_part, part_of
from api.store.ports import PlanRecord
from api.store.sharing_ports import JointDayRecord, SharingStore
from optimizer.domain.agreement import Agreement
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.plan import Plan
from optimizer.domain.request import DayRequest, SelectionRules
from optimizer.planning.joint_day import JointDay, plan_joint_day
from optimizer.planning.joint_town import MARK, Party
from optimizer.planning.plan_day import plan_day
from optimizer.ports import Ports, ReportsProgress
from optimizer.problem.problem import MICRO_EUR_PER_EUR

_LOGGER = logging.getLogger(__name__)

EARLIER_DAYS = 20
"""Joint days from which the saving is estimated that a day without the partner loses."""


class TenantPart(Protocol):
    """What a tenant adds to a joint day."""

    @property
    def ports(self) -> Ports:
        """What its town is planned with."""
        ...

    def request_for(self, ask: PlanningAsk) -> DayRequest:
        """Its own request."""
        ...

    def rules(self) -> SelectionRules:
        """How boldly it leaves containers for later."""
        ...

    def record_of(self, plan: Plan, request: DayRequest) -> PlanRecord:
        """A plan made ready to be stored."""
        ...


class TenantParts(Protocol):
    """All tenants of the service."""

    def part_of(self, tenant_id: str) -> TenantPart:
        """One of them."""
        ...


def plan_with_partners(
    ask: PlanningAsk,
    *,
    tenant_id: str,
    job_id: str,
    parts: TenantParts,
    sharing: SharingStore,
    progress: ReportsProgress,
) -> PlanRecord:
    """The tenant's plan; the partners' parts are kept for them beside it.

    Raises
    ------
    InvalidInputError
        When the tenant's own request cannot be planned.
    """
    own = parts.part_of(tenant_id)
    request = own.request_for(ask)
    now = datetime.now(UTC)
    agreements = list(sharing.agreements.of_tenant(tenant_id))
    parties, used, missing = [Party(party_id=tenant_id, request=request)], [], []
    for name in ask.partners:
        found = _party(name, ask, agreements, tenant_id=tenant_id, parts=parts)
        if isinstance(found, str):
            missing.append(found)
        else:
            parties.append(found[0])
            used.append(found[1])
    day: JointDay | None = None
    if used:
        try:
            day = plan_joint_day(parties, used, own.ports, plan_id=job_id, generated_at=now, progress=progress)
        except InvalidInputError as error:
            # A message with marked ids would speak of others' things.
            missing += [one.message if MARK not in one.message else "the partners" for one in error.issues]
    if day is None:
        plan = plan_day(request, own.ports, plan_id=job_id, generated_at=now, progress=progress)
    else:
        plan = day.plans[tenant_id]
        sharing.joint_days.add([_record(day, one.party_id, plan, now) for one in parties])
    lost = _lost(missing, sharing, tenant_id)
    return own.record_of(replace(plan, degraded=(*lost, *plan.degraded)), request)


def _party(
    name: str, ask: PlanningAsk, agreements: Sequence[Agreement], *, tenant_id: str, parts: TenantParts
) -> tuple[Party, Agreement] | str:
    """The partner with its agreement, or why it cannot take part."""
    # Looked at again: it may have been withdrawn while the job waited.
    issue = why_not(agreements, tenant_id, name, ask.day)
    agreement = best_agreement(agreements, tenant_id, name, ask.day)
    if issue is not None or agreement is None:
        return f"{name}: {issue.message if issue is not None else 'no agreement'}"
    try:
        part = parts.part_of(name)
        # Streams, vehicles and containers that the asker names are its own.
        theirs = replace(ask, streams=(), vehicle_ids=(), exclude=(), force=(), rules=part.rules(), partners=())
        request = part.request_for(theirs)
    except Exception:
        # Whatever ails the partner's data is no reason to leave the asker without a plan, and is the partner's affair.
        _LOGGER.exception("Tenant %s cannot take part in a joint day.", name)
        return f"{name}: its data cannot be used at the moment"
    if not request.history:
        return f"{name}: it has sent no readings"
    return Party(party_id=name, request=request), agreement


def _record(day: JointDay, tenant_id: str, plan: Plan, at: datetime) -> JointDayRecord:
    part = part_of(day, tenant_id)
    return JointDayRecord(
        plan_id=plan.plan_id,
        tenant_id=tenant_id,
        day=plan.day,
        created_at=at,
        saved_micro_eur=part.share.saved_micro_eur,
        document=dump_part(part),
    )


def _lost(missing: Sequence[str], sharing: SharingStore, tenant_id: str) -> tuple[str, ...]:
    """What the plan does without, and what that costs as far as earlier days tell."""
    if not missing:
        return ()
    earlier = [one.saved_micro_eur for one in sharing.joint_days.of_tenant(tenant_id, limit=EARLIER_DAYS)]
    if earlier:
        mean_eur = sum(earlier) / len(earlier) / MICRO_EUR_PER_EUR
        lost = f"lost saving about {mean_eur:.2f} EUR, the mean of {len(earlier)} joint days"
    else:
        lost = "lost saving unknown: there has been no joint day yet"
    return tuple(f"planned without {reason}; {lost}" for reason in missing)
