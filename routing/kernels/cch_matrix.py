"""Compiled matrices: the min-plus product of labels, put back into the caller's order and into whole units.

The cheapest meeting point of a row and a column is one of their common ancestors: those ancestors of the row whose
subtrees hold the column. Going down from the root, the columns inside the subtree are a contiguous range that only
shrinks, so every stretch of the path with one range is a small dense product: four rows by four levels at a time,
vectorised over the columns. Guards that an unreachable pair stays recognisable and that values are rounded once.

All kernels of the product stand in this one file: numba notices changes of a file only in the kernels that it holds.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from routing.kernels.cch_labels import FIRST_LEVEL, Tree, Weights

LANES = 16
"""Columns that are worked on together; labels and panels of columns end with as many spare ones."""

BLOCK_COLUMNS = 2048
"""Columns whose upper labels fit into the second-level cache together."""

UNREACHABLE = 2**31 - 1
"""Stands in an output where there is no path."""

LENGTH_BITS = 32
"""A packed cost is ``ms << LENGTH_BITS | length``."""


PANEL_ENTRIES = 2**15
"""Costs that are worked on before they are written: few enough to stay in the second-level cache."""


class Rows(NamedTuple):
    """The points of some rows.

    Attributes
    ----------
    rank, label
        Label columns, in the order of their ranks; these are the rows of the product.
    point
        ``(n_rows,)`` int32: row of the output.
    extra_row, extra_cost
        Rows that further columns of their points improve, and what these cost: ``(n_extra, n_columns + LANES)``.
    """

    rank: NDArray[np.int32]
    label: Weights
    point: NDArray[np.int32]
    extra_row: NDArray[np.int32]
    extra_cost: Weights


class Targets(NamedTuple):
    """The points of the columns.

    Attributes
    ----------
    before, label
        Label columns, in the order of their ranks; ``label`` has ``LANES`` spare columns.
    column_of
        ``(n_points,)`` int32: the column of each point, the first spare one for points that have none.
    extra_before, extra_label, extra_column
        The same for further columns, and the column that each improves.
    """

    before: NDArray[np.int32]
    label: Weights
    column_of: NDArray[np.int32]
    extra_before: NDArray[np.int32]
    extra_label: Weights
    extra_column: NDArray[np.int32]


@njit(cache=True, nogil=True)
def fill_durations(
    tree: Tree, rows: Rows, targets: Targets, infinity: int, excess: int, unit_ms: int, out: NDArray[np.int32]
) -> None:
    """``out[row, point]``: duration in units of ``unit_ms``, less the ``excess`` that all labels hold."""
    n_panel_rows = _panel_rows(targets.label.shape[1], rows.rank.size)
    panel = np.empty((n_panel_rows, targets.label.shape[1]), targets.label.dtype)
    for first_row in range(0, rows.rank.size, n_panel_rows):
        costs = panel[: min(n_panel_rows, rows.rank.size - first_row)]
        fill_costs(tree, rows.rank, first_row, rows.label, targets, infinity, costs)
        _fold_rows(costs, first_row, rows.extra_row, rows.extra_cost)
        _round_durations(costs, infinity, excess, unit_ms)
        _write_rows(costs, rows.point[first_row:], targets.column_of, out)


@njit(cache=True, nogil=True)
def fill_durations_and_lengths(
    tree: Tree,
    rows: Rows,
    targets: Targets,
    infinity: int,
    excess: int,
    units: tuple[int, int],
    out_duration: NDArray[np.int32],
    out_length: NDArray[np.int32],
) -> None:
    """The same for packed costs; ``units`` are those of durations and of lengths."""
    n_columns = targets.label.shape[1]
    n_panel_rows = _panel_rows(2 * n_columns, rows.rank.size)
    panel = np.empty((n_panel_rows, n_columns), targets.label.dtype)
    duration, length = np.empty(panel.shape, np.int32), np.empty(panel.shape, np.int32)
    for first_row in range(0, rows.rank.size, n_panel_rows):
        size = min(n_panel_rows, rows.rank.size - first_row)
        costs = panel[:size]
        fill_costs(tree, rows.rank, first_row, rows.label, targets, infinity, costs)
        _fold_rows(costs, first_row, rows.extra_row, rows.extra_cost)
        _round_both(costs, infinity, excess, units, duration, length)
        _write_rows(duration[:size], rows.point[first_row:], targets.column_of, out_duration)
        _write_rows(length[:size], rows.point[first_row:], targets.column_of, out_length)


@njit(cache=True, nogil=True)
def fill_costs(
    tree: Tree, rank: NDArray[np.int32], first_row: int, label: Weights, targets: Targets, infinity: int, costs: Weights
) -> None:
    """Costs from rows ``first_row`` on to all columns, of which every point has the best in its own column."""
    extra = np.empty((costs.shape[0], targets.extra_label.shape[1]), costs.dtype)
    for is_extra in range(2 if targets.extra_column.size else 1):
        # One call for both keeps the time to compile down: its callees are compiled into every call.
        target_label = targets.extra_label if is_extra else targets.label
        before = targets.extra_before if is_extra else targets.before
        fill_panel(tree, rank, first_row, label, target_label, before, infinity, extra if is_extra else costs)
    for row in range(costs.shape[0]):
        for index in range(targets.extra_column.size):
            column = targets.extra_column[index]
            costs[row, column] = min(costs[row, column], extra[row, index])


@njit(cache=True, nogil=True)
def _panel_rows(n_columns: int, n_rows: int) -> int:
    """A multiple of four rows, at least four, whose costs fit into a panel."""
    return max(4, min((n_rows + 3) // 4, PANEL_ENTRIES // n_columns // 4) * 4)


@njit(cache=True, nogil=True)
def _fold_rows(panel: Weights, first_row: int, row: NDArray[np.int32], extra: Weights) -> None:
    """Lower row ``row[i]`` to ``extra[i]`` where the panel holds it; its first row is ``first_row``."""
    for index in range(row.size):
        if first_row <= row[index] < first_row + panel.shape[0]:
            target = panel[row[index] - first_row]
            for column in range(target.size):
                target[column] = min(target[column], extra[index, column])


@njit(cache=True, nogil=True)
def _round_durations(panel: NDArray[np.int32], infinity: int, excess: int, unit_ms: int) -> None:
    """Milliseconds less ``excess`` in units of ``unit_ms``, half units up, in place."""
    # Half a millisecond on top keeps the quotient away from whole numbers: cutting off its fraction is exact.
    half, factor = 0.5 + unit_ms // 2 - excess, 1.0 / unit_ms
    for row in range(panel.shape[0]):
        costs = panel[row]
        for column in range(costs.size):
            value = costs[column]
            costs[column] = np.int32((value + half) * factor) if value < infinity else np.int32(UNREACHABLE)


@njit(cache=True, nogil=True)
def _round_both(
    panel: NDArray[np.int64],
    infinity: int,
    excess: int,
    units: tuple[int, int],
    out_duration: NDArray[np.int32],
    out_length: NDArray[np.int32],
) -> None:
    """Unpack costs less ``excess`` into units, half units up."""
    half_ms, factor_ms = 0.5 + units[0] // 2, 1.0 / units[0]
    half_length, factor_length = 0.5 + units[1] // 2, 1.0 / units[1]
    mask = (1 << LENGTH_BITS) - 1
    for row in range(panel.shape[0]):
        costs, duration, length = panel[row], out_duration[row], out_length[row]
        for column in range(costs.size):
            is_reached = costs[column] < infinity
            value = costs[column] - excess
            ms = ((value >> LENGTH_BITS) + half_ms) * factor_ms
            units_long = ((value & mask) + half_length) * factor_length
            duration[column] = np.int32(ms) if is_reached else np.int32(UNREACHABLE)
            length[column] = np.int32(units_long) if is_reached else np.int32(UNREACHABLE)


@njit(cache=True, nogil=True)
def _write_rows(
    panel: NDArray[np.int32], row_point: NDArray[np.int32], column_of: NDArray[np.int32], out: NDArray[np.int32]
) -> None:
    """``out[row_point[i], j] = panel[i, column_of[j]]``."""
    index = 0
    while index + 4 <= panel.shape[0]:  # four rows share one look at column_of
        row0, row1, row2, row3 = panel[index], panel[index + 1], panel[index + 2], panel[index + 3]
        out0, out1 = out[row_point[index]], out[row_point[index + 1]]
        out2, out3 = out[row_point[index + 2]], out[row_point[index + 3]]
        for j in range(column_of.size):
            column = np.uint32(column_of[j])
            out0[j], out1[j], out2[j], out3[j] = row0[column], row1[column], row2[column], row3[column]
        index += 4
    while index < panel.shape[0]:
        row, target = panel[index], out[row_point[index]]
        for j in range(column_of.size):
            target[j] = row[np.uint32(column_of[j])]
        index += 1


@njit(cache=True, nogil=True)
def fill_panel(
    tree: Tree,
    row_rank: NDArray[np.int32],
    first_row: int,
    forward: Weights,
    backward: Weights,
    columns_before: NDArray[np.int32],
    infinity: int,
    panel: Weights,
) -> None:
    """Costs from some rows to all columns, both in the order of their ranks.

    Parameters
    ----------
    row_rank
        ``(n_rows,)`` ranks of the columns of ``forward``, which are the rows here.
    first_row
        The row that ``panel[0]`` is for.
    forward, backward
        Labels from the rows and to the columns: ``(n_levels, n_rows)`` and ``(n_levels, n_columns + LANES)``.
    columns_before
        ``(n + 1,)``: how many columns have a rank below each rank.
    panel
        ``(at most n_rows, n_columns + LANES)`` result; the spare columns stay infinite.
    """
    panel[:] = infinity
    n_rows, n_columns = panel.shape[0], panel.shape[1] - LANES
    path = np.full(forward.shape[0], -1, np.int32)
    labels = (forward, backward)
    for block in range(0, n_columns, BLOCK_COLUMNS):
        block_end = min(n_columns, block + BLOCK_COLUMNS)
        path[:] = -1  # a path is only ever joined by paths of later rows
        for index in range(0, n_rows, 4):
            n_together = 4 if index + 4 <= n_rows else 0
            parting = _parting_level(tree, row_rank, first_row + index, n_together)
            # First what four rows share, all at once, then what each of them has alone.
            for step in range(0 if n_together else 1, 1 + min(4, n_rows - index)):
                begin = index + max(0, step - 1)
                rank = row_rank[first_row + begin]
                _find_path(tree, rank, path)
                levels = (FIRST_LEVEL, parting) if step == 0 else (parting, tree.level[rank] + 1)
                out = panel[begin : begin + (1 if step else 4)]
                _descend(tree, path, columns_before, (block, block_end), levels, first_row + begin, labels, out)


@njit(cache=True, nogil=True)
def _parting_level(tree: Tree, row_rank: NDArray[np.int32], row: int, n_rows: int) -> int:
    """The first level at which the paths of some rows are not all the same.

    In post-order the last common ancestor is the first ancestor of the lowest rank that is not below the highest one.
    """
    low = row_rank[row] if n_rows else -1
    while low >= 0 and low < row_rank[row + n_rows - 1]:
        low = tree.parent[low]
    return tree.level[low] + 1 if low >= 0 else FIRST_LEVEL


@njit(cache=True, nogil=True)
def _find_path(tree: Tree, rank: int, path: NDArray[np.int32]) -> None:
    """``path[level]`` becomes the ancestor of ``rank`` at each level; stops where the path before is joined."""
    while rank >= 0 and path[tree.level[rank]] != rank:
        path[tree.level[rank]] = rank
        rank = tree.parent[rank]


@njit(cache=True, nogil=True)
def _descend(
    tree: Tree,
    path: NDArray[np.int32],
    columns_before: NDArray[np.int32],
    columns: tuple[int, int],
    levels: tuple[int, int],
    row: int,
    labels: tuple[Weights, Weights],
    out: Weights,
) -> None:
    """Take the ancestors on ``path`` between two levels into account, for the columns between two columns."""
    begin, end, stretch = 0, 0, levels[0]
    for level in range(levels[0], levels[1] + 1):
        next_begin, next_end = 0, 0
        if level < levels[1]:
            rank = path[level]
            next_begin = max(columns[0], columns_before[tree.first_descendant[rank]])
            next_end = min(columns[1], columns_before[rank + 1])
            if next_begin == begin and next_end == end:
                continue
        while begin < end and stretch < level:
            # A minimum may be taken twice: the last four levels reach back over levels above the stretch, which hold
            # for its columns too.
            stretch = min(stretch, level - 4)
            _multiply_range(labels[0], row, labels[1], begin, end, stretch, out)
            stretch += 4
        if next_begin >= next_end:
            return
        begin, end, stretch = next_begin, next_end, level


@njit(cache=True, nogil=True)
def _multiply_range(
    forward: Weights, row: int, backward: Weights, begin: int, end: int, level: int, out: Weights
) -> None:
    """Four levels for a range of columns: whole vectors, then the last one once more, counted from the range's end."""
    if end - begin < LANES:
        _multiply_few(forward, row, backward, begin, end, level, out)
        return
    whole_end = begin + (end - begin) // LANES * LANES
    for first, last in ((begin, whole_end), (end - LANES, end)):
        if last > whole_end or first == begin:
            _multiply(forward, row, backward, first, last, level, out)


@njit(cache=True, nogil=True)
def _multiply(forward: Weights, row: int, backward: Weights, begin: int, end: int, level: int, out: Weights) -> None:
    """``out[i, c] = min(out[i, c], forward[k, row + i] + backward[k, c])`` for four levels k; four rows i or one."""
    narrow = out.dtype.type
    first, last, top = np.uint32(begin), np.uint32(end), np.uint32(level)
    b0, b1 = backward[top, first:last], backward[top + np.uint32(1), first:last]
    b2, b3 = backward[top + np.uint32(2), first:last], backward[top + np.uint32(3), first:last]
    f = forward[level : level + 4, row : row + out.shape[0]]
    out0 = out[0, first:last]
    f00, f10, f20, f30 = f[0, 0], f[1, 0], f[2, 0], f[3, 0]
    if out.shape[0] == 1:
        for c in range(out0.size):
            x = min(narrow(b0[c] + f00), narrow(b1[c] + f10), narrow(b2[c] + f20), narrow(b3[c] + f30))
            out0[c] = min(out0[c], x)
        return
    out1, out2, out3 = out[1, first:last], out[2, first:last], out[3, first:last]
    f01, f11, f21, f31 = f[0, 1], f[1, 1], f[2, 1], f[3, 1]
    f02, f12, f22, f32 = f[0, 2], f[1, 2], f[2, 2], f[3, 2]
    f03, f13, f23, f33 = f[0, 3], f[1, 3], f[2, 3], f[3, 3]
    for c in range(out0.size):
        x0, x1, x2, x3 = b0[c], b1[c], b2[c], b3[c]
        y0 = min(narrow(x0 + f00), narrow(x1 + f10), narrow(x2 + f20), narrow(x3 + f30))
        y1 = min(narrow(x0 + f01), narrow(x1 + f11), narrow(x2 + f21), narrow(x3 + f31))
        y2 = min(narrow(x0 + f02), narrow(x1 + f12), narrow(x2 + f22), narrow(x3 + f32))
        y3 = min(narrow(x0 + f03), narrow(x1 + f13), narrow(x2 + f23), narrow(x3 + f33))
        out0[c], out1[c], out2[c], out3[c] = min(out0[c], y0), min(out1[c], y1), min(out2[c], y2), min(out3[c], y3)


@njit(cache=True, nogil=True)
def _multiply_few(
    forward: Weights, row: int, backward: Weights, begin: int, end: int, level: int, out: Weights
) -> None:
    """The same for fewer columns than ``LANES``: one full vector, of which the lanes beyond the range are dropped."""
    narrow = out.dtype.type
    width = np.int64(end) - np.int64(begin)
    first, last, top = np.uint32(begin), np.uint32(begin + LANES), np.uint32(level)
    b0, b1 = backward[top, first:last], backward[top + np.uint32(1), first:last]
    b2, b3 = backward[top + np.uint32(2), first:last], backward[top + np.uint32(3), first:last]
    for index in range(out.shape[0]):
        f = forward[level : level + 4, row + index]
        f0, f1, f2, f3 = f[0], f[1], f[2], f[3]
        target = out[index, first:last]
        for c in range(LANES):
            x = min(narrow(b0[c] + f0), narrow(b1[c] + f1), narrow(b2[c] + f2), narrow(b3[c] + f3))
            target[c] = min(target[c], x) if c < width else target[c]
