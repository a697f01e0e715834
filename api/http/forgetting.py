"""Forgets once a day what each town's rules of retention no longer allow to be kept."""

import logging
import threading
from collections.abc import Callable

from api.store.errors import StoreError
from api.store.tenant_ports import Tenant, TenantStores

FIRST_AFTER_S = 600.0
EVERY_S = 86_400.0 / 2
"""Twice a day: nothing is kept for more than a day too long, even when one time is missed."""

_LOGGER = logging.getLogger(__name__)


class Forgetting:
    """A thread of its own, for it takes long where there is much to forget.

    Parameters
    ----------
    forget
        Deletes what is too old of one tenant.
    """

    def __init__(self, stores: TenantStores, forget: Callable[[Tenant], object]) -> None:
        self._stores = stores
        self._forget = forget
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="forgetting", daemon=True)

    def start(self) -> None:
        """Begin after a while, when the service is warm."""
        self._thread.start()

    def stop(self) -> None:
        """Forget no more; a deletion that has begun ends by itself."""
        self._is_stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)

    def forget_all(self) -> None:
        """Do it now, for every town; one town's trouble keeps no other's data."""
        for tenant in self._stores.tenants():
            if self._is_stopping.is_set():
                return
            try:
                report = self._forget(tenant)
            except StoreError as error:
                _LOGGER.warning("What is too old of tenant %s could not be deleted yet: %s", tenant.tenant_id, error)
            else:
                _LOGGER.info("Deleted what was too old of tenant %s: %s", tenant.tenant_id, report)

    def _run(self) -> None:
        pause_s = FIRST_AFTER_S
        while not self._is_stopping.wait(pause_s):
            pause_s = EVERY_S
            try:
                self.forget_all()
            except Exception:
                _LOGGER.exception("Deleting what is too old failed.")
