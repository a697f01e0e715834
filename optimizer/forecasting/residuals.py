"""How far levels were from the forecast, in the past: the split-conformal distribution.

Residuals are standardised and sorted into cells by horizon and, within, by quartile of the expected level (Mondrian
conformal prediction), so that an interval covers what it promises whatever the true distribution is, for containers
that are soon full as for those that are not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HORIZON_EDGES_S = (13 * 3600, 19 * 3600, 31 * 3600, 49 * 3600, 97 * 3600, 193 * 3600)
"""Upper ends of all cells but the last; "in a day" and some hours since the last reading belong into one cell."""

N_HORIZONS = len(HORIZON_EDGES_S) + 1
QUARTILES = (0.25, 0.5, 0.75)
FEWEST_RESIDUALS = 100
OWN_SPANS = 10
"""Spans between two emptyings after which a container's own shift counts half."""

PROBABILITIES = np.linspace(0.005, 0.995, 199)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualTable:
    """Quantiles of the standardised residuals.

    Attributes
    ----------
    quantiles
        ``(7, 4, 199)``: per horizon and quartile of the expected level, at ``PROBABILITIES``; NaN while the whole
        stream has too few residuals.
    level_edges
        ``(7, 3)``: between the quartiles of each horizon.
    """

    quantiles: Floats
    level_edges: Floats

    @property
    def is_known(self) -> bool:
        """Whether there were enough residuals."""
        return bool(np.isfinite(self.quantiles).all())

    def quantile(self, probability: float, horizon_s: NDArray[np.int64], expected: Floats) -> Floats:
        """Standardised residual that is not exceeded with this probability; NaN while unknown.

        Parameters
        ----------
        horizon_s, expected
            Seconds ahead and expected level, of one shape.
        """
        horizon = _horizon(horizon_s)
        quartile = (expected[..., None] > self.level_edges[horizon]).sum(axis=-1)
        at = float(np.interp(probability, PROBABILITIES, np.arange(PROBABILITIES.shape[0])))
        below = int(at)
        above = min(below + 1, PROBABILITIES.shape[0] - 1)
        by_cell = self.quantiles[:, :, below] * (1 - at + below) + self.quantiles[:, :, above] * (at - below)
        return np.asarray(by_cell[horizon, quartile], dtype=np.float64)


def unknown_residuals() -> ResidualTable:
    """The table of a stream that has no residuals yet."""
    quartiles = len(QUARTILES) + 1
    return ResidualTable(
        quantiles=np.full((N_HORIZONS, quartiles, PROBABILITIES.shape[0]), np.nan),
        level_edges=np.tile(QUARTILES, (N_HORIZONS, 1)),
    )


def residual_table(residual: Floats, horizon_s: NDArray[np.int64], expected: Floats) -> ResidualTable:
    """The table of these residuals; cells with too few fall back on their horizon, and that on the whole stream."""
    if residual.shape[0] < FEWEST_RESIDUALS:
        return unknown_residuals()
    horizon = _horizon(horizon_s)
    edges = np.tile(np.quantile(expected, QUARTILES), (N_HORIZONS, 1))
    table = np.empty((N_HORIZONS, len(QUARTILES) + 1, PROBABILITIES.shape[0]))
    for row in range(N_HORIZONS):
        here = horizon == row
        if np.count_nonzero(here) < FEWEST_RESIDUALS:
            here = np.ones_like(here)
        edges[row] = np.quantile(expected[here], QUARTILES)
        quartile = (expected[here, None] > edges[row]).sum(axis=1)
        for column in range(len(QUARTILES) + 1):
            cell = residual[here][quartile == column]
            enough = cell if cell.shape[0] >= FEWEST_RESIDUALS else residual[here]
            table[row, column] = np.quantile(enough, PROBABILITIES)
    return ResidualTable(quantiles=table, level_edges=edges)


def own_shifts(residual: Floats, row: NDArray[np.int64], spans: NDArray[np.int64]) -> Floats:
    """``(n,)`` median residual of each container, shrunk towards 0 by how few spans it comes from.

    What a container does differently from its rate, in the same direction again and again, is no chance.

    Parameters
    ----------
    row
        Container of each residual, below ``n``.
    spans
        ``(n,)`` number of spans without emptying from which each container's residuals come.
    """
    order = np.lexsort((residual, row))
    count = np.bincount(row, minlength=spans.shape[0])
    first = np.cumsum(count) - count
    known = np.flatnonzero(count)
    low, high = first[known] + (count[known] - 1) // 2, first[known] + count[known] // 2
    shifts = np.zeros(spans.shape[0])
    shifts[known] = (residual[order[low]] + residual[order[high]]) / 2
    return np.asarray(shifts * spans / (spans + OWN_SPANS), dtype=np.float64)


def _horizon(horizon_s: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.searchsorted(HORIZON_EDGES_S, horizon_s, side="left").astype(np.int64)
