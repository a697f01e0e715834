"""Good plans that differ, kept to make others of; a few that are dearer but unlike the rest among them.

After the biased fitness of Vidal et al. (2012), doi:10.1287/opre.1120.1048.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

Tour = tuple[int, list[int]]
"""Type of the vehicle, and the order of its pickups."""

NEAR_PARENTS = 4
"""Most alike plans that say how much a plan adds."""


@dataclass(frozen=True, slots=True, eq=False)
class Parent:
    """A plan, its cost in micro-euros with the prizes of whom it does not serve, and who is behind and before whom."""

    tours: Sequence[Tour]
    cost: int
    behind: NDArray[np.int32]
    before: NDArray[np.int32]


class Population:
    """The best plans and some that are unlike them.

    Parameters
    ----------
    size
        Plans that are kept; up to twice as many are, until they are looked through.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.parents: list[Parent] = []

    def add(self, new: Parent) -> None:
        """Take a plan in, unless it is there already, and let the worst go where there are too many."""
        if any(one.cost == new.cost and not unlike(one, [new])[0] for one in self.parents):
            return
        self.parents.append(new)
        if len(self.parents) > 2 * self.size:
            self._let_go()

    def pair(self, chance: Random) -> tuple[Parent, Parent]:
        """Two different plans, each the better of two; there have to be two at least."""
        while True:
            one, other = (min(chance.choices(self.parents, k=2), key=lambda parent: parent.cost) for _ in range(2))
            if one is not other:
                return one, other

    def _let_go(self) -> None:
        """Keep as many as there should be: whoever is cheap or unlike the others, and the best one in any case."""
        rest = sorted(self.parents, key=lambda parent: parent.cost)
        apart = np.stack([unlike(one, rest) for one in rest])
        np.fill_diagonal(apart, np.inf)
        while len(rest) > self.size:
            added = np.sort(apart, axis=1)[:, :NEAR_PARENTS].mean(axis=1)
            by_difference = np.empty(len(rest))
            by_difference[np.argsort(-added, kind="stable")] = np.arange(len(rest))
            fitness = np.arange(len(rest)) + (1 - NEAR_PARENTS / len(rest)) * by_difference
            worst = 1 + int(fitness[1:].argmax())
            del rest[worst]
            apart = np.delete(np.delete(apart, worst, axis=0), worst, axis=1)
        self.parents = rest


def unlike(one: Parent, others: Sequence[Parent]) -> NDArray[np.float64]:
    """For each other plan, the share of pickups with another one behind them, tours driven backwards aside."""
    behind = np.stack([other.behind for other in others])
    before = np.stack([other.before for other in others])
    shares: NDArray[np.float64] = np.mean((one.behind != behind) & (one.behind != before), axis=1)
    return shares
