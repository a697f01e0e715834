"""Generates credible fills: the truth, and what sensors would have reported of it.

For demonstrations, and for tests that need the truth, which no real series has. Every container has random numbers of
its own: adding one changes no other, and the same seed gives the same town.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

import numpy as np

from optimizer.domain.container import Container
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.reading import FillSeries, Quality
from optimizer.simulation.hours import HOUR_S, SimulatedHours, hours_between
from optimizer.simulation.seeds import generator_for
from optimizer.simulation.sensors import observe
from optimizer.simulation.statistics import FillStatistics
from optimizer.simulation.truth import TrueFill, draw_common_days, draw_emptyings, draw_inflow, follow_levels

WARM_UP_DAYS = 35
"""Simulated before the span and thrown away, so that levels at its start are those of a running service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedFills:
    """Generated series with the truth behind them.

    Attributes
    ----------
    series
        By container id, for containers with a sensor or with logged emptyings.
    truth
        By container id, for all.
    """

    series: dict[str, FillSeries]
    truth: dict[str, TrueFill]


def no_holidays(_day: date) -> bool:
    """A calendar without holidays."""
    return False


def simulate_fills(
    containers: Sequence[Container],
    statistics: Mapping[str, FillStatistics],
    *,
    start_at: datetime,
    days: int,
    zone: ZoneInfo,
    seed: int,
    is_holiday: Callable[[date], bool] = no_holidays,
    logged_share: float = 0.0,
) -> SimulatedFills:
    """Fills of the containers from ``start_at`` on.

    Parameters
    ----------
    statistics
        By stream.
    days
        Length of the span in days of 24 h.
    zone
        Local time of people and crews.
    is_holiday
        On these days people throw in as on holidays, and crews do not work.
    logged_share
        Share of emptyings that the crews log.

    Raises
    ------
    InvalidInputError
        When a stream has no statistics, the start has no zone, or the span is empty.
    """
    _require_valid(containers, statistics, start_at, days)
    start_s = int(start_at.timestamp()) // HOUR_S * HOUR_S
    end_s = start_s + days * 24 * HOUR_S
    first_s = start_s - WARM_UP_DAYS * 24 * HOUR_S
    hours = hours_between(first_s, (end_s - first_s) // HOUR_S, zone, is_holiday)
    series: dict[str, FillSeries] = {}
    truth: dict[str, TrueFill] = {}
    by_stream = sorted(containers, key=lambda container: container.stream)
    for stream, members in groupby(by_stream, key=lambda container: container.stream):
        for container, true_fill in _simulate_stream(list(members), statistics[stream], hours, start_s, seed):
            truth[container.container_id] = true_fill
            observed = _observe_container(
                container, true_fill, statistics[stream], (start_s, end_s), seed, logged_share
            )
            if len(observed) or observed.emptied_at_s.size:
                series[container.container_id] = observed
    return SimulatedFills(series=series, truth=truth)


def _simulate_stream(
    containers: list[Container], statistics: FillStatistics, hours: SimulatedHours, start_s: int, seed: int
) -> list[tuple[Container, TrueFill]]:
    common_day = draw_common_days(statistics, hours, seed)
    n_hours = hours.start_s.shape[0]
    inflow = np.empty((len(containers), n_hours))
    left_over = np.full((len(containers), n_hours), np.nan)
    emptyings = []
    for row, container in enumerate(containers):
        inflow[row] = draw_inflow(container.container_id, statistics, hours, common_day, seed)
        emptied_at_s, levels = draw_emptyings(container.container_id, statistics, hours, seed)
        left_over[row, (emptied_at_s - hours.start_s[0]) // HOUR_S] = levels
        emptyings.append((emptied_at_s, levels))
    levels_by_hour = follow_levels(inflow, left_over, statistics)
    grid = np.append(hours.start_s, hours.start_s[-1] + HOUR_S)
    kept = grid >= start_s
    simulated = []
    for row, container in enumerate(containers):
        emptied_at_s, levels = emptyings[row]
        in_span = emptied_at_s >= start_s
        true_fill = TrueFill(
            container_id=container.container_id,
            grid_at_s=grid[kept],
            level_fraction=levels_by_hour[row, kept],
            emptied_at_s=emptied_at_s[in_span],
            left_over_fraction=levels[in_span],
        )
        simulated.append((container, true_fill))
    return simulated


def _observe_container(
    container: Container,
    truth: TrueFill,
    statistics: FillStatistics,
    span: tuple[int, int],
    seed: int,
    logged_share: float,
) -> FillSeries:
    times, levels = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
    if container.has_sensor:
        times, levels = observe(truth, statistics.sensor, *span, seed)
    is_logged = generator_for(seed, "log", container.container_id).random(truth.emptied_at_s.shape[0]) < logged_share
    return FillSeries(
        container_id=container.container_id,
        observed_at_s=times,
        fill_fraction=levels,
        quality=np.full(times.shape[0], Quality.UNCHECKED, dtype=np.int8),
        emptied_at_s=truth.emptied_at_s[is_logged],
    )


def _require_valid(
    containers: Sequence[Container], statistics: Mapping[str, FillStatistics], start_at: datetime, days: int
) -> None:
    where = "simulation"
    issues = [
        Issue(where=where, code="no_statistics", message=f"There are no fill statistics for '{stream}'. Add them.")
        for stream in sorted({container.stream for container in containers} - set(statistics))
    ]
    if start_at.tzinfo is None:
        issues.append(Issue(where=where, code="naive_instant", message="Give 'start_at' with its time zone."))
    if days < 1:
        issues.append(Issue(where=where, code="empty_span", message=f"days is {days}; simulate at least one day."))
    if issues:
        raise InvalidInputError(issues)
