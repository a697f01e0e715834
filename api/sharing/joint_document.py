"""A tenant's part of a joint day as JSON: its plan, its share, and the errands of its own vehicles."""

from dataclasses import dataclass

from pydantic import TypeAdapter

from optimizer.domain.plan import Plan, Tour
from optimizer.planning.joint_day import JointDay, JointShare


@dataclass(frozen=True, slots=True, kw_only=True)
class JointPart:
    """What one tenant may know.

    Attributes
    ----------
    partner_ids
        With whom the day is driven.
    errands
        Whole tours of own vehicles that work for others; for their crews.
    """

    partner_ids: tuple[str, ...]
    share: JointShare
    plan: Plan
    errands: tuple[Tour, ...]


_PART = TypeAdapter(JointPart)


def part_of(day: JointDay, tenant_id: str) -> JointPart:
    """The tenant's part."""
    return JointPart(
        partner_ids=tuple(name for name in day.plans if name != tenant_id),
        share=next(one for one in day.shares if one.party_id == tenant_id),
        plan=day.plans[tenant_id],
        errands=tuple(day.errands[tenant_id]),
    )


def dump_part(part: JointPart) -> bytes:
    """The part as JSON."""
    return _PART.dump_json(part)


def load_part(document: bytes) -> JointPart:
    """The part in a stored document; it was written by ``dump_part``."""
    return _PART.validate_json(document)
