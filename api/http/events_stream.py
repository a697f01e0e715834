"""A job's progress as server-sent events: ends with the job, outlives a database that is away, ends with its reader."""

import time
from collections.abc import AsyncIterator, Callable

from anyio import sleep
from anyio.to_thread import run_sync
from fastapi import Response
from pydantic import BaseModel
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.http.services import Services
from api.identity.principal import Principal
from api.jobs.job import Job
from api.store.errors import StoreError

LOOK_EVERY_S = 0.25
PING_EVERY_S = 15
LONGEST_S = 3_600.0
"""A stream ends after an hour; browsers open it again by themselves."""

RETRY_MS = 2_000
"""What a browser waits before it opens a broken stream again."""


def job_events(services: Services, caller: Principal, job: Job, tell: Callable[[Job], BaseModel]) -> Response:
    """The stream; nothing of it holds a thread while it waits."""

    async def events() -> AsyncIterator[ServerSentEvent]:
        jobs = services.store_of(caller).jobs
        ends_s = time.monotonic() + LONGEST_S
        now, told, number = job, "", 0
        while time.monotonic() < ends_s:
            said = (await run_sync(tell, now)).model_dump_json()
            if said != told:
                told, number = said, number + 1
                name = "end" if now.state.is_final else "progress"
                yield ServerSentEvent(data=said, event=name, id=str(number), retry=RETRY_MS)
            if now.state.is_final:
                return
            await sleep(LOOK_EVERY_S)
            try:
                found = await run_sync(lambda: jobs.get(job.job_id))
            except StoreError:
                continue  # the job goes on; its state will be there again
            if found is None:
                return
            now = found

    return EventSourceResponse(events(), ping=PING_EVERY_S)
