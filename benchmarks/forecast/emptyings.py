"""How well emptyings are found: F1 per stream on generated series, of which the truth is known."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.forecast.series import make_town
from optimizer.series.clean_series import clean_series
from optimizer.simulation.fills import simulate_fills
from optimizer.simulation.statistics import FillStatistics

ZONE = ZoneInfo("Europe/Berlin")
START_AT = datetime(2026, 1, 5, tzinfo=ZONE)
DAYS = 90
MATCH_S = 12 * 3600
MARGIN_S = 6 * 3600
VISIBLE_FRACTION = 0.10
"""An emptying of a nearly empty container leaves no trace; only those above are asked for."""

TARGETS = {"paper": 0.95, "litter": 0.95, "plastic": 0.97, "glass": 0.97}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Counts of one stream."""

    stream: str
    n_true: int
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def find_generated(stream: str, statistics: dict[str, FillStatistics], *, containers: int, seed: int) -> Found:
    """Emptyings found in generated series of 90 days."""
    town = make_town([f"{stream}-{index}" for index in range(containers)], stream, ZONE, statistics)
    fills = simulate_fills(town.containers, statistics, start_at=START_AT, days=DAYS, zone=ZONE, seed=seed)
    n_true = n_found = n_recalled = n_right = 0
    for name, series in fills.series.items():
        truth = fills.truth[name]
        found = clean_series(series, is_fast=statistics[stream].is_fast, as_of_s=int(truth.grid_at_s[-1])).reset_at_s
        first_s, last_s = int(series.observed_at_s[0]) + MARGIN_S, int(series.observed_at_s[-1]) - MARGIN_S
        is_seen = (truth.emptied_at_s > first_s) & (truth.emptied_at_s < last_s)
        visible = truth.emptied_at_s[is_seen & (truth.level_at(truth.emptied_at_s - 61) > VISIBLE_FRACTION)]
        n_true += visible.shape[0]
        n_found += found.shape[0]
        n_recalled += count_matches(visible.tolist(), found.tolist())
        n_right += count_matches(truth.emptied_at_s.tolist(), found.tolist())
    return Found(stream=stream, n_true=n_true, precision=n_right / max(n_found, 1), recall=n_recalled / max(n_true, 1))


def count_matches(true_s: list[int], found_s: list[int]) -> int:
    """Found ones within twelve hours of a true one, each true one used once."""
    left = np.array(true_s, dtype=np.int64)
    matches = 0
    for instant in found_s:
        near = np.abs(left - instant)
        if near.size and near.min() <= MATCH_S:
            left = np.delete(left, int(near.argmin()))
            matches += 1
    return matches
