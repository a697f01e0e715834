"""The kernel for targets behind their sources, against single searches over every pair of places."""

import numpy as np
import pytest

from routing.cch.hierarchy import build_hierarchy
from routing.cch.legs import leg_arcs
from routing.cch.many_to_many import durations
from routing.cch.phantoms import Phantoms
from routing.cch.state_graph import StateGraph
from routing.cch.weights import INFINITE, HierarchyWeights, customise
from routing.kernels.cch_behind import Cycles, Ends, costs_behind
from routing.kernels.cch_matrix import LENGTH_BITS, UNREACHABLE

_LONGEST_MS = 9_000


def _streets(seed: int, n_streets: int) -> tuple[HierarchyWeights, np.random.Generator]:
    """Two-way streets with random turns, some of them loops, a third of them closed."""
    rng = np.random.default_rng(seed)
    n = 2 * n_streets
    tail, head = rng.integers(0, n, (2, 3 * n))
    order = np.argsort(tail, kind="stable")
    first_out = np.concatenate(([0], np.cumsum(np.bincount(tail, minlength=n)))).astype(np.int32)
    place = rng.random((2, n_streets))
    graph = StateGraph(
        first_out=first_out,
        head=head[order].astype(np.int32),
        lon_deg=np.repeat(place[0], 2),
        lat_deg=np.repeat(place[1], 2),
        street=np.repeat(np.arange(n_streets, dtype=np.int32), 2),
    )
    cost_ms = rng.integers(_LONGEST_MS, 2 * _LONGEST_MS, graph.n_arcs)
    cost_ms[rng.random(graph.n_arcs) < 1 / 3] = -1
    return customise(build_hierarchy(graph), duration_ms=cost_ms, length=np.abs(cost_ms) * 7), rng


def _points(rng: np.random.Generator, n_streets: int, n_points: int) -> tuple[Phantoms, Phantoms]:
    """Points with zero to two directions each, part of the way along their streets."""
    states, first, share = [], [0], []
    for street, where in zip(rng.integers(0, n_streets, n_points), rng.random(n_points), strict=True):
        sides = [side for side in (0, 1) if rng.random() < 0.8]
        states += [2 * street + side for side in sides]
        share += [where if side == 0 else 1 - where for side in sides]
        first.append(len(states))
    along_ms = (np.array(share) * _LONGEST_MS).astype(np.int64)
    where = {"first": np.array(first, dtype=np.int32), "state": np.array(states, dtype=np.int32)}
    sources = Phantoms(**where, duration_ms=-along_ms, length=-along_ms * 7)
    return sources, Phantoms(**where, duration_ms=along_ms, length=along_ms * 7)


def _ends(weights: HierarchyWeights, points: Phantoms) -> Ends:
    rank = weights.hierarchy.rank[points.state]
    return Ends(points.first, points.points(), rank, points.packed(), np.argsort(rank, kind="stable"))


def _pairs_behind(sources: Phantoms, targets: Phantoms) -> list[tuple[int, int]]:
    """Points with places on one state, the target behind the source; each pair once."""
    of_sources = list(zip(sources.points().tolist(), sources.state.tolist(), sources.packed().tolist(), strict=True))
    of_targets = list(zip(targets.points().tolist(), targets.state.tolist(), targets.packed().tolist(), strict=True))
    return sorted(
        {
            (source, target)
            for source, source_state, source_cost in of_sources
            for target, target_state, target_cost in of_targets
            if source_state == target_state and source_cost + target_cost < 0
        }
    )


@pytest.mark.parametrize("seed", range(40))
def test_costs_are_those_of_single_searches(seed: int) -> None:
    n_streets = 3 + seed % 7
    weights, rng = _streets(seed, n_streets)
    sources, targets = _points(rng, n_streets, 40)
    structure, costs = weights.hierarchy, weights.costs
    cycles = Cycles(structure.down_first, structure.down_edge, costs.slot, costs.loop)
    ends = _ends(weights, sources), _ends(weights, targets)
    row, column, cost = costs_behind(structure.tree, weights.open_arcs, cycles, *ends, structure.n_levels, INFINITE)
    found = dict(zip(zip(row.tolist(), column.tolist(), strict=True), cost.tolist(), strict=True))

    pairs = _pairs_behind(sources, targets)
    rows, columns = np.array(pairs, dtype=np.intp).T
    legs = leg_arcs(weights, sources, targets, rows, columns)
    is_lost = legs.duration_ms == UNREACHABLE
    wanted = np.where(is_lost, INFINITE, (legs.duration_ms << LENGTH_BITS) + legs.length).tolist()
    assert found == dict(zip(pairs, wanted, strict=True))
    assert len(pairs) > 40  # many points on few streets: the case is about something
    assert (durations(weights, sources, targets)[row, column] >= 0).all()
