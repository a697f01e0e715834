"""What a joint day comes to when it is driven: who had what emptied, and what each pays by that, beside the plan.

The hours are the crews' own reports; kilometres and fees are the plan's, since no tablet tells where it drove. A tour
of which nothing was reported costs nothing, and is named.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from api.sharing.errand_events import find_references
from api.sharing.joint_document import JointPart, load_part
from api.store.sharing_ports import JointDayRecord
from api.store.tenant_ports import TenantStores
from optimizer.domain.hours import seconds_between
from optimizer.domain.plan import Tour
from optimizer.domain.tour_event import EventKind, TourEvent
from optimizer.domain.vehicle import Vehicle
from optimizer.planning.joint_answer import JointShare
from optimizer.planning.tour_progress import TourProgress, fold_events
from optimizer.problem.problem import MICRO_EUR_PER_EUR
from optimizer.sharing.apportion import apportion
from optimizer.sharing.driven_cost import HourlyCost, driven_cost_micro_eur, driven_shares


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivenPart:
    """A town's part of what was driven.

    Attributes
    ----------
    emptied, not_emptied
        Its containers that crews reported about, whoever drove.
    kg
        What was weighed, divided by what was expected where several containers were weighed at once; as expected where
        nothing was weighed.
    """

    emptied: int
    not_emptied: int
    kg: float
    share_micro_eur: int
    extra_micro_eur: int
    beyond_micro_eur: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """One town's bill.

    Attributes
    ----------
    planned_lifts
        Its containers in the tours.
    joint_planned_micro_eur, joint_driven_micro_eur
        What all towns pay together.
    tours, tours_without_report
        Tours of the whole day, and those of which nothing was reported.
    """

    planned: JointShare
    planned_lifts: int
    driven: DrivenPart
    joint_planned_micro_eur: int
    joint_driven_micro_eur: int
    tours: int
    tours_without_report: int


@dataclass(slots=True)
class _Sums:
    """What the towns' tours add up to."""

    planned_micro_eur: int = 0
    driven_micro_eur: int = 0
    tours: int = 0
    silent: int = 0


def settle(stores: TenantStores, record: JointDayRecord) -> Settlement:
    """The bill of the record's town, by what all tablets have told so far."""
    own = load_part(record.document)
    names = sorted({record.tenant_id, *own.partner_ids})
    parts = {
        name: load_part(found.document)
        for name in names
        if (found := stores.joint_days.get(record.plan_id, name)) is not None
    }
    expected_kg = {name: _expected_kg(part) for name, part in parts.items()}
    kg: dict[str, float] = defaultdict(float, dict.fromkeys(parts, 0.0))
    emptied: Counter[str] = Counter()
    not_emptied: Counter[str] = Counter()
    sums = _Sums()
    for name, part in parts.items():
        store = stores.store(name)
        town = store.town.load()
        vehicles = {} if town is None else {one.vehicle_id: one for one in town.town.vehicles}
        for tour in part.crews:
            progress = fold_events(tour.vehicle_id, store.tour_events.of_tour(record.day, tour.vehicle_id))
            _add_cost(sums, tour, progress, vehicles.get(tour.vehicle_id))
            owner_of = _owners(stores, name, tour, record)
            emptied.update(owner for one in progress.emptied if (owner := owner_of.get(one, ("", ""))[0]))
            not_emptied.update(owner for one in progress.not_emptied if (owner := owner_of.get(one, ("", ""))[0]))
            for owner, weight in _weights(progress, owner_of, expected_kg).items():
                kg[owner] += weight
    extra = {name: part.share.extra_micro_eur for name, part in parts.items()}
    if sum(extra.values()) > sums.driven_micro_eur:
        extra = apportion(sums.driven_micro_eur, extra)
    shares = driven_shares(
        {frozenset(group.members): group.micro_eur for group in own.groups},
        own.price_rule,
        driven_micro_eur=sums.driven_micro_eur - sum(extra.values()),
        driven_kg=kg,
    )
    share = next(one for one in shares if one.party_id == record.tenant_id)
    return Settlement(
        planned=own.share,
        planned_lifts=own.plan.totals.lifts,
        driven=DrivenPart(
            emptied=emptied[record.tenant_id],
            not_emptied=not_emptied[record.tenant_id],
            kg=round(kg[record.tenant_id], 1),
            share_micro_eur=share.share_micro_eur,
            extra_micro_eur=extra[record.tenant_id],
            beyond_micro_eur=share.beyond_micro_eur,
        ),
        joint_planned_micro_eur=sums.planned_micro_eur,
        joint_driven_micro_eur=sums.driven_micro_eur,
        tours=sums.tours,
        tours_without_report=sums.silent,
    )


def _add_cost(sums: _Sums, tour: Tour, progress: TourProgress, vehicle: Vehicle | None) -> None:
    planned = round(tour.totals.cost_eur * MICRO_EUR_PER_EUR)
    sums.tours += 1
    sums.planned_micro_eur += planned
    driven_s = _working_s(progress)
    if driven_s is None:
        sums.silent += 1
    elif vehicle is None:
        sums.driven_micro_eur += planned
    else:
        rate = HourlyCost(
            eur_per_h=vehicle.cost_eur_per_h,
            overtime_eur_per_h=vehicle.overtime_eur_per_h,
            regular_work_s=vehicle.shift.regular_work_s,
        )
        sums.driven_micro_eur += driven_cost_micro_eur(
            planned, rate, planned_s=tour.totals.working_s, driven_s=driven_s
        )


def _working_s(progress: TourProgress) -> int | None:
    """Elapsed time less breaks, as reported; None where nothing was."""
    instants: list[datetime] = [one.happened_at for one in progress.facts]
    instants += [one for one in (progress.started_at, progress.returned_at, progress.last_at) if one is not None]
    if not instants:
        return None
    paused_s = sum(seconds_between(one.starts_at, one.ends_at) for one in progress.breaks)
    ended_at = progress.returned_at or max(instants)
    return max(0, seconds_between(min(instants), ended_at) - paused_s)


def _owners(stores: TenantStores, name: str, tour: Tour, record: JointDayRecord) -> dict[str, tuple[str, str]]:
    """Whose each container on a tour is, and what its owner calls it."""
    on_tour = [one.container_id for stop in tour.stops for one in stop.collections]
    foreign = find_references(stores, name, tour.vehicle_id, record.day, on_tour).owners
    return {
        one: (foreign[one].tenant_id, foreign[one].container_id) if one in foreign else (name, one) for one in on_tour
    }


def _expected_kg(part: JointPart) -> dict[str, float]:
    return {
        one.container_id: one.expected_kg for tour in part.plan.tours for stop in tour.stops for one in stop.collections
    }


def _weights(
    progress: TourProgress,
    owner_of: Mapping[str, tuple[str, str]],
    expected_kg: Mapping[str, Mapping[str, float]],
) -> dict[str, float]:
    """Kilograms of each town on one tour."""
    found: dict[str, float] = defaultdict(float)
    load: list[TourEvent] = []
    for event in progress.facts:
        if event.kind is EventKind.EMPTIED and event.container_id in owner_of:
            load.append(event)
        elif event.kind is EventKind.TIPPED:
            _divide(found, load, event.weight_kg, owner_of, expected_kg)
            load = []
    _divide(found, load, None, owner_of, expected_kg)
    return found


def _divide(
    found: dict[str, float],
    load: list[TourEvent],
    weighed_kg: float | None,
    owner_of: Mapping[str, tuple[str, str]],
    expected_kg: Mapping[str, Mapping[str, float]],
) -> None:
    """Add one load to what each town has: by the truck's scale, else by the weighbridge in proportion."""
    told = []
    for event in load:
        owner, container_id = owner_of[str(event.container_id)]
        planned = expected_kg.get(owner, {}).get(container_id, 0.0)
        told.append((owner, planned if event.weight_kg is None else event.weight_kg))
    total = sum(weight for _, weight in told)
    factor = weighed_kg / total if weighed_kg is not None and total > 0 else 1.0
    for owner, weight in told:
        found[owner] += weight * factor
