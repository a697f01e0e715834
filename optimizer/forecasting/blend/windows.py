"""What trees are asked, and what they see: windows of one stream from a known level to an instant ahead.

Guards that a window of the past and a question of today are described by the same figures, and that neither knows what
came after its beginning.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from optimizer.domain.reading import CleanSeries
from optimizer.forecasting.demand import demand_of, level_after
from optimizer.forecasting.level_history import LevelHistory, growth_steps
from optimizer.forecasting.priors import StreamPrior
from optimizer.forecasting.rates import LOWEST_RATE_PER_DAY
from optimizer.forecasting.replay import Outcomes
from optimizer.forecasting.slots import DAY_S, SLOTS_PER_DAY, SlotGrid

Floats = NDArray[np.float64]
Instants = NDArray[np.int64]

SHORTEST_RISE_DAYS = 0.125


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """``n`` windows, all arrays of that length.

    Attributes
    ----------
    row
        Position of the container among those that were learnt from; -1 for another one.
    origin_s, target_s
        Begin and end, in seconds since 1970-01-01 UTC.
    level
        Fill at the origin, 0 to 1.
    emptied_s
        Last emptying before the origin; NaN when none is known.
    rate_per_day
        Recent growth per day of average activity, as known at the origin.
    """

    row: Instants
    origin_s: Instants
    target_s: Instants
    level: Floats
    emptied_s: Floats
    rate_per_day: Floats

    def __len__(self) -> int:
        return int(self.row.shape[0])

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """The chosen windows."""
        return type(self)(**{one.name: getattr(self, one.name)[chosen] for one in fields(self)})

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """All windows of the parts, one after another."""
        return cls(**{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(cls)})

    @property
    def horizon_s(self) -> Instants:
        """Seconds from begin to end."""
        return self.target_s - self.origin_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """A stream's habits on a grid that covers all windows that are asked.

    Attributes
    ----------
    profile
        ``(56,)`` relative activity by weekday and 3 h.
    demand
        ``(201,)`` demand from empty by level.
    """

    grid: SlotGrid
    profile: Floats
    demand: Floats

    def exposure_days(self, windows: Windows) -> Floats:
        """Days of average activity within each window."""
        edges, exposure = self.grid.edge_at_s, self.grid.exposure_days(self.profile)
        span = np.interp(windows.target_s, edges, exposure) - np.interp(windows.origin_s, edges, exposure)
        return np.asarray(span, dtype=np.float64)

    def expected(self, windows: Windows) -> Floats:
        """Level at the end if all goes on at the recent rate; trees learn what differs from it."""
        demand = windows.rate_per_day * self.exposure_days(windows)
        return level_after(demand_of(windows.level, self.demand) + demand, self.demand)


def features(windows: Windows, habits: Habits) -> Floats:
    """``(n, 12)`` what the trees see of each window; NaN where something is unknown."""
    slots = len(habits.grid)
    begin, end = (
        habits.grid.slot[np.clip(np.searchsorted(habits.grid.edge_at_s, at, side="right") - 1, 0, slots - 1)]
        for at in (windows.origin_s, windows.target_s)
    )
    since_days = np.maximum((windows.origin_s - windows.emptied_s) / DAY_S, SHORTEST_RISE_DAYS)
    return np.column_stack(
        [
            windows.level,
            windows.horizon_s / DAY_S,
            since_days,
            windows.level / since_days,
            windows.rate_per_day,
            habits.exposure_days(windows),
            habits.expected(windows) - windows.level,
            begin // SLOTS_PER_DAY,
            begin % SLOTS_PER_DAY,
            end // SLOTS_PER_DAY,
            end % SLOTS_PER_DAY,
            np.where(windows.row < 0, np.nan, windows.row),
        ]
    )


def recent_rates(
    history: LevelHistory, grid: SlotGrid, *, profile: Floats, demand: Floats, prior: StreamPrior
) -> Floats:
    """``(n, m)`` growth per day of average activity as known at each edge, from the last half-life of the stream."""
    steps, levels = growth_steps(history), history.level_fraction
    exposure = grid.exposure_days(profile)
    grown = demand_of(levels[steps.row, steps.stop_cell], demand) - demand_of(steps.start_fraction, demand)
    spans = exposure[steps.stop_cell] - exposure[steps.first_cell]
    cell = steps.row * levels.shape[1] + steps.stop_cell
    sums = [
        np.cumsum(np.bincount(cell, weights=one, minlength=levels.size).reshape(levels.shape), axis=1)
        for one in (grown, spans)
    ]
    kept = int(prior.half_life_days * SLOTS_PER_DAY)
    recent_grown, recent_days = (one - np.pad(one, ((0, 0), (kept, 0)))[:, : levels.shape[1]] for one in sums)
    rates = (recent_grown + prior.weight_days * prior.rate_per_day) / (recent_days + prior.weight_days)
    return np.maximum(rates, LOWEST_RATE_PER_DAY)


def past_windows(past: Outcomes, members: Sequence[CleanSeries], grid: SlotGrid, rates_per_day: Floats) -> Windows:
    """Windows of the past as they would have been asked then.

    Parameters
    ----------
    rates_per_day
        Of ``recent_rates``.
    """
    origin_s = grid.edge_at_s[past.origin]
    emptied_s = np.full(len(past), np.nan)
    for row, clean in enumerate(members):
        here = past.row == row
        before = np.searchsorted(clean.reset_at_s, origin_s[here], side="right")
        known = np.concatenate(([np.nan], clean.reset_at_s.astype(np.float64)))
        emptied_s[here] = known[before]
    return Windows(
        row=past.row,
        origin_s=origin_s,
        target_s=grid.edge_at_s[past.target],
        level=past.start,
        emptied_s=emptied_s,
        rate_per_day=rates_per_day[past.row, past.origin],
    )
