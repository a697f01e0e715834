"""How a worker process gets what does its jobs: sent there by the service, which itself needs no solvers, no kernels.

What plans is imported inside the calls, so that the service answers within seconds of its start.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from api.store.ports import Store
from api.store.sharing_ports import SharingStore
from optimizer.domain.plan import Plan
from optimizer.domain.town import Town
from optimizer.ports import Ports
from routing.ports import StreetRouter

if TYPE_CHECKING:
    from api.jobs.planning_runner import PlanningRunner
    from api.jobs.tenant_runner import TenantRunner

MAX_OPEN_TENANTS = 4
"""A map takes up to a gigabyte, so a worker keeps the few that it used last."""

_LOGGER = logging.getLogger(__name__)

ExportsTours = Callable[[Plan, Town, StreetRouter], Mapping[str, Mapping[str, bytes]]]
"""Makes every tour's files: by vehicle id, by format name."""

WarmsUp = Callable[[Ports, Town | None], None]
"""Gets a new process ready for the town, if there is one yet."""


def utc_now() -> datetime:
    """The machine's clock; a function of its own, as it is sent to other processes by its name."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlanningRunner:
    """Makes the runner inside a worker process; all its parts can be sent there (functions by their names).

    Attributes
    ----------
    open_store
        Opens the store whose town is planned.
    open_ports
        Opens the map and chooses forecaster, policies and solvers.
    warm_up
        Runs before the worker counts as ready, so that no request waits for what is done once per process.
    now
        The clock.
    """

    open_store: Callable[[], Store]
    open_ports: Callable[[], Ports]
    history_days: int = 180
    export_tours: ExportsTours | None = None
    warm_up: WarmsUp | None = None
    now: Callable[[], datetime] = utc_now

    def __call__(self) -> "PlanningRunner":
        """The runner, with its own connection to the database."""
        from api.jobs.planning_runner import PlanningRunner  # noqa: PLC0415 - as above

        store, ports = self.open_store(), self.open_ports()
        if self.warm_up is not None:
            record = store.town.load()
            self.warm_up(ports, None if record is None else record.town)
        return PlanningRunner(
            store,
            ports,
            history_days=self.history_days,
            export_tours=self.export_tours,
            now=self.now,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTenantRunner:
    """Makes the runner inside a worker process; all its parts can be sent there (functions by their names).

    Attributes
    ----------
    opener_of
        Says how a tenant's runner is made.
    warm_tenant_ids
        Opened before the worker counts as ready; where one cannot be opened, its jobs fail and say why, unless it is
        the only one: then the worker is not ready and says so.
    open_sharing
        Opens what tenants share; None where there is one tenant only.
    now
        The clock of joint days.
    """

    opener_of: Callable[[str], OpenPlanningRunner]
    warm_tenant_ids: tuple[str, ...] = ()
    open_sharing: Callable[[], SharingStore] | None = None
    now: Callable[[], datetime] = utc_now

    def __call__(self) -> "TenantRunner":
        """The runner."""
        from api.jobs.tenant_runner import TenantRunner  # noqa: PLC0415 - as above

        runner = TenantRunner(self.opener_of, self.open_sharing, self.now)
        for tenant_id in self.warm_tenant_ids[:MAX_OPEN_TENANTS]:
            try:
                runner.runner_of(tenant_id)
            except Exception:
                if len(self.warm_tenant_ids) == 1:
                    raise
                _LOGGER.exception("Tenant %s could not be opened.", tenant_id)
        return runner
