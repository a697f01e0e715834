"""A person may read everything that is kept about them, and afterwards nothing leads to them; the tours stay whole."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Integer, Table, select
from typer.testing import CliRunner

from api.cli.main import app as cli
from api.http.app import create_app
from api.http.services import Services
from api.identity.access_keys import mint_key
from api.identity.oidc import pseudonym
from api.identity.subject_rights import erase_subject, subject_report
from api.jobs.job import JobKind, JobRequest
from api.jobs.planning_documents import PlanEditAsk, dump_edit_ask
from api.store.schema import METADATA
from api.store.service_schema import ACCESS_KEYS
from api.store.sql_store import SqlStore
from api.store.sql_subjects import ACTOR_COLUMNS
from api.store.sql_tenants import SqlTenantStores
from api.store.tenant_ports import Role, Tenant
from optimizer.domain.request import SolveLimits
from optimizer.planning.tour_progress import fold_events
from tests.flow.http_samples import NOW, services_in
from tests.flow.tablet_days import DAY, event, release, shift_of_events, small_plan
from tests.postgres import postgres
from tests.security.direct_client import DirectClient

__all__ = ["postgres"]

NAME = "Anna Beispiel"
CONTAINERS = [f"P-{number:03d}" for number in range(12)]
AUDIT_TABLES = {"audit"}


@pytest.fixture(params=["sqlite", "postgresql"])
def services(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Services]:
    is_file = request.param == "sqlite"
    # A folder and a URL are opened by the same words; nothing here looks for files.
    place = tmp_path if is_file else cast("Path", request.getfixturevalue("postgres").make_database())
    made = services_in(place, has_keys=True)
    yield made
    made.stores.close()


@pytest.fixture
def client(services: Services) -> Iterator[DirectClient]:
    with DirectClient(create_app(services)).opened() as opened:
        yield opened


def key_of(services: Services, role: Role, label: str, subject_id: str | None = None) -> str:
    key, text = mint_key(tenant_id="lue", role=role, label=label, subject_id=subject_id, now=NOW)
    services.stores.keys.add(key)
    return text


def id_of(key: str) -> str:
    return key.split("_")[1]


def tenant_of(services: Services) -> Tenant:
    tenant = services.stores.tenant("lue")
    assert tenant is not None
    return tenant


def sql_store(services: Services) -> SqlStore:
    store = services.stores.store("lue")
    assert isinstance(store, SqlStore)
    return store


def work(client: DirectClient, services: Services, driver: str, office: str) -> None:
    """A driver and a dispatcher do everything that leaves their mark."""
    plan = small_plan("a" * 32)
    release(sql_store(services), plan)

    def send(key: str, path: str, body: dict[str, Any], *statuses: int, **headers: str) -> dict[str, Any]:
        answer = client.request("POST", path, key=key, json=body, headers=headers)
        assert answer.status_code in (statuses or (200, 201, 202, 207)), answer.text
        return cast("dict[str, Any]", answer.json())

    sent = {"day": DAY.isoformat(), "events": shift_of_events(CONTAINERS, count=40)}
    assert send(driver, "/v1/tours/LUE-1/events", sent)["rejected"] == 0
    odd = [event(99, "danced", prefix="odd", code=NAME)]
    assert send(driver, "/v1/tours/LUE-1/events", sent | {"events": odd})["rejected"] == 1
    place = {"lon_deg": 7.52, "lat_deg": 51.61}
    send(driver, "/v1/incidents", {"kind": "breakdown", "vehicle_id": "LUE-1", "note": f"{NAME} waits"})
    closed = {"kind": "road_closed", "vehicle_id": "LUE-1", "location": place, "note": f"seen by {NAME}"}
    closure_id = send(driver, "/v1/incidents", closed)["closure_id"]
    send(office, f"/v1/closures/{closure_id}/confirm", {})
    again = client.request("GET", f"/v1/plans/{plan.plan_id}", key=office).headers["etag"]
    send(office, f"/v1/plans/{plan.plan_id}/release", {}, **{"If-Match": again})
    ask = PlanEditAsk(
        plan_id=plan.plan_id, base_version=1, actor=id_of(office), edits=(), vehicle_ids=(), limits=SolveLimits()
    )
    job = JobRequest(job_id="e" * 32, kind=JobKind.PLAN_EDIT, document=dump_edit_ask(ask), request_digest="0" * 64)
    sql_store(services).jobs.add(job, at=NOW)
    for key, vehicle in ((driver, "LUE-1"), (office, "LUE-2")):
        send(key, f"/v1/tours/{vehicle}/events", sent | {"events": [event(500, "break_started", prefix=vehicle)]})
    services.trail.write_counts(is_due_only=False)


def rows_with(services: Services, word: str, but: str = "") -> dict[str, int]:
    """How many rows of every table there is hold a word, found without the code that is tested."""
    found: dict[str, int] = {}
    stores = cast("SqlTenantStores", services.stores)
    places = [(sql_store(services).database, table) for table in METADATA.tables.values()]
    for database, table in [*places, (stores.database, ACCESS_KEYS)]:
        with database.read() as connection:
            rows = [repr(tuple(row)) for row in connection.execute(select(table))]
        count = sum(word in row and not (but and but in row) for row in rows)
        if count:
            found[table.name] = count
    return found


def test_report_names_every_row_that_names_somebody(client: DirectClient, services: Services) -> None:
    driver, office = key_of(services, Role.DRIVER, NAME, "LUE-1"), key_of(services, Role.DISPATCHER, "office")
    work(client, services, driver, office)
    for key in (driver, office):
        found = subject_report(services.stores, tenant_of(services), id_of(key))
        told = {name: len(rows) for name, rows in found["traces"].items()}
        told["audit"] = len(found["audit_log"]["entries"])
        told["access_keys"] = 1
        assert told == rows_with(services, id_of(key))
        assert len(told) >= 5
        assert key.split("_", 2)[2] not in repr(found)
    assert subject_report(services.stores, tenant_of(services), id_of(driver))["key"]["label"] == NAME


def test_erased_person_is_nowhere_and_the_tours_are_as_they_were(client: DirectClient, services: Services) -> None:
    driver, office = key_of(services, Role.DRIVER, NAME, "LUE-1"), key_of(services, Role.DISPATCHER, "office")
    work(client, services, driver, office)
    assert set(rows_with(services, NAME)) == {"access_keys", "incidents", "closures", "tour_events", "quarantine"}
    store = sql_store(services)
    others = rows_with(services, id_of(office), but=id_of(driver))

    def tours() -> object:
        events = store.tour_events.of_day(DAY)
        progress = {name: fold_events(name, some) for name, some in events.items()}
        state = client.request("GET", f"/v1/tours/LUE-1/state?date={DAY}", key=office).json()
        levels = store.readings.history(as_of=NOW, days=30)
        return progress, state, {name: one.observed_at_s.tolist() for name, one in levels.items()}

    before = tours()
    told = erase_subject(services.stores, tenant_of(services), id_of(driver), now=NOW)
    assert told["is_key_ended"]
    assert rows_with(services, NAME) == {}
    assert set(rows_with(services, id_of(driver))) == AUDIT_TABLES | {"access_keys"}
    assert rows_with(services, id_of(office)).items() >= others.items()
    assert tours() == before
    [erased] = store.tour_events.actors(DAY, "LUE-1")
    assert erased.startswith("erased-")
    assert rows_with(services, erased)["tour_events"] == 42
    assert store.audit.first_broken() is None
    key = services.stores.keys.find(id_of(driver))
    assert key is not None
    assert (key.label, key.subject_id, key.revoked_at) == ("", None, NOW)
    services.doorkeeper._cache._keys.clear()  # type: ignore[attr-defined]  # as a second later
    assert client.request("GET", "/v1/tours/LUE-1", key=driver).status_code == 401


def test_what_an_erased_person_sent_is_still_known_when_it_comes_again(
    client: DirectClient, services: Services
) -> None:
    driver, office = key_of(services, Role.DRIVER, NAME, "LUE-1"), key_of(services, Role.DISPATCHER, "office")
    work(client, services, driver, office)
    body = {"day": DAY.isoformat(), "events": shift_of_events(CONTAINERS, count=40)}
    heir = key_of(services, Role.DRIVER, "the next tablet", "LUE-1")
    first = client.request("POST", "/v1/tours/LUE-1/events", key=heir, json=body).json()
    erase_subject(services.stores, tenant_of(services), id_of(driver), now=NOW)
    before = rows_with(services, "erased-")["tour_events"]
    assert client.request("POST", "/v1/tours/LUE-1/events", key=heir, json=body).json() == first
    assert len(first["results"]) == 40
    assert rows_with(services, id_of(heir)).get("tour_events", 0) == 0
    assert rows_with(services, "erased-")["tour_events"] == before == 42


def test_nothing_of_an_erased_person_is_left_in_the_file(client: DirectClient, services: Services) -> None:
    driver, office = key_of(services, Role.DRIVER, NAME, "LUE-1"), key_of(services, Role.DISPATCHER, "office")
    work(client, services, driver, office)
    folder = services.data_folder
    if not isinstance(folder, Path):
        pytest.skip("a server's files are not ours to look into")

    def is_in_files() -> bool:
        return any(NAME.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())

    assert is_in_files()
    erase_subject(services.stores, tenant_of(services), id_of(driver), now=NOW)
    services.stores.close()
    assert not is_in_files()


def test_every_column_that_names_somebody_is_known() -> None:
    """A table that is added later is not forgotten."""

    def names_somebody(table: Table, name: str) -> bool:
        return name in {"actor", "author", "user"} or (
            name.endswith("_by") and not isinstance(table.c[name].type, Integer)
        )

    wanted = {
        (table.name, column.name)
        for table in METADATA.tables.values()
        for column in table.columns
        if names_somebody(table, column.name)
    }
    known = {(cast("Table", column.table).name, column.name) for column in ACTOR_COLUMNS}
    assert wanted == known | {("audit", "actor")}


def test_command_line_reports_and_erases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = services_in(tmp_path, has_keys=True)
    driver = key_of(services, Role.DRIVER, NAME, "LUE-1")
    services.stores.close()
    run = CliRunner().invoke
    words = ["--data", str(tmp_path)]
    told = json.loads(run(cli, ["privacy", "report", id_of(driver), *words]).stdout)
    assert told["key"]["label"] == NAME
    assert run(cli, ["privacy", "erase", id_of(driver), *words], input="n\n").exit_code != 0
    assert NAME in run(cli, ["privacy", "report", id_of(driver), *words]).stdout
    assert json.loads(run(cli, ["privacy", "erase", id_of(driver), "--yes", *words]).stdout)["is_key_ended"]
    again = run(cli, ["privacy", "report", id_of(driver), *words]).stdout
    assert NAME not in again
    assert json.loads(again)["key"]["revoked_at"] is not None
    monkeypatch.setenv("FUHRE_OIDC_ISSUER", "https://login.town.example")
    monkeypatch.setenv("FUHRE_OIDC_AUDIENCE", "fuhre")
    login = run(cli, ["privacy", "login", "anna"]).stdout.strip()
    assert login == pseudonym("https://login.town.example", "anna")
    assert json.loads(run(cli, ["privacy", "report", login, "--tenant", "lue", *words]).stdout)["key"] is None
    assert run(cli, ["privacy", "erase", "nobody", "--yes", *words]).exit_code != 0
