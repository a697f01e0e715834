"""The level as a function of what people want to throw in, and back.

With a level multiplier g the level follows dL = g(L) dD, where D is the demand: what would have come had the level not
mattered. The inverse, D(L) = integral of dL / g(L), turns "the container reaches 90 %" into "the demand reaches so
much", which stays true for long horizons, when the level itself can only creep towards the top.
"""

import numpy as np
from numpy.typing import NDArray

from optimizer.forecasting.level_multiplier import multiplier_at

STEPS = 200
_GRID = np.linspace(0.0, 1.0, STEPS + 1)


def demand_table(multiplier: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """``(201,)``: demand from empty to each level of an even grid from 0 to 1."""
    if multiplier is None:
        return _GRID.copy()
    middle = (_GRID[1:] + _GRID[:-1]) / 2
    return np.concatenate(([0.0], np.cumsum(np.diff(_GRID) / multiplier_at(middle, multiplier))))


def demand_of(level: NDArray[np.float64], table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Demand from empty to a level."""
    return np.interp(level, _GRID, table)


def level_after(demand: NDArray[np.float64], table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Level that a demand from empty leads to, at most full."""
    return np.interp(demand, table, _GRID)
