"""Sensors that send on and on, and afterwards: what of what was acknowledged is there."""

import contextlib
import itertools
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx

from api.simulate.own_service import KeyHolder
from api.store.sql_tenants import open_tenant_stores
from tests.promises.place import StartedService

SENDERS = 20
PATIENCE_S = 60.0


class Flow:
    """Sensors that send on and on until nobody answers, and remember what was acknowledged."""

    def __init__(self, started: StartedService, sensors: KeyHolder, containers: Sequence[str]) -> None:
        self._sensors = sensors
        self._containers = containers
        self.acknowledged: list[tuple[str, int]] = []
        self.odd: list[str] = []
        self._started = started
        self._begun_at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        self._numbers = itertools.count()
        self._threads = [threading.Thread(target=self._send) for _ in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until nobody can reach the service any more."""
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        with (
            self._started.client(self._sensors, timeout=PATIENCE_S) as sensor,
            contextlib.suppress(httpx.TransportError),
        ):
            while True:
                number = next(self._numbers)
                turn, place = divmod(number, len(self._containers))
                container, at = self._containers[place], self._begun_at - timedelta(seconds=turn)
                one = {"container_id": container, "observed_at": at.isoformat(), "fill_fraction": 0.5}
                answer = sensor.post("/v1/readings", json={"readings": [one]})
                if answer.status_code == 503:
                    return  # it is ending, and says so
                if answer.json().get("accepted") == 1:
                    self.acknowledged.append((container, int(at.timestamp())))
                else:
                    self.odd.append(answer.text)


def lost_readings(stores_at: str, tenant_id: str, acknowledged: list[tuple[str, int]]) -> int:
    """How many of the acknowledged ones are not stored."""
    stores = open_tenant_stores(stores_at, may_migrate=False)
    try:
        history = stores.store(tenant_id).readings.history(as_of=datetime.now(UTC), days=5)
        stored = {(name, second) for name, series in history.items() for second in series.observed_at_s.tolist()}
        return sum(one not in stored for one in acknowledged)
    finally:
        stores.close()
