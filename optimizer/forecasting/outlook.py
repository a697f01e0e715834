"""Distributions of a level some time ahead: counted from residuals where there are enough, else in closed form."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.forecasting import shifted_gamma
from optimizer.forecasting.demand import demand_of, level_after
from optimizer.forecasting.stream_model import StreamModel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The levels of ``n`` containers at ``m`` instants each.

    Attributes
    ----------
    levels, extra
        ``(n, 1)``: level at the origin, and the variance of the doubt about it beyond the usual.
    rate_doubt
        ``(n, 1)``: variance of each container's rate, as a share of its square, beyond the usual.
    demand
        ``(n, m)``: expected demand from the origin to each instant.
    horizon_s
        ``(n, m)``: seconds from the origin.
    own_offset
        ``(n, 1)``: what each container adds to the offset of the reach curve.
    own_shift
        ``(n, 1)``: what each container adds to the quantiles of the residuals.
    """

    model: StreamModel
    levels: Floats
    demand: Floats
    extra: Floats
    rate_doubt: Floats
    horizon_s: NDArray[np.int64]
    own_offset: Floats
    own_shift: Floats

    def expected(self) -> Floats:
        """Expected level."""
        return level_after(self._from_empty() + self.demand, self.model.demand)

    def level_quantile(self, probability: float) -> Floats:
        """Level that is not exceeded with this probability."""
        table = self.model.calibration.level
        expected = self.expected()
        residual = self.own_shift + table.quantile(probability, self.horizon_s, expected)
        counted = expected + residual * np.sqrt(self._variance())
        growth = shifted_gamma.quantile(probability, self.demand, self._variance(), self._noise_sd())
        closed = level_after(self._from_empty() + growth, self.model.demand)
        return np.clip(np.where(self._is_counted(), counted, closed), 0.0, 1.0)

    def overflow_probability(self, overflow_fraction: float) -> Floats:
        """Probability that the level was reached at any time up to each instant."""
        needed = float(demand_of(np.asarray(overflow_fraction), self.model.demand)) - self._from_empty()
        needed = np.broadcast_to(needed, self.demand.shape)
        score = shifted_gamma.normal_score(needed, self.demand, self._variance(), self._noise_sd())
        probability = self.model.calibration.reach.probability(score, self.horizon_s, self.levels, self.own_offset)
        # A sensor that is trusted and reports the overflow leaves no room for doubt.
        probability = np.where((self.levels >= overflow_fraction) & (self.extra == 0), 1.0, probability)
        return np.maximum.accumulate(probability, axis=1)

    def _from_empty(self) -> Floats:
        return demand_of(self.levels, self.model.demand)

    def _variance(self) -> Floats:
        return self.model.prior.variance(self.demand) + self.extra + self.rate_doubt * np.square(self.demand)

    def _noise_sd(self) -> Floats:
        return np.sqrt(self.model.prior.variance_constant + self.extra)

    def _is_counted(self) -> NDArray[np.bool_]:
        # Residuals come from healthy sensors; a doubtful level needs the wider closed form.
        return np.asarray(self.model.calibration.level.is_known & (self.extra == 0))
