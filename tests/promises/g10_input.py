"""G10: whatever is sent, it is never our fault: mutated requests and raw bodies, for every operation."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from api.identity.access_keys import without_secrets
from api.simulate.own_service import KeyHolder
from api.store.tenant_ports import Role
from tests.promises.addresses import operations_of
from tests.promises.lines import Line
from tests.promises.lived_in import LivedIn, live_in
from tests.promises.mutations import Mutations
from tests.promises.place import Place, StartedService, everybody, town_named
from tests.promises.table import Table

TENANT, PARTNER = "luenen", "werne"
ADMIN = KeyHolder(tenant_id=TENANT, role=Role.ADMIN)
LINES = 12
WANTED_REQUESTS, WANTED_BODIES = 100_000, 200
SHOWN = 3
"""Faults of each operation that are told with their requests; the others are counted."""

STREAM_S = 20.0
"""A stream of events is not waited for until its end."""

SETTINGS = {
    "FUHRE_QUEUE_LENGTH": "10000",
    "FUHRE_DEFAULT_TIME_LIMIT_S": "0.05",
    "FUHRE_MAX_TIME_LIMIT_S": "0.05",
    "FUHRE_EDIT_WORKER_COUNT": "1",
}
"""What is asked for by chance is to be made quickly; a full queue would only say that it is full."""


@dataclass(slots=True)
class Answers:
    """What came back."""

    statuses: Counter[str] = field(default_factory=Counter)
    sent_to: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, bytes, str]] = field(default_factory=list)
    unlike: Counter[str] = field(default_factory=Counter)

    def note(self, operation_id: str, request: bytes, status: str, head: bytes, body: bytes) -> None:
        """Count an answer; whatever begins with 5, or does not come, is kept with what it was asked for."""
        self.statuses[status] += 1
        self.sent_to[operation_id] += 1
        if not status.isdigit() or status[0] == "5":
            self.faults.append((operation_id, request, f"{status} {body[:300].decode('utf-8', 'replace')}"))
        is_problem = b"application/problem+json" in head
        if status[0] == "4" and not is_problem and not request.startswith(b"HEAD") and status != "400":
            self.unlike[f"{operation_id} {status}"] += 1


def measure(place: Place, table: Table) -> None:
    """On a town in which everything has happened once."""
    size = place.size
    towns = {TENANT: town_named("Lünen", "LUE"), PARTNER: town_named("Werne", "WER")}
    with place.service(towns, everybody(*towns), settings=SETTINGS) as started:
        town = live_in(started, TENANT, "LUE", eui="A84041000181C0AA", partner=(PARTNER, "WER"))
        with started.client(ADMIN) as admin:
            operations = operations_of(admin)
        made = Mutations(
            operations, ids=town.ids, bodies=_bodies(town), etag=town.etag, key=started.service.keys[ADMIN],
            seed=size.seed
        )  # fmt: skip
        began_s = time.monotonic()
        raw = asyncio.run(_send_all(place, started, made.raw(size.bodies), "raw bodies"))
        fuzzed = asyncio.run(_send_all(place, started, made.some(size.requests), f"of {size.requests:,} requests"))
        took_s = time.monotonic() - began_s
        with started.client(ADMIN) as admin:
            lives = admin.get("/v1/vehicles").status_code == 200
    _tell(table, place, raw, fuzzed, [one.operation_id for one in operations if one.writes])
    table.says("G10", "the service answers as before afterwards", "yes", "yes" if lives else "no", is_met=lives)
    sent = raw.statuses.total() + fuzzed.statuses.total()
    told = ", ".join(f"{status}: {count:,}" for status, count in sorted((raw.statuses + fuzzed.statuses).items()))
    table.notes.append(
        f"G10: {sent:,} requests in {took_s:.0f} s over {LINES} lines, seed {size.seed}; by status: {told}."
    )
    told_of: Counter[str] = Counter()
    for operation_id, request, answer in raw.faults + fuzzed.faults:
        told_of[operation_id] += 1
        if told_of[operation_id] <= SHOWN:
            words = without_secrets(repr(request[:1_500]))
            table.notes.append(f"G10 fault of {operation_id}: {answer}\n\n    {words}")
    for unlike, count in (raw.unlike + fuzzed.unlike).most_common(5):
        table.notes.append(f"G10: {count} refusals that are no problem document: {unlike}")


def _tell(table: Table, place: Place, raw: Answers, fuzzed: Answers, writing: list[str]) -> None:
    least = min((raw.sent_to[one] for one in writing), default=0)
    what = f"raw bodies for each of {len(writing)} operations that write"
    if (place.size.requests, place.size.bodies) < (WANTED_REQUESTS, WANTED_BODIES):
        table.unknown(
            "G10", "fuzzed requests", f">= {WANTED_REQUESTS:,}", f"{fuzzed.statuses.total():,} were asked for"
        )
        table.unknown("G10", what, f">= {WANTED_BODIES}", f"{least} were asked for")
    else:
        table.at_least("G10", "fuzzed requests", fuzzed.statuses.total(), WANTED_REQUESTS)
        table.at_least("G10", what, least, WANTED_BODIES)
    all_statuses = raw.statuses + fuzzed.statuses
    total = all_statuses.total()
    table.none_of("G10", "answers 500", all_statuses["500"], total, "all")
    later = sum(count for status, count in all_statuses.items() if status[0] == "5" and status != "500")
    table.none_of("G10", "other answers 5xx", later, total, "all")
    silent = sum(count for status, count in all_statuses.items() if not status.isdigit())
    table.none_of("G10", "requests without an answer", silent, total, "all")


async def _send_all(place: Place, started: StartedService, requests: Iterator[tuple[str, bytes]], what: str) -> Answers:
    answers = Answers()

    async def send_some() -> None:
        line = Line(started.service.base_url)
        for operation_id, request in requests:
            streams = operation_id == "watchJob"
            answer = await line.ask(request, patience_s=STREAM_S if streams else 90.0)
            if streams and answer.status == "silent":
                continue
            answers.note(operation_id, request, answer.status, answer.head, answer.body)
            if answers.statuses.total() % 200 == 0:
                place.tell(f"{answers.statuses.total():,} {what}")
        line.close()

    await asyncio.gather(*(send_some() for _ in range(LINES)))
    return answers


def _bodies(town: LivedIn) -> dict[str, list[Any]]:
    """Valid bodies of this town: only what gets past the first checks gets anywhere."""
    ids, day, now = town.ids, town.day.isoformat(), datetime.now(UTC).replace(microsecond=0).isoformat()
    place = {"lon_deg": 7.521, "lat_deg": 51.611}
    limits = {"limits": {"iteration_limit": 3, "seed": 7}}
    container, vehicle = ids["container"], ids["vehicle_id"]
    event = {"event_id": "e", "sequence": 3, "at": now, "clock_offset_ms": 0, "vehicle_id": vehicle}
    changes = [
        {"op": "vehicle.remove", "vehicle_id": vehicle},
        {"op": "shift.change", "vehicle_id": vehicle, "starts_local": "06:00", "ends_local": "15:00"},
        {"op": "service_level.change", "must_collect_probability": 0.4},
        {"op": "road.close", "center": place, "radius_m": 200},
        {"op": "disposal_site.close", "disposal_site_id": ids["disposal_site_id"]},
    ]
    return {
        "addReadings": [
            {"readings": [{"container_id": container, "observed_at": now, "fill_fraction": 0.4, "source": "sensor"}]},
            {"readings": [{"container_id": container, "observed_at": now, "is_emptying": True, "source": "truck"}] * 3},
        ],
        "addTourEvents": [
            {"day": day, "sent_at": now, "events": [event | {"kind": "emptied", "container_id": container,
            "fill_seen": "75"}]},
            {"day": day, "events": [event | {"kind": "tipped", "disposal_site_id": ids["disposal_site_id"],
            "weight_kg": 900}]},
            {"day": day, "events": [event | {"kind": "road_closed", "location": place}]},
            {"day": day, "events": [event | {"kind": "not_emptied", "container_id": container,
            "code": "blocked_by_car"}]},
        ],
        "requestPlan": [
            {"day": day, "streams": ["paper"], "vehicle_ids": [vehicle], **limits},
            {"exclude": [container], "force": [], "rules": {"must_collect_probability": 0.2}, **limits},
            {"as_of": now, "policy": "all", "solver": "greedy", **limits},
            {"partners": [PARTNER], **limits},
        ],
        "editPlan": [
            {"edits": [{"op": "move", "container_id": container, "vehicle_id": vehicle}], "max_wait_s": 0},
            {"edits": [{"op": "pin", "container_id": container}, {"op": "exclude", "container_id": container}],
            "max_wait_s": 0},
            {"edits": [{"op": "swap", "vehicle_id": vehicle, "with_vehicle_id": f"{town.prefix}-2"}], "max_wait_s": 0},
        ],
        "requestScenario": [
            {"name": "what if", "base_plan_id": ids["plan_id"], "changes": changes[:1]},
            {"name": "what if", "request": {"day": day, **limits}, "changes": changes},
        ],
        "proposeAgreement": [
            {"partner_id": PARTNER, "streams": ["paper"], "vehicle_ids": [vehicle], "valid_from": day,
            "valid_until": day,
             "weekdays": [0, 1], "starts_local": "06:00", "ends_local": "14:00", "max_share_fraction": 0.3,
             "disposal_site_ids": [ids["disposal_site_id"]], "price_rule": "equal_saving"},
        ],
        "acceptAgreement": [{"vehicle_ids": [vehicle], "disposal_site_ids": [ids["disposal_site_id"]]}],
        "putContainer": [
            {"site_id": "s", "location": place, "stream": "paper", "capacity_l": 1_100, "hours": "Mo-Sa 06:00-20:00"},
        ],
        "putDevice": [{"decoder": "milesight_em310", "container_id": container, "empty_mm": 2_000, "full_mm": 400}],
        "reportIncident": [
            {"kind": "breakdown", "vehicle_id": vehicle, "day": day, "happened_at": now, "note": "engine"},
            {"kind": "road_closed", "vehicle_id": vehicle, "line": [place, {"lon_deg": 7.523, "lat_deg": 51.612}]},
            {"kind": "blocked", "vehicle_id": vehicle, "container_id": container, "code": "blocked_by_car"},
        ],
        "addClosure": [{"line": [place], "reason": "Markt", "valid_from_at": now, "valid_until_at": now}],
    }  # fmt: skip
