"""What comes of a day that several towns drive together: each town's plan, crews, share and bill, as they are kept."""

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.domain.agreement import PriceRule
from optimizer.domain.plan import Plan, Tour
from optimizer.planning.joint_errands import Entrusted, ForeignContainer, is_errand


@dataclass(frozen=True, slots=True, kw_only=True)
class JointShare:
    """What one town has of a joint day.

    Attributes
    ----------
    alone_micro_eur
        What its own day would cost with its own vehicles.
    share_micro_eur
        What it pays for emptying the same containers together; never more.
    extra_micro_eur, extra_container_ids
        What it pays on top for containers of its own that it could not have emptied alone.
    expected_kg
        Of its containers; weighings are divided by these.
    """

    party_id: str
    alone_micro_eur: int
    share_micro_eur: int
    extra_micro_eur: int
    extra_container_ids: tuple[str, ...]
    expected_kg: float

    @property
    def saved_micro_eur(self) -> int:
        """What it saves."""
        return self.alone_micro_eur - self.share_micro_eur


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCost:
    """What some of the towns would pay together."""

    members: tuple[str, ...]
    micro_eur: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JointDay:
    """The answer, by town.

    Attributes
    ----------
    plans
        What each town sees.
    crews
        Whole tours of each town's vehicles, for those who drive them.
    places
        What those crews have to know of others' containers, by reference.
    entrusted
        Each town's own containers on others' tours.
    groups
        What each group of towns would pay for the same containers: what shares are worked out from.
    joint_micro_eur
        What the joint day costs, extra containers included.
    """

    plans: Mapping[str, Plan]
    crews: Mapping[str, tuple[Tour, ...]]
    places: Mapping[str, Mapping[str, ForeignContainer]]
    entrusted: Mapping[str, tuple[Entrusted, ...]]
    shares: tuple[JointShare, ...]
    groups: tuple[GroupCost, ...]
    price_rule: PriceRule
    joint_micro_eur: int

    def errands_of(self, party_id: str) -> tuple[Tour, ...]:
        """The town's tours that work for others or lead to their places."""
        plan_id = self.plans[party_id].plan_id
        return tuple(tour for tour in self.crews[party_id] if is_errand(tour, plan_id))
