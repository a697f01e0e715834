"""From where a container's forecast starts: its last trusted level, and how much that is worth."""

from dataclasses import dataclass

import numpy as np

from optimizer.domain.forecast import Trust
from optimizer.domain.reading import CleanSeries, Quality
from optimizer.forecasting.level_history import trusted_readings
from optimizer.series.clean_series import STALE_AFTER_S

EMPTIED_FRACTION = 0.02
DOUBTFUL_SPAN_S = 8 * 3600
"""Of a slow container whose last readings may be an echo, which lasts for some hours, the median of so long is used."""

FORGOTTEN_AFTER_S = 60 * 86_400
UNKNOWN_FRACTION = 0.5
UNKNOWN_VARIANCE = 1 / 12
"""Of a level that may be anything from empty to full."""

UNHEALTHY_VARIANCE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Start of a forecast.

    Attributes
    ----------
    extra_variance
        Doubt about the level beyond the usual.
    """

    at_s: int
    level_fraction: float
    extra_variance: float
    trust: Trust
    last_emptied_at_s: int | None
    reasons: tuple[str, ...]


def find_origin(clean: CleanSeries | None, *, is_fast: bool, as_of_s: int) -> Origin:
    """The origin of a container's forecast; that of an unknown one is half full, and anything else too."""
    reasons: list[str] = []
    last_emptied: int | None = None
    if clean is not None:
        reasons.extend(clean.reasons)
        resets = clean.reset_at_s[clean.reset_at_s <= as_of_s]
        last_emptied = int(resets[-1]) if resets.size else None
        times, levels = trusted_readings(clean)
        times, levels = times[times <= as_of_s], levels[times <= as_of_s]
        is_read = times.size > 0 and as_of_s - int(times[-1]) <= FORGOTTEN_AFTER_S
        if is_read and (last_emptied is None or int(times[-1]) >= last_emptied):
            at_s, level = int(times[-1]), float(levels[-1])
            if not is_fast and _ends_in_doubt(clean):
                since = max(at_s - DOUBTFUL_SPAN_S, last_emptied or 0)
                level = float(np.median(levels[times >= since]))
            is_trusted = as_of_s - at_s <= STALE_AFTER_S and clean.is_healthy
            return Origin(
                at_s=at_s,
                level_fraction=level,
                extra_variance=0.0 if clean.is_healthy else UNHEALTHY_VARIANCE,
                trust=Trust.SENSOR if is_trusted else Trust.STALE_SENSOR,
                last_emptied_at_s=last_emptied,
                reasons=tuple(reasons),
            )
        if last_emptied is not None and as_of_s - last_emptied <= FORGOTTEN_AFTER_S:
            has_sensor = is_read and as_of_s - int(times[-1]) <= STALE_AFTER_S
            return Origin(
                at_s=last_emptied,
                level_fraction=EMPTIED_FRACTION,
                extra_variance=0.0,
                trust=Trust.SENSOR if has_sensor and clean.is_healthy else Trust.PRIOR,
                last_emptied_at_s=last_emptied,
                reasons=(*reasons, "starts from the last emptying"),
            )
    return Origin(
        at_s=as_of_s,
        level_fraction=UNKNOWN_FRACTION,
        extra_variance=UNKNOWN_VARIANCE,
        trust=Trust.PRIOR,
        last_emptied_at_s=last_emptied,
        reasons=(*reasons, "level unknown: no recent reading, no recent emptying"),
    )


def _ends_in_doubt(clean: CleanSeries) -> bool:
    # Echoes last for hours and only ever raise the level; a rise that nothing has confirmed yet may be one.
    trusted = clean.series.quality[clean.series.quality >= Quality.SUSPICIOUS]
    return bool(trusted[-1] == Quality.SUSPICIOUS)
