"""What a rebuild and a forecast cost: CPU seconds and memory for so many containers with 90 days of readings."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import psutil

from benchmarks.forecast.series import make_town
from optimizer.domain.reading import CleanSeries, FillSeries
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.series.clean_series import clean_series
from optimizer.simulation.fills import no_holidays, simulate_fills
from optimizer.simulation.statistics import FillStatistics

ZONE = ZoneInfo("Europe/Berlin")
START_AT = datetime(2026, 1, 5, tzinfo=ZONE)
DAYS = 90
HORIZON_DAYS = 14
MOULDS = 200
"""So many series are generated; the others have the same readings under names of their own."""

TARGETS = {1_000: (10.0, 0.5), 10_000: (60.0, 2.0)}
MOST_MB = 500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU seconds, and megabytes that stay taken beyond the readings themselves."""

    containers: int
    readings: int
    clean_s: float
    learn_s: float
    forecast_s: float
    mb: float

    @property
    def rebuild_s(self) -> float:
        """Cleaning and learning."""
        return self.clean_s + self.learn_s


def measure(containers: int, statistics: Mapping[str, FillStatistics]) -> Cost:
    """Cost for a town of one half hourly reporting glass and one half paper containers."""
    halves = {stream: _series(stream, containers // 2, dict(statistics)) for stream in ("glass", "paper")}
    towns = {stream: make_town(sorted(series), stream, ZONE, dict(statistics)) for stream, series in halves.items()}
    as_of = START_AT + timedelta(days=DAYS)
    as_of_s = int(as_of.timestamp())
    forecaster = EmpiricalBayesForecaster(statistics=statistics, is_holiday=no_holidays)
    taken = psutil.Process().memory_info().rss
    clean_s = learn_s = forecast_s = 0.0
    kept: list[object] = []
    for stream, series in halves.items():
        clock = [time.process_time()]
        cleaned: dict[str, CleanSeries] = {
            name: clean_series(one, is_fast=statistics[stream].is_fast, as_of_s=as_of_s) for name, one in series.items()
        }
        clock.append(time.process_time())
        town = towns[stream]
        models = forecaster.learn(town.containers, cleaned, town=town, as_of=as_of)
        clock.append(time.process_time())
        until = as_of + timedelta(days=HORIZON_DAYS)
        forecasts = forecaster.predict(models, town.containers, cleaned, town=town, as_of=as_of, until=until)
        clock.append(time.process_time())
        kept.extend((cleaned, models, forecasts))
        clean_s, learn_s, forecast_s = (
            total + clock[index + 1] - clock[index] for index, total in enumerate((clean_s, learn_s, forecast_s))
        )
    return Cost(
        containers=containers,
        readings=sum(len(one) for series in halves.values() for one in series.values()),
        clean_s=clean_s,
        learn_s=learn_s,
        forecast_s=forecast_s,
        mb=(psutil.Process().memory_info().rss - taken) / 2**20,
    )


def _series(stream: str, count: int, statistics: dict[str, FillStatistics]) -> dict[str, FillSeries]:
    town = make_town([f"{stream}-{index:05d}" for index in range(min(count, MOULDS))], stream, ZONE, statistics)
    fills = simulate_fills(town.containers, statistics, start_at=START_AT, days=DAYS, zone=ZONE, seed=1)
    moulds = list(fills.series.values())
    names = [f"{stream}-{index:05d}" for index in range(count)]
    return {name: replace(moulds[index % len(moulds)], container_id=name) for index, name in enumerate(names)}
