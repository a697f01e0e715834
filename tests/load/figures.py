"""The figures of the service that FAULTS promises, each with its goal: ``python tests/load/figures.py``.

    python tests/load/figures.py                     # SQLite files
    python tests/load/figures.py --postgresql        # a PostgreSQL of its own
    python tests/load/figures.py --share 0.1         # a tenth of everything, to see that it runs
    python tests/load/figures.py --only plans        # one part; --help names them

One service in a process of its own and its callers in this one. Processor seconds of the service stand beside the
elapsed ones: they count where others compute too. ``python -m tests.durability.figures`` has kills (G1, G3), backups
and migrations (G13, G14) of a million readings.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from api.simulate.own_service import KeyHolder, OwnService, own_service
from api.store.tenant_ports import Role
from tests.flow.tablet_days import shift_of_events
from tests.load.drive import Tally
from tests.load.flood import flood_service
from tests.load.flood_sender import Flood
from tests.load.memory import proportional_mb, resident_mb
from tests.load.mqtt_rate import mqtt_rate
from tests.load.towns import load_town
from tests.load.wire import Wire
from tests.postgres import running_postgres

TOWN, NEIGHBOUR = "luenen", "werne"
CONTAINERS, VEHICLES = 300, 100
PARTS = ("readings", "notifications", "fetching", "events", "plans", "flood", "mqtt")
"""What can be measured alone, in the order in which it is."""

_ON_A_TOUR = frozenset({"fetching", "events", "plans", "flood"})
PLANS = 50
"""Asked for at once, whatever the share: what they cost in memory shows with all of them only."""
OFFICE = KeyHolder(tenant_id=TOWN, role=Role.DISPATCHER)
TABLET = KeyHolder(tenant_id=TOWN, role=Role.DRIVER)
SENSORS = KeyHolder(tenant_id=TOWN, role=Role.SENSOR)
FLOOD = KeyHolder(tenant_id=NEIGHBOUR, role=Role.SENSOR)
SETTINGS = {
    "FUHRE_KEY_REQUESTS_PER_S": "100000",
    "FUHRE_TENANT_REQUESTS_PER_S": "100000",
    "FUHRE_INGEST_REQUESTS_PER_S": "100000",
    "FUHRE_QUEUE_LENGTH": "64",
    "FUHRE_WORKER_COUNT": "2",
}


@dataclass(slots=True)
class Table:
    """Figures with their goals; a figure is met when it is at most its goal, or at least where it is a rate."""

    lines: list[str] = field(
        default_factory=lambda: ["| goal | what | measured | wanted | |", "|---|---|---:|---:|---|"]
    )
    missed: int = 0

    def tell(self, goal: str, what: str, value: float, wanted: float, unit: str, *, is_rate: bool = False) -> None:
        """Add a figure."""
        is_met = value >= wanted if is_rate else value <= wanted
        self.missed += not is_met
        sign = ">=" if is_rate else "<="
        digits = 2 if unit == "s" else 0
        verdict = "met" if is_met else "MISSED"
        self.lines.append(f"| {goal} | {what} | {value:,.{digits}f} {unit} | {sign} {wanted:g} {unit} | {verdict} |")


class Figures:
    """Measures a running service; ``share`` scales how much is sent."""

    def __init__(self, service: OwnService, table: Table, *, share: float) -> None:
        self._service, self._table, self._share = service, table, share
        self._office = Wire(base_url=service.base_url, key=service.keys[OFFICE])
        self._tablet = Wire(base_url=service.base_url, key=service.keys[TABLET])
        self._sensors = Wire(base_url=service.base_url, key=service.keys[SENSORS])
        self._flood = Wire(base_url=service.base_url, key=service.keys[FLOOD])
        self._begun_at = datetime.now(UTC).replace(microsecond=0)
        self._sent = 0

    def measure(self, parts: Collection[str]) -> None:
        """These parts, in turn."""
        headers = {"authorization": f"Bearer {self._service.keys[OFFICE]}"}
        with httpx.Client(base_url=self._service.base_url, headers=headers, timeout=60) as office:
            address = ""
            for name in (one for one in PARTS if one in parts):
                if name in _ON_A_TOUR and not address:
                    address = self._release(office)
                match name:
                    case "readings":
                        self._readings_sent()
                    case "notifications":
                        self._notifications()
                    case "fetching":
                        self._fetch(address)
                    case "events":
                        self._sync()
                    case "plans":
                        self._plans(office, address)
                    case "flood":
                        self._under_flood(address)

    def _readings_sent(self) -> None:
        table, singles = self._table, int(10_000 * self._share)
        requests = [self._sensors.request("POST", "/v1/readings", self._readings(1)) for _ in range(singles)]
        tally, took_s, cpu_s = self._timed("single readings", self._sensors, requests, connections=50)
        cpu = f"{1000 * cpu_s / singles:.2f} ms CPU each"
        table.tell("G4", f"single readings, 50 connections ({cpu})", singles / took_s, 1_000, "/s", is_rate=True)
        table.tell("G4", "p99 of a single reading at that rate", tally.percentile_ms(0.99), 250, "ms")
        for size, count in ((100, 200), (1_000, 160)):
            number = max(8, int(count * self._share))
            requests = [self._sensors.request("POST", "/v1/readings", self._readings(size)) for _ in range(number)]
            _, took_s, cpu_s = self._timed("batches", self._sensors, requests, connections=8)
            cpu = f"{cpu_s / number / size * 1e5:.1f} s CPU per 100,000"
            table.tell(
                "G4", f"readings in batches of {size} ({cpu})", number * size / took_s, 20_000, "/s", is_rate=True
            )
        # The backlog of 20,000 sensors after eight hours is what the largest batches brought.
        backlog_s = took_s * 160 / number
        table.tell("G4", "160,000 readings of a backlog", backlog_s, 300, "s")

    def _notifications(self) -> None:
        headers = {"authorization": f"Bearer {self._sensors.key}", "content-type": "application/json"}
        address = f"{self._service.base_url}/v1/ingest/ngsi"
        told = httpx.post(address, content=self._entities(100), headers=headers, timeout=60).raise_for_status().json()
        if told["accepted"] != 100:  # quick answers about what is not stored are no figure
            raise SystemExit(f"notification: {told}")
        number = max(8, int(500 * self._share))
        requests = [self._sensors.request("POST", "/v1/ingest/ngsi", self._entities(100)) for _ in range(number)]
        _, took_s, cpu_s = self._timed("entities", self._sensors, requests, connections=8)
        cpu = f"{cpu_s / number * 1e3:.1f} s CPU per 100,000"
        told = f"readings with message keys, in notifications of 100 ({cpu})"
        self._table.tell("G4", told, number * 100 / took_s, 20_000, "/s", is_rate=True)

    def _fetch(self, address: str) -> None:
        etag = httpx.get(
            f"{self._service.base_url}{address}", headers={"authorization": f"Bearer {self._tablet.key}"}, timeout=60
        ).headers["etag"]
        seconds = max(1.0, 15 * self._share)
        for what, headers, wanted_ms in (
            ("p99 of a tour's package, 20/s", "", 150),
            ("p99 of its confirmation (304), 20/s", f"if-none-match: {etag}\r\n", 20),
        ):
            tally = Tally(what)
            request = self._tablet.request("GET", address, headers=headers)
            asyncio.run(self._tablet.send_at_rate(tally, request, per_s=20, seconds=seconds))
            _require(tally, "200", "304")
            self._table.tell("G6", what, tally.percentile_ms(0.99), wanted_ms, "ms")

    def _sync(self) -> None:
        names = [f"P-{number:04d}" for number in range(CONTAINERS)]

        def sync(vehicle: int, prefix: str) -> bytes:
            events = shift_of_events(names, prefix=f"{prefix}-{vehicle}")
            return self._tablet.request(
                "POST", f"/v1/tours/LUE-{vehicle}/events", {"day": "2026-03-02", "events": events}
            )

        _, took_s, _ = self._timed("one tablet", self._tablet, [sync(1, "one")], connections=1)
        self._table.tell("G7", "300 events of one tablet", took_s, 2, "s")
        tablets = max(2, int(VEHICLES * self._share))
        requests = [sync(vehicle, "all") for vehicle in range(1, tablets + 1)]
        tally, took_s, _ = self._timed("all tablets", self._tablet, requests, connections=tablets, accepts=("503",))
        refused = tally.outcomes["503"]
        told = f"{tablets} tablets with 300 events each at once" + (
            f" ({refused} told to come back)" if refused else ""
        )
        self._table.tell("G7", told, took_s, 30, "s")

    def _plans(self, office: httpx.Client, address: str) -> None:
        requests = [self._office.request("POST", "/v1/plans", {"limits": {"time_limit_s": 0.5}})] * PLANS
        tally, _, cpu_s = self._timed("plans", self._office, requests, connections=PLANS)
        told = f"p99 of accepting {PLANS} plans at once ({1000 * cpu_s / PLANS:.1f} ms CPU each)"
        self._table.tell("G8", told, tally.percentile_ms(0.99), 300, "ms")
        beside = Tally("tour beside plans")
        end_s = time.monotonic() + 180
        resident, proportional, waiting = 0.0, 0.0, PLANS
        while waiting and time.monotonic() < end_s:
            request = self._tablet.request("GET", address)
            asyncio.run(self._tablet.send_at_rate(beside, request, per_s=20, seconds=3))
            resident = max(resident, resident_mb(self._service.pid))
            proportional = max(proportional, proportional_mb(self._service.pid))
            waiting = sum(one["status"] in {"queued", "running"} for one in _listed(office))
        told = f"p99 of a tour's package beside {PLANS} plans, {len(beside.seconds)} fetches at 20/s"
        self._table.tell("G6", told, beside.percentile_ms(0.99), 500, "ms")
        self._table.tell("G6", "faults and refusals meanwhile", beside.outcomes.total() - beside.count("200"), 0, "")
        told = f"resident memory of all processes, shared pages counted each time (once: {proportional:,.0f} MB)"
        self._table.tell("G8", told, resident, 2_000, "MB")
        self._table.tell("G8", f"plans without an end after {PLANS} at once", waiting, 0, "")
        begun = office.post("/v1/plans", json={"limits": {"time_limit_s": 60}}).raise_for_status()
        where = begun.headers["location"]
        while office.get(where).json()["status"] == "queued":
            time.sleep(0.05)
        began_s = time.perf_counter()
        office.post(f"{where}/cancel").raise_for_status()
        while office.get(where).json()["status"] == "running":
            time.sleep(0.05)
        self._table.tell("G8", "from cancelling a running plan to its end", time.perf_counter() - began_s, 5, "s")

    def _under_flood(self, address: str) -> None:
        begins_at = (self._begun_at - timedelta(days=1)).isoformat()
        flood = Flood(
            port=urlsplit(self._service.base_url).port or 80,
            key=self._flood.key,
            begins_at=begins_at,
            containers=CONTAINERS,
            seconds=max(3.0, 60 * self._share),
        )
        seen = flood_service(self._service.pid, flood, self._tablet, self._sensors, address)
        sys.stdout.write(seen.told(flood))
        table, beside = self._table, seen.beside
        _require(beside["tablet"], "200")
        _require(beside["neighbour"], "207")
        _require(beside["health"], "200")
        sent_per_s, answered_per_s = seen.report.sent / flood.seconds, seen.report.answered / flood.seconds
        table.tell("G5", f"messages sent, of {flood.per_s:,}/s", sent_per_s, 0.99 * flood.per_s, "/s", is_rate=True)
        table.tell("G5", "of these answered within the time", answered_per_s, 0.95 * flood.per_s, "/s", is_rate=True)
        table.tell("G5", "answers other than 2xx, 429 and 503, and connections cut", seen.errors, 0, "")
        table.tell("G5", f"lost of {seen.acknowledged:,} acknowledged", seen.lost, 0, "")
        table.tell("G5", "p99 of a tour's package meanwhile, 20/s", beside["tablet"].percentile_ms(0.99), 500, "ms")
        table.tell("G5", "p99 of a neighbour's reading, 5/s", beside["neighbour"].percentile_ms(0.99), 500, "ms")
        table.tell("G5", "memory grown at most", seen.peak_mb - seen.before_mb, 300, "MB")
        table.tell("G5", "until all is normal again", seen.normal_after_s, 10, "s")

    def _release(self, office: httpx.Client) -> str:
        begun = office.post("/v1/plans", json={"limits": {"time_limit_s": 2}, "policy": "all"}).raise_for_status()
        where = begun.headers["location"]
        while (answer := office.get(where)).json()["status"] in {"queued", "running"}:
            time.sleep(0.2)
        plan = answer.json()["plan"]
        office.post(f"{where}/release", headers={"if-match": answer.headers["etag"]}).raise_for_status()
        largest = max(plan["tours"], key=lambda tour: tour["totals"]["lifts"])
        return f"/v1/tours/{largest['vehicle_id']}/bundle?date={plan['day']}"

    def _readings(self, count: int) -> bytes:
        """Readings that nobody has sent, as a body."""
        items = []
        for _ in range(count):
            turn, container = divmod(self._sent, CONTAINERS)
            self._sent += 1
            at = self._begun_at - timedelta(hours=1, seconds=1 + turn)
            items.append({"container_id": f"P-{container:04d}", "observed_at": at.isoformat(), "fill_fraction": 0.5})
        return json.dumps({"readings": items}).encode()

    def _entities(self, count: int) -> bytes:
        """A notification of as many containers' levels, each with a message key of its own."""
        entities = [
            {
                "id": f"urn:ngsi-ld:WasteContainer:{one['container_id']}",
                "type": "WasteContainer",
                "fillingLevel": {"type": "Number", "value": one["fill_fraction"]},
                "dateObserved": {"type": "DateTime", "value": one["observed_at"]},
            }
            for one in json.loads(self._readings(count))["readings"]
        ]
        return json.dumps({"subscriptionId": "figures", "data": entities}).encode()

    def _timed(
        self, what: str, wire: Wire, requests: list[bytes], *, connections: int, accepts: tuple[str, ...] = ()
    ) -> tuple[Tally, float, float]:
        tally = Tally(what)
        began_cpu_s, began_s = _cpu_s(self._service.pid), time.perf_counter()
        asyncio.run(wire.send_all(tally, requests, connections=connections))
        took_s, cpu_s = time.perf_counter() - began_s, _cpu_s(self._service.pid) - began_cpu_s
        _require(tally, "200", "202", "207", *accepts)
        return tally, took_s, cpu_s


def _require(tally: Tally, *expected: str) -> None:
    """End with an error when the service said anything else: a quick refusal is no good figure."""
    if odd := {status: number for status, number in tally.outcomes.items() if status not in expected}:
        raise SystemExit(f"{tally.kind}: unexpected answers {odd}")


def _cpu_s(pid: int) -> float:
    """Processor seconds of the service's own process, without its workers and its database server."""
    spent = psutil.Process(pid).cpu_times()
    return float(spent.user + spent.system)


def _listed(office: httpx.Client) -> list[dict[str, Any]]:
    plans: list[dict[str, Any]] = office.get("/v1/plans?limit=100").raise_for_status().json()["plans"]
    return plans


def main() -> int:
    """Print the table; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--database-url", help="an empty database of PostgreSQL; SQLite files without it")
    place.add_argument("--postgresql", action="store_true", help="start a PostgreSQL for the run")
    parser.add_argument("--share", type=float, default=1.0, help="how much of everything is sent")
    parser.add_argument("--only", metavar="WORD", help=f"only parts whose name holds the word: {', '.join(PARTS)}")
    asked = parser.parse_args()
    parts = [name for name in PARTS if asked.only is None or asked.only in name]
    if not parts:
        parser.error(f"no part's name holds {asked.only!r}; there are {', '.join(PARTS)}")
    table = Table()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fuhre-figures-")))
        url = asked.database_url
        if asked.postgresql:
            url = stack.enter_context(running_postgres(is_on_disk=True)).make_database()
        if parts != ["mqtt"]:
            towns = {
                TOWN: load_town(CONTAINERS, vehicle_count=VEHICLES),
                NEIGHBOUR: load_town(CONTAINERS, name="Werne"),
            }
            holders = [OFFICE, TABLET, SENSORS, FLOOD]
            with own_service(folder / "data", towns, holders, settings=SETTINGS, database_url=url) as service:
                Figures(service, table, share=asked.share).measure(parts)
        if "mqtt" in parts:
            place = url if url is None else stack.enter_context(running_postgres(is_on_disk=True)).make_database()
            rate, cpu_ms = mqtt_rate(place or folder / "mqtt", messages=int(5_000 * asked.share))
            told = f"MQTT messages of quality 1, stored and acknowledged ({cpu_ms:.2f} ms CPU of the consumer each)"
            table.tell("G4", told, rate, 1_000, "/s", is_rate=True)
    sys.stdout.write("\n".join([f"On {'SQLite' if url is None else 'PostgreSQL'}:", "", *table.lines, ""]))
    return 1 if table.missed else 0


if __name__ == "__main__":
    sys.exit(main())
