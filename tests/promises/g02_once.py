"""G2: whatever comes twice, late or in another order, the effect is that of everything once in its order."""

import itertools
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import httpx

from api.simulate.own_service import KeyHolder
from api.store.sql_store import SqlStore
from api.store.sql_tenants import open_tenant_stores
from api.store.table_digest import content_of
from api.store.tenant_ports import Role
from optimizer.planning.tour_progress import fold_events
from tests.flow.tablet_days import shift_of_events
from tests.promises.place import CONTAINERS, Place, StartedService, town_named
from tests.promises.table import Table

VEHICLE = "LUE-1"
SENDERS = 8
MESSAGES, REPETITIONS = 2_000, 5
"""Each message is sent once and then so often again: ten thousand duplicates."""


_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class State:
    """Everything that the order could have changed."""

    levels: dict[str, tuple[list[float], ...]]
    facts: list[object]
    breaks: list[object]
    lessons: list[object]

    @property
    def is_full(self) -> bool:
        """False when a message left no mark: states that are alike for being empty show nothing."""
        return len(self.levels) == len(CONTAINERS) and bool(self.facts and self.breaks and self.lessons)


@dataclass(frozen=True, slots=True)
class Sent:
    """Something to send, and to whom."""

    path: str
    body: dict[str, Any]


def measure(place: Place, table: Table) -> None:
    """Duplicates in one town; then towns alike, each told the same in an order of its own."""
    _duplicates(place, table)
    _orders(place, table)


def _duplicates(place: Place, table: Table) -> None:
    """Readings by number, messages of a network and events of a tablet, from many senders at once."""
    chance = random.Random(place.size.seed)
    messages = MESSAGES // 40 if place.size.is_quick else MESSAGES
    tenant_id = "luenen"
    holder = KeyHolder(tenant_id=tenant_id, role=Role.ADMIN)
    with place.service({tenant_id: town_named("Lünen", "LUE")}, [holder]) as started:
        _own_sensor(started, holder)
        once = _readings(messages // 2) + _network_messages(messages // 4) + _events(messages // 4)
        chance.shuffle(once)
        place.tell(f"{len(once)} messages, the first time")
        before = _rows(started, tenant_id)
        first = _send(started, holder, once)
        stored = _rows(started, tenant_id)
        again = once * REPETITIONS
        chance.shuffle(again)
        place.tell(f"{len(again)} duplicates")
        repeated = _send(started, holder, again)
        new = sum(_rows(started, tenant_id).values()) - sum(stored.values())
    refused = sum(not one for one in first) + sum(not one for one in repeated)
    left = sum(stored.values()) - sum(before.values())
    table.at_least("G2", f"rows that {len(once):,} different messages left the first time", left, len(once))
    table.none_of("G2", "duplicates, from eight senders at once, that were stored", new, len(again), "all")
    table.none_of("G2", "messages that were answered with an error", refused, len(once) + len(again), "all")


def _orders(place: Place, table: Table) -> None:
    """The same facts in twenty orders and as many ways of cutting them into batches, some of them twice."""
    chance = random.Random(place.size.seed)
    runs = 3 if place.size.is_quick else 20
    towns = {f"town-{number:02d}": town_named("Lünen", "LUE") for number in range(runs)}
    holders = [KeyHolder(tenant_id=tenant_id, role=Role.ADMIN) for tenant_id in towns]
    states = []
    with place.service(towns, holders) as started:
        for number, holder in enumerate(holders):
            place.tell(f"order {number + 1} of {runs}")
            _own_sensor(started, holder)
            facts = _readings(200) + _network_messages(50) + _events(300)
            facts += chance.sample(facts, 100)
            if number:
                chance.shuffle(facts)
            with started.client(holder) as client:
                for one in _batched(facts, chance):
                    client.post(one.path, json=one.body).raise_for_status()
            states.append(_state(started, holder.tenant_id))
    distinct = sum(one not in states[:number] for number, one in enumerate(states))
    table.says(
        "G2",
        f"states after {runs} orders of 650 readings, messages and events",
        "1",
        str(distinct),
        is_met=distinct == 1 and states[0].is_full,
    )


def _own_sensor(started: StartedService, holder: KeyHolder) -> None:
    device = {"decoder": "dingtek_df702", "container_id": CONTAINERS[0], "empty_mm": 2_000, "full_mm": 400}
    with started.client(holder) as admin:
        admin.put("/v1/devices/0004A30B001C0530", json=device).raise_for_status()


def _today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _tour_day() -> date:
    return _today().date() - timedelta(days=1)


def _readings(count: int) -> list[Sent]:
    """One a body; `_batched` puts some together."""
    found = []
    for number in range(count):
        at = _today() - timedelta(days=3, seconds=7 * number)
        one = {
            "container_id": CONTAINERS[number % 24],
            "observed_at": at.isoformat(),
            "fill_fraction": (number % 97) / 100,
        }
        found.append(Sent("/v1/readings", {"readings": [one]}))
    return found


def _network_messages(count: int) -> list[Sent]:
    found = []
    for number in range(count):
        at = (_today() - timedelta(days=2, seconds=11 * number)).isoformat()
        uplink = {
            "f_port": 3,
            "f_cnt": 100 + number,
            "decoded_payload": {"level": f"{500 + number % 900} mm"},
            "received_at": at,
        }
        body = {
            "end_device_ids": {
                "device_id": "bin-1",
                "application_ids": {"application_id": "waste"},
                "dev_eui": "0004A30B001C0530",
            },
            "correlation_ids": [f"gs:uplink:{number}"],
            "received_at": at,
            "uplink_message": uplink,
        }
        found.append(Sent("/v1/ingest/things-stack", body))
    return found


def _events(count: int) -> list[Sent]:
    day = _tour_day()
    shift = _on_day(shift_of_events(list(CONTAINERS), count=count), day)
    return [Sent(f"/v1/tours/{VEHICLE}/events", {"day": day.isoformat(), "events": [one]}) for one in shift]


def _on_day(events: list[dict[str, Any]], day: date) -> list[dict[str, Any]]:
    first = datetime.fromisoformat(events[0]["at"]).date()
    moved = [datetime.fromisoformat(one["at"]) + (day - first) for one in events]
    known = [{**one, "at": at.isoformat()} for one, at in zip(events, moved, strict=True)]
    return [{**one, **({"disposal_site_id": "LUE-plant"} if "disposal_site_id" in one else {})} for one in known]


def _batched(facts: list[Sent], chance: random.Random) -> list[Sent]:
    """Neighbours of the same kind come in one body, where chance wants it."""
    found: list[Sent] = []
    for one in facts:
        names = [name for name in ("readings", "events") if name in one.body]
        if names and found and found[-1].path == one.path and chance.random() < 0.9:
            [name] = names
            found[-1] = Sent(one.path, {**one.body, name: [*found[-1].body[name], *one.body[name]]})
        else:
            found.append(one)
    return found


def _send(started: StartedService, holder: KeyHolder, messages: list[Sent]) -> list[bool]:
    """From many senders at once; which of them were taken."""

    def work(part: list[Sent]) -> list[bool]:
        with started.client(holder) as client:
            return [_is_taken(client.post(one.path, json=one.body)) for one in part]

    with ThreadPoolExecutor(SENDERS) as pool:
        parts = [messages[number::SENDERS] for number in range(SENDERS)]
        return list(itertools.chain.from_iterable(pool.map(work, parts)))


def _is_taken(answer: httpx.Response) -> bool:
    counts = answer.json() if answer.status_code in {200, 202, 207} else {}
    return bool(counts) and not counts.get("rejected") and not counts.get("quarantined")


def _rows(started: StartedService, tenant_id: str) -> dict[str, int]:
    """Rows of the tables that a message may add to."""

    def count(store: SqlStore) -> dict[str, int]:
        with store.database.read() as connection:
            return {name: content_of(connection)[name].rows for name in ("readings", "tour_events")}

    return _looked(started, tenant_id, count)


def _state(started: StartedService, tenant_id: str) -> State:
    """What the town knows: levels and emptyings, what happened on the tour, and what was learnt of it."""

    def look(store: SqlStore) -> State:
        now = datetime.now(UTC)
        history = store.readings.history(as_of=now, days=10)
        levels = {
            name: (
                one.observed_at_s.tolist(),
                one.fill_fraction.tolist(),
                one.glanced_at_s.tolist(),
                one.glance_fraction.tolist(),
                one.emptied_at_s.tolist(),
            )
            for name, one in history.items()
        }
        day = _tour_day()
        progress = fold_events(VEHICLE, store.tour_events.of_tour(day, VEHICLE))
        lessons = store.tour_events.lessons(since=day, until=day + timedelta(days=1))
        return State(levels=levels, facts=list(progress.facts), breaks=list(progress.breaks), lessons=list(lessons))

    return _looked(started, tenant_id, look)


def _looked(started: StartedService, tenant_id: str, look: Callable[[SqlStore], _T]) -> _T:
    stores = open_tenant_stores(started.stores_at, may_migrate=False)
    try:
        return look(stores.store(tenant_id))
    finally:
        stores.close()
