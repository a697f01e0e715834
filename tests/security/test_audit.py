"""Every write and every denial leaves a line with who, what, when and for which town; a changed line is found."""

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app as cli
from api.http.app import create_app
from api.http.services import Services
from api.identity.audit_report import all_entries
from api.store.tenant_ports import AuditEntry, Role
from tests.flow.http_samples import NOW, key_for, services_in, store_of
from tests.security.direct_client import DirectClient

CONTAINER = {"site_id": "s", "location": {"lon_deg": 7.5, "lat_deg": 51.6}, "stream": "paper", "capacity_l": 1100}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = services_in(tmp_path, tenant_ids=("lue", "neighbour"), has_keys=True)
    yield made
    made.stores.close()


@pytest.fixture
def client(services: Services) -> Iterator[DirectClient]:
    with DirectClient(create_app(services)).opened() as opened:
        yield opened


def lines(services: Services, tenant_id: str = "lue") -> list[AuditEntry]:
    return list(all_entries(store_of(services, tenant_id).audit))


def test_every_write_and_every_denial_has_its_line(client: DirectClient, services: Services) -> None:
    admin, driver = key_for(services, Role.ADMIN), key_for(services, Role.DRIVER)
    expected = []
    for method, path, key, body, action, outcome in (
        ("PUT", "/v1/containers/P-700", admin, CONTAINER, "putContainer", "accepted"),
        ("POST", "/v1/plans", admin, {"day": "2026-03-02"}, "requestPlan", "accepted"),
        ("POST", "/v1/plans", driver, {"day": "2026-03-02"}, "requestPlan", "denied:forbidden"),
        ("PUT", "/v1/containers/P-700", admin, CONTAINER, None, None),  # without If-Match nothing is written
        ("GET", "/v1/containers", admin, None, None, None),
        ("GET", "/v1/containers", driver, None, "listContainers", "denied:forbidden"),
    ):
        answer = client.request(method, path, key=key, json=body)
        if action is not None:
            expected.append((key.split("_")[1], action, path, outcome, answer.headers["x-trace-id"]))
    found = [(one.actor, one.action, one.target, one.outcome, one.trace_id) for one in lines(services)]
    assert found == expected
    assert lines(services, "neighbour") == []
    assert all(one.at == NOW for one in lines(services))


def test_revoked_key_is_denied_in_its_own_towns_log(client: DirectClient, services: Services) -> None:
    key = key_for(services, Role.PLANNER, tenant_id="neighbour")
    services.stores.keys.revoke(key.split("_")[1], at=NOW)
    assert client.request("GET", "/v1/vehicles", key=key).status_code == 401
    assert [(one.actor, one.outcome) for one in lines(services, "neighbour")] == [(key.split("_")[1], "denied:revoked")]


def test_readings_are_counted_and_written_together(client: DirectClient, services: Services) -> None:
    key = key_for(services, Role.SENSOR)
    for minute in range(20):
        reading = {"container_id": "P-001", "observed_at": f"2026-03-02T03:{minute:02d}:00Z", "fill_fraction": 0.5}
        assert client.request("POST", "/v1/readings", key=key, json={"readings": [reading]}).status_code == 207
    assert lines(services) == []
    services.trail.write_counts(is_due_only=False)
    assert [(one.actor, one.action, one.outcome) for one in lines(services)] == [
        (key.split("_")[1], "addReadings", "accepted x20")
    ]


def test_write_that_cannot_be_logged_is_not_called_done(
    client: DirectClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.store.errors import StoreFullError

    def fail(**_: object) -> None:
        raise StoreFullError

    monkeypatch.setattr(store_of(services).audit, "append", fail)
    answer = client.request("PUT", "/v1/containers/P-701", key=key_for(services, Role.ADMIN), json=CONTAINER)
    assert (answer.status_code, answer.json()["code"]) == (507, "store_full")


@pytest.mark.parametrize("attack", ["outcome = 'accepted'", "actor = 'nobody'", "sequence = 99", None])
def test_changed_or_missing_line_is_found(
    client: DirectClient, services: Services, tmp_path: Path, attack: str | None
) -> None:
    driver = key_for(services, Role.DRIVER)
    for _ in range(5):
        client.request("POST", "/v1/plans", key=driver, json={})
    assert CliRunner().invoke(cli, ["audit", "verify", "--data", str(tmp_path)]).exit_code == 0
    with closing(sqlite3.connect(tmp_path / "tenants" / "lue.sqlite3")) as file, file:
        table = next(
            name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if "audit" in name
        )
        change = f"DELETE FROM {table}" if attack is None else f"UPDATE {table} SET {attack}"
        assert file.execute(f"{change} WHERE sequence = 3").rowcount == 1
    found = CliRunner().invoke(cli, ["audit", "verify", "--data", str(tmp_path)])
    assert found.exit_code == 3
    assert "lue: broken at line" in found.output
    assert "neighbour: whole" in found.output


def test_logs_hold_no_places_names_or_secrets(
    client: DirectClient, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = key_for(services, Role.ADMIN)
    body = CONTAINER | {"address": "Canary Street 7", "location": {"lon_deg": 7.531234, "lat_deg": 51.612345}}
    client.request("PUT", "/v1/containers/P-702", key=key, json=body)
    client.request("PUT", "/v1/containers/P-702", key=key, json=body | {"stream": "Canary Street 7"})
    client.request("GET", "/v1/containers/P-702?canary=Canary", key=key)
    client.request("GET", "/v1/vehicles", key=f"{key[:-3]}xyz")
    told = "\n".join(f"{one.getMessage()} {vars(one)}" for one in caplog.records if one.name.startswith("api."))
    assert "putContainer" in told
    for leak in ("Canary", "7.531234", "51.612345", key, key.split("_", 2)[2], "192.0.2.1"):
        assert leak not in told


def test_holder_of_a_key_can_read_what_is_kept(client: DirectClient, services: Services, tmp_path: Path) -> None:
    key = key_for(services, Role.DRIVER, subject_id="LUE-1")
    key_id = key.split("_")[1]
    client.request("POST", "/v1/plans", key=key, json={})
    found = CliRunner().invoke(cli, ["privacy", "report", key_id, "--data", str(tmp_path)])
    told = json.loads(found.stdout)
    assert told["key"]["subject_id"] == "LUE-1"
    assert told["audit_log"]["lines"] == {"requestPlan denied:forbidden": 1}
    assert told["kept_for_days"]["audit"] > 0
    assert key.split("_", 2)[2] not in found.output
    assert CliRunner().invoke(cli, ["privacy", "report", "nobody", "--data", str(tmp_path)]).exit_code != 0
