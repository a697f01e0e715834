"""What a sensor makes of the truth: late, missing, rounded, echoing, stuck or silent."""

import numpy as np
from numpy.typing import NDArray

from optimizer.simulation.seeds import generator_for
from optimizer.simulation.statistics import SensorStatistics
from optimizer.simulation.truth import TrueFill

DAY_S = 86_400
EXACT_SHARE = 0.7
"""Share of readings without noise: at night 70-80 % of the readings repeat the one before."""

GAP_MEAN_S = 16 * 3600
STUCK_PROBABILITY_PER_DAY = 0.0005
STUCK_DAYS = (3.0, 12.0)
SILENT_PROBABILITY_PER_DAY = 0.0003
IMPOSSIBLE_SHARE = 0.0005
IMPOSSIBLE_FRACTION = -1.3
"""What the error code of an ultrasonic sensor, 255 cm, looks like as a level."""

PHANTOM_LOG_SD = 1.4
"""Few containers have most of the echoes: the mean is three times the median."""


def observe(
    truth: TrueFill, sensor: SensorStatistics, start_s: int, end_s: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Instants and reported levels within ``[start_s, end_s)``."""
    random = generator_for(seed, "sensor", truth.container_id)
    times = _report_times(random, sensor, start_s, end_s)
    levels = truth.level_at(times)
    is_noisy = random.random(times.shape[0]) > EXACT_SHARE
    levels = levels + np.where(is_noisy, random.normal(0.0, sensor.noise_fraction, times.shape[0]), 0.0)
    levels = _add_phantoms(random, sensor, times, levels, start_s, end_s)
    levels = np.clip(np.round(levels / sensor.quantum_fraction) * sensor.quantum_fraction, 0.0, 1.0)
    levels = _add_stuck(random, times, levels, start_s, end_s)
    levels[random.random(times.shape[0]) < IMPOSSIBLE_SHARE] = IMPOSSIBLE_FRACTION
    return times, levels.astype(np.float32)


def _report_times(random: np.random.Generator, sensor: SensorStatistics, start_s: int, end_s: int) -> NDArray[np.int64]:
    every = sensor.report_every_s
    nominal = np.arange(start_s + int(random.integers(every)), end_s, every, dtype=np.int64)
    times = nominal + random.integers(0, max(every // 60, 2), nominal.shape[0])
    has_arrived = np.asarray(random.random(times.shape[0]) >= sensor.missing_share)
    days = (end_s - start_s) / DAY_S
    for _ in range(int(random.poisson(sensor.gaps_per_day * days))):
        begin = random.uniform(start_s, end_s)
        has_arrived &= (times < begin) | (times >= begin + random.exponential(GAP_MEAN_S))
    if random.random() < 1 - np.exp(-SILENT_PROBABILITY_PER_DAY * days):
        has_arrived &= times < random.uniform(start_s, end_s)
    return times[has_arrived & (times < end_s)]


def _add_phantoms(
    random: np.random.Generator,
    sensor: SensorStatistics,
    times: NDArray[np.int64],
    levels: NDArray[np.float64],
    start_s: int,
    end_s: int,
) -> NDArray[np.float64]:
    proneness = np.exp(random.normal(-(PHANTOM_LOG_SD**2) / 2, PHANTOM_LOG_SD))
    count = int(random.poisson(sensor.phantoms_per_day * min(proneness, 6.0) * (end_s - start_s) / DAY_S))
    bar = random.uniform(0.45, 0.70)  # the echo comes from something fixed, always at one height
    for begin, lasts in zip(
        random.uniform(start_s, end_s, count), random.exponential(sensor.phantom_hours * 3600, count), strict=True
    ):
        is_echo = (times >= begin) & (times < begin + lasts)
        levels = np.where(is_echo, np.maximum(levels, bar), levels)
    return levels


def _add_stuck(
    random: np.random.Generator, times: NDArray[np.int64], levels: NDArray[np.float64], start_s: int, end_s: int
) -> NDArray[np.float64]:
    for _ in range(int(random.poisson(STUCK_PROBABILITY_PER_DAY * (end_s - start_s) / DAY_S))):
        begin = random.uniform(start_s, end_s)
        end = begin + random.uniform(*STUCK_DAYS) * DAY_S
        first, stop = np.searchsorted(times, (begin, end))
        if stop > first:
            levels[first:stop] = levels[first]
    return levels
