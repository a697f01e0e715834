"""Everything that people should look at now, from messages and from areas whose sensors fell silent together."""

import threading

from api.http.intakes import Intakes
from api.http.services import Services
from api.identity.principal import Principal
from api.ingest.alerts import Alert, by_urgency
from api.ingest.areas import SilentAreas


class OpenAlerts:
    """The open alerts of every tenant."""

    def __init__(self, services: Services, intakes: Intakes) -> None:
        self._services = services
        self._intakes = intakes
        self._areas = SilentAreas()
        self._lock = threading.Lock()

    def of(self, caller: Principal, *, limit: int, has_areas: bool = True) -> list[Alert]:
        """The caller's: the most urgent kind first, then the latest.

        Parameters
        ----------
        has_areas
            Whether areas are looked at too, which reads days of readings once a minute.
        """
        told = self._intakes.alerts_of(caller).open(limit=limit)
        return by_urgency([*told, *(self._silent_areas(caller) if has_areas else ())])[:limit]

    def _silent_areas(self, caller: Principal) -> list[Alert]:
        containers = [one for one in self._services.town_of(caller).town.containers if one.has_sensor]
        readings = self._services.store_of(caller).readings
        with self._lock:  # who comes second finds what the first has read
            return self._areas.of(caller.tenant_id, readings, containers, now=self._services.now())
