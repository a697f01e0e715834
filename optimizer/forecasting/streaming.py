"""A forecaster that is told new readings as they come and is asked again and again, as in a season of days.

Cleaning a year of readings every day, and learning from it, is the costly part of a forecast. Here only the last weeks
are cleaned anew on every call: no rule of the cleaning looks further back than some days, except for what is usual of
a sensor. Models are learnt anew each week from all that is kept; in between they hardly change. A call costs about a
quarter of a rebuild of five months, and its levels differ by less than a percent of a container on average; those of a
slow container that just changed its ways differ by more, until models are learnt again.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np

from optimizer.domain.forecast import Forecast
from optimizer.domain.reading import CleanSeries, FillSeries
from optimizer.domain.town import Town
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.forecasting.slots import DAY_S
from optimizer.forecasting.stream_model import LONGEST_HISTORY_DAYS, StreamModel
from optimizer.series.clean_series import clean_series
from optimizer.series.ordering import order_readings

TAIL_DAYS = 60
RELEARN_DAYS = 7


class StreamingForecaster:
    """Keeps readings and models of one town between calls.

    Not thread-safe; one caller feeds it and asks it.

    Parameters
    ----------
    forecaster
        Learns and predicts.
    relearn_days
        Age from which models are learnt anew.
    """

    def __init__(self, forecaster: EmpiricalBayesForecaster, town: Town, *, relearn_days: float = RELEARN_DAYS) -> None:
        self._forecaster = forecaster
        self._town = town
        self._relearn_s = int(relearn_days * DAY_S)
        self._is_fast = {
            one.container_id: any(stream.stream_id == one.stream and stream.is_fast for stream in town.streams)
            for one in town.containers
        }
        self._series: dict[str, FillSeries] = {}
        self._models: dict[str, StreamModel] = {}
        self._is_healthy: dict[str, bool] = {}
        self._learnt_s: int | None = None

    def update(self, fresh: Mapping[str, FillSeries]) -> None:
        """Adds readings, emptyings and glances in any order; what is told twice counts once."""
        for name, new in fresh.items():
            if name not in self._is_fast:
                continue
            old = self._series.get(name)
            self._series[name] = new if old is None else _joined(old, new)

    def forecast(self, *, as_of: datetime, until: datetime) -> dict[str, Forecast]:
        """A forecast for every container of the town; readings after ``as_of`` are kept for later and not looked at."""
        as_of_s = int(as_of.timestamp())
        if self._learnt_s is None or not 0 <= as_of_s - self._learnt_s < self._relearn_s:
            self._relearn(as_of)
        recent = {name: self._clean(name, as_of_s, TAIL_DAYS) for name in self._series}
        known = {
            name: replace(clean, is_healthy=clean.is_healthy and self._is_healthy.get(name, True))
            for name, clean in recent.items()
        }
        return self._forecaster.predict(
            self._models, self._town.containers, known, town=self._town, as_of=as_of, until=until
        )

    def _relearn(self, as_of: datetime) -> None:
        as_of_s = int(as_of.timestamp())
        first_s = as_of_s - LONGEST_HISTORY_DAYS * DAY_S
        self._series = {name: _since(series, first_s) for name, series in self._series.items()}
        history = {name: self._clean(name, as_of_s, LONGEST_HISTORY_DAYS) for name in self._series}
        self._is_healthy = {name: clean.is_healthy for name, clean in history.items()}
        self._models = self._forecaster.learn(self._town.containers, history, town=self._town, as_of=as_of)
        self._learnt_s = as_of_s

    def _clean(self, name: str, as_of_s: int, days: int) -> CleanSeries:
        series = _since(self._series[name], as_of_s - days * DAY_S)
        return clean_series(series, is_fast=self._is_fast[name], as_of_s=as_of_s)


def _since(series: FillSeries, first_s: int) -> FillSeries:
    """The readings since an instant as views, not copies; all emptyings and glances, which are few."""
    first = int(np.searchsorted(series.observed_at_s, first_s))
    if first == 0:
        return series
    return replace(
        series,
        observed_at_s=series.observed_at_s[first:],
        fill_fraction=series.fill_fraction[first:],
        quality=series.quality[first:],
    )


def _joined(old: FillSeries, new: FillSeries) -> FillSeries:
    glanced_at_s = np.concatenate([old.glanced_at_s, new.glanced_at_s])
    glance_fraction = np.concatenate([old.glance_fraction, new.glance_fraction])
    _, kept = np.unique(glanced_at_s, return_index=True)
    return order_readings(
        replace(
            old,
            observed_at_s=np.concatenate([old.observed_at_s, new.observed_at_s]),
            fill_fraction=np.concatenate([old.fill_fraction, new.fill_fraction]),
            quality=np.concatenate([old.quality, new.quality]),
            emptied_at_s=np.concatenate([old.emptied_at_s, new.emptied_at_s]),
            glanced_at_s=glanced_at_s[kept],
            glance_fraction=glance_fraction[kept],
        )
    )
