"""What a joint day cost as it was driven, shared out so that nobody pays for more than was done."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.domain.agreement import PriceRule
from optimizer.sharing.driven_cost import HourlyCost, driven_cost_micro_eur, driven_shares
from optimizer.sharing.split_cost import Coalition


@given(
    alone=st.lists(st.integers(0, 10**9), min_size=2, max_size=3),
    driven=st.integers(0, 4 * 10**9),
    kg=st.lists(st.floats(0, 5_000), min_size=3, max_size=3),
    rule=st.sampled_from(PriceRule),
)
def test_driven_shares_add_up_and_nobody_pays_more_than_alone_but_for_what_is_told_apart(
    alone: list[int], driven: int, kg: list[float], rule: PriceRule
) -> None:
    names = [f"town{number}" for number in range(len(alone))]
    cost: dict[Coalition, int] = {}
    for size in range(1, len(names) + 1):
        for group in combinations(range(len(names)), size):
            cost[frozenset(names[one] for one in group)] = sum(alone[one] for one in group)
    shares = driven_shares(cost, rule, driven_micro_eur=driven, driven_kg=dict(zip(names, kg, strict=False)))
    assert sum(one.share_micro_eur + one.beyond_micro_eur for one in shares) == driven
    for one, most in zip(shares, alone, strict=True):
        assert one.share_micro_eur <= most
        assert one.beyond_micro_eur >= 0
    beyond = sum(one.beyond_micro_eur for one in shares)
    assert beyond == max(0, driven - sum(alone))


def test_two_towns_halve_what_was_really_saved() -> None:
    cost = {frozenset({"a"}): 100, frozenset({"b"}): 60, frozenset({"a", "b"}): 120}
    shares = driven_shares(cost, PriceRule.EQUAL_SAVING, driven_micro_eur=140, driven_kg={"a": 1, "b": 1})
    assert {one.party_id: one.share_micro_eur for one in shares} == {"a": 90, "b": 50}


@pytest.mark.parametrize(
    ("driven_s", "expected_eur"),
    [
        (8 * 3_600, 500.0),
        (9 * 3_600, 500.0 + 60 + 30),  # the hour is overtime
        (7 * 3_600, 440.0),
        (0, 20.0),
    ],
)
def test_tour_costs_its_planned_kilometres_and_its_driven_hours(driven_s: int, expected_eur: float) -> None:
    rate = HourlyCost(eur_per_h=60, overtime_eur_per_h=30, regular_work_s=8 * 3_600)
    found = driven_cost_micro_eur(500_000_000, rate, planned_s=8 * 3_600, driven_s=driven_s)
    assert found == expected_eur * 1_000_000
