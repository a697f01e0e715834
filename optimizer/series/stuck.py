"""Finds the readings of a sensor that repeats one value although the world went on.

A slow container that nobody uses repeats a value too. So a run of equal readings is stuck only when it is far longer
than this container's usual runs, or when it goes on unchanged across an emptying that a crew logged.
"""

import numpy as np

from optimizer.series.outliers import Flags
from optimizer.series.windows import Floats, Instants

TIMES_USUAL_RUN = 8.0
SHORTEST_STUCK_S = 72 * 3600
EMPTYING_DOUBT_S = 12 * 3600
"""How long a level may stay after a logged emptying before the sensor is doubted."""

EMPTYABLE_FRACTION = 0.15
SATURATED_FRACTION = 0.95
FEWEST_RUNS = 8
SAME_FRACTION = 1e-6


def find_stuck(times_s: Instants, levels: Floats, logged_at_s: Instants) -> Flags:
    """Readings after the first of each stuck run."""
    found = np.zeros(levels.shape[0], dtype=np.bool_)
    if levels.shape[0] < 2:
        return found
    starts = np.flatnonzero(np.abs(np.diff(levels, prepend=np.inf)) > SAME_FRACTION)
    stops = np.append(starts[1:], levels.shape[0])
    duration_s = (times_s[stops - 1] - times_s[starts]).astype(np.float64)
    value = levels[starts]
    is_long = (duration_s > np.maximum(SHORTEST_STUCK_S, TIMES_USUAL_RUN * _usual_run_s(duration_s))) & (
        value < SATURATED_FRACTION
    )
    if np.count_nonzero(duration_s > 0) < FEWEST_RUNS:
        is_long[:] = False  # nothing usual is known yet
    for run in np.flatnonzero(is_long).tolist():
        found[starts[run] + 1 : stops[run]] = True
    for run in np.flatnonzero((value >= EMPTYABLE_FRACTION) & (duration_s > 0)).tolist():
        first_s, last_s = times_s[starts[run]], times_s[stops[run] - 1]
        crossed = logged_at_s[(logged_at_s > first_s) & (logged_at_s < last_s - EMPTYING_DOUBT_S)]
        if crossed.size:
            after = starts[run] + int(np.searchsorted(times_s[starts[run] : stops[run]], crossed[0]))
            found[max(after, starts[run] + 1) : stops[run]] = True
    return found


def _usual_run_s(duration_s: Floats) -> Floats:
    """Length of the run that holds a random instant, leaving the judged run itself out."""
    total, total_square = duration_s.sum(), np.square(duration_s).sum()
    rest = total - duration_s
    usual: Floats = np.where(rest > 0, (total_square - np.square(duration_s)) / np.maximum(rest, 1.0), np.inf)
    return usual
