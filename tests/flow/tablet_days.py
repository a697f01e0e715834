"""A small town with a released plan of real tours, for the tests of tablets and incidents."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from api.http.services import Services
from api.jobs.job import JobKind, JobRequest
from api.store.plan_record import record_of_plan
from api.store.tenant_ports import TenantStore
from optimizer.domain.plan import Plan
from optimizer.domain.request import DayRequest, SolveLimits
from optimizer.domain.town import Town
from optimizer.planning.plan_day import plan_day
from tests.flow.http_samples import NOW, open_straight_line_ports, rising_history, small_town, store_of

DAY = date(2026, 3, 2)


def small_plan(plan_id: str, town: Town | None = None) -> Plan:
    """Every container of the small town, by greedy search on straight lines."""
    wanted = town or small_town()
    request = DayRequest(
        town=wanted,
        day=DAY,
        as_of=NOW,
        history=rising_history(wanted),
        limits=SolveLimits(time_limit_s=None, iteration_limit=1),
        policy="all",
        solver="greedy",
    )
    return plan_day(request, open_straight_line_ports(), plan_id=plan_id, generated_at=NOW)


def release(store: TenantStore, plan: Plan, *, at: datetime = NOW) -> int:
    """Store a finished plan as its job would, and give it to the tablets; the number of the release."""
    record = record_of_plan(plan)
    paths = {"attribution": "", "legs": []}
    tours = tuple(replace(one, exports={"paths": json.dumps(paths).encode()}) for one in record.tours)
    request = JobRequest(job_id=plan.plan_id, kind=JobKind.PLAN, document=b"{}", request_digest="0" * 64)
    store.jobs.add(request, at=at)
    store.jobs.begin(plan.plan_id, at=at)
    assert store.jobs.succeed(plan.plan_id, replace(record, tours=tours), at=at)
    version = store.versions.latest(plan.plan_id)
    assert version is not None
    made, _ = store.versions.release(plan.plan_id, if_match=version.etag, at=at, actor="test")
    return made.sequence


def released_plan(services: Services, plan_id: str = "a" * 32) -> Plan:
    """The small town's plan, released."""
    plan = small_plan(plan_id)
    release(store_of(services), plan)
    return plan


def busiest(plan: Plan) -> str:
    """The vehicle with the most containers."""
    return max(plan.tours, key=lambda tour: tour.totals.lifts).vehicle_id


def event(number: int, kind: str, *, minute: float = 0, prefix: str = "e", **more: Any) -> dict[str, Any]:
    """An event as a tablet sends it, minutes after six o'clock UTC."""
    at = datetime(2026, 3, 2, 6, tzinfo=UTC) + timedelta(minutes=minute)
    return {"event_id": f"{prefix}-{number}", "sequence": number, "at": at.isoformat(), "kind": kind, **more}


def shift_of_events(containers: list[str], *, count: int = 300, prefix: str = "e") -> list[dict[str, Any]]:
    """A whole shift offline: the containers are emptied, refused, or reported again, with breaks and tippings."""
    events = [event(0, "started", prefix=prefix)]
    for number in range(1, count - 1):
        minute, container = number * 1.5, containers[number % len(containers)]
        if number % 60 == 0:
            events.append(event(number, "tipped", minute=minute, prefix=prefix, disposal_site_id="plant"))
        elif number % 50 in {20, 45}:
            kind = "break_started" if number % 50 == 20 else "break_ended"
            events.append(event(number, kind, minute=minute, prefix=prefix))
        elif number % 7 == 0:
            code = "blocked_by_car"
            events.append(event(number, "not_emptied", minute=minute, prefix=prefix, container_id=container, code=code))
        else:
            events.append(
                event(number, "emptied", minute=minute, prefix=prefix, container_id=container, fill_seen="75")
            )
    events.append(event(count - 1, "returned", minute=count * 1.5, prefix=prefix))
    return events
