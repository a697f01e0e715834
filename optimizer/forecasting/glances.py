"""What drivers saw: levels in quarters, noted at a stop, often of containers that have no sensor at all."""

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from optimizer.domain.reading import CleanSeries
from optimizer.forecasting.demand import demand_of, demand_table
from optimizer.forecasting.level_history import Growth
from optimizer.forecasting.level_multiplier import multiplier_at
from optimizer.forecasting.slots import SlotGrid

GLANCE_VARIANCE = 0.25**2 / 12 + 0.05**2
"""Of a level seen in quarters, by somebody who judges from above: a standard deviation of 9 %."""

NOTED_AFTER_S = 1800
"""What is noted so soon after an emptying was seen before it."""

LEFT_OVER_FRACTION = 0.02
TOP_FRACTION = 0.875
"""Whatever is seen to be fuller is noted as full, and what did not fit lies beside it or was taken elsewhere."""


def glances_of(clean: CleanSeries, *, as_of_s: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Instants and levels (0 to 1) of the glances up to the cut-off, in time order.

    The driver empties and then types in what was there: such a glance is moved to right before the emptying.
    """
    is_known = (clean.series.glanced_at_s <= as_of_s) & np.isfinite(clean.series.glance_fraction)
    times = clean.series.glanced_at_s[is_known]
    levels = np.clip(clean.series.glance_fraction[is_known].astype(np.float64), 0.0, 1.0)
    if clean.reset_at_s.size:
        last = clean.reset_at_s[np.maximum(np.searchsorted(clean.reset_at_s, times, side="right") - 1, 0)]
        times = np.where((times >= last) & (times - last <= NOTED_AFTER_S), last - 1, times)
    order = np.argsort(times, kind="stable")
    return times[order], levels[order]


def glance_steps(members: Sequence[CleanSeries], grid: SlotGrid, multiplier: NDArray[np.float64] | None) -> Growth:
    """Growth from each emptying to the first glance after it, one step each: all that is learnt without a sensor.

    Levels are turned into what they would have been had growth not slowed down near the top; those noted as full say
    that at least so much has come.
    """
    edges = grid.edge_at_s
    steps: list[tuple[float, ...]] = []
    table = demand_table(multiplier)
    for row, clean in enumerate(members):
        times, levels = glances_of(clean, as_of_s=int(edges[-1]))
        before = np.searchsorted(clean.reset_at_s, times, side="left") - 1
        _, first = np.unique(before, return_index=True)
        for index in first[before[first] >= 0].tolist():
            cells = np.searchsorted(edges, (clean.reset_at_s[before[index]], times[index]), side="left")
            start_cell, stop_cell = (int(cell) for cell in np.minimum(cells, edges.shape[0] - 1))
            if clean.reset_at_s[before[index]] >= edges[0] and stop_cell > start_cell:
                is_full = bool(levels[index] >= TOP_FRACTION)
                seen = np.asarray(min(levels[index], TOP_FRACTION))
                demand = demand_of(seen, table) - demand_of(np.asarray(LEFT_OVER_FRACTION), table)
                grown = float(demand) * float(multiplier_at(np.asarray(LEFT_OVER_FRACTION), multiplier))
                steps.append((row, start_cell, stop_cell, LEFT_OVER_FRACTION, grown, is_full))
    columns = np.array(steps, dtype=np.float64).reshape(len(steps), 6).T
    return Growth(
        row=columns[0].astype(np.int64),
        first_cell=columns[1].astype(np.int64),
        stop_cell=columns[2].astype(np.int64),
        start_fraction=columns[3],
        growth_fraction=columns[4],
        is_least=columns[5].astype(np.bool_),
    )


def joined_growth(sensor: Growth, glances: Growth) -> Growth:
    """All steps of the sensors, and the glances at containers of which no sensor tells anything."""
    is_needed = ~np.isin(glances.row, sensor.row)
    names = [one.name for one in fields(Growth)]
    return Growth(
        **{name: np.concatenate([getattr(sensor, name), getattr(glances, name)[is_needed]]) for name in names}
    )
