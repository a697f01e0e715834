"""Label columns of points, in the order of their ranks.

A street's two directions lie on one path of the elimination tree, so nearly every point needs one column only. Guards
the others: a point with places on unrelated paths gets *extra* columns, kept apart so that they cost nobody else.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from routing.cch.hierarchy import Hierarchy
from routing.cch.phantoms import Phantoms
from routing.kernels.cch_columns import group_places, order_by_rank
from routing.kernels.cch_labels import Weights


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Some label columns.

    Attributes
    ----------
    point, rank
        ``(n_columns,)`` int32: whose column it is, and its lowest rank, rising.
    before
        ``(n_states + 1,)`` int32: how many columns have a lower rank than each rank.
    place, place_level, place_column
        ``(n_places,)``: the places that start a column, their levels, and the column.
    """

    point: NDArray[np.int32]
    rank: NDArray[np.int32]
    before: NDArray[np.int32]
    place: NDArray[np.intp]
    place_level: NDArray[np.int32]
    place_column: NDArray[np.int32]

    def __len__(self) -> int:
        return int(self.point.size)

    def seeded(self, hierarchy: Hierarchy, place_cost: Weights, *, infinity: int, n_spare: int = 0) -> Weights:
        """``(n_levels, n_columns + n_spare)`` label with the costs of the places alone, to be swept."""
        label: Weights = np.full((hierarchy.n_levels, len(self) + n_spare), infinity, dtype=place_cost.dtype)
        np.minimum.at(label, (self.place_level, self.place_column), place_cost[self.place])
        return label

    def parts(self, n_parts: int) -> Iterator[NDArray[np.int32]]:
        """``before`` for contiguous parts of the columns: a sweep over one of them touches no other."""
        bounds = [len(self) * part // n_parts for part in range(n_parts + 1)]
        for begin, end in itertools.pairwise(bounds):
            yield self.before if n_parts == 1 else np.clip(self.before, begin, end)


def arrange(hierarchy: Hierarchy, phantoms: Phantoms) -> tuple[Columns, Columns]:
    """First and extra columns of all points that have a place."""
    rank = hierarchy.rank[phantoms.state]
    column_of, point, low_rank = group_places(phantoms.first, rank, hierarchy.first_descendant)
    is_extra = np.zeros(point.size, dtype=np.bool_)
    is_extra[1:] = point[1:] == point[:-1]

    def chosen_columns(chosen: NDArray[np.intp]) -> Columns:
        order, before = order_by_rank(low_rank[chosen], hierarchy.n_states)
        by_rank = chosen[order]
        position = np.full(point.size, -1, dtype=np.int32)
        position[by_rank] = np.arange(by_rank.size, dtype=np.int32)
        place = np.flatnonzero(position[column_of] >= 0)
        return Columns(
            point=point[by_rank],
            rank=low_rank[by_rank],
            before=before,
            place=place,
            place_level=hierarchy.level[rank[place]],
            place_column=position[column_of[place]],
        )

    return chosen_columns(np.flatnonzero(~is_extra)), chosen_columns(np.flatnonzero(is_extra))
