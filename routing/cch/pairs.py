"""Single pairs of points: the best way over all their places, one by one.

Guards the pairs that labels get wrong: where the target lies behind the source on one state, the way is the cheapest
cycle through that state, or one over other places, never a step back.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.cch.phantoms import Phantoms
from routing.cch.weights import INFINITE, HierarchyWeights
from routing.kernels.cch_search import pair_ways

Indices = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class BestWays:
    """The best way for each of some pairs of points.

    Attributes
    ----------
    cost
        ``(n_pairs,)`` int64 packed cost, ``INFINITE`` where there is no way.
    source_place, target_place
        ``(n_pairs,)`` the places it starts and ends at, -1 where there is no way.
    must_move
        ``(n_pairs,)``: it starts and ends on one state and still goes round.
    """

    cost: NDArray[np.int64]
    source_place: Indices
    target_place: Indices
    must_move: NDArray[np.bool_]


def pairs_behind(sources: Phantoms, targets: Phantoms) -> tuple[Indices, Indices]:
    """Points, source and target, that have places on one state with the target behind the source; each pair once."""
    by_state = np.argsort(targets.state, kind="stable")
    begin, end = (np.searchsorted(targets.state[by_state], sources.state, side=side) for side in ("left", "right"))
    source_place, inside = _ranges(end - begin)
    target_place = by_state[begin[source_place] + inside]
    is_behind = sources.packed()[source_place] + targets.packed()[target_place] < 0
    source, target = sources.points()[source_place[is_behind]], targets.points()[target_place[is_behind]]
    pairs = np.unique(source.astype(np.int64) * max(1, len(targets)) + target)
    return np.divmod(pairs, max(1, len(targets)))


def best_ways(
    weights: HierarchyWeights, sources: Phantoms, targets: Phantoms, source: Indices, target: Indices
) -> BestWays:
    """The best way for each pair of points; among equally good ones, over the first places."""
    n_targets = np.diff(targets.first)[target].astype(np.int64)
    pair, inside = _ranges(np.diff(sources.first)[source] * n_targets)
    source_place = sources.first[source][pair] + inside // np.maximum(1, n_targets)[pair]
    target_place = targets.first[target][pair] + inside % np.maximum(1, n_targets)[pair]
    added = sources.packed()[source_place] + targets.packed()[target_place]
    must_move = (sources.state[source_place] == targets.state[target_place]) & (added < 0)
    way = _costs_between(weights, sources.state[source_place], targets.state[target_place], must_move)
    cost = np.where(way < INFINITE, added + way, INFINITE)

    order = np.lexsort((np.arange(pair.size), cost, pair))
    is_best = np.ones(pair.size, dtype=np.bool_)
    is_best[1:] = pair[order][1:] != pair[order][:-1]
    best = order[is_best]
    best = best[cost[best] < INFINITE]
    found = pair[best]
    ways = BestWays(
        cost=np.full(source.size, INFINITE, dtype=np.int64),
        source_place=np.full(source.size, -1, dtype=np.intp),
        target_place=np.full(source.size, -1, dtype=np.intp),
        must_move=np.zeros(source.size, dtype=np.bool_),
    )
    ways.cost[found], ways.must_move[found] = cost[best], must_move[best]
    ways.source_place[found], ways.target_place[found] = source_place[best], target_place[best]
    return ways


def _ranges(counts: NDArray[np.integer]) -> tuple[Indices, Indices]:
    """``i`` repeated ``counts[i]`` times, and for each of them 0, 1, 2 ..."""
    owner = np.repeat(np.arange(counts.size), counts)
    return owner, np.arange(owner.size) - np.repeat(np.cumsum(counts) - counts, counts)


def _costs_between(
    weights: HierarchyWeights, start: NDArray[np.int32], end: NDArray[np.int32], must_move: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Costs between states; each different pair is searched once."""
    key = (start.astype(np.int64) * max(1, weights.hierarchy.n_states) + end) * 2 + must_move
    _, chosen, place = np.unique(key, return_index=True, return_inverse=True)
    cost, _, _ = state_ways(weights, start[chosen], end[chosen], must_move[chosen], wants_arcs=False)
    return cost[place]


def state_ways(
    weights: HierarchyWeights,
    start: NDArray[np.int32],
    end: NDArray[np.int32],
    must_move: NDArray[np.bool_],
    *,
    wants_arcs: bool,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Costs and arcs of ways between states; see ``routing.kernels.cch_search.pair_ways``."""
    structure = weights.hierarchy
    return pair_ways(
        structure.completion,
        weights.costs,
        structure.n_levels,
        (structure.triangles, structure.slot_arcs, weights.loop_arc),
        structure.rank[start],
        structure.rank[end],
        must_move,
        np.bool_(wants_arcs),
    )
