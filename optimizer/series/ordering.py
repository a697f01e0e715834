"""Brings readings into time order, one per instant, whatever order and repetition they came in."""

from dataclasses import replace

import numpy as np

from optimizer.domain.reading import FillSeries


def order_readings(series: FillSeries) -> FillSeries:
    """The series in strictly rising time; of several readings of one instant the lowest level stays.

    The lowest, because echoes only ever raise a level; and because the choice must not depend on the order of arrival.
    """
    times = series.observed_at_s
    logged = np.unique(series.emptied_at_s)
    if bool(np.all(np.diff(times) > 0)):
        return replace(series, emptied_at_s=logged)
    order = np.lexsort((series.fill_fraction, times))  # NaN sorts last within its instant
    is_first = np.diff(times[order], prepend=times[order][0] - 1) > 0
    kept = order[is_first]
    return replace(
        series,
        observed_at_s=times[kept],
        fill_fraction=series.fill_fraction[kept],
        quality=series.quality[kept],
        emptied_at_s=logged,
    )
