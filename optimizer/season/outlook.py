"""What the service believes on a morning: series cleaned, models learnt now and then, fills forecast."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol, runtime_checkable

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast
from optimizer.domain.hours import local_midnight
from optimizer.domain.reading import CleanSeries
from optimizer.domain.town import Town
from optimizer.forecasting.stream_model import StreamModel
from optimizer.ports import Forecaster
from optimizer.season.spec import SeasonSpec
from optimizer.season.world import World
from optimizer.selection.rolling_prize import FORECAST_DAYS
from optimizer.series.clean_series import clean_series

DAY_S = 86_400
HORIZON_DAYS = FORECAST_DAYS
LOW_FRACTION, LOOK_EVERY_DAYS = 0.3, 3
"""Slow containers with less in them are looked at every few days only: nothing is decided about them meanwhile, and
cleaning is most of a season's work."""
RECENT_DAYS = 12
"""Readings that a level needs; emptyings are known from the crews for all time."""
LEARNING_DAYS = 70


@runtime_checkable
class LearningForecaster(Protocol):
    """A forecaster whose costly part stays good for some days."""

    def learn(
        self, containers: Sequence[Container], series: Mapping[str, CleanSeries], *, town: Town, as_of: datetime
    ) -> dict[str, StreamModel]:
        """What the series tell, by stream."""
        ...

    def predict(
        self,
        models: Mapping[str, StreamModel],
        containers: Sequence[Container],
        series: Mapping[str, CleanSeries],
        *,
        town: Town,
        as_of: datetime,
        until: datetime,
    ) -> dict[str, Forecast]:
        """Forecasts with learnt models."""
        ...


class Outlook(Protocol):
    """Where a policy's forecasts come from."""

    def forecasts(self, day: date, as_of: datetime) -> dict[str, Forecast]:
        """By container id, for all containers."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A cleaned series, and when it was cleaned."""

    series: CleanSeries
    day: date
    n_emptyings: int


class SensorOutlook:
    """Forecasts from what sensors and crews have reported."""

    def __init__(self, world: World, spec: SeasonSpec, forecaster: Forecaster) -> None:
        self._world, self._spec, self._forecaster = world, spec, forecaster
        self._models: dict[str, StreamModel] | None = None
        self._days_since = 0
        self._looks: dict[str, _Look] = {}
        self._is_low: set[str] = set()
        self._fast = {stream.stream_id for stream in spec.town.streams if stream.is_fast}

    def forecasts(self, day: date, as_of: datetime) -> dict[str, Forecast]:
        """By container id, for all containers."""
        town, forecaster = self._spec.town, self._forecaster
        until = local_midnight(day + timedelta(days=HORIZON_DAYS), town.zone)
        if not isinstance(forecaster, LearningForecaster):
            cleaned = self._cleaned(as_of, days=LEARNING_DAYS)
            return forecaster.forecast(town.containers, cleaned, town=town, as_of=as_of, until=until)
        if self._models is None or self._days_since >= self._spec.learn_every_days:
            long = self._cleaned(as_of, days=LEARNING_DAYS)
            self._models, self._days_since = (
                forecaster.learn(town.containers, long, town=town, as_of=as_of),
                0,
            )
        self._days_since += 1
        self._look_again(day, as_of)
        found = forecaster.predict(
            self._models,
            town.containers,
            {name: one.series for name, one in self._looks.items()},
            town=town,
            as_of=as_of,
            until=until,
        )
        self._is_low = {name for name, one in found.items() if one.expected_at(as_of) < LOW_FRACTION}
        return found

    def _look_again(self, day: date, as_of: datetime) -> None:
        """Clean the recent series anew, but of those that are slow, low, looked at lately and not emptied since."""
        as_of_s = int(as_of.timestamp())
        for row, one in enumerate(self._world.containers):
            name, series = one.container_id, self._world.series(row, since_s=as_of_s - RECENT_DAYS * DAY_S)
            kept = self._looks.get(name)
            if (
                kept is not None
                and one.stream not in self._fast
                and name in self._is_low
                and (day - kept.day).days < LOOK_EVERY_DAYS
                and kept.n_emptyings == series.emptied_at_s.size
            ):
                continue
            if len(series) or series.emptied_at_s.size:
                cleaned = clean_series(series, is_fast=one.stream in self._fast, as_of_s=as_of_s)
                self._looks[name] = _Look(series=cleaned, day=day, n_emptyings=series.emptied_at_s.size)

    def _cleaned(self, as_of: datetime, *, days: int) -> dict[str, CleanSeries]:
        as_of_s = int(as_of.timestamp())
        cleaned = {}
        for row, one in enumerate(self._world.containers):
            series = self._world.series(row, since_s=as_of_s - days * DAY_S)
            if len(series) or series.emptied_at_s.size:
                cleaned[one.container_id] = clean_series(series, is_fast=one.stream in self._fast, as_of_s=as_of_s)
        return cleaned
