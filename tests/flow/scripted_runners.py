"""Runners that do as they are told, for tests of the queue and the service.

Apart from the other samples so that a worker process starts without solvers, kernels and the web framework.
"""

import hashlib
import json
import os
import signal
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime

from api.jobs.job import JobKind
from api.jobs.planning_documents import load_planning_ask, load_scenario_ask
from api.store.ports import JobResult, PlanRecord, ScenarioRecord, TourRecord
from optimizer.ports import ReportsProgress

DEATH_SEED = 666


def _digest(document: bytes) -> str:
    return hashlib.sha256(document).hexdigest()[:32]


def short_plan(plan_id: str, *, day: date = date(2026, 3, 2)) -> PlanRecord:
    """A finished plan with one tour and as few words as the service needs."""
    document = json.dumps({"plan_id": plan_id, "day": day.isoformat(), "tours": [{"vehicle_id": "LUE-1"}]}).encode()
    sheet = json.dumps({"plan_id": plan_id, "tour": {"vehicle_id": "LUE-1"}}).encode()
    tour = TourRecord(
        vehicle_id="LUE-1", document=sheet, etag=_digest(sheet), exports={"gpx": b"<gpx/>", "geojson": b"{}"}
    )
    return PlanRecord(
        plan_id=plan_id,
        day=day,
        generated_at=datetime.now(UTC),
        document=document,
        summary=b'{"tour_count": 1}',
        etag=_digest(document),
        tours=(tour,),
    )


class ScriptedRunner:
    """Does what the job's document says: finish, take its time, ignore a stop, die, or fail."""

    def run(
        self, *, tenant_id: str, job_id: str, kind: JobKind, document: bytes, progress: ReportsProgress
    ) -> JobResult:
        del tenant_id, kind
        match document.decode().split():
            case ["sleep", seconds]:
                _work(float(seconds), progress)
            case ["deaf", seconds]:
                progress("solve", 0.5)
                time.sleep(float(seconds))
            case ["die"]:
                os.kill(os.getpid(), signal.SIGKILL)
            case ["eat"]:
                eaten = [bytearray(64 * 2**20) for _ in range(1_000)]
                assert eaten
            case ["fail"]:
                raise RuntimeError("the secret of the house")
        return short_plan(job_id)


class AskedRunner:
    """Makes short plans of what was asked over HTTP; the search's seed and time say how it behaves."""

    def run(
        self, *, tenant_id: str, job_id: str, kind: JobKind, document: bytes, progress: ReportsProgress
    ) -> JobResult:
        del tenant_id
        asked = load_scenario_ask(document) if kind is JobKind.SCENARIO else None
        ask = load_planning_ask(document) if asked is None else asked.ask
        if ask.limits.seed == DEATH_SEED:
            os.kill(os.getpid(), signal.SIGKILL)
        _work(ask.limits.time_limit_s or 0.0, progress)
        if asked is None:
            return short_plan(job_id, day=ask.day)
        changes = [{"op": change.op} for change in asked.scenario.changes]
        compared = json.dumps({"scenario": {"name": asked.scenario.name, "changes": changes}}).encode()
        return ScenarioRecord(scenario_id=job_id, name=asked.scenario.name, document=compared, etag=_digest(compared))


def _work(seconds: float, progress: ReportsProgress) -> None:
    begin_s = time.monotonic()
    progress("solve", 0.0)
    while (passed_s := time.monotonic() - begin_s) < seconds:
        progress("solve", passed_s / seconds)
        time.sleep(0.02)


@dataclass(frozen=True)
class OpenScriptedRunner:
    trouble: str = ""

    def __call__(self) -> ScriptedRunner:
        if self.trouble:
            raise ValueError(self.trouble)
        return ScriptedRunner()


def open_asked_runner() -> AskedRunner:
    return AskedRunner()
