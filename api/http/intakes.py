"""One intake for each tenant, made when it is first asked for."""

import threading

from api.http.services import Services
from api.identity.principal import Principal
from api.ingest.alerts import AlertStore
from api.ingest.intake import Intake


class Intakes:
    """The intakes of all tenants, and the way to their alerts."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._intakes: dict[str, Intake] = {}
        self._lock = threading.Lock()

    def of(self, caller: Principal) -> Intake:
        """The intake of the caller's tenant."""
        alerts = self.alerts_of(caller)
        store = self._services.store_of(caller)
        with self._lock:
            intake = self._intakes.get(caller.tenant_id)
            if intake is None:
                intake = self._intakes[caller.tenant_id] = Intake(store, alerts, now=self._services.now)
            return intake

    def alerts_of(self, caller: Principal) -> AlertStore:
        """The alerts of the caller's tenant."""
        return self._services.store_of(caller).alerts
