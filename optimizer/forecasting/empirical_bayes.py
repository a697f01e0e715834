"""The default forecaster: empirical-Bayes rates, a weekly profile, and distributions counted from the past.

level(t) = what the demand since the last trusted level makes of it; demand = rate of the container x exposure to the
week's profile. Containers borrow strength from the siblings of their stream, so one reading, or none, is enough.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast
from optimizer.domain.reading import CleanSeries
from optimizer.domain.town import Town
from optimizer.forecasting.fuse_glance import fuse_glance
from optimizer.forecasting.origin import Origin, find_origin
from optimizer.forecasting.outlook import Outlook
from optimizer.forecasting.priors import StreamPrior, prior_for_unknown_stream, prior_from_statistics
from optimizer.forecasting.public_holidays import IsHoliday, regional_holidays
from optimizer.forecasting.slots import slot_grid
from optimizer.forecasting.stream_model import StreamModel, fit_stream
from optimizer.series.area_outage import areas_by_place, find_area_outages, mark_outages
from optimizer.simulation.statistics import FillStatistics

BLOCK = 500
"""Containers that are forecast together: their arrays stay in the processor's cache."""

LOWER_PROBABILITY, UPPER_PROBABILITY = 0.05, 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class EmpiricalBayesForecaster:
    """Forecasts from cleaned series; keeps no state between calls.

    Attributes
    ----------
    statistics
        What is known of streams before their containers have told anything; a stream that is missing gets a cautious
        prior.
    is_holiday
        Days on which people behave as on Sundays; None for the public holidays of the town's own region.
    holiday_region
        Region for a town that names none, as in ``"DE-NW"``.
    overflow_fraction
        Level from which a container counts as overfull. Sensors rarely report more than 95 %, and waste lies beside a
        container before it is full to the last litre, so 90 % unless told.
    """

    statistics: Mapping[str, FillStatistics] = field(default_factory=dict)
    is_holiday: IsHoliday | None = None
    holiday_region: str = "DE-NW"
    overflow_fraction: float = 0.9

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
        models = self.learn(containers, series, town=town, as_of=as_of)
        return self.predict(models, containers, series, town=town, as_of=as_of, until=until)

    def calendar(self, town: Town) -> IsHoliday:
        """The calendar that counts in this town."""
        if self.is_holiday is not None:
            return self.is_holiday
        # Towns that carry their region say more than the default of the service.
        region: str | None = getattr(town, "holiday_region", None)
        return regional_holidays(region or self.holiday_region)

    def learn(
        self, containers: Sequence[Container], series: Mapping[str, CleanSeries], *, town: Town, as_of: datetime
    ) -> dict[str, StreamModel]:
        """What the series tell, by stream; the costly part, which stays good for some hours."""
        models = {}
        for stream, members in _by_stream(containers).items():
            known = {one.container_id: series[one.container_id] for one in members if one.container_id in series}
            models[stream] = self.learn_stream(stream, known, town=town, as_of_s=int(as_of.timestamp()))
        return models

    def learn_stream(self, stream: str, series: Mapping[str, CleanSeries], *, town: Town, as_of_s: int) -> StreamModel:
        """What the series of one stream tell."""
        return fit_stream(
            series,
            self._prior(stream, town),
            zone=town.zone,
            is_holiday=self.calendar(town),
            as_of_s=as_of_s,
            overflow_fraction=self.overflow_fraction,
        )

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
        """Forecasts with learnt models; sensors that stopped together with their neighbours say so."""
        forecasts: dict[str, Forecast] = {}
        as_of_s, until_s = int(as_of.timestamp()), int(until.timestamp())
        outages = find_area_outages(series, areas_by_place(containers), as_of_s=as_of_s)
        series = mark_outages(series, outages)
        for stream, members in _by_stream(containers).items():
            origins = [
                self._origin(models[stream], one.container_id, series.get(one.container_id), as_of_s=as_of_s)
                for one in members
            ]
            for first in range(0, len(members), BLOCK):
                block = slice(first, first + BLOCK)
                found = self._predict_stream(models[stream], members[block], origins[block], town, as_of_s, until_s)
                forecasts.update(found)
        return {container.container_id: forecasts[container.container_id] for container in containers}

    @staticmethod
    def _origin(model: StreamModel, container_id: str, clean: CleanSeries | None, *, as_of_s: int) -> Origin:
        origin = find_origin(clean, is_fast=model.prior.level_multiplier is not None, as_of_s=as_of_s)
        if clean is None or not clean.series.glanced_at_s.size:
            return origin
        return fuse_glance(origin, clean, model, container_id, as_of_s=as_of_s)

    def _prior(self, stream: str, town: Town) -> StreamPrior:
        known = self.statistics.get(stream)
        return prior_from_statistics(known) if known else prior_for_unknown_stream(is_fast=town.stream(stream).is_fast)

    def _predict_stream(
        self,
        model: StreamModel,
        members: Sequence[Container],
        origins: Sequence[Origin],
        town: Town,
        as_of_s: int,
        until_s: int,
    ) -> dict[str, Forecast]:
        origin_s = np.array([origin.at_s for origin in origins], dtype=np.int64)
        grid = slot_grid(int(origin_s.min()), max(until_s, as_of_s) + 1, town.zone, self.calendar(town))
        exposure_at_edges = grid.exposure_days(model.profile)
        edges = grid.edge_at_s
        shared = np.unique(
            np.concatenate(([as_of_s], edges[(edges > as_of_s) & (edges < until_s)], [max(until_s, as_of_s)]))
        )
        instants = np.column_stack([origin_s, np.broadcast_to(shared, (len(origins), shared.shape[0]))])
        exposure = np.interp(instants, edges, exposure_at_edges)
        rates = np.array([model.rates_per_day.get(one.container_id, model.pool_rate_per_day) for one in members])
        demand = rates[:, None] * (exposure - exposure[:, :1])
        levels = np.array([origin.level_fraction for origin in origins])
        extra = np.array([origin.extra_variance for origin in origins])
        outlook = Outlook(
            model=model,
            levels=levels[:, None],
            demand=demand,
            extra=extra[:, None],
            rate_doubt=np.array([[model.rate_doubt(one.container_id)] for one in members]),
            horizon_s=instants - instants[:, :1],
            own_offset=np.array([[model.own_offsets.get(one.container_id, 0.0)] for one in members]),
            own_shift=np.array([[model.own_shifts.get(one.container_id, 0.0)] for one in members]),
        )
        expected = outlook.expected()
        lower, upper = outlook.level_quantile(LOWER_PROBABILITY), outlook.level_quantile(UPPER_PROBABILITY)
        overflow = outlook.overflow_probability(self.overflow_fraction)
        result = {}
        for row, (container, origin) in enumerate(zip(members, origins, strict=True)):
            first = 1 if origin.at_s >= shared[0] else 0  # a reading at the cut-off itself is not told twice
            result[container.container_id] = Forecast(
                container_id=container.container_id,
                origin_at=datetime.fromtimestamp(origin.at_s, tz=UTC),
                level_fraction=origin.level_fraction,
                rate_per_day=float(rates[row]),
                trust=origin.trust,
                grid_at_s=instants[row, first:],
                expected_fraction=expected[row, first:].astype(np.float32),
                lower_fraction=np.minimum(lower, expected)[row, first:].astype(np.float32),
                upper_fraction=np.maximum(upper, expected)[row, first:].astype(np.float32),
                overflow_probability=overflow[row, first:].astype(np.float32),
                reasons=origin.reasons,
                last_emptied_at=None
                if origin.last_emptied_at_s is None
                else datetime.fromtimestamp(origin.last_emptied_at_s, tz=UTC),
            )
        return result


def _by_stream(containers: Sequence[Container]) -> dict[str, list[Container]]:
    grouped: dict[str, list[Container]] = {}
    for container in containers:
        grouped.setdefault(container.stream, []).append(container)
    return grouped
