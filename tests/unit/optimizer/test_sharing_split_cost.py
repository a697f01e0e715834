from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.sharing.split_cost import CostSplitError, cheapest_ways, coalitions_of, split_cost


def _game(costs: list[int], n: int) -> dict[frozenset[str], int]:
    groups = coalitions_of("abcdef"[:n])
    return dict(zip(groups, costs, strict=True))


def _games(n: int) -> st.SearchStrategy[dict[frozenset[str], int]]:
    size = 2**n - 1
    return st.lists(st.integers(0, 10**9), min_size=size, max_size=size).map(lambda costs: _game(costs, n))


_ANY_GAME = st.integers(1, 5).flatmap(_games)


def test_split_cost_halves_the_saving_of_two() -> None:
    shares = split_cost({frozenset("a"): 700, frozenset("b"): 500, frozenset("ab"): 1000})
    assert [(one.partner_id, one.share_micro_eur, one.saved_micro_eur) for one in shares] == [
        ("a", 600, 100),
        ("b", 400, 100),
    ]


def test_split_cost_charges_as_alone_when_working_together_saves_nothing() -> None:
    shares = split_cost({frozenset("a"): 700, frozenset("b"): 500, frozenset("ab"): 1300})
    assert [one.share_micro_eur for one in shares] == [700, 500]


@given(_ANY_GAME)
def test_split_cost_adds_up_and_charges_nobody_more_than_alone(game: dict[frozenset[str], int]) -> None:
    shares = split_cost(game)
    everybody = max(game, key=len)
    assert sum(one.share_micro_eur for one in shares) == cheapest_ways(game)[everybody] <= game[everybody]
    for one in shares:
        assert one.share_micro_eur <= one.alone_micro_eur <= game[frozenset({one.partner_id})]


@given(st.integers(2, 4).flatmap(_games))
def test_split_cost_is_the_mean_over_all_orders_of_joining(game: dict[frozenset[str], int]) -> None:
    cheapest = cheapest_ways(game)
    partners = sorted(max(game, key=len))
    orders = list(permutations(partners))
    for share in split_cost(game):
        added = 0
        for order in orders:
            before = frozenset(order[: order.index(share.partner_id)])
            added += cheapest[before | {share.partner_id}] - (cheapest[before] if before else 0)
        assert share.share_micro_eur == pytest.approx(added / len(orders), abs=len(partners))


def test_split_cost_says_what_is_missing() -> None:
    with pytest.raises(CostSplitError, match="a with b is missing"):
        split_cost({frozenset("a"): 1, frozenset("b"): 1, frozenset("abc"): 3, frozenset("c"): 1})
    with pytest.raises(CostSplitError, match="0 partners"):
        split_cost({})
