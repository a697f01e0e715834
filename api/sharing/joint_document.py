"""A tenant's part of a joint day as JSON: its plan, its share, its crews' tours, and what it entrusts to others."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from api.export.stored_paths import PATHS_FORMAT
from api.store.plan_record import record_of_plan
from api.store.ports import PlanRecord
from optimizer.domain.agreement import PriceRule
from optimizer.domain.plan import Plan, Tour
from optimizer.planning.joint_answer import GroupCost, JointDay, JointShare
from optimizer.planning.joint_errands import Entrusted, ForeignContainer, is_errand

NEIGHBOURS_FORMAT = "neighbours"
"""Name, among a tour's exports, of what its crew has to know of others' containers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JointPart:
    """What the service keeps of a joint day for one tenant; people are told the first three and ``errands``.

    Attributes
    ----------
    partner_ids
        With whom the day is driven.
    crews
        Whole tours of the own vehicles; for their crews.
    places
        What those crews have to know of others' containers, by reference.
    entrusted
        Own containers on others' tours: what the references in those stand for.
    groups, price_rule
        What the shares were worked out from, and are again from what was driven.
    asker_id
        Who asked for the day, and has agreements with all others.
    streets
        Streets of the own vehicles' tours (JSON), by vehicle.
    inputs
        What the plan rests on (JSON).
    """

    partner_ids: tuple[str, ...]
    share: JointShare
    plan: Plan
    crews: tuple[Tour, ...] = ()
    places: Mapping[str, ForeignContainer] = field(default_factory=dict)
    entrusted: tuple[Entrusted, ...] = ()
    groups: tuple[GroupCost, ...] = ()
    price_rule: PriceRule = PriceRule.EQUAL_SAVING
    asker_id: str = ""
    streets: Mapping[str, str] = field(default_factory=dict)
    inputs: str = ""

    @property
    def errands(self) -> tuple[Tour, ...]:
        """Those of the tours that work for others or lead to their places."""
        return tuple(tour for tour in self.crews if is_errand(tour, self.plan.plan_id))


_PART = TypeAdapter(JointPart)
_PLACES = TypeAdapter(dict[str, ForeignContainer])


def part_of(day: JointDay, tenant_id: str, *, asker_id: str) -> JointPart:
    """The tenant's part, without streets and inputs."""
    return JointPart(
        partner_ids=tuple(name for name in day.plans if name != tenant_id),
        share=next(one for one in day.shares if one.party_id == tenant_id),
        plan=day.plans[tenant_id],
        crews=tuple(day.crews[tenant_id]),
        places=day.places[tenant_id],
        entrusted=day.entrusted[tenant_id],
        groups=day.groups,
        price_rule=day.price_rule,
        asker_id=asker_id,
    )


def dump_part(part: JointPart) -> bytes:
    """The part as JSON."""
    return _PART.dump_json(part)


def load_part(document: bytes) -> JointPart:
    """The part in a stored document; it was written by ``dump_part``."""
    return _PART.validate_json(document)


def load_places(document: bytes) -> dict[str, ForeignContainer]:
    """What a crew has to know of others' containers, as it is stored with its tour."""
    return _PLACES.validate_json(document)


def record_of_part(part: JointPart) -> PlanRecord:
    """The tenant's plan ready to be stored; its own vehicles' tours are those that their crews drive."""
    exports: dict[str, dict[str, bytes]] = {}
    for tour in part.crews:
        files = exports.setdefault(tour.vehicle_id, {})
        if (streets := part.streets.get(tour.vehicle_id)) is not None:
            files[PATHS_FORMAT] = streets.encode()
        on_tour = {one.container_id for stop in tour.stops for one in stop.collections}
        if foreign := {name: place for name, place in part.places.items() if name in on_tour}:
            files[NEIGHBOURS_FORMAT] = _PLACES.dump_json(foreign)
    record = record_of_plan(part.plan, exports, crews={tour.vehicle_id: tour for tour in part.crews})
    return replace(record, inputs=part.inputs.encode() or None)
