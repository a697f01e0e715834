"""Tells a gateway that is down from sensors that are broken.

When a gateway fails, all sensors of an area fall silent, or repeat their last value, at once. Each alone looks like a
broken sensor whose container should better be looked at; eighty at once would fill the day with visits to containers
of which nothing bad is known. So failures are correlated first: what stopped together is one outage of the area, and
its containers are forecast from their last trusted readings.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from optimizer.domain.container import Container
from optimizer.domain.reading import CleanSeries, Quality

OUTAGE_REASON = "area outage"
"""How the reason starts that each container of an outage carries."""

FEWEST_SENSORS = 5
LEAST_SHARE = 0.6
TOGETHER_S = 12 * 3600
"""Sensors that stopped within this span stopped together: stuck ones stop when their value last changed."""

PAUSES_OF_SILENCE = 4.0
SHORTEST_SILENCE_S = 6 * 3600
LONGEST_OUTAGE_S = 30 * 86_400
"""Sensors that are silent for longer have been taken away."""

CELL_KM = 2.0
KM_PER_DEG = 111.2


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaOutage:
    """Sensors of one area that stopped together.

    Attributes
    ----------
    area
        Gateway, or name of the area.
    since_at
        The last trusted reading of any of them.
    container_ids
        Sorted.
    sensors_in_area
        That were alive before.
    """

    area: str
    since_at: datetime
    container_ids: tuple[str, ...]
    sensors_in_area: int

    @property
    def reason(self) -> str:
        """For people, the same for every container of it."""
        return (
            f"{OUTAGE_REASON}: {len(self.container_ids)} of {self.sensors_in_area} sensors of area {self.area} "
            f"stopped around {self.since_at:%Y-%m-%d %H:%M} UTC, so it is the gateway rather than the sensor"
        )


def areas_by_place(containers: Sequence[Container]) -> dict[str, str]:
    """Area by container id where gateways are not known: squares of two kilometres."""
    areas = {}
    for one in containers:
        north = math.floor(one.location.lat_deg * KM_PER_DEG / CELL_KM)
        row_deg = north * CELL_KM / KM_PER_DEG
        east = math.floor(one.location.lon_deg * KM_PER_DEG * math.cos(math.radians(row_deg)) / CELL_KM)
        areas[one.container_id] = f"{east}/{north}"
    return areas


def find_area_outages(
    series: Mapping[str, CleanSeries], area_of: Mapping[str, str], *, as_of_s: int
) -> tuple[AreaOutage, ...]:
    """Areas of which most sensors stopped together and have not come back, by area.

    Parameters
    ----------
    area_of
        Gateway or area by container id; a container without one belongs to no outage.
    """
    by_area: dict[str, list[tuple[int, bool, str]]] = defaultdict(list)
    for name in sorted(series):
        state = _last_sign(series[name], as_of_s)
        if state is not None and name in area_of:
            by_area[area_of[name]].append((*state, name))
    outages = (_outage_of(area, members) for area, members in sorted(by_area.items()))
    return tuple(outage for outage in outages if outage is not None)


def mark_outages(series: Mapping[str, CleanSeries], outages: Sequence[AreaOutage]) -> dict[str, CleanSeries]:
    """The same series; those of an outage are healthy as before and say what happened."""
    marked = dict(series)
    for outage in outages:
        for name in outage.container_ids:
            own = tuple(reason for reason in series[name].reasons if not reason.startswith(OUTAGE_REASON))
            marked[name] = replace(series[name], reasons=(outage.reason, *own))
    return marked


def _last_sign(clean: CleanSeries, as_of_s: int) -> tuple[int, bool] | None:
    """(instant of the last trusted reading, whether it has been too quiet since); None for a sensor long gone."""
    times = clean.series.observed_at_s[clean.series.quality >= Quality.SUSPICIOUS]
    times = times[(times <= as_of_s) & (times > as_of_s - 2 * LONGEST_OUTAGE_S)]
    if times.shape[0] < 2 or as_of_s - times[-1] > LONGEST_OUTAGE_S:
        return None
    silence_s = as_of_s - int(times[-1])
    if silence_s <= SHORTEST_SILENCE_S:
        return int(times[-1]), False
    return int(times[-1]), silence_s > PAUSES_OF_SILENCE * float(np.quantile(np.diff(times), 0.9))


def _outage_of(area: str, members: list[tuple[int, bool, str]]) -> AreaOutage | None:
    quiet = sorted((last_s, name) for last_s, is_quiet, name in members if is_quiet)
    lasts = np.array([last_s for last_s, _ in quiet], dtype=np.int64)
    if lasts.shape[0] < FEWEST_SENSORS:
        return None
    stop = np.searchsorted(lasts, lasts + TOGETHER_S, side="right")
    first = int(np.argmax(stop - np.arange(lasts.shape[0])))
    together = quiet[first : int(stop[first])]
    # Those that were silent long before are broken on their own and say nothing of the gateway.
    alive = sum(not is_quiet or last_s >= together[0][0] for last_s, is_quiet, _ in members)
    if len(together) < FEWEST_SENSORS or len(together) < LEAST_SHARE * alive:
        return None
    return AreaOutage(
        area=area,
        since_at=datetime.fromtimestamp(together[-1][0], tz=UTC),
        container_ids=tuple(sorted(name for _, name in together)),
        sensors_in_area=alive,
    )
