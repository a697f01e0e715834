"""G17: what a day with people in it leaves behind: in the log, as a track, after the purge, and how late that runs."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import httpx
from sqlalchemy import select
from typer.testing import CliRunner

from api.cli.main import app as cli
from api.http.forgetting import Forgetting
from api.simulate.own_service import KeyHolder
from api.store.retention import apply_retention
from api.store.schema import METADATA, TOUR_EVENTS
from api.store.sql_store import SqlStore
from api.store.sql_tenants import SqlTenantStores, open_tenant_stores
from api.store.tenant_ports import QuarantinedMessage, Role, Tenant
from api.tablet.take_in import EventFields, sent_batch
from optimizer.domain.tour_event import EventKind
from tests.flow.http_samples import small_record
from tests.promises.lived_in import settled
from tests.promises.place import Place, StartedService, town_named
from tests.promises.table import Table
from tests.security.secret_hunt import hits

TENANT = "luenen"
OFFICE = KeyHolder(tenant_id=TENANT, role=Role.DISPATCHER)
NAME = "Erika Kanarienvogel"
AGO = timedelta(days=31)
LINK_DAYS = 30
LATE_H = 24.0
LEVEL = 0.731357
POSITIONS = 40
SIMULATED_DAYS = 12
KEPT_DAYS = 3


def measure(place: Place, table: Table) -> None:
    """A day of a month ago, looked at today; and a purge whose clock is not the machine's."""
    began_at = datetime.now(UTC) - AGO
    town = town_named("Lünen", "LUE", history_days=AGO.days + 3)
    with place.service({TENANT: town}, [OFFICE], starts_at=began_at) as started:
        place.tell("a day with a driver in it")
        key_id, words = _live_through(started)
        stores = _opened(started)
        try:
            before = _links(stores, key_id)
            tracks = _tracks(stores)
        finally:
            stores.close()
        place.tell("the purge of today")
        gone = CliRunner().invoke(cli, ["forget", "--data", started.stores_at, "--json"])
        if gone.exit_code:
            raise RuntimeError(f"{gone.output} {gone.exception!r}")
        stores = _opened(started)
        try:
            after = _links(stores, key_id)
        finally:
            stores.close()
        log = [("service.log", started.service.log_path.read_bytes())]
    found = hits(words, log)
    table.none_of("G17", "names, positions, addresses and levels in the log", len(found), len(words), "all")
    proof = hits({"operation": "addTourEvents"}, log)
    table.says(
        "G17",
        "the log was written, and is found to hold what it should",
        "yes",
        "yes" if proof else "no",
        is_met=bool(proof),
    )
    what = "positions of ordinary events that are stored, on a service as installed"
    found_in = f" (in {', '.join(sorted(set().union(*tracks.values())))})" if tracks else ""
    table.none_of("G17", f"{what}{found_in}", len(tracks), POSITIONS, "all")
    table.says(
        "G17",
        f"events of {AGO.days} days ago that still name the driver's key after the purge ({before} before)",
        f"0 after {LINK_DAYS} d",
        str(after),
        is_met=after == 0 < before,
    )
    place.tell("the purge, two weeks of it")
    late_h = _lateness_h(place)
    what = f"latest of {len(late_h)} deletions in {SIMULATED_DAYS} simulated days of the service's own schedule"
    table.at_most("G17", what, max(late_h), LATE_H, "h", digits=1)


def _opened(started: StartedService) -> SqlTenantStores:
    return open_tenant_stores(started.stores_at, may_migrate=False)


def _live_through(started: StartedService) -> tuple[str, dict[str, str]]:
    """A day in which everything that concerns people is told; the driver's key id, and what nobody may repeat."""
    command = ["key", "add", "--role", "driver", "--label", NAME, "--tenant", TENANT, "--data", str(started.folder)]
    url = started.stores_at if "://" in started.stores_at else None
    made = CliRunner().invoke(cli, command, env={"FUHRE_DATABASE_URL": url})
    if made.exit_code:
        raise RuntimeError(f"{made.output} {made.exception!r}")
    key = made.stdout.strip()
    headers = {"authorization": f"Bearer {key}"}
    now = started.service.clock().replace(microsecond=0)
    address, seen = "Kanarienweg 7", {"lon_deg": 7.531973, "lat_deg": 51.612791}
    with (
        started.client(OFFICE) as office,
        httpx.Client(base_url=started.service.base_url, headers=headers, timeout=60) as tablet,
    ):
        stands = {"site_id": "s", "location": seen, "stream": "paper", "capacity_l": 1_100, "address": address}
        office.put("/v1/containers/LUE-C", json=stands).raise_for_status()
        level = {"container_id": "LUE-C", "observed_at": now.isoformat(), "fill_fraction": LEVEL}
        office.post("/v1/readings", json={"readings": [level, level | {"note": NAME}]}).raise_for_status()
        asked = office.post("/v1/plans", json={"policy": "all", "limits": {"iteration_limit": 10}}).raise_for_status()
        answer = settled(office, asked.headers["location"])
        plan = answer.json()["plan"]
        release = f"/v1/plans/{plan['plan_id']}/release"
        office.post(release, headers={"if-match": answer.headers["etag"]}).raise_for_status()
        tour, day = plan["tours"][0], plan["day"]
        vehicle = tour["vehicle_id"]
        tablet.get(f"/v1/tours/{vehicle}/bundle?date={day}").raise_for_status()
        emptied = [c["container_id"] for stop in tour["stops"] for c in stop["collections"]]
        events = [
            {"event_id": f"e{number}", "sequence": number, "at": now.isoformat(), **_ordinary(number, emptied)}
            for number in range(POSITIONS)
        ]
        events.append({"event_id": "b", "sequence": 99, "at": now.isoformat(), "kind": "broken_down", "location": seen})
        tablet.post(f"/v1/tours/{vehicle}/events", json={"day": day, "events": events}).raise_for_status()
        plain = [{name: value for name, value in one.items() if name not in {"location", "position"}} for one in events]
        renamed = [one | {"event_id": f"p{one['event_id']}"} for one in plain]
        tablet.post(f"/v1/tours/{vehicle}/events", json={"day": day, "events": renamed}).raise_for_status()
        note = {"kind": "road_closed", "vehicle_id": vehicle, "location": seen, "note": f"{NAME} waits"}
        tablet.post("/v1/incidents", json=note | {"day": day}).raise_for_status()
        # What is wrong must not be told in the log either.
        for path in (f"/v1/containers/{NAME}", f"/v1/tours/{NAME}/state", f"/v1/incidents/{address}"):
            office.get(path, params={"name": NAME, "lon_deg": seen["lon_deg"]})
        office.post("/v1/incidents", json=note | {"kind": NAME, "location": {"lon_deg": NAME, "lat_deg": 51.612791}})
        office.post("/v1/ingest/things-stack", content=f"{NAME} {seen}".encode())
    words = {
        "name": NAME,
        "address": address,
        "level": str(LEVEL),
        **{f"container's {k}": str(v) for k, v in seen.items()},
    }
    return key.split("_")[1], words | {f"position {n}": str(_position(n)["lon_deg"]) for n in range(POSITIONS)}


def _position(number: int) -> dict[str, float]:
    return {"lon_deg": round(7.524111 + number * 0.000137, 6), "lat_deg": round(51.613117 + number * 0.000113, 6)}


def _ordinary(number: int, containers: list[str]) -> dict[str, Any]:
    """An event that is no reason to tell where somebody is, from a tablet that tells it all the same."""
    kind = {"kind": "emptied", "container_id": containers[number % len(containers)], "fill_seen": "75"}
    where = {"location": _position(number)} if number % 2 else {"position": _position(number), "driver_name": NAME}
    return kind | where


def _tracks(stores: SqlTenantStores) -> dict[int, set[str]]:
    """Positions that can be found, with the tables that hold them, read past the code that hides or shows anything."""
    store = stores.store(TENANT)
    assert isinstance(store, SqlStore)
    found: dict[int, set[str]] = {}
    for table in METADATA.tables.values():
        with store.database.read() as connection:
            kept = "\n".join(repr(tuple(row)) for row in connection.execute(select(table)))
        for number in range(POSITIONS):
            if str(_position(number)["lon_deg"]) in kept:
                found.setdefault(number, set()).add(table.name)
    return found


def _links(stores: SqlTenantStores, key_id: str) -> int:
    """Events that name who reported them."""
    store = stores.store(TENANT)
    assert isinstance(store, SqlStore)
    with store.database.read() as connection:
        return sum(row.actor == key_id for row in connection.execute(select(TOUR_EVENTS.c.actor)))


class _SimulatedWait:
    """Stands where the service's thread waits: time passes at once."""

    def __init__(self, begins_at: datetime, days: int) -> None:
        self.now = begins_at
        self._ends_at = begins_at + timedelta(days=days)

    def wait(self, seconds: float) -> bool:
        self.now += timedelta(seconds=seconds)
        return self.now >= self._ends_at

    def is_set(self) -> bool:
        return False


def _lateness_h(place: Place) -> list[float]:
    """Hours from when each thing was due until the service's schedule deleted it.

    A tour's events are due when their day has ended for so many days, a message so long after it came.
    """
    begins_at = datetime(2026, 3, 2, 3, 17, tzinfo=UTC)
    url = place.folder / "purged" if place.server is None else place.server.make_database()
    stores = open_tenant_stores(url)
    try:
        days = {"tour_events": KEPT_DAYS, "quarantine": KEPT_DAYS}
        stores.add_tenant(Tenant(tenant_id=TENANT, name="L", created_at=begins_at, retention_days=days))
        store = stores.store(TENANT)
        assert isinstance(store, SqlStore)
        store.town.replace(small_record())
        due = dict(_fill(store, begins_at))
        late_h: dict[str, float] = {}
        waits = _SimulatedWait(begins_at, SIMULATED_DAYS)

        def forget(tenant: Tenant) -> None:
            apply_retention(store, tenant, now=waits.now)
            left = set(_left(store))
            for name in due.keys() - left - late_h.keys():
                late_h[name] = (waits.now - due[name]).total_seconds() / 3_600

        forgetting = Forgetting(stores, forget)
        forgetting._is_stopping = waits  # type: ignore[assignment]  # all that the thread asks of it
        forgetting._run()
        never = due.keys() - late_h.keys()
        if never or min(late_h.values()) < 0:
            raise RuntimeError(f"never deleted: {sorted(never)}; too early: {[n for n, h in late_h.items() if h < 0]}")
        return list(late_h.values())
    finally:
        stores.close()


def _fill(store: SqlStore, begins_at: datetime) -> Iterator[tuple[str, datetime]]:
    """Events and messages of some days, and when they should go."""
    town = small_record().town
    for number in range(6):
        day = begins_at.date() + timedelta(days=number - 2)
        fields = EventFields(event_id=f"e{number}", sequence=number, at=begins_at, kind=EventKind.STARTED)
        batch = sent_batch(
            [({"event_id": fields.event_id}, fields)], town, vehicle_id="LUE-1", day=day, received_at=begins_at,
            sent_at=None, actor="k",
        )  # fmt: skip
        store.tour_events.take(batch)
        yield fields.event_id, datetime.combine(day, time(), UTC) + timedelta(days=KEPT_DAYS + 1)
    for number in range(12):
        came_at = begins_at + timedelta(hours=11 * number)
        message = QuarantinedMessage(
            message_id=f"m{number:02d}", received_at=came_at, source="t", reason="not_json", detail="", body=b"x",
            content_type="",
        )  # fmt: skip
        store.quarantine.add(message)
        yield message.message_id, came_at + timedelta(days=KEPT_DAYS)


def _left(store: SqlStore) -> Iterable[str]:
    with store.database.read() as connection:
        events = [str(row.event_key) for row in connection.execute(select(TOUR_EVENTS.c.event_key))]
    return [*events, *(one.message_id for one in store.quarantine.all(limit=1_000))]
