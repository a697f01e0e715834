"""Silent areas: many neighbouring sensors that stop speaking at once mean a gateway, not eighty broken sensors."""

import math
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from api.ingest.alerts import Alert, AlertKind, alert_id
from routing.location import Location

CELL_M = 1_500.0
FEWEST = 5
SHARE = 0.8
TOGETHER = timedelta(hours=6)
_M_PER_DEG = 111_320.0


def find_silent_areas(
    last_seen: Mapping[str, datetime],
    locations: Mapping[str, Location],
    *,
    now: datetime,
    interval: timedelta,
) -> list[Alert]:
    """Areas where nearly all sensors fell silent within a few hours, for three intervals at least.

    Parameters
    ----------
    last_seen
        Last reading by container; containers that never spoke are absent.
    interval
        The usual time between two readings of a sensor.
    """
    cells: dict[tuple[int, int], list[str]] = defaultdict(list)
    for container_id in last_seen:
        location = locations.get(container_id)
        if location is not None:
            cells[_cell(location)].append(container_id)
    found = []
    for cell, members in cells.items():
        silent = sorted(last_seen[one] for one in members if now - last_seen[one] > 3 * interval)
        if len(silent) < FEWEST or len(silent) < SHARE * len(members):
            continue
        began_at = silent[len(silent) // 2]
        if sum(abs(at - began_at) <= TOGETHER + interval for at in silent) < SHARE * len(silent):
            continue  # they fell silent one by one: each has its own trouble
        area_id = f"{cell[0]}:{cell[1]}"
        found.append(
            Alert(
                alert_id=alert_id(AlertKind.SILENT_AREA, area_id),
                kind=AlertKind.SILENT_AREA,
                subject_id=area_id,
                container_id=min(members),
                began_at=began_at,
                seen_at=now,
                detail=f"{len(silent)} of {len(members)} sensors around container {min(members)} fell silent together. "
                "Look at the gateway; the forecasts go on meanwhile.",
            )
        )
    return found


def _cell(location: Location) -> tuple[int, int]:
    row = math.floor(location.lat_deg * _M_PER_DEG / CELL_M)
    # The width of a column is that of its row, so that all members of a row share it.
    width_m = _M_PER_DEG * math.cos(math.radians((row + 0.5) * CELL_M / _M_PER_DEG))
    return row, math.floor(location.lon_deg * max(width_m, 1.0) / CELL_M)
