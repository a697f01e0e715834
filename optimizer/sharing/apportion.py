"""Divides whole amounts in proportion: a weighing by expected kilograms, a tour's metres by what each had on board."""

from collections.abc import Mapping
from fractions import Fraction


def apportion(total: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Whole parts of a total that add up to it, in proportion to weights; equal parts where all weights are 0.

    The largest remainders are rounded up (Hamilton's method), the first in the order of names among equal ones.

    Raises
    ------
    ValueError
        When nobody has a weight, or one is negative.
    """
    if not weights or min(weights.values()) < 0:
        raise ValueError("Give everybody a weight of 0 or more, and name at least one.")
    exact = {name: Fraction(weight) for name, weight in weights.items()}
    whole = sum(exact.values(), Fraction(0))
    shares = {
        name: Fraction(total) * (weight / whole if whole else Fraction(1, len(exact))) for name, weight in exact.items()
    }
    parts = {name: share.numerator // share.denominator for name, share in shares.items()}
    by_remainder = sorted(shares, key=lambda name: (parts[name] - shares[name], name))
    for name in by_remainder[: total - sum(parts.values())]:
        parts[name] += 1
    return parts
