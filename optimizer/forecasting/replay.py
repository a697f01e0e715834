"""Replays the recent past: windows that began every twelfth hour, and what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from optimizer.forecasting.level_history import LevelHistory

Floats = NDArray[np.float64]
Cells = NDArray[np.int64]
Flags = NDArray[np.bool_]

ORIGIN_EVERY_CELLS = 4
HORIZON_CELLS = (2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 88, 112)
MOST_ORIGINS = 10_000
"""More change the quantiles by less than one in a thousand and only cost time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Windows of the past and what came of them, all arrays of one length.

    Attributes
    ----------
    row
        Container.
    origin, target
        Edges of the grid at which the window begins and ends.
    start, level
        Level at both.
    peak
        Highest steady level on the way.
    """

    row: Cells
    origin: Cells
    target: Cells
    start: Floats
    level: Floats
    peak: Floats

    def __len__(self) -> int:
        return int(self.row.shape[0])

    def where(self, chosen: Flags) -> Self:
        """The chosen windows."""
        return type(self)(**{one.name: getattr(self, one.name)[chosen] for one in fields(self)})

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """All windows of the parts, one after another."""
        return cls(**{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(cls)})


def replay(history: LevelHistory, *, first_cell: int) -> tuple[Outcomes, Outcomes]:
    """Windows from every twelfth hour since ``first_cell``: those to fixed horizons, and those to the next emptying.

    Windows of fixed length without an emptying are a choice of quiet spells where crews come on demand; those that end
    right before the emptying are not. Both are of at most fourteen days.
    """
    levels, segment = history.level_fraction, history.segment
    steady = steady_levels(levels, segment)
    n_edges = levels.shape[1]
    origins = np.arange(first_cell, n_edges - HORIZON_CELLS[0], ORIGIN_EVERY_CELLS)
    rows, columns = np.nonzero(~np.isnan(levels[:, origins]))
    thinning = max(1, round(rows.shape[0] / MOST_ORIGINS))
    rows, columns = rows[::thinning], origins[columns[::thinning]]
    start = levels[rows, columns]
    # "level" and "target" hold the last that was known before the emptying.
    state = Outcomes(
        row=rows, origin=columns, target=columns.copy(), start=start, level=start.copy(), peak=np.zeros_like(start)
    )
    is_open = np.ones(rows.shape[0], dtype=np.bool_)
    fixed, visits = [], []
    for ahead in range(1, HORIZON_CELLS[-1] + 1):
        inside = (state.origin + ahead < n_edges) & is_open
        state, is_open = state.where(inside), is_open[inside]
        cell = state.origin + ahead
        level = levels[state.row, cell]
        is_known = ~np.isnan(level)
        is_open = ~is_known | (segment[state.row, cell] == segment[state.row, state.origin])
        visits.append(state.where(~is_open & (state.target > state.origin)))
        is_grown = is_open & is_known
        state = Outcomes(
            row=state.row,
            origin=state.origin,
            target=np.where(is_grown, cell, state.target),
            start=state.start,
            level=np.where(is_grown, level, state.level),
            peak=np.where(is_grown, np.fmax(state.peak, steady[state.row, cell]), state.peak),
        )
        if ahead in HORIZON_CELLS:
            fixed.append(state.where(is_grown))
    return Outcomes.joined(fixed), Outcomes.joined(visits)


def steady_levels(levels: Floats, segment: NDArray[np.int32]) -> Floats:
    """Median of three levels of one span without emptying, or the lower of two at its ends.

    A single high reading is no overflow.
    """
    steady = levels.copy()
    if levels.shape[1] < 3:
        return steady
    before, here, after = levels[:, :-2], levels[:, 1:-1], levels[:, 2:]
    has_before = (segment[:, :-2] == segment[:, 1:-1]) & ~np.isnan(before)
    has_after = (segment[:, 1:-1] == segment[:, 2:]) & ~np.isnan(after)
    median = np.maximum(np.minimum(before, here), np.minimum(np.maximum(before, here), after))
    steady[:, 1:-1] = np.select(
        [has_before & has_after, has_before, has_after],
        [median, np.minimum(before, here), np.minimum(here, after)],
        here,
    )
    return steady
