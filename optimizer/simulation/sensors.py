"""What a sensor makes of the truth: late, missing, rounded, echoing, stuck or silent."""

from dataclasses import dataclass, replace

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorScript:
    """All that a sensor will do, whatever the level: drawn before the truth is known.

    Attributes
    ----------
    observed_at_s
        ``(r,)`` int64: instants of the reports that arrive.
    noise_fraction
        ``(r,)``: added to the level.
    echo_fraction
        ``(r,)``: where something fixed reflects, minus infinity where nothing does.
    repeats
        ``(r,)``: position of the report whose level is told; an earlier one while the sensor is stuck.
    is_impossible
        ``(r,)``: reports an error code instead.
    """

    quantum_fraction: float
    observed_at_s: NDArray[np.int64]
    noise_fraction: NDArray[np.float64]
    echo_fraction: NDArray[np.float64]
    repeats: NDArray[np.int64]
    is_impossible: NDArray[np.bool_]

    def __len__(self) -> int:
        return int(self.observed_at_s.shape[0])

    def measured(self, levels: NDArray[np.float64], *, first: int = 0) -> NDArray[np.float64]:
        """What the sensor measures at reports ``first``, ``first + 1``, ... of these true levels."""
        part = slice(first, first + levels.shape[0])
        measured = np.maximum(levels + self.noise_fraction[part], self.echo_fraction[part])
        return np.clip(np.round(measured / self.quantum_fraction) * self.quantum_fraction, 0.0, 1.0)

    def told(self, measured: NDArray[np.float64], *, first: int = 0) -> NDArray[np.float32]:
        """What it tells from report ``first`` on, given all that was measured from report 0 on."""
        told = measured[self.repeats[first : measured.shape[0]]]
        told[self.is_impossible[first : measured.shape[0]]] = IMPOSSIBLE_FRACTION
        return told.astype(np.float32)

    def silenced(self, is_silent: NDArray[np.bool_]) -> "SensorScript":
        """Without these reports."""
        kept = np.flatnonzero(~is_silent)
        # A stuck sensor repeats the first report of its run that arrives.
        new_position = np.cumsum(~is_silent) - 1
        repeats = np.minimum(new_position[self.repeats[kept]] + is_silent[self.repeats[kept]], np.arange(kept.size))
        return replace(
            self,
            observed_at_s=self.observed_at_s[kept],
            noise_fraction=self.noise_fraction[kept],
            echo_fraction=self.echo_fraction[kept],
            repeats=repeats,
            is_impossible=self.is_impossible[kept],
        )

    def stuck_from(self, begin_s: int) -> "SensorScript":
        """Repeating its first report from this instant on for ever."""
        first = int(np.searchsorted(self.observed_at_s, begin_s))
        if first == len(self):
            return self
        repeats = self.repeats.copy()
        repeats[first:] = repeats[first]
        return replace(self, repeats=repeats)


def draw_script(container_id: str, sensor: SensorStatistics, start_s: int, end_s: int, seed: int) -> SensorScript:
    """What the sensor of a container will do within ``[start_s, end_s)``."""
    random = generator_for(seed, "sensor", container_id)
    times = _report_times(random, sensor, start_s, end_s)
    is_noisy = random.random(times.shape[0]) > EXACT_SHARE
    noise = np.where(is_noisy, random.normal(0.0, sensor.noise_fraction, times.shape[0]), 0.0)
    return SensorScript(
        quantum_fraction=sensor.quantum_fraction,
        observed_at_s=times,
        noise_fraction=noise,
        echo_fraction=_echoes(random, sensor, times, start_s, end_s),
        repeats=_repeats(random, times, start_s, end_s),
        is_impossible=np.asarray(random.random(times.shape[0]) < IMPOSSIBLE_SHARE),
    )


def observe(
    truth: TrueFill, sensor: SensorStatistics, start_s: int, end_s: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Instants and reported levels within ``[start_s, end_s)``."""
    script = draw_script(truth.container_id, sensor, start_s, end_s, seed)
    return script.observed_at_s, script.told(script.measured(truth.level_at(script.observed_at_s)))


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


def _echoes(
    random: np.random.Generator, sensor: SensorStatistics, times: NDArray[np.int64], start_s: int, end_s: int
) -> NDArray[np.float64]:
    proneness = np.exp(random.normal(-(PHANTOM_LOG_SD**2) / 2, PHANTOM_LOG_SD))
    count = int(random.poisson(sensor.phantoms_per_day * min(proneness, 6.0) * (end_s - start_s) / DAY_S))
    bar = random.uniform(0.45, 0.70)  # the echo comes from something fixed, always at one height
    echoes = np.full(times.shape[0], -np.inf)
    for begin, lasts in zip(
        random.uniform(start_s, end_s, count), random.exponential(sensor.phantom_hours * 3600, count), strict=True
    ):
        echoes[(times >= begin) & (times < begin + lasts)] = bar
    return echoes


def _repeats(random: np.random.Generator, times: NDArray[np.int64], start_s: int, end_s: int) -> NDArray[np.int64]:
    repeats = np.arange(times.shape[0], dtype=np.int64)
    for _ in range(int(random.poisson(STUCK_PROBABILITY_PER_DAY * (end_s - start_s) / DAY_S))):
        begin = random.uniform(start_s, end_s)
        end = begin + random.uniform(*STUCK_DAYS) * DAY_S
        first, stop = np.searchsorted(times, (begin, end))
        if stop > first:
            repeats[first:stop] = repeats[first]
    return repeats
