"""Waiting for a job in the course of a request, without holding a thread."""

import time

from anyio import sleep
from anyio.to_thread import run_sync

from api.http.services import Services
from api.identity.principal import Principal
from api.jobs.job import Job

_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.2


async def wait_for(services: Services, caller: Principal, job: Job, *, max_wait_s: float) -> Job:
    """The job when it has ended, or as it is when the time is over."""
    jobs, job_id = services.store_of(caller).jobs, job.job_id
    ends_s = time.monotonic() + max_wait_s
    pause_s = _FIRST_PAUSE_S
    while not job.state.is_final and time.monotonic() < ends_s:
        await sleep(min(pause_s, max(0.0, ends_s - time.monotonic())))
        pause_s = min(pause_s * 1.3, _LONGEST_PAUSE_S)
        found = await run_sync(lambda: jobs.get(job_id))
        if found is None:
            return job
        job = found
    return job
