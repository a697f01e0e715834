"""What the search of a plain day does when: plans cooled from hot first, then children of them, each cooled from warm.

Where there is no time for several plans, a single cooling takes all of it.
"""

import numpy as np
from numpy.typing import NDArray

from optimizer.search.coolings import KNOWN_AFTER_SHARE

FIRST_SHARE = 0.5
"""Share of the search in which the first plans are made."""
STEPS_PER_PAIR, FEWEST_STEPS_PER_PAIR = 10.0, 2.5
"""Iterations of a cooling by the square of the pickups: usually, and where there would be too few plans."""
FEWEST_STEPS = 20_000
"""Iterations that each cooling has at least."""
ENOUGH_PLANS, FEWEST_PLANS = 8, 3
"""Coolings are shortened for as many, and with fewer there is a single one."""
CHILD_STEPS_PER_PICKUP = 60
FEWEST_CHILD_STEPS = 2_560
CHILDREN_PER_PARENT = 25
FEWEST_PARENTS, MOST_PARENTS = 5, 25
"""Iterations of a child, and how many children there are to be for each plan that is kept: with more parents than that
nothing came together, with fewer they were soon alike (benchmarks/solver/ABLATION.md)."""


class Stages:
    """The plan of a search, made as soon as its pace is known."""

    def __init__(self, n_pickups: int) -> None:
        self._n = n_pickups
        self._count, self._current, self._began = 0, 0, 0
        self._child_steps = max(FEWEST_CHILD_STEPS, CHILD_STEPS_PER_PICKUP * n_pickups)
        self.is_breeding = False
        """Whether children are made, no longer first plans."""
        self.n_parents = MOST_PARENTS
        """Plans that should be kept to breed from."""

    @property
    def is_only_one(self) -> bool:
        """Whether there is but one cooling, as far as is known."""
        return self._count <= 1

    def begins_anew(self, share: float, steps: int) -> bool:
        """Whether another plan begins at this share of the search, made of so many iterations until now."""
        if self._count == 0 and share >= KNOWN_AFTER_SHARE:
            self._settle(steps / share)
        if self.is_only_one:
            return False
        if not self.is_breeding and share < FIRST_SHARE:
            now = int(share / FIRST_SHARE * self._count)
            is_new = now > self._current
            self._current = now
            return is_new
        if self.is_breeding and steps - self._began < self._child_steps:
            return False
        self.is_breeding, self._began = True, steps
        return True

    def shares(self, shares: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
        """Shares of the search as those of the present plan."""
        if self.is_breeding:
            return np.clip((steps - self._began + np.arange(len(shares))) / self._child_steps, 0.0, 1.0)
        if self.is_only_one:
            return shares
        return np.clip(shares / FIRST_SHARE * self._count - self._current, 0.0, 1.0)

    def _settle(self, most_steps: float) -> None:
        """Say how many plans are made first, and how many are kept, for a search of so many iterations."""
        first, pairs = FIRST_SHARE * most_steps, self._n**2
        usual = first / max(FEWEST_STEPS, STEPS_PER_PAIR * pairs)
        shortest = first / max(FEWEST_STEPS, FEWEST_STEPS_PER_PAIR * pairs)
        count = int(max(usual, min(ENOUGH_PLANS, shortest)))
        self._count = count if count >= FEWEST_PLANS else 1
        n_children = (most_steps - first) / self._child_steps
        self.n_parents = int(np.clip(n_children / CHILDREN_PER_PARENT, FEWEST_PARENTS, MOST_PARENTS))
