"""Plans a day with the partners that a tenant names; without those who cannot take part, saying what that costs.

Guards that partners' data are read for agreed days only, and that each tenant is given its own part alone.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol

from api.export.stored_paths import PATHS_FORMAT
from api.jobs.planning_documents import PlanningAsk
from api.sharing.agreements import best_agreement, why_not
from api.sharing.joint_document import JointPart, dump_part, part_of, record_of_part
from api.store.ports import PlanRecord
from api.store.sharing_ports import JointDayRecord, SharingStore
from optimizer.domain.agreement import Agreement
from optimizer.domain.container import Container
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.plan import Plan
from optimizer.domain.request import DayRequest, SelectionRules
from optimizer.domain.town import Town
from optimizer.domain.used_rates import UsedRates
from optimizer.planning.joint_answer import JointDay
from optimizer.planning.joint_day import plan_joint_day
from optimizer.planning.joint_errands import ForeignContainer
from optimizer.planning.joint_town import MARK, Party
from optimizer.planning.plan_day import plan_day
from optimizer.ports import Ports, ReportsProgress
from optimizer.problem.problem import MICRO_EUR_PER_EUR

_LOGGER = logging.getLogger(__name__)

EARLIER_DAYS = 20
"""Joint days from which the saving is estimated that a day without the partner loses."""


class TenantPart(Protocol):
    """What a tenant adds to a joint day."""

    def ports_on(self, day: date) -> Ports:
        """What its town is planned with, out of the streets that it knows to be closed."""
        ...

    def closing(self, ports: Ports, day: date) -> Ports:
        """The ports without the streets that this town knows to be closed."""
        ...

    def request_for(self, ask: PlanningAsk) -> DayRequest:
        """Its own request."""
        ...

    def rules(self) -> SelectionRules:
        """How boldly it leaves containers for later."""
        ...

    def rates_on(self, day: date) -> UsedRates:
        """Densities and handling times that its day is planned with."""
        ...

    def inputs_of(self, plan: Plan, request: DayRequest) -> bytes:
        """What a plan rests on, as JSON."""
        ...

    def record_of(self, plan: Plan, request: DayRequest) -> PlanRecord:
        """A plan made ready to be stored."""
        ...

    def streets_of(self, plan: Plan, town: Town, ports: Ports) -> Mapping[str, Mapping[str, bytes]]:
        """The streets of a plan's tours, by vehicle and format; empty where none are kept."""
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
    now: Callable[[], datetime],
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
    ports, at = own.ports_on(ask.day), now()
    agreements = list(sharing.agreements.of_tenant(tenant_id))
    parties, used, missing = [Party(party_id=tenant_id, request=request)], [], []
    for name in ask.partners:
        found = _party(name, ask, agreements, tenant_id=tenant_id, parts=parts)
        if isinstance(found, str):
            missing.append(found)
        else:
            parties.append(found[0])
            used.append(found[1])
            ports = parts.part_of(name).closing(ports, ask.day)
    day: JointDay | None = None
    if used:
        try:
            day = plan_joint_day(parties, used, ports, plan_id=job_id, generated_at=at, progress=progress)
        except InvalidInputError as error:
            # A message with marked ids would speak of others' things.
            missing += [one.message if MARK not in one.message else "the partners" for one in error.issues]
    lost = _lost(missing, sharing, tenant_id)
    if day is None:
        plan = plan_day(request, ports, plan_id=job_id, generated_at=at, progress=progress)
        return own.record_of(replace(plan, degraded=(*lost, *plan.degraded)), request)
    progress("export", 0.0)
    told = {one.party_id: _part(day, one, ports, asker_id=tenant_id, lost=lost, parts=parts) for one in parties}
    sharing.joint_days.add([_record(one, name, at) for name, one in told.items()])
    return record_of_part(told[tenant_id])


def _part(
    day: JointDay, party: Party, ports: Ports, *, asker_id: str, lost: Sequence[str], parts: TenantParts
) -> JointPart:
    name = party.party_id
    runner = parts.part_of(name)
    part = part_of(day, name, asker_id=asker_id)
    if name == asker_id:
        part = replace(part, plan=replace(part.plan, degraded=(*lost, *part.plan.degraded)))
    part = replace(part, plan=replace(part.plan, rates=runner.rates_on(part.plan.day)))
    driven = replace(part.plan, tours=part.crews)
    files = runner.streets_of(driven, with_neighbours(party.request.town, part.places), ports)
    return replace(
        part,
        streets={vehicle_id: some[PATHS_FORMAT].decode() for vehicle_id, some in files.items() if PATHS_FORMAT in some},
        inputs=runner.inputs_of(part.plan, party.request).decode(),
    )


def with_neighbours(town: Town, places: Mapping[str, ForeignContainer]) -> Town:
    """The town with the containers of others that its vehicles serve: their streets are to be found, too."""
    foreign = (
        Container(
            container_id=name,
            site_id=name,
            location=one.location,
            stream=one.stream,
            capacity_l=one.capacity_l,
            side=one.side,
        )
        for name, one in places.items()
    )
    return replace(town, containers=(*town.containers, *foreign))


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


def _record(part: JointPart, tenant_id: str, at: datetime) -> JointDayRecord:
    return JointDayRecord(
        plan_id=part.plan.plan_id,
        tenant_id=tenant_id,
        day=part.plan.day,
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
