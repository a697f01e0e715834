"""Ways as sequences of arcs: what lies behind single entries of a matrix.

Guards that a way costs what the matrix says, to the last unit: both are minima over the same places and weights. Where
the target lies behind the source on one state, the way is the cheapest cycle through that state, or one over other
places, never a step back.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.cch.hierarchy import Hierarchy
from routing.cch.phantoms import Phantoms
from routing.cch.weights import HierarchyWeights
from routing.kernels.cch_matrix import LENGTH_BITS, UNREACHABLE
from routing.kernels.cch_search import Stops, Unpacking, leg_ways

Indices = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class LegArcs:
    """The ways of some legs.

    Attributes
    ----------
    duration_ms, length
        ``(n_legs,)`` int64, the places' shares included; ``UNREACHABLE`` where there is no way.
    source_place, target_place
        ``(n_legs,)`` index of the places in the points asked for, -1 where there is no way.
    first, arc
        ``(n_legs + 1,)``, ``(n_arcs_of_all_legs,)`` int32: arcs of leg ``l``, in driving order, are
        ``arc[first[l]:first[l + 1]]``; none where both places lie on one state and the target is ahead.
    """

    duration_ms: NDArray[np.int64]
    length: NDArray[np.int64]
    source_place: Indices
    target_place: Indices
    first: NDArray[np.int32]
    arc: NDArray[np.int32]

    def arcs_of(self, leg: int) -> NDArray[np.int32]:
        """Arcs of one leg in driving order."""
        return self.arc[self.first[leg] : self.first[leg + 1]]


def leg_arcs(
    weights: HierarchyWeights, sources: Phantoms, targets: Phantoms, source: Indices, target: Indices
) -> LegArcs:
    """Ways from points ``source[i]`` of the sources to points ``target[i]`` of the targets."""
    structure = weights.hierarchy
    ways, arc = leg_ways(
        structure.tree,
        weights.open_arcs,
        structure.completion,
        weights.costs,
        Unpacking(structure.triangles, structure.slot_arcs, weights.loop_arc),
        (_stops(structure, sources), _stops(structure, targets)),
        # Columns of a table come with gaps, except those of a single row: one kernel must do for both.
        (np.ascontiguousarray(source), np.ascontiguousarray(target)),
        structure.n_levels,
    )
    is_found = ways.source_place >= 0
    return LegArcs(
        duration_ms=np.where(is_found, ways.cost >> LENGTH_BITS, UNREACHABLE),
        length=np.where(is_found, ways.cost & ((1 << LENGTH_BITS) - 1), UNREACHABLE),
        source_place=ways.source_place,
        target_place=ways.target_place,
        first=ways.first,
        arc=arc,
    )


def _stops(hierarchy: Hierarchy, phantoms: Phantoms) -> Stops:
    return Stops(phantoms.first, hierarchy.rank[phantoms.state], phantoms.packed())
