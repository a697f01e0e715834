"""How much a search may do: the caller's limits, and what the machine gives it."""

import os

from optimizer.domain.request import SolveLimits

N_CHAINS = 2
"""The same on every machine: the plan of an iteration limit depends on it."""


def search_limits(*, time_limit_s: float | None, iteration_limit: int | None = None, seed: int = 1) -> SolveLimits:
    """Limits of one search: two chains, on two threads where the machine has two cores.

    Raises
    ------
    InvalidInputError
        When a limit is out of its range, or there is none.
    """
    return SolveLimits(
        time_limit_s=time_limit_s,
        iteration_limit=iteration_limit,
        seed=seed,
        n_chains=N_CHAINS,
        n_threads=min(N_CHAINS, os.cpu_count() or 1),
    )
