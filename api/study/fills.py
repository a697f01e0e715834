"""How fast the town's containers fill: learnt from its own readings where there are enough, else assumed, and said so.

Guards the study against figures that look like the town's own and are not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median, stdev

import numpy as np

from api.files.town_folder import LoadedTown
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.reading import CleanSeries
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.series.clean_series import clean_series
from optimizer.simulation.statistics import FillStatistics

FEWEST_DAYS, FEWEST_CONTAINERS = 28, 5
"""Four weeks, so that every weekday was seen some times; five containers, so that a spread can be told."""
DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFills:
    """Where the figures of a stream come from.

    Attributes
    ----------
    is_own
        Whether its pace was learnt from the town's readings.
    days, n_containers
        What readings there are: the median span, and of how many containers.
    rate_per_day
        Median pace that the study goes by.
    """

    stream: str
    is_own: bool
    days: float
    n_containers: int
    rate_per_day: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TownFills:
    """The statistics that a study is driven with, and their origin by stream."""

    statistics: Mapping[str, FillStatistics]
    origins: tuple[StreamFills, ...]


def town_fills(loaded: LoadedTown, known: Mapping[str, FillStatistics], *, needs_own: bool = False) -> TownFills:
    """Statistics of every stream of the town.

    Parameters
    ----------
    known
        Statistics to start from, by stream.
    needs_own
        Whether a stream with too few readings is refused instead of assumed.

    Raises
    ------
    InvalidInputError
        When a stream has no statistics, or too few readings where they are asked for; the message says what is needed.
    """
    streams = sorted({one.stream for one in loaded.town.containers})
    issues = [
        Issue(
            where=f"stream {stream}",
            code="no_statistics",
            message=f"There are no fill statistics for '{stream}' (known: {', '.join(sorted(known))}). "
            "Write them into a file like data/fill_statistics.toml and give it with --statistics.",
        )
        for stream in streams
        if stream not in known
    ]
    if issues:
        raise InvalidInputError(issues)
    statistics, origins = {}, []
    for stream in streams:
        found, origin = _stream(loaded, stream, known[stream])
        statistics[stream] = found
        origins.append(origin)
        if needs_own and not origin.is_own:
            message = (
                f"{origin.n_containers} containers of '{stream}' have readings over {origin.days:.0f} days. A study on "
                f"the town's own fills needs {FEWEST_DAYS} days of at least {FEWEST_CONTAINERS} containers. Wait until "
                "they are there, or use --fills auto: then it goes by published statistics, and says so."
            )
            issues.append(Issue(where=f"stream {stream}", code="short_history", message=message))
    if issues:
        raise InvalidInputError(issues)
    return TownFills(statistics=statistics, origins=tuple(origins))


def _stream(loaded: LoadedTown, stream: str, known: FillStatistics) -> tuple[FillStatistics, StreamFills]:
    town = loaded.town
    density = town.stream(stream)
    own = replace(known, is_fast=density.is_fast, density_kg_per_l=density.density_kg_per_l)
    members = [one for one in town.containers if one.stream == stream]
    series = {
        one.container_id: loaded.history[one.container_id] for one in members if one.container_id in loaded.history
    }
    spans = {
        name: float(one.observed_at_s[-1] - one.observed_at_s[0]) / DAY_S
        for name, one in series.items()
        if len(one) > 1
    }
    long = {name for name, days in spans.items() if days >= FEWEST_DAYS}
    is_own = len(long) >= FEWEST_CONTAINERS
    if is_own:
        rates = _rates(loaded, stream, known, long)
        own = replace(
            own,
            rate_per_day=float(median(rates)),
            rate_log_sd=stdev(np.log(rates).tolist()) if len(rates) > 1 else known.rate_log_sd,
        )
    origin = StreamFills(
        stream=stream,
        is_own=is_own,
        days=median(spans.values()) if spans else 0.0,
        n_containers=len(spans),
        rate_per_day=own.rate_per_day,
    )
    return own, origin


def _rates(loaded: LoadedTown, stream: str, known: FillStatistics, names: set[str]) -> list[float]:
    """The pace of each container as the forecast learns it."""
    town = loaded.town
    last_s = max(int(loaded.history[name].observed_at_s[-1]) for name in names)
    cleaned: dict[str, CleanSeries] = {
        name: clean_series(loaded.history[name], is_fast=town.stream(stream).is_fast, as_of_s=last_s)
        for name in sorted(names)
    }
    members = [one for one in town.containers if one.container_id in names]
    forecaster = EmpiricalBayesForecaster(statistics={stream: known})
    models = forecaster.learn(members, cleaned, town=town, as_of=datetime.fromtimestamp(last_s, tz=UTC))
    return [max(rate, 1e-3) for rate in models[stream].rates_per_day.values()]
