"""How far levels were from the forecast, in the past, by horizon: the split-conformal distribution.

Residuals are standardised and sorted into cells by horizon (Mondrian conformal prediction), so that an interval covers
what it promises whatever the true distribution is.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HORIZON_EDGES_S = (13 * 3600, 25 * 3600, 49 * 3600, 97 * 3600, 193 * 3600)
"""Upper ends of all cells but the last."""

FEWEST_RESIDUALS = 100
PROBABILITIES = np.linspace(0.005, 0.995, 199)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualTable:
    """Quantiles of the standardised residuals.

    Attributes
    ----------
    quantiles
        ``(6, 199)``: per horizon cell, at ``PROBABILITIES``; NaN while the whole stream has too few residuals.
    """

    quantiles: Floats

    @property
    def is_known(self) -> bool:
        """Whether there were enough residuals."""
        return bool(np.isfinite(self.quantiles).all())

    def quantile(self, probability: float, horizon_s: NDArray[np.int64]) -> Floats:
        """Standardised residual that is not exceeded with this probability; NaN while unknown."""
        by_cell = np.array([np.interp(probability, PROBABILITIES, row) for row in self.quantiles])
        return np.asarray(by_cell[_cell(horizon_s)], dtype=np.float64)


def unknown_residuals() -> ResidualTable:
    """The table of a stream that has no residuals yet."""
    return ResidualTable(quantiles=np.full((len(HORIZON_EDGES_S) + 1, PROBABILITIES.shape[0]), np.nan))


def residual_table(residual: Floats, horizon_s: NDArray[np.int64]) -> ResidualTable:
    """The table of these residuals; cells with too few fall back on the whole stream."""
    if residual.shape[0] < FEWEST_RESIDUALS:
        return unknown_residuals()
    cells = _cell(horizon_s)
    rows = []
    for index in range(len(HORIZON_EDGES_S) + 1):
        here = cells == index
        if np.count_nonzero(here) < FEWEST_RESIDUALS:
            here = np.ones_like(here)
        rows.append(np.quantile(residual[here], PROBABILITIES))
    return ResidualTable(quantiles=np.stack(rows))


def _cell(horizon_s: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.searchsorted(HORIZON_EDGES_S, horizon_s, side="left").astype(np.int64)
