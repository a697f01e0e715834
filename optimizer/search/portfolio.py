"""Several chains of one search at a time, with seeds of their own, which exchange plans.

The search is divided into rounds of equal share. At the end of each late round, the chains with the worse plans go on
from those of the better ones. Guards determinism: what a chain does between two exchanges depends on its seed and its
iterations alone, so that without a time limit the answer depends on the number of chains, but not on that of threads.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from optimizer.search.compiled_search import Search
from optimizer.search.search_clock import SearchClock

ROUNDS = 20
EXCHANGES_FROM_SHARE = 0.5
"""Earlier, plans change too much for any to be worth going on from."""
SLICE_S = 0.05
"""Between looks at progress."""
SEED_STEP = 2**32
"""Beyond every seed that can be asked for."""


def chain_seeds(seed: int, n_chains: int) -> list[int]:
    """One for each chain; the first has that of the whole search, so that one chain is the plain search."""
    return [seed + chain * SEED_STEP for chain in range(n_chains)]


def run_chains(
    chains: Sequence[Search],
    clock: SearchClock,
    *,
    n_threads: int,
    listen: Callable[[float, int], None],
    exchanges_from_share: float = EXCHANGES_FROM_SHARE,
) -> None:
    """Search until the clock says so.

    Parameters
    ----------
    listen
        Called between slices with the used share and the best objective, in the calling thread and while no other
        one runs; whatever it raises ends the search.
    exchanges_from_share
        From when on plans are exchanged; never where it is 1.
    """
    with _each(chains, n_threads) as each:
        for ended_round in range(1, ROUNDS + 1):
            _run_round(chains, clock, ended_round, each, listen)
            if clock.is_out_of_time():
                return
            if exchanges_from_share <= ended_round / ROUNDS < 1.0:
                exchange(chains)


def exchange(chains: Sequence[Search]) -> None:
    """Let the worse half go on from the best plans of the better half."""
    ranked = sorted(chains, key=lambda chain: chain.best_micro_eur)
    n_takers = len(chains) // 2
    for giver, taker in zip(ranked, reversed(ranked[len(chains) - n_takers :]), strict=False):
        if giver.best_micro_eur < taker.best_micro_eur:
            taker.adopt(giver.best_orders())


Each = Callable[[Callable[[Search], None]], None]


@contextmanager
def _each(chains: Sequence[Search], n_threads: int) -> Iterator[Each]:
    """Does something with every chain: one after the other, or as many at once as there are threads."""
    if min(len(chains), n_threads) <= 1:

        def in_turn(do: Callable[[Search], None]) -> None:
            for chain in chains:
                do(chain)

        yield in_turn
        return
    with ThreadPoolExecutor(max_workers=min(len(chains), n_threads)) as pool:

        def at_once(do: Callable[[Search], None]) -> None:
            for _ in pool.map(do, chains):
                pass

        yield at_once


def _run_round(
    chains: Sequence[Search],
    clock: SearchClock,
    ended_round: int,
    each: Each,
    listen: Callable[[float, int], None],
) -> None:
    """Run all chains up to the end of a round."""
    until_steps = clock.most_steps * ended_round // ROUNDS
    until_s = clock.moment_s(ended_round / ROUNDS)
    # Chains that share a thread get several turns in each round, so that none of them is left behind.
    slice_s = min(SLICE_S, (until_s - time.perf_counter()) / (4 * len(chains)))

    def run_slice(chain: Search) -> None:
        slice_ends_s = time.perf_counter() + slice_s
        while chain.steps < until_steps and time.perf_counter() < min(slice_ends_s, until_s):
            n_steps = min(chain.block_steps, until_steps - chain.steps)
            chain.run(chain.temperatures_micro_eur(clock.shares_ahead(chain.steps, n_steps)))

    while any(chain.steps < until_steps for chain in chains) and time.perf_counter() < until_s:
        each(run_slice)
        steps = min(chain.steps for chain in chains)
        listen(clock.share(steps), min(chain.best_micro_eur for chain in chains))
