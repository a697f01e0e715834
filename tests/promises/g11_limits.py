"""G11: each limit from both sides, how long slow callers are borne with, and what all others notice meanwhile."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from api.simulate.own_service import KeyHolder
from api.store.tenant_ports import Role
from tests.load.drive import Tally
from tests.load.wire import Wire
from tests.promises.lines import Answer, Line, request_bytes
from tests.promises.place import Place, StartedService, town_named
from tests.promises.table import Table

TENANT = "luenen"
ADMIN = KeyHolder(tenant_id=TENANT, role=Role.ADMIN)
DISPATCHER = KeyHolder(tenant_id=TENANT, role=Role.DISPATCHER)
CONTAINERS, VEHICLES = 2_001, 101
HALF_OPEN = 100
"""Connections that never end their headers."""

HEADER_S, BODY_S = 10.0, 60.0
TOLD_WITHIN_S = 1.0
"""From the end of the time to when the other side has seen it."""

OTHERS_PER_S = 20.0
OTHERS_MS = 250.0


def measure(place: Place, table: Table) -> None:
    """On a town that is one container and one vehicle too large for one plan."""
    loaded = town_named("Lünen", "LUE", containers=CONTAINERS, vehicles=VEHICLES, history_days=1)
    first, *others = loaded.town.containers
    containers = (replace(first, stream="glass"), *(replace(one, stream="paper") for one in others))
    town = replace(loaded, town=replace(loaded.town, containers=containers))
    with place.service({TENANT: town}, [ADMIN, DISPATCHER]) as started:
        asyncio.run(_all(place, table, started))


async def _all(place: Place, table: Table, started: StartedService) -> None:
    base_url = started.service.base_url
    sender = _Sender(started)
    await sender.ask("GET", "/v1/vehicles")  # the first of its key is slower for everybody
    others = Tally("others")
    wire = Wire(base_url=base_url, key=started.service.keys[DISPATCHER])
    is_over = asyncio.Event()

    async def ask_meanwhile() -> None:
        request = wire.request("GET", "/v1/plans?limit=1")
        while not is_over.is_set():
            await wire.send_at_rate(others, request, per_s=OTHERS_PER_S, seconds=1)

    meanwhile = asyncio.create_task(ask_meanwhile())
    place.tell("callers that never end their headers, and one that never ends a body")
    slow = asyncio.gather(
        asyncio.gather(
            *(_seconds_until_closed(base_url, b"GET /v1/plans HTTP/1.1\r\nhost: x\r\n") for _ in range(HALF_OPEN))
        ),
        _slow_body(sender, give_up_s=3 if place.size.is_quick else BODY_S + 5),
    )
    longest_ms: list[str] = []
    for what, limit, below, above in _limits(sender):
        place.tell(what)
        answered = len(others.seconds)
        under, over = await below(), await above()
        for _ in range(0 if place.size.is_quick else 3):  # too much, again and again, while others are served
            await above()
        is_met = under.status.startswith("2") and over.status in {"413", "422"}
        table.says("G11", what, limit, f"{_told(under)} / {_told(over)}", is_met=is_met)
        longest_ms.append(f"{what} {1_000 * max(others.seconds[answered:], default=0):,.0f} ms")
    headers_s, (body_s, status) = await slow
    is_over.set()
    await meanwhile
    table.at_most(
        "G11",
        f"longest of {HALF_OPEN} connections without an end of their headers (limit {HEADER_S:.0f} s)",
        max(headers_s),
        HEADER_S + TOLD_WITHIN_S,
        "s",
        digits=2,
    )
    if place.size.is_quick:
        table.unknown("G11", "a body that never ends is cut", f"<= {BODY_S:.0f} s", "too long for --quick")
    else:
        table.at_most("G11", f"a body, one byte a second, is cut (answer {status})", body_s, BODY_S, "s", digits=2)
    odd = others.outcomes.total() - others.outcomes["200"]
    table.none_of("G11", "requests of others that failed meanwhile", odd, others.outcomes.total(), "all")
    what = f"p99 of {len(others.seconds)} requests of others meanwhile, {OTHERS_PER_S:.0f}/s"
    table.at_most("G11", what, others.percentile_ms(0.99), OTHERS_MS, "ms")
    table.notes.append(f"G11: longest answer to others during {'; '.join(longest_ms)}.")


class _Sender:
    """The administrator, over lines of its own."""

    def __init__(self, started: StartedService) -> None:
        self.base_url = started.service.base_url
        self.key = started.service.keys[ADMIN]
        self._sent = 0

    async def ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """A request on a new line: a refusal may end it."""
        line = Line(self.base_url)
        answer = await line.ask(request_bytes(method, path, key=self.key, body=body))
        line.close()
        return answer

    def readings(self, count: int) -> bytes:
        """A batch that nobody has sent."""
        first_at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        items = []
        for _ in range(count):
            turn, container = divmod(self._sent, CONTAINERS)
            self._sent += 1
            at = first_at - timedelta(seconds=7 * turn)
            items.append(
                {"container_id": f"LUE-P-{container:04d}", "observed_at": at.isoformat(), "fill_fraction": 0.5}
            )
        return json.dumps({"readings": items}).encode()

    async def plan(self, **wanted: Any) -> Answer:
        """Ask for a plan, and take it back at once: whether it is taken is the question."""
        answer = await self.ask("POST", "/v1/plans", json.dumps({"limits": {"iteration_limit": 1}, **wanted}).encode())
        if answer.status == "202":
            await self.ask("POST", f"/v1/plans/{json.loads(answer.body)['plan_id']}/cancel")
        return answer


Asks = Callable[[], Awaitable[Answer]]


def _limits(sender: _Sender) -> list[tuple[str, str, Asks, Asks]]:
    """What is limited, how, and a request on either side."""

    def event(depth: int) -> bytes:
        # A field that this version does not know, at the depth of 3 where events stand.
        now = datetime.now(UTC)
        fields = f'"event_id": "deep{depth}", "sequence": 1, "at": "{now.isoformat()}", "kind": "started"'
        deep = "[" * (depth - 3) + "]" * (depth - 3)
        return f'{{"day": "{now.date()}", "events": [{{{fields}, "newer": {deep}}}]}}'.encode()

    def small_plan(bytes_in_all: int) -> Asks:
        body = json.dumps({"vehicle_ids": ["LUE-1"], "streams": ["glass"], "limits": {"iteration_limit": 1}})
        return lambda: sender.ask("POST", "/v1/plans", body.encode().ljust(bytes_in_all))

    def batch(bytes_in_all: int) -> Asks:
        return lambda: sender.ask("POST", "/v1/readings", sender.readings(10).ljust(bytes_in_all))

    vehicles = [f"LUE-{number}" for number in range(1, VEHICLES + 1)]
    return [
        ("a body of 1,000,000 and of 1,000,001 bytes", "2xx / 413", small_plan(1_000_000), small_plan(1_000_001)),
        ("a batch of 5,000,000 and of 5,000,001 bytes", "2xx / 413", batch(5_000_000), batch(5_000_001)),
        (
            "a body 32 and 33 levels deep",
            "2xx / 413",
            lambda: sender.ask("POST", "/v1/tours/LUE-1/events", event(32)),
            lambda: sender.ask("POST", "/v1/tours/LUE-1/events", event(33)),
        ),
        (
            "a batch of 5,000 and of 5,001 readings",
            "2xx / 413",
            lambda: sender.ask("POST", "/v1/readings", sender.readings(5_000)),
            lambda: sender.ask("POST", "/v1/readings", sender.readings(5_001)),
        ),
        (
            "a plan of 100 and of 101 vehicles",
            "2xx / 422",
            lambda: sender.plan(vehicle_ids=vehicles[:100], streams=["glass"]),
            lambda: sender.plan(vehicle_ids=vehicles, streams=["glass"]),
        ),
        (
            "a plan of 2,000 and of 2,001 containers",
            "2xx / 422",
            lambda: sender.plan(vehicle_ids=vehicles[:1], streams=["paper"]),
            lambda: sender.plan(vehicle_ids=vehicles[:1]),
        ),
    ]


async def _seconds_until_closed(base_url: str, begun: bytes) -> float:
    host, _, port = base_url.removeprefix("http://").partition(":")
    began_s = time.monotonic()
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(begun)
    try:
        async with asyncio.timeout(6 * HEADER_S):
            await reader.read()
    except (TimeoutError, ConnectionError):
        pass
    writer.close()
    return time.monotonic() - began_s


async def _slow_body(sender: _Sender, *, give_up_s: float) -> tuple[float, str]:
    host, _, port = sender.base_url.removeprefix("http://").partition(":")
    began_s = time.monotonic()
    reader, writer = await asyncio.open_connection(host, int(port))
    head, _, _ = request_bytes("POST", "/v1/plans", key=sender.key, body=b" " * 1_000).partition(b"\r\n\r\n")
    writer.write(head + b"\r\n\r\n")
    answer = asyncio.create_task(reader.read(65_536))
    while not answer.done() and time.monotonic() - began_s < give_up_s:
        writer.write(b" ")
        await asyncio.wait([answer], timeout=1)
    took_s = time.monotonic() - began_s
    if not answer.done():
        answer.cancel()
    status = answer.result()[9:12].decode("latin-1") if answer.done() and not answer.cancelled() else "none"
    writer.close()
    return took_s, status


def _told(answer: Answer) -> str:
    try:
        code = json.loads(answer.body).get("code", "")
    except ValueError:
        code = ""
    return f"{answer.status} {code}".strip()
