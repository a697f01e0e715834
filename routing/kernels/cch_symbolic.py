"""Compiled symbolic contraction: elimination tree, chordal completion and its triangles.

Works on *ranks*, not on nodes: rank 0 is contracted first. Guards that every subtree of the elimination tree is a
contiguous range of ranks, on which the sweeps of the query rely. After Dibbelt, Strasser and Wagner 2016,
"Customizable Contraction Hierarchies", doi:10.1145/2886843; the tree after Liu 1990, doi:10.1137/0611010.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from routing.kernels.cch_labels import FIRST_LEVEL


@njit(cache=True, nogil=True)
def elimination_tree(first: NDArray[np.int32], neighbour: NDArray[np.int32]) -> NDArray[np.int32]:
    """Parent of each rank, -1 for roots: the lowest higher rank that contraction joins it to.

    Parameters
    ----------
    first, neighbour
        Undirected graph over ranks as adjacency array.
    """
    n = first.size - 1
    parent = np.full(n, -1, np.int32)
    shortcut = np.full(n, -1, np.int32)
    for rank in range(n):
        for link in range(first[rank], first[rank + 1]):
            below = neighbour[link]
            while below != -1 and below < rank:
                above = shortcut[below]
                shortcut[below] = rank
                if above == -1:
                    parent[below] = rank
                below = above
    return parent


@njit(cache=True, nogil=True)
def post_order(parent: NDArray[np.int32]) -> NDArray[np.int32]:
    """New rank of each rank, such that children come right before their parents and subtrees are contiguous."""
    n = parent.size
    size = np.ones(n, np.int32)
    for rank in range(n):
        if parent[rank] >= 0:
            size[parent[rank]] += size[rank]
    renumbered = np.empty(n, np.int32)
    block_end = np.empty(n, np.int32)
    root_end = n
    for rank in range(n - 1, -1, -1):
        above = parent[rank]
        if above < 0:
            end = root_end
            root_end -= size[rank]
        else:
            end = block_end[above]
            block_end[above] -= size[rank]
        renumbered[rank] = end - 1
        block_end[rank] = end - 1
    return renumbered


@njit(cache=True, nogil=True)
def chordal_completion(
    first: NDArray[np.int32], neighbour: NDArray[np.int32], parent: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Upward edges after contraction: the higher neighbours of each rank, sorted.

    The neighbours of a rank are those it had from the start and those of its children in the elimination tree.
    """
    n = first.size - 1
    first_child = np.full(n, -1, np.int32)
    next_child = np.full(n, -1, np.int32)
    seen_by = np.full(n, -1, np.int32)
    up_first = np.zeros(n + 1, np.int32)
    up_head = np.empty(max(16, 2 * neighbour.size), np.int32)
    count = 0
    for rank in range(n):
        if count + n - rank > up_head.size:
            larger = np.empty(2 * up_head.size + n, np.int32)
            for edge in range(count):
                larger[edge] = up_head[edge]
            up_head = larger
        seen_by[rank] = rank
        begin = count
        for link in range(first[rank], first[rank + 1]):
            above = neighbour[link]
            if above > rank and seen_by[above] != rank:
                seen_by[above] = rank
                up_head[count] = above
                count += 1
        child = first_child[rank]
        while child >= 0:
            for edge in range(up_first[child], up_first[child + 1]):
                above = up_head[edge]
                if seen_by[above] != rank:
                    seen_by[above] = rank
                    up_head[count] = above
                    count += 1
            child = next_child[child]
        _sort(up_head, begin, count)
        up_first[rank + 1] = count
        if parent[rank] >= 0:
            next_child[rank] = first_child[parent[rank]]
            first_child[parent[rank]] = rank
    return up_first, up_head[:count].copy()


@njit(cache=True, nogil=True)
def _sort(values: NDArray[np.int32], begin: int, end: int) -> None:
    """Insertion sort of a short stretch; numba's own sort takes seconds to compile."""
    for index in range(begin + 1, end):
        value = values[index]
        place = index
        while place > begin and values[place - 1] > value:
            values[place] = values[place - 1]
            place -= 1
        values[place] = value


@njit(cache=True, nogil=True)
def tree_shape(parent: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Level and first descendant of each rank of a tree in post-order; see ``routing.kernels.cch_labels.Tree``."""
    n = parent.size
    level = np.full(n, FIRST_LEVEL, np.int32)
    first_descendant = np.arange(n).astype(np.int32)
    for rank in range(n - 1, -1, -1):
        if parent[rank] >= 0:
            level[rank] = level[parent[rank]] + 1
    for rank in range(n):
        above = parent[rank]
        if above >= 0:
            first_descendant[above] = min(first_descendant[above], first_descendant[rank])
    return level, first_descendant


@njit(cache=True, nogil=True)
def lower_triangles(
    up_first: NDArray[np.int32], up_head: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """For each upward edge the pairs of edges below it that close a triangle with it.

    The triangles of edge ``(low, high)`` are entries ``triangle_first[edge]`` to ``triangle_first[edge + 1]`` of two
    arrays: the edge from the lowest corner to ``low``, and the edge from the lowest corner to ``high``.
    """
    triangle_first = np.zeros(up_head.size + 1, np.int64)
    to_low, to_high = np.empty(0, np.int32), np.empty(0, np.int32)
    _list_triangles(up_first, up_head, triangle_first[1:], to_low, to_high)
    for edge in range(up_head.size):
        triangle_first[edge + 1] += triangle_first[edge]
    cursor = triangle_first[:-1].copy()
    to_low, to_high = np.empty(triangle_first[-1], np.int32), np.empty(triangle_first[-1], np.int32)
    _list_triangles(up_first, up_head, cursor, to_low, to_high)
    return triangle_first, to_low, to_high


@njit(cache=True, nogil=True)
def _list_triangles(
    up_first: NDArray[np.int32],
    up_head: NDArray[np.int32],
    cursor: NDArray[np.int64],
    to_low: NDArray[np.int32],
    to_high: NDArray[np.int32],
) -> None:
    """Move the cursor of each edge by its triangles, and write them down where there is room for them."""
    for corner in range(up_first.size - 1):
        for low_edge in range(up_first[corner], up_first[corner + 1]):
            edge = up_first[up_head[low_edge]]
            for high_edge in range(low_edge + 1, up_first[corner + 1]):
                while up_head[edge] != up_head[high_edge]:
                    edge += 1
                if to_low.size:
                    to_low[cursor[edge]], to_high[cursor[edge]] = low_edge, high_edge
                cursor[edge] += 1
