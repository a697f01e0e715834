"""Forecast windows: what was known at an instant of the past, and what came of it.

Only readings before the instant are cleaned for what was known; what came of it is taken from the series cleaned in
hindsight. Windows of 24 and 72 h are scored when nobody emptied meanwhile; those to the next visit are the honest
ones, because no choice of quiet spells lies in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from optimizer.domain.forecast import Trust
from optimizer.domain.reading import CleanSeries, FillSeries
from optimizer.forecasting.level_history import trusted_readings
from optimizer.forecasting.origin import find_origin
from optimizer.series.clean_series import clean_series

DAY_S = 86_400
KINDS = ("24 h", "72 h", "visit")
FIXED_S = (DAY_S, 3 * DAY_S)
FIXED_TOLERANCE_S = 2 * 3600
LONGEST_TO_VISIT_S = 7 * DAY_S
FRESH_S = 6 * 3600
KNOWN_S = 60 * DAY_S
HISTORY_S = 400 * DAY_S
RATE_S = 45 * DAY_S
DUE_FRACTION = 0.9

Floats = NDArray[np.float64]
Instants = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """``n`` windows of one stream.

    Attributes
    ----------
    row
        Position of the container among the sorted ids.
    now_s, read_s, origin_s, emptied_s, target_s
        Asked at; last trusted reading; start of our forecast; first reading since the last emptying; scored at.
    level, origin_level, emptied_level
        At ``read_s``, ``origin_s`` and ``emptied_s``.
    extra
        Our doubt about the origin (variance).
    own_rate
        Growth of the container per day over the last 45 days.
    truth, reached
        Level at the target, and whether 90 % was reached on the way.
    kind
        Position in ``KINDS``.
    is_healthy
        Whether the container's history was fit to learn from, as known then.
    """

    row: Instants
    now_s: Instants
    read_s: Instants
    origin_s: Instants
    emptied_s: Instants
    target_s: Instants
    level: Floats
    origin_level: Floats
    emptied_level: Floats
    extra: Floats
    own_rate: Floats
    truth: Floats
    reached: NDArray[np.bool_]
    kind: Instants
    is_healthy: NDArray[np.bool_]

    def __len__(self) -> int:
        return int(self.row.shape[0])

    def where(self, chosen: NDArray[np.bool_]) -> "Windows":
        """The chosen windows."""
        return Windows(**{one.name: getattr(self, one.name)[chosen] for one in fields(self)})


def cut(series: FillSeries, first_s: int, last_s: int) -> FillSeries:
    """What was reported within the span, both ends included."""
    kept = (series.observed_at_s >= first_s) & (series.observed_at_s <= last_s)
    return replace(
        series,
        observed_at_s=series.observed_at_s[kept],
        fill_fraction=series.fill_fraction[kept],
        quality=series.quality[kept],
        emptied_at_s=series.emptied_at_s[series.emptied_at_s <= last_s],
    )


def history_at(series: Mapping[str, FillSeries], now_s: int, *, is_fast: bool) -> dict[str, CleanSeries]:
    """All that was known at an instant, cleaned with nothing that came later."""
    return {
        name: clean_series(cut(one, now_s - HISTORY_S, now_s), is_fast=is_fast, as_of_s=now_s)
        for name, one in series.items()
    }


def draw_windows(
    series: Mapping[str, FillSeries], *, is_fast: bool, start_at: datetime, until: datetime, every_h: int
) -> Windows:
    """All windows that were asked for every so many hours within the span and whose end lies within it, too."""
    start_s, until_s = int(start_at.timestamp()), int(until.timestamp())
    rows: list[tuple[float, ...]] = []
    for index, name in enumerate(sorted(series)):
        whole = clean_series(series[name], is_fast=is_fast, as_of_s=int(series[name].observed_at_s[-1]))
        hindsight = _Hindsight.of(whole)
        is_healthy, judged_s = True, 0
        for now_s in range(start_s, until_s, every_h * 3600):
            if now_s - judged_s >= 30 * DAY_S:
                history = clean_series(cut(series[name], now_s - HISTORY_S, now_s), is_fast=is_fast, as_of_s=now_s)
                is_healthy, judged_s = history.is_healthy, now_s
            recent = cut(series[name], now_s - KNOWN_S, now_s)
            known = clean_series(recent, is_fast=is_fast, as_of_s=now_s)
            ends = hindsight.ends(now_s, until_s)
            if ends and (state := _state(known, is_fast=is_fast, now_s=now_s)) is not None:
                rows.extend((index, now_s, *state, *end, is_healthy) for end in ends)
    return _stack(rows)


def _state(known: CleanSeries, *, is_fast: bool, now_s: int) -> tuple[float, ...] | None:
    """(read_s, origin_s, emptied_s, level, origin_level, emptied_level, extra, own_rate), or None without a reading."""
    times, levels = trusted_readings(known)
    if not times.size or now_s - times[-1] > FRESH_S:
        return None
    origin = find_origin(known, is_fast=is_fast, as_of_s=now_s)
    if origin.trust is Trust.PRIOR:
        return None
    resets = known.reset_at_s
    since = int(np.searchsorted(times, resets[-1])) if resets.size else 0
    since = min(since, times.shape[0] - 1)
    kept = times > now_s - RATE_S
    steps, pauses = np.diff(levels[kept]), np.diff(times[kept])
    is_growth = np.diff(np.searchsorted(resets, times[kept], side="right")) == 0
    days = pauses[is_growth].sum() / DAY_S
    rate = float(steps[is_growth].sum() / days) if days > 1 else float("nan")
    return (
        float(times[-1]), float(origin.at_s), float(times[since]),
        float(levels[-1]), origin.level_fraction, float(levels[since]), origin.extra_variance, rate,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hindsight:
    times_s: Instants
    smooth: Floats
    resets_s: Instants

    @classmethod
    def of(cls, clean: CleanSeries) -> "_Hindsight":
        times, levels = trusted_readings(clean)
        segment = np.searchsorted(clean.reset_at_s, times, side="right")
        return cls(times_s=times, smooth=_centred_median(levels, segment), resets_s=clean.reset_at_s)

    def ends(self, now_s: int, until_s: int) -> list[tuple[float, float, bool, int]]:
        """(target_s, truth, reached, kind) of the windows that can be scored."""
        here = int(np.searchsorted(self.times_s, now_s, side="right")) - 1
        coming = int(np.searchsorted(self.resets_s, now_s, side="right"))
        visit_s = int(self.resets_s[coming]) if coming < self.resets_s.shape[0] else None
        found: list[tuple[float, float, bool, int]] = []
        if here < 0:
            return found
        for kind, ahead_s in enumerate(FIXED_S):
            target = int(np.searchsorted(self.times_s, now_s + ahead_s + FIXED_TOLERANCE_S, side="right")) - 1
            is_near = abs(int(self.times_s[target]) - now_s - ahead_s) <= FIXED_TOLERANCE_S
            if is_near and (visit_s is None or visit_s > self.times_s[target]) and self.times_s[target] <= until_s:
                found.append(self._end(here, target, kind))
        if visit_s is not None and visit_s - now_s <= LONGEST_TO_VISIT_S and visit_s <= until_s:
            target = int(np.searchsorted(self.times_s, visit_s)) - 1
            if target > here:
                found.append(self._end(here, target, len(FIXED_S)))
        return found

    def _end(self, here: int, target: int, kind: int) -> tuple[float, float, bool, int]:
        way = self.smooth[here + 1 : target + 1]
        return float(self.times_s[target]), float(self.smooth[target]), bool(way.max() >= DUE_FRACTION), kind


def _centred_median(levels: Floats, segment: Instants) -> Floats:
    """Median of five readings around each; at the ends of a span between two emptyings, of those that are there."""
    n = levels.shape[0]
    around = np.full((5, n), np.nan)
    for column, shift in enumerate((-2, -1, 0, 1, 2)):
        index = np.arange(n) + shift
        inside = (index >= 0) & (index < n)
        same = np.zeros(n, dtype=np.bool_)
        same[inside] = segment[index[inside]] == segment[inside]
        around[column, same] = levels[index[same]]
    return np.asarray(np.nanmedian(around, axis=0), dtype=np.float64) if n else levels


def _stack(rows: list[tuple[float, ...]]) -> Windows:
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 14 + 1)
    names = (
        "row", "now_s", "read_s", "origin_s", "emptied_s", "level", "origin_level", "emptied_level", "extra",
        "own_rate", "target_s", "truth", "reached", "kind", "is_healthy",
    )  # fmt: skip
    kinds = {name: np.int64 for name in ("row", "kind") if name} | dict.fromkeys(("reached", "is_healthy"), np.bool_)
    kinds |= {name: np.int64 for name in names if name.endswith("_s")}
    return Windows(**{name: table[:, at].astype(kinds.get(name, np.float64)) for at, name in enumerate(names)})
