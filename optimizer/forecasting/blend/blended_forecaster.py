"""The default forecaster with trees blended in, stream by stream, where they were better on the latest months.

Where trees have no weight, and for containers without a trusted sensor, the answer is the default forecaster's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast, Trust
from optimizer.domain.reading import CleanSeries
from optimizer.domain.town import Town
from optimizer.forecasting.blend.fit_blend import fit_blend
from optimizer.forecasting.blend.stream_blend import StreamBlend, mean_of
from optimizer.forecasting.blend.trees import one_thread, require_trees
from optimizer.forecasting.blend.windows import Habits, Windows, recent_rates
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.forecasting.level_history import level_history
from optimizer.forecasting.slots import DAY_S, SlotGrid, slot_grid

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlendedForecaster:
    """Forecasts from cleaned series; keeps no state between calls, and is the same for the same input.

    Attributes
    ----------
    base
        Learns and predicts; trees change its answers where they have won.

    Raises
    ------
    InvalidInputError
        When scikit-learn, an extra, is not installed.
    """

    base: EmpiricalBayesForecaster

    def __post_init__(self) -> None:
        require_trees()

    def forecast(
        self,
        containers: Sequence[Container],
        series: Mapping[str, CleanSeries],
        *,
        town: Town,
        as_of: datetime,
        until: datetime,
    ) -> dict[str, Forecast]:
        """A forecast for every container from its last trusted level up to ``until``."""
        forecasts = self.base.forecast(containers, series, town=town, as_of=as_of, until=until)
        as_of_s = int(as_of.timestamp())
        with one_thread():
            for stream, known in _series_by_stream(containers, series).items():
                blend = fit_blend(self.base, stream, known, town=town, as_of_s=as_of_s)
                sensed = {name: known[name] for name in known if forecasts[name].trust is Trust.SENSOR}
                if blend is not None and blend.is_used and sensed:
                    forecasts.update(self._blended(blend, sensed, forecasts, town, as_of_s))
        return forecasts

    def _blended(
        self,
        blend: StreamBlend,
        sensed: Mapping[str, CleanSeries],
        forecasts: Mapping[str, Forecast],
        town: Town,
        as_of_s: int,
    ) -> dict[str, Forecast]:
        names = list(sensed)
        said = [forecasts[name] for name in names]
        rates = rates_now(blend, list(sensed.values()), self._grid(blend, town, as_of_s, as_of_s), as_of_s=as_of_s)
        last_s = max(int(one.grid_at_s[-1]) for one in said)
        habits = Habits(grid=self._grid(blend, town, as_of_s, last_s), profile=blend.profile, demand=blend.demand)
        parts = [
            _windows(one, blend.row_of.get(one.container_id, -1), rate) for one, rate in zip(said, rates, strict=True)
        ]
        windows = Windows.joined(parts)
        ends = np.cumsum([len(one) for one in parts])[:-1]
        expected, lower, upper = (
            np.concatenate([getattr(one, name).astype(np.float64) for one in said])
            for name in ("expected_fraction", "lower_fraction", "upper_fraction")
        )
        if blend.level_weight > 0:
            knots = blend.tree_quantiles(windows, habits)
            # Nobody takes anything out between two emptyings; trees do not know that.
            knots = np.concatenate([np.maximum.accumulate(one, axis=0) for one in np.split(knots, ends)])
            expected = blend.mixed_levels(expected, mean_of(knots), windows)
            lower = blend.mixed_levels(lower, knots[:, 0], windows)
            upper = blend.mixed_levels(upper, knots[:, -1], windows)
        risk = np.concatenate([one.overflow_probability.astype(np.float64) for one in said])
        risk = blend.mixed_risk(risk, windows, habits, overflow_fraction=self.base.overflow_fraction)
        columns = [np.split(one, ends) for one in (expected, np.minimum(lower, expected), np.maximum(upper, expected))]
        return {
            one.container_id: replace(
                one,
                expected_fraction=middle.astype(np.float32),
                lower_fraction=low.astype(np.float32),
                upper_fraction=high.astype(np.float32),
                overflow_probability=np.maximum.accumulate(chance).astype(np.float32),
            )
            for one, middle, low, high, chance in zip(said, *columns, np.split(risk, ends), strict=True)
        }

    def _grid(self, blend: StreamBlend, town: Town, as_of_s: int, last_s: int) -> SlotGrid:
        since_s = as_of_s - int(blend.prior.half_life_days * DAY_S)
        return slot_grid(since_s, last_s + 1, town.zone, self.base.calendar(town))


def rates_now(blend: StreamBlend, members: Sequence[CleanSeries], grid: SlotGrid, *, as_of_s: int) -> Floats:
    """``(n,)`` recent growth of the containers, as the trees were shown it."""
    history = level_history(members, grid)
    history.level_fraction[:, grid.edge_at_s > as_of_s] = np.nan
    rates = recent_rates(history, grid, profile=blend.profile, demand=blend.demand, prior=blend.prior)
    return np.asarray(rates[:, -1], dtype=np.float64)


def _windows(one: Forecast, row: int, rate_per_day: float) -> Windows:
    n = one.grid_at_s.shape[0]
    emptied_s = np.nan if one.last_emptied_at is None else one.last_emptied_at.timestamp()
    return Windows(
        row=np.full(n, row, dtype=np.int64),
        origin_s=np.full(n, int(one.origin_at.timestamp()), dtype=np.int64),
        target_s=one.grid_at_s,
        level=np.full(n, one.level_fraction),
        emptied_s=np.full(n, emptied_s),
        rate_per_day=np.full(n, rate_per_day),
    )


def _series_by_stream(
    containers: Sequence[Container], series: Mapping[str, CleanSeries]
) -> dict[str, dict[str, CleanSeries]]:
    grouped: dict[str, dict[str, CleanSeries]] = {}
    for container in containers:
        if container.container_id in series:
            grouped.setdefault(container.stream, {})[container.container_id] = series[container.container_id]
    return grouped
