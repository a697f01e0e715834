"""The past of a stream as questions whose answers are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from optimizer.domain.reading import CleanSeries
from optimizer.domain.town import Town
from optimizer.forecasting.blend.windows import Windows, past_windows, recent_rates
from optimizer.forecasting.level_history import LevelHistory, level_history
from optimizer.forecasting.public_holidays import IsHoliday
from optimizer.forecasting.replay import Outcomes, replay
from optimizer.forecasting.slots import DAY_S, SLOTS_PER_DAY, SlotGrid, slot_grid
from optimizer.forecasting.stream_model import LONGEST_HISTORY_DAYS, StreamModel

Floats = NDArray[np.float64]

LEAST_HISTORY_DAYS = 60
RATES_SETTLE_DAYS = 14
MOST_CONTAINERS = 400
"""More tell trees nothing new and cost memory."""

MOST_WINDOWS = 5_000
"""Of each kind in one training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Windows and what came of them.

    Attributes
    ----------
    level
        ``(n,)`` at the end.
    has_reached
        ``(n,)`` whether the container became overfull on the way.
    """

    windows: Windows
    level: Floats
    has_reached: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.windows)

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """The chosen windows."""
        return type(self)(
            windows=self.windows.where(chosen), level=self.level[chosen], has_reached=self.has_reached[chosen]
        )

    def between(self, first_s: int, last_s: int) -> Self:
        """The windows that begin and end within this span."""
        return self.where((self.windows.origin_s >= first_s) & (self.windows.target_s <= last_s))

    def thinned(self) -> Self:
        """At most ``MOST_WINDOWS``, evenly spread."""
        if len(self) <= MOST_WINDOWS:
            return self
        return self.where(np.linspace(0, len(self) - 1, MOST_WINDOWS).astype(np.int64))

    @classmethod
    def joined(cls, one: Self, other: Self) -> Self:
        """The windows of both."""
        return cls(
            windows=Windows.joined([one.windows, other.windows]),
            level=np.concatenate([one.level, other.level]),
            has_reached=np.concatenate([one.has_reached, other.has_reached]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamHistory:
    """Levels of the containers of a stream up to the cut-off."""

    ids: Sequence[str]
    members: Sequence[CleanSeries]
    grid: SlotGrid
    levels: LevelHistory

    def windows(self, model: StreamModel, *, overflow_fraction: float) -> tuple[Past, Past]:
        """Windows of fixed length, and those to the next emptying, described with a model's habits."""
        rates = recent_rates(self.levels, self.grid, profile=model.profile, demand=model.demand, prior=model.prior)
        fixed, visits = (
            self._past(one, rates, overflow_fraction)
            for one in replay(self.levels, first_cell=RATES_SETTLE_DAYS * SLOTS_PER_DAY)
        )
        return fixed, visits

    def _past(self, outcomes: Outcomes, rates: Floats, overflow_fraction: float) -> Past:
        return Past(
            windows=past_windows(outcomes, self.members, self.grid, rates),
            level=outcomes.level,
            has_reached=outcomes.peak >= overflow_fraction,
        )


def stream_history(
    series: Mapping[str, CleanSeries], *, town: Town, is_holiday: IsHoliday, as_of_s: int
) -> StreamHistory | None:
    """What healthy sensors told; None when that is less than two months."""
    ids = [name for name in sorted(series) if series[name].is_healthy and len(series[name].series)]
    ids = ids[:: max(1, -(-len(ids) // MOST_CONTAINERS))]
    if not ids:
        return None
    members = [series[name] for name in ids]
    first_s = min(int(one.series.observed_at_s[0]) for one in members)
    first_s = max(first_s, as_of_s - LONGEST_HISTORY_DAYS * DAY_S)
    if as_of_s - first_s < LEAST_HISTORY_DAYS * DAY_S:
        return None
    grid = slot_grid(first_s, as_of_s, town.zone, is_holiday)
    levels = level_history(members, grid)
    # The last edge may lie after the cut-off: nothing is known there.
    levels.level_fraction[:, grid.edge_at_s > as_of_s] = np.nan
    return StreamHistory(ids=ids, members=members, grid=grid, levels=levels)
