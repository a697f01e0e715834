"""Several coolings one after another where there is time for them: small days start again from the beginning.

Each cooling ends in one of few places, and a slower one hardly changes in which.
"""

import numpy as np
from numpy.typing import NDArray

FEWEST_STEPS = 20_000
"""Iterations that each cooling has at least."""
KNOWN_AFTER_SHARE = 0.02
"""When the pace is known well enough to say how many there will be; until then it is hot anyway."""


class Coolings:
    """How the shares of a search, from 0 to 1, become those of its coolings.

    Parameters
    ----------
    steps_per_pair
        Iterations that a cooling should have, divided by the square of the pickups.
    """

    def __init__(self, n_pickups: int, *, steps_per_pair: int) -> None:
        self._steps = max(FEWEST_STEPS, steps_per_pair * n_pickups**2)
        self._count, self._current = 0, 0
        self.steps_each: float | None = None
        """Iterations that each cooling will have; not known before ``KNOWN_AFTER_SHARE``."""

    @property
    def is_only_one(self) -> bool:
        """Whether no other one follows or came before, as far as is known."""
        return self._count <= 1

    def starts_again(self, share: float, steps: int) -> bool:
        """Whether another cooling begins at this share of the search, made of so many iterations until now."""
        if self._count == 0 and share >= KNOWN_AFTER_SHARE:
            self._count = max(1, int(steps / share / self._steps))
            self.steps_each = steps / share / self._count
        count = max(1, self._count)
        now = min(int(share * count), count - 1)
        is_new = now > self._current
        self._current = now
        return is_new

    def shares(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Shares of the search as those of the present cooling."""
        return np.clip(shares * max(1, self._count) - self._current, 0.0, 1.0)
