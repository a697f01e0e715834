"""How much of the limits a search has used, and which iterations may follow."""

import math
import time

import numpy as np
from numpy.typing import NDArray

from optimizer.domain.request import SolveLimits


class SearchClock:
    """One for all chains of a search: time is shared, iterations are each chain's own."""

    def __init__(self, limits: SolveLimits, *, most_steps: int, began_s: float, reserve_s: float) -> None:
        self.most_steps = limits.iteration_limit or most_steps
        self.ends_s = None if limits.time_limit_s is None else began_s + max(0.0, limits.time_limit_s - reserve_s)
        self._from_s = time.perf_counter()

    def is_out_of_time(self) -> bool:
        """Whether the time limit is reached, if there is one."""
        return self.ends_s is not None and time.perf_counter() >= self.ends_s

    def moment_s(self, share: float) -> float:
        """When a share of the time will be used; never, where there is no time limit."""
        if self.ends_s is None:
            return math.inf
        return self._from_s + share * (self.ends_s - self._from_s)

    def share(self, steps: int) -> float:
        """Used share of the limit that comes first."""
        used = steps / self.most_steps
        if self.ends_s is not None:
            used = max(used, (time.perf_counter() - self._from_s) / max(self.ends_s - self._from_s, 1e-9))
        return min(1.0, used)

    def shares_ahead(self, steps: int, n_steps: int) -> NDArray[np.float64]:
        """Used share at each of the next iterations; of iterations alone where no time limit is set."""
        if self.ends_s is not None:
            return np.full(n_steps, self.share(steps))
        shares: NDArray[np.float64] = (steps + np.arange(n_steps)) / self.most_steps
        return shares
