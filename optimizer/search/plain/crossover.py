"""A new plan of two: tours of one, and in place of those most alike some of the other.

After the selective route exchange of Nagata & Kobayashi (2010), doi:10.1007/978-3-642-15844-5_54. What then is missing
is put in by the search.
"""

from collections.abc import Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from optimizer.search.plain.population import Tour

NEAR_SHARE = 0.5
"""How often the tours handed over lie near each other, instead of anywhere."""


def crossed(one: Sequence[Tour], other: Sequence[Tour], near: NDArray[np.int32], chance: Random) -> list[Tour]:
    """A plan that has up to half of the other's tours whole.

    Parameters
    ----------
    one, other
        Plans with a tour at least.
    near
        ``(pickups, k)``: the nearest pickups of each.
    """
    most = min(len(one) - 1, len(other) // 2)
    n_given = chance.randint(1, max(1, most))
    given = _near_tours(other, n_given, near, chance) if chance.random() < NEAR_SHARE else _any(other, n_given, chance)
    handed_over = {pickup for at in given for pickup in other[at][1]}
    alike = sorted(range(len(one)), key=lambda at: -sum(pickup in handed_over for pickup in one[at][1]))
    child = [(other[at][0], list(other[at][1])) for at in given]
    for at in sorted(alike[n_given:]):
        kind, order = one[at]
        left = [pickup for pickup in order if pickup not in handed_over]
        if left:
            child.append((kind, left))
    return child


def _any(plan: Sequence[Tour], n_tours: int, chance: Random) -> list[int]:
    return chance.sample(range(len(plan)), n_tours)


def _near_tours(plan: Sequence[Tour], n_tours: int, near: NDArray[np.int32], chance: Random) -> list[int]:
    """The tours that one meets first around some pickup."""
    tour_of = {pickup: at for at, (_, order) in enumerate(plan) for pickup in order}
    around = near[chance.choice(sorted(tour_of))].tolist()
    met = dict.fromkeys(tour_of[pickup] for pickup in around if pickup in tour_of)
    return list(met)[:n_tours]
