"""Brings what a crew reports of another town's containers to that town, exactly once and in any order.

A vehicle's own town keeps all its events, others' containers under their references. Of each event about a container
of another town, that town gets a copy under its own id of the container: it feeds the container's series and counts.
The copy's id follows from the event's, so that repetitions change nothing there either.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from api.sharing.joint_document import JointPart, load_part
from api.store.tenant_ports import TenantStores
from api.tablet.ports import SentBatch, SentEvent
from optimizer.domain.tour_event import TourEvent
from optimizer.planning.joint_errands import is_reference, plan_of_reference

_ALIAS_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose container a reference stands for, and what the vehicle is called there."""

    tenant_id: str
    container_id: str
    vehicle_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrandReferences:
    """What the references on one vehicle's joint tours stand for."""

    owners: dict[str, Owner]
    site_ids: frozenset[str]

    @property
    def container_ids(self) -> frozenset[str]:
        """References of containers."""
        return frozenset(self.owners)


def find_references(
    stores: TenantStores, tenant_id: str, vehicle_id: str, day: date, names: Iterable[str]
) -> ErrandReferences:
    """Those of the names that stand for others' things on this vehicle's tours of the day."""
    owners: dict[str, Owner] = {}
    site_ids: set[str] = set()
    wanted = sorted(set(names))
    for plan_id in sorted({plan_id for name in wanted if (plan_id := plan_of_reference(name))}):
        record = stores.joint_days.get(plan_id, tenant_id)
        if record is None or record.day != day:
            continue
        part = load_part(record.document)
        tours = [tour for tour in part.crews if tour.vehicle_id == vehicle_id]
        places = {stop.place_id for tour in tours for stop in tour.stops if is_reference(stop.place_id, plan_id)}
        site_ids |= places.intersection(wanted)
        for partner in part.partner_ids:
            owners |= _entrusted(stores, plan_id, partner, tenant_id, vehicle_id)
    return ErrandReferences(
        owners={name: owners[name] for name in wanted if name in owners}, site_ids=frozenset(site_ids)
    )


def alias_of(seen_as: str, plan_id: str) -> str:
    """What another's vehicle is called among a town's own tour events; two joint plans of one day stay apart."""
    return f"{seen_as}@{plan_id[:_ALIAS_LENGTH]}"


def pass_on(stores: TenantStores, tenant_id: str, batch: SentBatch, references: ErrandReferences) -> None:
    """Give every owner its copies; durable on return.

    To be done before the vehicle's own town answers: a tablet without an answer sends everything again.
    """
    copies: dict[tuple[str, str], list[SentEvent]] = {}
    for sent in batch.events:
        event = sent.event
        owner = None if event is None or event.container_id is None else references.owners.get(event.container_id)
        if event is not None and owner is not None:
            copy = _copy(sent, event, owner, tenant_id, batch)
            copies.setdefault((owner.tenant_id, owner.vehicle_id), []).append(copy)
    for (owner_id, vehicle_id), events in copies.items():
        stores.store(owner_id).tour_events.take(
            replace(batch, vehicle_id=vehicle_id, actor=f"neighbour:{tenant_id}", events=tuple(events))
        )


def _copy(sent: SentEvent, event: TourEvent, owner: Owner, tenant_id: str, batch: SentBatch) -> SentEvent:
    name = f"{tenant_id}\n{batch.vehicle_id}\n{batch.day}\n{event.event_id}"
    event_id = hashlib.sha256(name.encode()).hexdigest()[:32]
    copied = replace(event, event_id=event_id, vehicle_id=owner.vehicle_id, container_id=owner.container_id)
    # What the tablet sent is the other town's; its digest alone tells a repetition from another event of this id.
    return SentEvent(event_key=event_id, content_sha256=sent.content_sha256, event=copied, raw=b"{}")


def _entrusted(stores: TenantStores, plan_id: str, partner: str, tenant_id: str, vehicle_id: str) -> dict[str, Owner]:
    record = stores.joint_days.get(plan_id, partner)
    part: JointPart | None = None if record is None else load_part(record.document)
    return {
        reference: Owner(tenant_id=partner, container_id=own, vehicle_id=alias_of(one.seen_as, plan_id))
        for one in (() if part is None else part.entrusted)
        if (one.driver_id, one.vehicle_id) == (tenant_id, vehicle_id)
        for reference, own in one.container_ids.items()
    }
