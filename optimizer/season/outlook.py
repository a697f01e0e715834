"""What the service believes on a morning: series cleaned, models learnt now and then, fills forecast."""

from collections.abc import Mapping, Sequence
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
from optimizer.series.clean_series import clean_series

DAY_S = 86_400
HORIZON_DAYS = 36
"""Slow containers are asked when they will be full, not only whether they are next week."""
RECENT_DAYS = 14
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


class SensorOutlook:
    """Forecasts from what sensors and crews have reported."""

    def __init__(self, world: World, spec: SeasonSpec, forecaster: Forecaster) -> None:
        self._world, self._spec, self._forecaster = world, spec, forecaster
        self._models: dict[str, StreamModel] | None = None
        self._days_since = 0
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
        recent = self._cleaned(as_of, days=RECENT_DAYS)
        return forecaster.predict(self._models, town.containers, recent, town=town, as_of=as_of, until=until)

    def _cleaned(self, as_of: datetime, *, days: int) -> dict[str, CleanSeries]:
        as_of_s = int(as_of.timestamp())
        cleaned = {}
        for row, one in enumerate(self._world.containers):
            series = self._world.series(row, since_s=as_of_s - days * DAY_S)
            if len(series) or series.emptied_at_s.size:
                cleaned[one.container_id] = clean_series(series, is_fast=one.stream in self._fast, as_of_s=as_of_s)
        return cleaned
