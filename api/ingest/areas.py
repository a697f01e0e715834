"""Silent areas as alerts: the same judgement by which plans tell a gateway that is down from broken sensors."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from api.ingest.alerts import Alert, AlertKind, alert_id
from api.store.ports import ReadingStore
from optimizer.domain.container import Container
from optimizer.domain.reading import CleanSeries, FillHistory, FillSeries, Quality
from optimizer.series.area_outage import areas_by_place, find_area_outages

LOOK_BACK_DAYS = 10
KEPT_FOR = timedelta(minutes=1)


def find_silent_areas(history: FillHistory, containers: Sequence[Container], *, now: datetime) -> list[Alert]:
    """Areas of which most sensors stopped together and have not come back."""
    # Only when sensors spoke matters here, so nothing needs to be judged first.
    series = {name: _believed(one) for name, one in history.items()}
    outages = find_area_outages(series, areas_by_place(containers), as_of_s=int(now.timestamp()))
    return [
        Alert(
            alert_id=alert_id(AlertKind.SILENT_AREA, outage.area),
            kind=AlertKind.SILENT_AREA,
            subject_id=outage.area,
            container_id=outage.container_ids[0],
            began_at=outage.since_at,
            seen_at=now,
            detail=f"{len(outage.container_ids)} of {outage.sensors_in_area} sensors around container "
            f"{outage.container_ids[0]} fell silent together. Look at the gateway; forecasts go on meanwhile.",
        )
        for outage in outages
    ]


@dataclass
class SilentAreas:
    """The silent areas of each tenant, looked for once a minute at most: people refresh lists often."""

    _found: dict[str, tuple[datetime, list[Alert]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(
        self, tenant_id: str, readings: ReadingStore, containers: Sequence[Container], *, now: datetime
    ) -> list[Alert]:
        """The tenant's silent areas as of a minute ago at most."""
        with self._lock:
            known = self._found.get(tenant_id)
        if known is not None and timedelta(0) <= now - known[0] < KEPT_FOR:
            return known[1]
        found = find_silent_areas(readings.history(as_of=now, days=LOOK_BACK_DAYS), containers, now=now)
        with self._lock:
            self._found[tenant_id] = (now, found)
        return found


def _believed(series: FillSeries) -> CleanSeries:
    believed = replace(series, quality=np.full(len(series), Quality.ACCEPTED, dtype=np.int8))
    return CleanSeries(series=believed, reset_at_s=np.empty(0, dtype=np.int64), is_healthy=True)
