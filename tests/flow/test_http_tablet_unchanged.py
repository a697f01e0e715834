"""What a tablet has already is confirmed without reading it, and only as long as it is what the tablet would get."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event as sql_event

from api.http.app import create_app
from api.http.services import Services
from optimizer.domain.plan import Plan
from tests.flow.http_samples import served, services_in, store_of
from tests.flow.tablet_days import busiest, event, release, released_plan, small_plan


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return services_in(tmp_path)


@pytest.fixture
def plan(services: Services) -> Plan:
    return released_plan(services)


@pytest.fixture
def client(services: Services, plan: Plan) -> Iterator[httpx.Client]:
    del plan
    with served(create_app(services)) as opened:
        yield opened


@pytest.mark.parametrize("what", ["/bundle", ""])
def test_confirmation_reads_no_document(client: httpx.Client, services: Services, plan: Plan, what: str) -> None:
    address = f"/v1/tours/{busiest(plan)}{what}?date=2026-03-02"
    first = client.get(address).raise_for_status()
    engine = store_of(services).database.engine  # type: ignore[attr-defined]  # the tests' stores are SQL stores
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    sql_event.listen(engine, "before_cursor_execute", note)
    again = client.get(address, headers={"If-None-Match": first.headers["etag"]})
    told = [one for one in statements if "releases" in one]
    sql_event.remove(engine, "before_cursor_execute", note)
    assert (again.status_code, again.content) == (304, b"")
    assert len(told) == 1
    assert "document" not in "".join(statements)


def test_confirmation_ends_with_every_change_of_the_bundle_and_with_no_other(
    client: httpx.Client, services: Services, plan: Plan
) -> None:
    vehicle = busiest(plan)
    address = f"/v1/tours/{vehicle}/bundle?date=2026-03-02"
    stores = store_of(services)
    closed = {"reason": "A pipe burst.", "line": [{"lat_deg": 51.61, "lon_deg": 7.52}]}

    def report() -> None:
        body = {"day": "2026-03-02", "events": [event(1, "started")]}
        assert client.post(f"/v1/tours/{vehicle}/events", json=body).status_code == 207

    def close_street() -> None:
        client.post("/v1/closures", json=closed).raise_for_status()

    def move_house() -> None:
        stored = stores.town.container("P-003")
        assert stored is not None
        stores.town.put_container(replace(stored.container, address="Lange Straße 1"), if_match=stored.etag)

    def rename_depot() -> None:
        record = stores.town.load()
        assert record is not None
        stores.town.replace(replace(record, town=replace(record.town, name="Werne")))

    def release_another() -> None:
        release(stores, replace(small_plan("b" * 32), warnings=("Roadworks.",)))

    def release_the_first_again() -> None:
        version = stores.versions.latest(plan.plan_id)
        assert version is not None
        stores.versions.release(plan.plan_id, if_match=version.etag, at=services.now(), actor="test")

    has = client.get(address)
    changed = []
    for change in (report, close_street, move_house, rename_depot, release_another, release_the_first_again):
        change()
        answer = client.get(address, headers={"If-None-Match": has.headers["etag"]})
        fresh = client.get(address)
        assert (answer.status_code == 304) == (fresh.content == has.content), change.__name__
        assert (answer.headers["etag"] == has.headers["etag"]) == (answer.status_code == 304), change.__name__
        assert answer.headers["etag"] == fresh.headers["etag"] == f'"{fresh.json()["etag"]}"'
        if answer.status_code == 200:
            assert answer.content == fresh.content
            changed.append(change.__name__)
        has = fresh
    assert changed == ["move_house", "rename_depot", "release_another", "release_the_first_again"]
