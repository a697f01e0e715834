"""What really happens in a container: deposits, a fixed schedule of emptyings, and the level that follows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.simulation.hours import HOUR_S, SimulatedHours
from optimizer.simulation.seeds import generator_for
from optimizer.simulation.statistics import LEVELS, FillStatistics

DRIFT_LOG_SD_PER_DAY = 0.02
"""How much a container's rate wanders from day to day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueFill:
    """The truth about one container.

    Attributes
    ----------
    grid_at_s
        ``(h + 1,)`` int64: whole hours.
    level_fraction
        ``(h + 1,)`` float64: level at those instants, 0 to 1.
    emptied_at_s
        ``(k,)`` int64: instants of emptyings.
    left_over_fraction
        ``(k,)`` float64: level right after each.
    """

    container_id: str
    grid_at_s: NDArray[np.int64]
    level_fraction: NDArray[np.float64]
    emptied_at_s: NDArray[np.int64]
    left_over_fraction: NDArray[np.float64]

    def level_at(self, instants_s: NDArray[np.int64]) -> NDArray[np.float64]:
        """Level at any instant within the span: that of the last whole hour, or what a later emptying left."""
        hour = np.clip(np.searchsorted(self.grid_at_s, instants_s, side="right") - 1, 0, self.grid_at_s.shape[0] - 1)
        levels = self.level_fraction[hour].copy()
        if self.emptied_at_s.size:
            last = np.searchsorted(self.emptied_at_s, instants_s, side="right") - 1
            is_emptied = (last >= 0) & (self.emptied_at_s[np.maximum(last, 0)] > self.grid_at_s[hour])
            levels[is_emptied] = self.left_over_fraction[last[is_emptied]]
        return levels


def draw_inflow(
    container_id: str,
    statistics: FillStatistics,
    hours: SimulatedHours,
    common_day: NDArray[np.float64],
    seed: int,
) -> NDArray[np.float64]:
    """``(h,)`` fraction thrown in during each hour: compound Poisson, deposits gamma distributed."""
    random = generator_for(seed, "inflow", container_id)
    n_days = len(hours.days)
    rate_per_h = statistics.rate_per_day / 24 * np.exp(random.normal(0.0, statistics.rate_log_sd))
    drift = np.exp(np.cumsum(random.normal(0.0, DRIFT_LOG_SD_PER_DAY, n_days)))
    own_day = np.ones(n_days)
    if statistics.container_day_sd > 0:
        shape = 1 / statistics.container_day_sd**2
        own_day = random.gamma(shape, 1 / shape, n_days)
    mean = rate_per_h * hours.intensity(statistics) * (drift * own_day * common_day)[hours.day_index]
    deposits = random.poisson(mean / statistics.deposit_fraction)
    scale = statistics.deposit_fraction / statistics.deposit_shape
    inflow: NDArray[np.float64] = random.gamma(statistics.deposit_shape * deposits, scale)
    return inflow


def draw_common_days(statistics: FillStatistics, hours: SimulatedHours, seed: int) -> NDArray[np.float64]:
    """What all containers of the stream share on each local day; 1 on average."""
    deviation = statistics.common_day_sd
    # One generator per day: the span that is asked for must not change what a day was like.
    draws = [generator_for(seed, "day", statistics.stream, day.isoformat()).normal() for day in hours.days]
    return np.exp(deviation * np.asarray(draws) - deviation**2 / 2)


def draw_emptyings(
    container_id: str, statistics: FillStatistics, hours: SimulatedHours, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Instants of the scheduled emptyings, at most one in an hour, and what each leaves."""
    random = generator_for(seed, "emptying", container_id)
    rules = statistics.emptying
    every = int(random.choice(rules.every_days))
    phase = int(random.integers(every))
    is_working = hours.is_working_day()
    visited, is_due = [], False
    for index, day in enumerate(hours.days):
        is_due = is_due or (day.toordinal() + phase) % every == 0
        if is_due and is_working[index]:
            visited.append(index)
            is_due = False
    usual_hour = random.uniform(rules.from_hour, rules.to_hour)
    jitter = random.normal(0.0, 1.0, len(hours.days))
    left_over = np.minimum(random.exponential(rules.left_over_fraction, len(hours.days)), 0.3)
    instants, levels = [], []
    for index in visited:
        hour = int(np.clip(usual_hour + jitter[index], rules.from_hour, rules.to_hour - 1))
        at = np.flatnonzero((hours.day_index == index) & (hours.local_hour == hour))
        if at.size:
            instants.append(int(hours.start_s[at[0]]) + int(random.integers(60, HOUR_S - 60)))
            levels.append(float(left_over[index]))
    return np.asarray(instants, dtype=np.int64), np.asarray(levels, dtype=np.float64)


def follow_levels(
    inflow: NDArray[np.float64],
    left_over: NDArray[np.float64],
    statistics: FillStatistics,
) -> NDArray[np.float64]:
    """``(n, h + 1)`` levels of a stream's containers, hour by hour.

    Parameters
    ----------
    inflow
        ``(n, h)``: what would be thrown in if the level did not matter.
    left_over
        ``(n, h)``: level after an emptying in that hour, NaN where there is none.
    """
    n, n_hours = inflow.shape
    levels = np.zeros((n_hours + 1, n))
    is_flat = len(set(statistics.level_multiplier)) == 1
    inflow_by_hour, left_by_hour = np.ascontiguousarray(inflow.T), np.ascontiguousarray(left_over.T)
    has_emptying = ~np.isnan(left_by_hour)
    multiplier: NDArray[np.float64] | float = statistics.level_multiplier[0]
    level = np.zeros(n)
    for hour in range(n_hours):
        if not is_flat:
            multiplier = np.interp(level, LEVELS, statistics.level_multiplier)
        level = np.minimum(level + inflow_by_hour[hour] * multiplier, 1.0)
        level = np.where(has_emptying[hour], left_by_hour[hour], level)
        levels[hour + 1] = level
    return np.ascontiguousarray(levels.T)
