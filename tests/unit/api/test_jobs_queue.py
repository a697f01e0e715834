import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from api.jobs.errors import AlreadyFinishedError, QueueFullError, QueueStoppedError
from api.jobs.job import Job, JobKind, JobRequest, JobState
from api.jobs.queue import JobQueue
from api.store.ports import JobStore
from api.store.sql_store import SqlStore, open_store
from tests.flow.scripted_runners import OpenScriptedRunner

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
TENANT = "lue"


@dataclass(frozen=True)
class OneTenant:
    jobs: JobStore

    def tenant_ids(self) -> list[str]:
        return [TENANT]

    def of(self, tenant_id: str) -> JobStore:
        assert tenant_id == TENANT
        return self.jobs


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(f"sqlite:///{tmp_path / 'fuhre.db'}")
    yield opened
    opened.close()


@contextmanager
def running(queue: JobQueue) -> Iterator[JobQueue]:
    queue.start()
    try:
        yield queue
    finally:
        queue.stop()


def asked(job_id: str, script: str = "", *, key: str | None = None, kind: JobKind = JobKind.PLAN) -> JobRequest:
    return JobRequest(job_id=job_id, kind=kind, document=script.encode(), request_digest=script, idempotency_key=key)


def wait_for(condition: Callable[[], bool], *, seconds: float = 15.0) -> None:
    end_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end_s, "waited too long"
        time.sleep(0.02)


def state_of(store: SqlStore, job_id: str) -> JobState:
    return job_of(store, job_id).state


def job_of(store: SqlStore, job_id: str) -> Job:
    job = store.jobs.get(job_id)
    assert job is not None
    return job


def is_final(store: SqlStore, job_id: str) -> Callable[[], bool]:
    return lambda: state_of(store, job_id).is_final


def test_queue_takes_a_job_to_its_plan_and_reports_progress(store: SqlStore) -> None:
    with running(JobQueue(OneTenant(store.jobs), OpenScriptedRunner())) as queue:
        job, is_new = queue.submit(TENANT, asked("j1", "sleep 1"))
        assert is_new
        assert job.state is JobState.QUEUED
        wait_for(lambda: 0 < job_of(store, "j1").share < 1)
        assert job_of(store, "j1").step == "solve"
        wait_for(is_final(store, "j1"))
    assert state_of(store, "j1") is JobState.SUCCEEDED
    assert store.plans.plan("j1") is not None


def test_queue_survives_a_killed_worker_a_dying_job_and_a_failing_job(store: SqlStore) -> None:
    with running(JobQueue(OneTenant(store.jobs), OpenScriptedRunner())) as queue:
        queue.submit(TENANT, asked("killed", "sleep 1"))
        wait_for(lambda: job_of(store, "killed").step == "solve")
        pid = queue.slot_states()[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        queue.submit(TENANT, asked("dies", "die"))
        queue.submit(TENANT, asked("fails", "fail"))
        queue.submit(TENANT, asked("good"))
        wait_for(is_final(store, "good"), seconds=30)
        failures = [job_of(store, job_id).failure for job_id in ("killed", "dies", "fails")]
    # What was killed once is tried again; what dies a second time is the job's own fault.
    assert [failure.code if failure else None for failure in failures] == [None, "solver_crashed", "internal_error"]
    assert [job_of(store, job_id).attempts for job_id in ("killed", "dies", "fails")] == [2, 2, 1]
    assert state_of(store, "killed") is JobState.SUCCEEDED
    assert "secret" not in str(failures)
    assert state_of(store, "good") is JobState.SUCCEEDED


@pytest.mark.skipif(sys.platform != "linux", reason="memory limits are set on Linux only")
def test_job_that_wants_too_much_memory_fails_and_the_next_succeeds(store: SqlStore) -> None:
    with running(JobQueue(OneTenant(store.jobs), OpenScriptedRunner(), job_memory_limit_mb=256)) as queue:
        before_bytes = psutil.Process().memory_info().rss
        queue.submit(TENANT, asked("eats", "eat"))
        queue.submit(TENANT, asked("good"))
        wait_for(is_final(store, "good"), seconds=30)
        grown_bytes = psutil.Process().memory_info().rss - before_bytes
    failure = job_of(store, "eats").failure
    assert failure is not None
    assert failure.code == "resource_limit"
    assert state_of(store, "good") is JobState.SUCCEEDED
    assert grown_bytes < 50e6


def test_queue_cancels_waiting_and_running_jobs(store: SqlStore) -> None:
    with running(JobQueue(OneTenant(store.jobs), OpenScriptedRunner())) as queue:
        first, _ = queue.submit(TENANT, asked("running", "sleep 30"))
        second, _ = queue.submit(TENANT, asked("waiting", "sleep 30"))
        wait_for(lambda: job_of(store, "running").step == "solve")
        pid = queue.slot_states()[0].pid
        queue.cancel(TENANT, second)
        assert state_of(store, "waiting") is JobState.CANCELLED
        began_s = time.monotonic()
        queue.cancel(TENANT, first)
        wait_for(is_final(store, "running"))
        assert time.monotonic() - began_s < 2
        assert state_of(store, "running") is JobState.CANCELLED
        assert queue.slot_states()[0].pid == pid, "a worker that listens is kept warm"
        queue.cancel(TENANT, first)  # twice is fine


def test_what_a_person_waits_for_does_not_wait_behind_plans(store: SqlStore) -> None:
    with running(JobQueue(OneTenant(store.jobs), OpenScriptedRunner(), edit_worker_count=1)) as queue:
        wait_for(lambda: all(one.is_ready for one in queue.slot_states()), seconds=60)
        for number in range(3):
            queue.submit(TENANT, asked(f"long{number}", "sleep 30"))
        wait_for(lambda: job_of(store, "long0").step == "solve")
        for number, kind in enumerate((JobKind.PLAN_EDIT, JobKind.INCIDENT, JobKind.EXPLANATION)):
            began_s = time.monotonic()
            queue.submit(TENANT, asked(f"short{number}", kind=kind))
            wait_for(is_final(store, f"short{number}"))
            assert time.monotonic() - began_s < 5
        assert [state_of(store, f"long{number}") for number in range(3)] == [
            JobState.RUNNING,
            JobState.QUEUED,
            JobState.QUEUED,
        ]
        busy = {one.does_short_only: one.job is not None for one in queue.slot_states()}
        assert busy == {False: True, True: False}, "the worker that is kept free makes no plans"


def test_queue_kills_a_worker_that_does_not_listen(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.jobs.slot.CANCEL_GRACE_S", 0.5)
    with running(JobQueue(OneTenant(store.jobs), OpenScriptedRunner())) as queue:
        job, _ = queue.submit(TENANT, asked("deaf", "deaf 60"))
        wait_for(lambda: job_of(store, "deaf").step == "solve")
        pid = queue.slot_states()[0].pid
        assert pid is not None
        queue.cancel(TENANT, job)
        wait_for(is_final(store, "deaf"), seconds=5)
        assert state_of(store, "deaf") is JobState.CANCELLED
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_queue_ends_a_job_that_runs_too_long(store: SqlStore) -> None:
    with running(JobQueue(OneTenant(store.jobs), OpenScriptedRunner(), job_time_limit_s=0.3)) as queue:
        queue.submit(TENANT, asked("long", "sleep 30"))
        wait_for(is_final(store, "long"))
    failure = job_of(store, "long").failure
    assert failure is not None
    assert failure.code == "job_time_limit"


def test_queue_refuses_when_full_but_answers_repetitions(store: SqlStore) -> None:
    queue = JobQueue(OneTenant(store.jobs), OpenScriptedRunner(), queue_length=2)  # not started: nothing drains it
    first, _ = queue.submit(TENANT, asked("j1", key="k"))
    queue.submit(TENANT, asked("j2"))
    with pytest.raises(QueueFullError) as full:
        queue.submit(TENANT, asked("j3"))
    assert full.value.retry_after_s > 0
    assert queue.submit(TENANT, asked("j4", key="k")) == (first, False)
    assert store.jobs.get("j3") is None


def test_queue_refuses_to_cancel_what_has_ended(store: SqlStore) -> None:
    with running(JobQueue(OneTenant(store.jobs), OpenScriptedRunner())) as queue:
        job, _ = queue.submit(TENANT, asked("j1"))
        wait_for(is_final(store, "j1"))
        with pytest.raises(AlreadyFinishedError):
            queue.cancel(TENANT, job)


def test_queue_takes_up_what_an_earlier_run_left(store: SqlStore) -> None:
    for job_id in ("waiting", "interrupted", "hopeless", "unwanted"):
        store.jobs.add(asked(job_id), at=NOW)
    store.jobs.begin("interrupted", at=NOW)
    store.jobs.begin("unwanted", at=NOW)
    store.jobs.request_cancel("unwanted")
    store.jobs.begin("hopeless", at=NOW)
    store.jobs.requeue("hopeless", counts_attempt=True)
    store.jobs.begin("hopeless", at=NOW)
    with running(JobQueue(OneTenant(store.jobs), OpenScriptedRunner())):
        wait_for(lambda: all(is_final(store, job_id)() for job_id in ("waiting", "interrupted")))
    assert state_of(store, "waiting") is JobState.SUCCEEDED
    assert state_of(store, "interrupted") is JobState.SUCCEEDED
    assert state_of(store, "unwanted") is JobState.CANCELLED
    failure = job_of(store, "hopeless").failure
    assert failure is not None
    assert failure.code == "interrupted"


def test_stopping_puts_the_running_job_back_into_the_queue(store: SqlStore) -> None:
    queue = JobQueue(OneTenant(store.jobs), OpenScriptedRunner())
    with running(queue):
        queue.submit(TENANT, asked("j1", "sleep 30"))
        wait_for(lambda: job_of(store, "j1").step == "solve")
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 5
    assert (state_of(store, "j1"), job_of(store, "j1").attempts) == (JobState.QUEUED, 0)
    assert all(slot.pid is None for slot in queue.slot_states())
    with pytest.raises(QueueStoppedError):
        queue.submit(TENANT, asked("j2"))


def test_worker_that_cannot_open_its_map_says_why(store: SqlStore) -> None:
    with running(JobQueue(OneTenant(store.jobs), OpenScriptedRunner(trouble="no map"))) as queue:
        wait_for(lambda: bool(queue.slot_states()[0].trouble))
        state = queue.slot_states()[0]
    assert not state.is_ready
    assert "ValueError" in state.trouble
