"""What each partner pays of a joint day under the agreed rule; under every rule nobody pays more than alone."""

from collections.abc import Mapping

from optimizer.domain.agreement import PriceRule
from optimizer.sharing.apportion import apportion
from optimizer.sharing.split_cost import Coalition, Share, split_cost


def split_by_rule(
    cost_micro_eur: Mapping[Coalition, int], rule: PriceRule, *, expected_kg: Mapping[str, float]
) -> tuple[Share, ...]:
    """Shares of the joint cost, in the order of the partners' ids.

    Raises
    ------
    CostSplitError
        When a coalition's cost is missing, or there are too many partners.
    """
    shapley = split_cost(cost_micro_eur)
    if rule is PriceRule.EQUAL_SAVING:
        return shapley
    saved = sum(one.saved_micro_eur for one in shapley)
    parts = apportion(saved, {one.partner_id: expected_kg.get(one.partner_id, 0.0) for one in shapley})
    # Nobody saves more than it would have paid: what is left over goes to the others.
    left = 0
    for one in shapley:
        left += max(0, parts[one.partner_id] - one.alone_micro_eur)
        parts[one.partner_id] = min(parts[one.partner_id], one.alone_micro_eur)
    for one in shapley:
        room = min(left, one.alone_micro_eur - parts[one.partner_id])
        parts[one.partner_id] += room
        left -= room
    return tuple(
        Share(
            partner_id=one.partner_id,
            alone_micro_eur=one.alone_micro_eur,
            share_micro_eur=one.alone_micro_eur - parts[one.partner_id],
        )
        for one in shapley
    )
