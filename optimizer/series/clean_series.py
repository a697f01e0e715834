"""Judges every reading of a container and names its emptyings.

Guards the forecast against what sensors do: impossible values, wrong clocks, spikes, phantom echoes, stuck and silent
sensors. Nothing is deleted or interpolated: each reading keeps its place and gets a quality and, in sum, reasons.
"""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from optimizer.domain.reading import CleanSeries, FillSeries, Quality
from optimizer.series.ordering import order_readings
from optimizer.series.outliers import find_phantoms, find_single_outliers
from optimizer.series.resets import find_fast_resets, find_slow_resets, fuse_with_logged
from optimizer.series.speed import is_fast_container
from optimizer.series.stuck import find_stuck
from optimizer.series.windows import Floats, Instants

LOWEST_FRACTION, HIGHEST_FRACTION = -0.05, 1.05
EARLIEST_S = 946_684_800
"""2000-01-01: a reading from before comes from a clock that lost its time."""

CLOCK_SKEW_S = 600
STALE_AFTER_S = 48 * 3600
UNHEALTHY_SHARE = 0.20
UNHEALTHY_LANDING_FRACTION = 0.20
UNHEALTHY_LANDING_SHARE = 1 / 3
LANDING_SPAN_S = 6 * 3600
FEWEST_RESETS_TO_JUDGE = 4
FEWEST_READINGS_TO_JUDGE = 20


def clean_series(series: FillSeries, *, is_fast: bool | None = None, as_of_s: int) -> CleanSeries:
    """The same readings with their quality, the emptyings, and whether the sensor is fit to learn from.

    Readings after ``as_of_s`` are never looked at: they stay UNCHECKED, or are REJECTED when their clock is more than
    ten minutes ahead. Unsorted and repeated instants are put in order first.

    Parameters
    ----------
    is_fast
        Which rules to use; None to let the container's own speed decide.
    as_of_s
        Cut-off, seconds since 1970-01-01 UTC.
    """
    ordered = order_readings(series)
    times, levels = ordered.observed_at_s, ordered.fill_fraction.astype(np.float64)
    logged = ordered.emptied_at_s[(ordered.emptied_at_s <= as_of_s) & (ordered.emptied_at_s >= EARLIEST_S)]
    reasons: list[str] = []

    quality = np.full(times.shape[0], Quality.UNCHECKED, dtype=np.int8)
    has_wrong_clock = (times > as_of_s + CLOCK_SKEW_S) | (times < EARLIEST_S)
    quality[has_wrong_clock] = Quality.REJECTED
    is_known = (times <= as_of_s) & ~has_wrong_clock
    with np.errstate(invalid="ignore"):
        is_in_range = (levels >= LOWEST_FRACTION) & (levels <= HIGHEST_FRACTION)
    quality[is_known & ~is_in_range] = Quality.REJECTED
    _tell(reasons, has_wrong_clock, "reading(s) with a clock that is wrong or ahead of the cut-off, not used")
    _tell(reasons, is_known & ~np.isnan(levels) & ~is_in_range, "impossible level(s) rejected")

    judged = np.flatnonzero(is_known & is_in_range)
    known_times, known_levels = times[judged], levels[judged]
    if is_fast is None:
        is_fast = is_fast_container(known_times, known_levels)
    judgement, wrong = _judge(known_times, known_levels, logged, is_fast=is_fast, reasons=reasons)
    quality[judged] = judgement

    valid = judgement >= Quality.SUSPICIOUS
    valid_times, valid_levels = known_times[valid], known_levels[valid]
    find_resets = find_fast_resets if is_fast else find_slow_resets
    resets = fuse_with_logged(find_resets(valid_times, valid_levels), logged, valid_times)
    if is_fast:
        _doubt_unconfirmed_last(quality, judged[valid], valid_levels)
    _tell_silence(reasons, valid_times, known_times, as_of_s)
    is_healthy = _is_healthy(valid_times, valid_levels, resets, wrong, reasons)
    return CleanSeries(
        series=replace(ordered, quality=quality), reset_at_s=resets, is_healthy=is_healthy, reasons=tuple(reasons)
    )


def _judge(
    times_s: Instants, levels: Floats, logged_at_s: Instants, *, is_fast: bool, reasons: list[str]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int8]], float]:
    """Quality of the readings in range, and the share of them that echoes spoilt."""
    quality = np.full(levels.shape[0], Quality.ACCEPTED, dtype=np.int8)
    quality[(levels < 0) | (levels > 1)] = Quality.SUSPICIOUS
    stuck = find_stuck(times_s, levels, logged_at_s)
    quality[stuck] = Quality.PROBABLY_WRONG
    if stuck.any():
        reasons.append(_tell_stuck(times_s, levels, stuck))
    moving = np.flatnonzero(~stuck)
    single = find_single_outliers(times_s[moving], levels[moving])
    quality[moving[single]] = Quality.PROBABLY_WRONG
    _tell(reasons, single, "spike(s) or drop-out(s) of one reading")
    n_echoes = int(np.count_nonzero(single))
    if not is_fast:
        steady = moving[~single]
        phantom, undecided = find_phantoms(times_s[steady], levels[steady])
        quality[steady[phantom]] = Quality.PROBABLY_WRONG
        quality[steady[undecided]] = np.minimum(quality[steady[undecided]], Quality.SUSPICIOUS)
        _tell(reasons, phantom, "phantom reading(s)")
        n_echoes += int(np.count_nonzero(phantom))
    return quality, n_echoes / max(levels.shape[0], 1)


def _doubt_unconfirmed_last(
    quality: np.ndarray[tuple[int], np.dtype[np.int8]],
    valid: np.ndarray[tuple[int], np.dtype[np.int64]],
    levels: Floats,
) -> None:
    # A jump that nothing has confirmed yet may be a spike or an emptying; the next reading will tell.
    if levels.shape[0] >= 2 and abs(levels[-1] - levels[-2]) >= 0.30:
        quality[valid[-1]] = min(quality[valid[-1]], Quality.SUSPICIOUS)


def _is_healthy(times_s: Instants, levels: Floats, resets_at_s: Instants, wrong: float, reasons: list[str]) -> bool:
    is_healthy = True
    if wrong > UNHEALTHY_SHARE and levels.shape[0] >= FEWEST_READINGS_TO_JUDGE:
        reasons.append(f"{wrong:.0%} of the readings are echoes: check the sensor")
        is_healthy = False
    first = np.searchsorted(times_s, resets_at_s)
    stop = np.searchsorted(times_s, resets_at_s + LANDING_SPAN_S, side="right")
    landings = np.array([levels[a:b].min() for a, b in zip(first.tolist(), stop.tolist(), strict=True) if b > a])
    if landings.shape[0] >= FEWEST_RESETS_TO_JUDGE:
        share_high = float(np.mean(landings > UNHEALTHY_LANDING_FRACTION))
        if share_high > UNHEALTHY_LANDING_SHARE:
            reasons.append(f"{share_high:.0%} of the emptyings leave more than 20 %: check the sensor")
            is_healthy = False
    return is_healthy


def _tell_silence(reasons: list[str], valid_s: Instants, known_s: Instants, as_of_s: int) -> None:
    if not known_s.size:
        reasons.append("no reading")
    elif not valid_s.size:
        reasons.append("no trusted reading")
    elif as_of_s - known_s[-1] > STALE_AFTER_S:
        reasons.append(f"silent since {_minute(known_s[-1])}")
    elif as_of_s - valid_s[-1] > STALE_AFTER_S:
        reasons.append(f"no trusted reading since {_minute(valid_s[-1])}")


def _tell_stuck(times_s: Instants, levels: Floats, stuck: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
    last = int(np.flatnonzero(stuck)[-1])
    first = int(np.flatnonzero(~stuck[: last + 1])[-1]) + 1  # the first reading of a run is never flagged
    until = "" if last == stuck.shape[0] - 1 else f" until {_minute(times_s[last])}"
    return f"stuck at {levels[first]:.0%} since {_minute(times_s[first])}{until}"


def _tell(reasons: list[str], flags: np.ndarray[tuple[int], np.dtype[np.bool_]], words: str) -> None:
    count = int(np.count_nonzero(flags))
    if count:
        reasons.append(f"{count} {words}")


def _minute(instant_s: int | np.int64) -> str:
    return datetime.fromtimestamp(int(instant_s), tz=UTC).strftime("%Y-%m-%d %H:%M UTC")
