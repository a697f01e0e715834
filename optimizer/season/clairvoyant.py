"""Knows what will be thrown in: a bound for what better forecasts could save, never for use in a service."""

from datetime import UTC, date, datetime

import numpy as np

from optimizer.domain.forecast import Forecast, Trust
from optimizer.season.outlook import HORIZON_DAYS
from optimizer.season.spec import SeasonSpec
from optimizer.season.world import World

HOUR_S = 3600


class ClairvoyantOutlook:
    """Forecasts that come true, hour by hour, as long as nobody empties the container."""

    def __init__(self, world: World, spec: SeasonSpec) -> None:
        self._world, self._spec = world, spec

    def forecasts(self, day: date, as_of: datetime) -> dict[str, Forecast]:  # noqa: ARG002 - the port's signature
        """By container id, for all containers."""
        hours = HORIZON_DAYS * 24
        ahead = self._world.levels_ahead(hours)
        as_of_s = int(as_of.timestamp())
        grid = as_of_s + HOUR_S * np.arange(hours + 1, dtype=np.int64)
        overflow = np.maximum.accumulate(ahead >= self._spec.overflow_fraction, axis=0)
        rates = self._world.rates_before()
        forecasts = {}
        for row, one in enumerate(self._world.containers):
            level = ahead[:, row].astype(np.float32)
            emptied = self._world.series(row, since_s=as_of_s).emptied_at_s
            forecasts[one.container_id] = Forecast(
                container_id=one.container_id,
                origin_at=as_of,
                level_fraction=float(level[0]),
                rate_per_day=float(rates[row]),
                trust=Trust.SENSOR,
                grid_at_s=grid,
                expected_fraction=level,
                lower_fraction=level,
                upper_fraction=level,
                overflow_probability=overflow[:, row].astype(np.float32),
                last_emptied_at=datetime.fromtimestamp(int(emptied[-1]), tz=UTC) if emptied.size else None,
            )
        return forecasts
