"""One worker process for all tenants: each tenant's map and store are opened at its first job and kept for a while."""

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from api.jobs.job import JobKind
from api.jobs.planning_runner import OpenPlanningRunner, PlanningRunner
from api.store.ports import JobResult
from optimizer.ports import ReportsProgress

MAX_OPEN_TENANTS = 4
"""A map takes up to a gigabyte, so a worker keeps the few that it used last."""

_LOGGER = logging.getLogger(__name__)


class TenantRunner:
    """Does every tenant's jobs with that tenant's own runner."""

    def __init__(self, opener_of: Callable[[str], OpenPlanningRunner]) -> None:
        self._opener_of = opener_of
        self._runners: OrderedDict[str, PlanningRunner] = OrderedDict()

    def run(
        self, *, tenant_id: str, job_id: str, kind: JobKind, document: bytes, progress: ReportsProgress
    ) -> JobResult:
        """The result of a job."""
        return self.runner_of(tenant_id).run(job_id=job_id, kind=kind, document=document, progress=progress)

    def runner_of(self, tenant_id: str) -> PlanningRunner:
        """The tenant's runner, opened where it is not."""
        runner = self._runners.get(tenant_id)
        if runner is None:
            runner = self._opener_of(tenant_id)()
            self._runners[tenant_id] = runner
            if len(self._runners) > MAX_OPEN_TENANTS:
                forgotten, closed = self._runners.popitem(last=False)
                closed.close()
                _LOGGER.info("The map of tenant %s was put away.", forgotten)
        self._runners.move_to_end(tenant_id)
        return runner


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
    """

    opener_of: Callable[[str], OpenPlanningRunner]
    warm_tenant_ids: tuple[str, ...] = ()

    def __call__(self) -> TenantRunner:
        """The runner."""
        runner = TenantRunner(self.opener_of)
        for tenant_id in self.warm_tenant_ids[:MAX_OPEN_TENANTS]:
            try:
                runner.runner_of(tenant_id)
            except Exception:
                if len(self.warm_tenant_ids) == 1:
                    raise
                _LOGGER.exception("Tenant %s could not be opened.", tenant_id)
        return runner
