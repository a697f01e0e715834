"""Everything that people should look at now, from messages and from areas whose sensors fell silent together."""

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

    def of(self, caller: Principal, *, limit: int) -> list[Alert]:
        """The caller's: the most urgent kind first, then the latest."""
        containers = [one for one in self._services.town_of(caller).town.containers if one.has_sensor]
        readings = self._services.store_of(caller).readings
        silent = self._areas.of(caller.tenant_id, readings, containers, now=self._services.now())
        return by_urgency([*self._intakes.alerts_of(caller).open(limit=limit), *silent])[:limit]
