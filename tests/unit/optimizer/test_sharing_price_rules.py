import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.domain.agreement import PriceRule
from optimizer.sharing.apportion import apportion
from optimizer.sharing.price_rules import split_by_rule
from optimizer.sharing.split_cost import coalitions_of

WEIGHTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 10**6), min_size=1)


@given(total=st.integers(-(10**12), 10**12), weights=WEIGHTS)
def test_parts_add_up_and_are_within_one_of_their_proportion(total: int, weights: dict[str, int]) -> None:
    parts = apportion(total, weights)
    assert sum(parts.values()) == total
    whole = sum(weights.values())
    for name, weight in weights.items():
        assert abs(parts[name] * (whole or len(weights)) - total * (weight if whole else 1)) < (whole or len(weights))


@pytest.mark.parametrize("weights", [{}, {"a": -1.0, "b": 2.0}])
def test_weights_that_mean_nothing_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="weight"):
        apportion(10, weights)


@given(
    costs=st.lists(st.integers(0, 10**10), min_size=7, max_size=7),
    kg=st.lists(st.floats(0, 1e5), min_size=3, max_size=3),
    rule=st.sampled_from(PriceRule),
)
def test_nobody_pays_more_than_alone_under_any_rule(costs: list[int], kg: list[float], rule: PriceRule) -> None:
    cost = dict(zip(coalitions_of("abc"), costs, strict=True))
    shares = split_by_rule(cost, rule, expected_kg=dict(zip("abc", kg, strict=True)))
    assert all(one.saved_micro_eur >= 0 for one in shares)
    equal = split_by_rule(cost, PriceRule.EQUAL_SAVING, expected_kg={})
    assert sum(one.share_micro_eur for one in shares) == sum(one.share_micro_eur for one in equal)
    if rule is PriceRule.BY_WEIGHT:
        assert all(one.share_micro_eur >= 0 for one in shares)
