"""Jobs in a SQL table; each change names the states it may start from, so that no final state is ever overwritten."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, Select, case, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.jobs.job import Job, JobFailure, JobKind, JobRequest, JobState
from api.store.database import Database
from api.store.errors import IdempotencyConflictError
from api.store.group_commit import GroupCommit
from api.store.plan_version_ports import AnswerRecord, VersionRecord
from api.store.ports import JobResult, PlanRecord
from api.store.schema import ANSWERS, JOBS, PLANS, SCENARIOS, TOUR_EXPORTS, TOURS
from api.store.sql_plan_versions import has_version, insert_first_version, insert_version, latest_version

_FAILURE = TypeAdapter(JobFailure)
MOST_WAITING = 1_000
MOST_AT_ONCE = 100
_OPEN = (JobState.QUEUED, JobState.RUNNING)
_FOLLOWS = {
    "started_at_ms": JOBS.c.created_at_ms,
    "finished_at_ms": func.coalesce(JOBS.c.started_at_ms, JOBS.c.created_at_ms),
}
"""What comes after what: a clock that is set back meanwhile makes no job end before it began."""

STALE = JobFailure(
    code="stale_version",
    message="Somebody else changed the plan meanwhile, so this change was not made. Read it again and repeat it.",
)


class SqlJobStore:
    """Jobs, and their results in the same transaction as their success."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Fifty people who ask at once wait for one write to the disk, not for fifty.
        self._writer: GroupCommit[tuple[JobRequest, datetime], Job] = GroupCommit(
            self._insert, name="jobs", size_of=lambda _item: 1, most_waiting=MOST_WAITING, most_at_once=MOST_AT_ONCE
        )

    def close(self) -> None:
        """Write what waits."""
        self._writer.close()

    def _insert(self, asked: Sequence[tuple[JobRequest, datetime]]) -> list[Job]:
        with self._database.write() as connection:
            return _inserted(connection, asked)

    def add(self, request: JobRequest, *, at: datetime) -> tuple[Job, bool]:
        """Store a job as queued; the second value is False when its idempotency key already had this job."""
        try:
            return self._writer.submit((request, at)), True
        except IntegrityError:
            if request.idempotency_key is None:
                raise
            repeated = self.find_repeated(
                idempotency_key=request.idempotency_key, request_digest=request.request_digest
            )
            if repeated is None:
                raise
            return repeated, False

    def find_repeated(self, *, idempotency_key: str, request_digest: str) -> Job | None:
        """The job of an earlier request with this key."""
        with self._database.read() as connection:
            row = connection.execute(select(JOBS).where(JOBS.c.idempotency_key == idempotency_key)).one_or_none()
        if row is not None and row.request_digest != request_digest:
            raise IdempotencyConflictError
        return None if row is None else _job(row)

    def get(self, job_id: str, kind: JobKind | None = None) -> Job | None:
        """One job."""
        with self._database.read() as connection:
            row = connection.execute(_select(job_id)).one_or_none()
        return None if row is None or (kind is not None and row.kind != kind) else _job(row)

    def begin(self, job_id: str, *, at: datetime) -> Job | None:
        """Mark a queued job as running; None when it is not queued any more."""
        with self._database.write() as connection:
            has_begun = _change(
                connection,
                job_id,
                (JobState.QUEUED,),
                state=JobState.RUNNING,
                started_at_ms=_ms(at),
                attempts=JOBS.c.attempts + 1,
            )
            return _job(connection.execute(_select(job_id)).one()) if has_begun else None

    def report_progress(self, job_id: str, *, step: str, share: float, detail: str) -> None:
        """Note how far a running job is."""
        with self._database.write() as connection:
            share = min(max(share, 0.0), 1.0)
            _change(connection, job_id, (JobState.RUNNING,), step=step[:64], share=share, detail=detail[:500])

    def request_cancel(self, job_id: str) -> None:
        """Note that the caller wants a running job to end."""
        with self._database.write() as connection:
            _change(connection, job_id, (JobState.RUNNING,), is_cancel_requested=True)

    def succeed(self, job_id: str, result: JobResult, *, at: datetime) -> bool:
        """Store the result and mark the job, both or neither; False when the job was not running any more."""
        with self._database.write() as connection:
            if isinstance(result, VersionRecord) and (unwanted := _unwanted(connection, job_id, result)) is not None:
                return _change(connection, job_id, (JobState.RUNNING,), **unwanted, finished_at_ms=_ms(at))
            has_changed = _change(
                connection,
                job_id,
                (JobState.RUNNING,),
                state=JobState.SUCCEEDED,
                share=1.0,
                finished_at_ms=_ms(at),
            )
            if has_changed:
                _publish(connection, result)
            return has_changed

    def adopt(self, request: JobRequest, result: PlanRecord, *, at: datetime) -> bool:
        """Store a plan that another tenant's job has made, as a job that has succeeded; False when it is there."""
        with self._database.write(alone_on=JOBS) as connection:
            if connection.execute(_select(request.job_id)).one_or_none() is not None:
                return False
            _inserted(connection, [(request, at)])
            ended = {"state": JobState.SUCCEEDED, "share": 1.0, "started_at_ms": _ms(at), "finished_at_ms": _ms(at)}
            _change(connection, request.job_id, (JobState.QUEUED,), **ended)
            _publish(connection, result)
            return True

    def fail(self, job_id: str, failure: JobFailure, *, at: datetime) -> bool:
        """Mark a queued or running job as failed."""
        document = _FAILURE.dump_json(failure)
        with self._database.write() as connection:
            return _change(connection, job_id, _OPEN, state=JobState.FAILED, error=document, finished_at_ms=_ms(at))

    def cancel(self, job_id: str, *, at: datetime) -> bool:
        """Mark a queued or running job as cancelled."""
        with self._database.write() as connection:
            return _change(connection, job_id, _OPEN, state=JobState.CANCELLED, finished_at_ms=_ms(at))

    def requeue(self, job_id: str, *, counts_attempt: bool) -> bool:
        """Put a running job back into the queue."""
        attempts = JOBS.c.attempts if counts_attempt else JOBS.c.attempts - 1
        with self._database.write() as connection:
            return _change(
                connection, job_id, (JobState.RUNNING,), state=JobState.QUEUED, step="", share=0.0, attempts=attempts
            )

    def unfinished(self) -> list[Job]:
        """Queued and running jobs, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(JOBS).where(JOBS.c.state.in_(_OPEN)).order_by(JOBS.c.sequence)).all()
        return [_job(row) for row in rows]


def job_of_row(row: Row[tuple[object, ...]]) -> Job:
    """The job in a row that has all columns of the table."""
    return _job(row)


def _inserted(connection: Connection, asked: Sequence[tuple[JobRequest, datetime]]) -> list[Job]:
    """Queue them in their order with one statement; what is stored of each is known without reading it again."""
    rows: list[dict[str, object]] = [
        {
            "job_id": request.job_id,
            "kind": request.kind,
            "document": request.document,
            "request_digest": request.request_digest,
            "idempotency_key": request.idempotency_key,
            "state": JobState.QUEUED,
            "step": "",
            "share": 0.0,
            "detail": "",
            "is_cancel_requested": False,
            "attempts": 0,
            "created_at_ms": _ms(at),
        }
        for request, at in asked
    ]
    connection.execute(insert(JOBS), rows)
    return [_queued(request, at) for request, at in asked]


def _queued(request: JobRequest, at: datetime) -> Job:
    return Job(
        job_id=request.job_id,
        kind=request.kind,
        document=request.document,
        request_digest=request.request_digest,
        state=JobState.QUEUED,
        step="",
        share=0.0,
        detail="",
        is_cancel_requested=False,
        failure=None,
        attempts=0,
        created_at=_stored(at),
        started_at=None,
        finished_at=None,
    )


def _select(job_id: str) -> Select[tuple[object, ...]]:
    return select(JOBS).where(JOBS.c.job_id == job_id)


def _change(connection: Connection, job_id: str, from_states: tuple[JobState, ...], **values: object) -> bool:
    for name, earlier in _FOLLOWS.items():
        if name in values:
            values[name] = case((earlier > values[name], earlier), else_=values[name])
    changed = connection.execute(
        update(JOBS).where(JOBS.c.job_id == job_id, JOBS.c.state.in_(from_states)).values(**values)
    )
    return changed.rowcount == 1


def _unwanted(connection: Connection, job_id: str, result: VersionRecord) -> dict[str, object] | None:
    """How a job ends whose version nobody wants any more; None where it is wanted."""
    if connection.scalar(select(JOBS.c.is_cancel_requested).where(JOBS.c.job_id == job_id)):
        return {"state": JobState.CANCELLED}
    is_next = latest_version(connection, result.plan_id) == result.base_version
    if is_next and not has_version(connection, result.plan_id, result.number):
        return None
    return {"state": JobState.FAILED, "error": _FAILURE.dump_json(STALE)}


def _publish(connection: Connection, result: JobResult) -> None:
    if isinstance(result, PlanRecord):
        _insert_content(connection, result)
        insert_first_version(
            connection, plan_id=result.plan_id, made_at=result.generated_at, actor="", inputs=result.inputs
        )
    elif isinstance(result, VersionRecord):
        _insert_content(connection, result.content)
        insert_version(connection, result)
    elif isinstance(result, AnswerRecord):
        connection.execute(
            insert(ANSWERS).values(answer_id=result.answer_id, etag=result.etag, document=result.document)
        )
    else:
        connection.execute(
            insert(SCENARIOS).values(
                scenario_id=result.scenario_id, name=result.name, etag=result.etag, document=result.document
            )
        )


def _insert_content(connection: Connection, plan: PlanRecord) -> None:
    connection.execute(
        insert(PLANS).values(
            plan_id=plan.plan_id,
            day=plan.day.isoformat(),
            generated_at_ms=_ms(plan.generated_at),
            etag=plan.etag,
            summary=plan.summary,
            document=plan.document,
        )
    )
    for tour in plan.tours:
        ids = {"plan_id": plan.plan_id, "vehicle_id": tour.vehicle_id}
        connection.execute(insert(TOURS).values(**ids, etag=tour.etag, document=tour.document))
        for name, document in tour.exports.items():
            connection.execute(insert(TOUR_EXPORTS).values(**ids, format=name, document=document))


def _ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def _instant(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def _stored(instant: datetime) -> datetime:
    """An instant as the table gives it back: to the millisecond, in UTC."""
    return datetime.fromtimestamp(_ms(instant) / 1000, UTC)


def _job(row: Row[tuple[object, ...]]) -> Job:
    created_at = _instant(row.created_at_ms)
    assert created_at is not None
    return Job(
        job_id=row.job_id,
        kind=JobKind(row.kind),
        document=row.document,
        request_digest=row.request_digest,
        state=JobState(row.state),
        step=row.step,
        share=row.share,
        detail=row.detail,
        is_cancel_requested=row.is_cancel_requested,
        failure=None if row.error is None else _FAILURE.validate_json(row.error),
        attempts=row.attempts,
        created_at=created_at,
        started_at=_instant(row.started_at_ms),
        finished_at=_instant(row.finished_at_ms),
    )
