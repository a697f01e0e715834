"""One worker process for all tenants: each tenant's map and store are opened at its first job and kept for a while."""

import logging
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from api.jobs.job import JobKind
from api.jobs.open_runners import MAX_OPEN_TENANTS, OpenPlanningRunner, utc_now
from api.jobs.planning_documents import load_planning_ask
from api.jobs.planning_runner import PlanningRunner
from api.sharing.joint_planning import plan_with_partners
from api.store.ports import JobResult
from api.store.sharing_ports import SharingStore
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.ports import ReportsProgress

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
