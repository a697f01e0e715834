"""Shares of a joint day by what was driven of it, beside those by what was planned.

The rule stays the one that was agreed: what each would pay alone is the plan's, what all pay together is what the tours
took. Where they took more than all would have paid alone, the rest is divided by weight, and told apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.domain.agreement import PriceRule
from optimizer.sharing.apportion import apportion
from optimizer.sharing.price_rules import split_by_rule
from optimizer.sharing.split_cost import Coalition

_S_PER_H = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyCost:
    """What a vehicle's time costs; overtime comes on top from ``regular_work_s`` on, where that is known."""

    eur_per_h: float
    overtime_eur_per_h: float = 0.0
    regular_work_s: int | None = None

    def micro_eur(self, working_s: int) -> int:
        """What so much working time costs."""
        over_s = 0 if self.regular_work_s is None else max(0, working_s - self.regular_work_s)
        return round((self.eur_per_h * working_s + self.overtime_eur_per_h * over_s) / _S_PER_H * 1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivenShare:
    """What a town pays for a day as it was driven.

    Attributes
    ----------
    share_micro_eur
        Under the agreed rule; never more than alone.
    beyond_micro_eur
        Its part of what the day took beyond all that everybody would have paid alone.
    """

    party_id: str
    share_micro_eur: int
    beyond_micro_eur: int


def driven_cost_micro_eur(planned_micro_eur: int, rate: HourlyCost, *, planned_s: int, driven_s: int) -> int:
    """What a tour took: its kilometres and fees as planned, its hours as driven."""
    return max(0, planned_micro_eur + rate.micro_eur(driven_s) - rate.micro_eur(planned_s))


def driven_shares(
    group_micro_eur: Mapping[Coalition, int], rule: PriceRule, *, driven_micro_eur: int, driven_kg: Mapping[str, float]
) -> tuple[DrivenShare, ...]:
    """Shares of what was driven, which add up to it.

    Parameters
    ----------
    group_micro_eur
        What every group would pay by the plan, single towns included.
    driven_micro_eur
        What the joint tours took, without what is paid apart.

    Raises
    ------
    CostSplitError
        When a group's cost is missing.
    """
    everybody = max(group_micro_eur, key=len)
    shares = split_by_rule({**group_micro_eur, everybody: driven_micro_eur}, rule, expected_kg=driven_kg)
    beyond = driven_micro_eur - sum(one.share_micro_eur for one in shares)
    weights = {one.partner_id: driven_kg.get(one.partner_id, 0.0) for one in shares}
    parts = apportion(beyond, weights)
    return tuple(
        DrivenShare(
            party_id=one.partner_id,
            share_micro_eur=one.share_micro_eur,
            beyond_micro_eur=parts[one.partner_id],
        )
        for one in shares
    )
