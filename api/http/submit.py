"""Puts a request into the queue: an id, a digest, and the Idempotency-Key's promise."""

import hashlib
import re
import uuid
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel

from api.http.errors import ProblemError
from api.http.services import Services
from api.identity.principal import Principal
from api.jobs.job import Job, JobKind, JobRequest

IdempotencyKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", description="1 to 100 visible ASCII characters; repeat it with the same body."),
]
_KEY = re.compile(r"[\x21-\x7e]{1,100}")
_JOB_ID = re.compile(r"[0-9a-f]{32}")


def new_job_id() -> str:
    """An id that cannot be guessed."""
    return uuid.uuid4().hex


def is_job_id(text: str) -> bool:
    """Whether the text has the form of an id; others need not be looked up."""
    return _JOB_ID.fullmatch(text) is not None


def submit(
    services: Services,
    caller: Principal,
    *,
    kind: JobKind,
    document: bytes,
    body: BaseModel,
    idempotency_key: str | None,
) -> Job:
    """The job for a request, or the earlier one under the same key."""
    _require_key(idempotency_key)
    job, _is_new = services.queue.submit(
        caller.tenant_id,
        JobRequest(
            job_id=new_job_id(),
            kind=kind,
            document=document,
            request_digest=_digest(kind, body),
            idempotency_key=idempotency_key,
        ),
    )
    return job


def repeated_job(
    services: Services, caller: Principal, *, kind: JobKind, body: BaseModel, idempotency_key: str | None
) -> Job | None:
    """The job of an earlier request with this key, before anything is judged that has changed since.

    Raises
    ------
    IdempotencyConflictError
        When the key belongs to another request.
    """
    _require_key(idempotency_key)
    if idempotency_key is None:
        return None
    return services.store_of(caller).jobs.find_repeated(
        idempotency_key=idempotency_key, request_digest=_digest(kind, body)
    )


def _require_key(idempotency_key: str | None) -> None:
    if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
        raise ProblemError("invalid_request", "The Idempotency-Key must have 1 to 100 visible ASCII characters.")


def _digest(kind: JobKind, body: BaseModel) -> str:
    # Of what was sent, not of the job's document: that holds the instant of sending.
    return hashlib.sha256(kind.encode() + body.model_dump_json().encode()).hexdigest()


def find_job(services: Services, caller: Principal, job_id: str, kind: JobKind | None = None) -> Job:
    """The job of this id, and of this kind where one is named.

    Raises
    ------
    ProblemError
        When there is none; an odd id is as unknown as a wrong one.
    """
    job = services.store_of(caller).jobs.get(job_id, kind) if is_job_id(job_id) else None
    if job is None:
        raise ProblemError("not_found", f"There is no {kind or 'job'} with this id.")
    return job
