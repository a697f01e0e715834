"""One worker process for all tenants: each tenant's map and store are opened at its first job and kept for a while."""

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from api.jobs.job import JobKind
from api.jobs.planning_documents import load_planning_ask
from api.jobs.planning_runner import OpenPlanningRunner, PlanningRunner, utc_now
from api.sharing.joint_planning import plan_with_partners
from api.store.ports import JobResult
from api.store.sharing_ports import SharingStore
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.ports import ReportsProgress

MAX_OPEN_TENANTS = 4
"""A map takes up to a gigabyte, so a worker keeps the few that it used last."""

_LOGGER = logging.getLogger(__name__)


class TenantRunner:
    """Does every tenant's jobs with that tenant's own runner."""

    def __init__(
        self,
        opener_of: Callable[[str], OpenPlanningRunner],
        open_sharing: Callable[[], SharingStore] | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._opener_of = opener_of
        self._open_sharing = open_sharing
        self._now = now
        self._sharing: SharingStore | None = None
        self._runners: OrderedDict[str, PlanningRunner] = OrderedDict()

    def run(
        self, *, tenant_id: str, job_id: str, kind: JobKind, document: bytes, progress: ReportsProgress
    ) -> JobResult:
        """The result of a job."""
        if kind is JobKind.PLAN and (ask := load_planning_ask(document)).partners:
            return plan_with_partners(
                ask,
                tenant_id=tenant_id,
                job_id=job_id,
                parts=self,
                sharing=self.sharing,
                now=self._now,
                progress=progress,
            )
        return self.runner_of(tenant_id).run(job_id=job_id, kind=kind, document=document, progress=progress)

    @property
    def sharing(self) -> SharingStore:
        """What tenants share, opened where it is not."""
        if self._sharing is None:
            if self._open_sharing is None:
                message = "This service plans for one town only. Leave out the partners."
                raise InvalidInputError([Issue(where="partners", code="no_sharing", message=message)])
            self._sharing = self._open_sharing()
        return self._sharing

    def part_of(self, tenant_id: str) -> PlanningRunner:
        """What a tenant adds to a joint day."""
        return self.runner_of(tenant_id)

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
    open_sharing
        Opens what tenants share; None where there is one tenant only.
    now
        The clock of joint days.
    """

    opener_of: Callable[[str], OpenPlanningRunner]
    warm_tenant_ids: tuple[str, ...] = ()
    open_sharing: Callable[[], SharingStore] | None = None
    now: Callable[[], datetime] = utc_now

    def __call__(self) -> TenantRunner:
        """The runner."""
        runner = TenantRunner(self.opener_of, self.open_sharing, self.now)
        for tenant_id in self.warm_tenant_ids[:MAX_OPEN_TENANTS]:
            try:
                runner.runner_of(tenant_id)
            except Exception:
                if len(self.warm_tenant_ids) == 1:
                    raise
                _LOGGER.exception("Tenant %s could not be opened.", tenant_id)
        return runner
