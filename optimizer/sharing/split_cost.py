"""Splits the cost of a joint day so that nobody pays more than alone.

The Shapley value of the game in which a coalition's cost is that of its cheapest known way to work: its joint plan, or
the separate plans of a partition of it, which are a joint plan too. That makes the game subadditive, and the Shapley
value of a subadditive cost game charges nobody more than alone (Shapley 1953, doi:10.1515/9781400881970-018; for
routing see Guajardo & Rönnqvist 2016, doi:10.1111/itor.12205). Two partners halve what they save together.

Guards that shares are whole micro-euros which add up to the joint cost, and that no share exceeds the cost alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import factorial

MAX_PARTNERS = 6
"""Beyond, the coalitions are too many to plan."""

Coalition = frozenset[str]


class CostSplitError(ValueError):
    """The costs that are needed for a split are not all there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one partner pays.

    Attributes
    ----------
    alone_micro_eur
        What its own containers cost with its own vehicles.
    share_micro_eur
        What it pays of the joint day; never more than alone.
    """

    partner_id: str
    alone_micro_eur: int
    share_micro_eur: int

    @property
    def saved_micro_eur(self) -> int:
        """What it saves by sharing."""
        return self.alone_micro_eur - self.share_micro_eur


def coalitions_of(partners: Iterable[str]) -> list[Coalition]:
    """Every group of partners that a split needs the cost of, single ones first."""
    named = sorted(set(partners))
    return [frozenset(group) for size in range(1, len(named) + 1) for group in combinations(named, size)]


def split_cost(cost_micro_eur: Mapping[Coalition, int]) -> tuple[Share, ...]:
    """Shares of the cost of the largest coalition.

    Parameters
    ----------
    cost_micro_eur
        Cost of every coalition of the partners.

    Raises
    ------
    CostSplitError
        When a coalition's cost is missing, or there are too many partners.
    """
    partners = sorted(set().union(*cost_micro_eur)) if cost_micro_eur else []
    if not 1 <= len(partners) <= MAX_PARTNERS:
        raise CostSplitError(f"{len(partners)} partners cannot be split; 1 to {MAX_PARTNERS} can. Split in groups.")
    missing = [group for group in coalitions_of(partners) if group not in cost_micro_eur]
    if missing:
        raise CostSplitError(f"The cost of {' with '.join(sorted(missing[0]))} is missing. Plan that group, too.")
    cheapest = cheapest_ways(cost_micro_eur)
    exact = {one: _shapley(one, partners, cheapest) for one in partners}
    shares = _rounded(
        exact, cheapest[frozenset(partners)], limits={one: cheapest[frozenset({one})] for one in partners}
    )
    return tuple(
        Share(partner_id=one, alone_micro_eur=cheapest[frozenset({one})], share_micro_eur=shares[one])
        for one in partners
    )


def cheapest_ways(cost_micro_eur: Mapping[Coalition, int]) -> dict[Coalition, int]:
    """Each coalition's cost, or that of working in separate parts where this is less."""
    cheapest: dict[Coalition, int] = {}
    for group in sorted(cost_micro_eur, key=len):
        parts = (frozenset(part) for size in range(1, len(group)) for part in combinations(sorted(group), size))
        apart = [cheapest[part] + cheapest[group - part] for part in parts]
        cheapest[group] = min([cost_micro_eur[group], *apart])
    return cheapest


def _shapley(partner: str, partners: Sequence[str], cost: Mapping[Coalition, int]) -> Fraction:
    """Mean of what the partner adds to the cost over all orders of joining."""
    others = [one for one in partners if one != partner]
    total = Fraction(0)
    for size in range(len(others) + 1):
        weight = Fraction(factorial(size) * factorial(len(others) - size), factorial(len(partners)))
        for group in combinations(others, size):
            before = cost[frozenset(group)] if group else 0
            total += weight * (cost[frozenset(group) | {partner}] - before)
    return total


def _rounded(exact: Mapping[str, Fraction], total: int, *, limits: Mapping[str, int]) -> dict[str, int]:
    """Whole micro-euros with the same sum: the largest remainders are rounded up, nobody beyond its limit."""
    shares = {one: int(value // 1) for one, value in exact.items()}
    by_remainder = sorted(exact, key=lambda one: (shares[one] - exact[one], one))
    left = total - sum(shares.values())
    for one in by_remainder:
        if left > 0 and shares[one] < limits[one]:
            shares[one] += 1
            left -= 1
    return shares
