"""The 56 slots of a local week (weekday x 3 h), and a grid of instants that follows them.

Every cell of the grid is exactly one slot. On the days when the clock changes the slot at night is two or four hours
long, so people's habits stay in their slots.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from optimizer.forecasting.public_holidays import IsHoliday

SLOT_H = 3
SLOTS_PER_DAY = 24 // SLOT_H
SLOTS_PER_WEEK = 7 * SLOTS_PER_DAY
SUNDAY = 6
DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotGrid:
    """Consecutive slots of local time.

    Attributes
    ----------
    edge_at_s
        ``(m + 1,)`` int64: cell ``i`` lasts from edge ``i`` to edge ``i + 1``.
    slot
        ``(m,)``: weekday x 8 + hour // 3; holidays count as Sundays.
    days
        ``(m,)``: length of each cell in days.
    """

    edge_at_s: NDArray[np.int64]
    slot: NDArray[np.int64]
    days: NDArray[np.float64]

    def __len__(self) -> int:
        return int(self.slot.shape[0])

    def exposure_days(self, profile: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(m + 1,)``: days of average activity from the first edge to each edge, weighted by the 56-slot profile."""
        return np.concatenate(([0.0], np.cumsum(self.days * profile[self.slot])))


def slot_grid(start_s: int, end_s: int, zone: ZoneInfo, is_holiday: IsHoliday) -> SlotGrid:
    """The grid of whole slots that covers the span."""
    first_day = datetime.fromtimestamp(start_s, zone).date()
    last_day = datetime.fromtimestamp(end_s, zone).date()
    edges, slots = [], []
    day = first_day
    while day <= last_day:
        weekday = SUNDAY if is_holiday(day) else day.weekday()
        for index in range(SLOTS_PER_DAY):
            edges.append(_instant(day, index * SLOT_H, zone))
            slots.append(weekday * SLOTS_PER_DAY + index)
        day += timedelta(days=1)
    edges.append(_instant(day, 0, zone))
    edge_at_s = np.asarray(edges, dtype=np.int64)
    first = max(int(np.searchsorted(edge_at_s, start_s, side="right")) - 1, 0)
    stop = max(int(np.searchsorted(edge_at_s, end_s, side="left")), first + 1)
    edge_at_s = edge_at_s[first : stop + 1]
    return SlotGrid(
        edge_at_s=edge_at_s,
        slot=np.asarray(slots, dtype=np.int64)[first:stop],
        days=np.diff(edge_at_s) / DAY_S,
    )


def _instant(day: date, hour: int, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC).timestamp())
