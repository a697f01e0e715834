"""A service's short day with secrets that can be recognised, from the first message of a sensor to the backup.

Everything that could tell a secret is made to talk: logs at their most talkative, wrong keys, broken bodies, a database
that goes away, the command line, metrics, and all that is written to the disk.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from click.testing import Result
from typer.testing import CliRunner

from api.cli.main import app as cli
from api.identity.access_keys import digest_of
from api.identity.webhook_signature import sign
from api.simulate.own_service import KeyHolder, OwnService
from api.store.backup import back_up
from api.store.tenant_ports import Role
from tests.flow.mqtt_broker import running_broker
from tests.unit.api.ingest.test_ingest_intake import tts
from tests.unit.api.test_identity_oidc import Provider

TENANT_ID = "luenen"
EUI = "A84041000181C061"
ROLES = {role: KeyHolder(tenant_id=TENANT_ID, role=role) for role in Role}
TALKATIVE = """
import logging
# Whatever level a program asks for, everything is said.
logging.RootLogger.setLevel = lambda self, level: logging.Logger.setLevel(self, logging.DEBUG)
logging.getLogger("numba").setLevel(logging.WARNING)  # tells every step of a compiler, and knows no secret
"""
"""Put where every Python process of the service finds it, as ``sitecustomize``."""

CLI = "from api.cli.main import main; main()"


@dataclass(kw_only=True)
class CanaryDay:
    """What is known, and what was told.

    Attributes
    ----------
    stores_at
        Folder or URL of the databases.
    environment
        Of the command line.
    """

    service: OwnService
    provider: Provider
    folder: Path
    stores_at: str
    mqtt_password: str
    environment: dict[str, str]
    told: list[tuple[str, bytes]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def key(self, role: Role) -> str:
        """The key of a role."""
        return self.service.keys[ROLES[role]]

    def client(self, key: str | None) -> httpx.Client:
        """Remembers every answer; sends the key where there is one."""
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        hooks = {"response": [self._remember]}
        return httpx.Client(base_url=self.service.base_url, headers=headers, event_hooks=hooks, timeout=60)

    def token(self, **claims: Any) -> str:
        """A login's token."""
        until_s = int(time.time()) + 600
        made = self.provider.token(**({"exp": until_s, "fuhre_tenant": TENANT_ID} | claims))
        self.tokens.append(made)
        return made

    def command(self, *words: str) -> Result:
        """Run ``fuhre`` and remember what it said; how it ended is for the caller to judge."""
        done = CliRunner().invoke(cli, list(words), env=self.environment)
        self.told.append((f"fuhre {words[0]}", f"{done.output} {done.exception}".encode()))
        return done

    def _remember(self, answer: httpx.Response) -> None:
        content = answer.read()
        self.told.append((f"{answer.request.method} {answer.request.url.path}", content))
        self.told.append((f"headers of {answer.request.url.path}", repr(answer.headers.raw).encode()))


def ingest(day: CanaryDay) -> None:
    """Readings with a key, a webhook with a secret, a signed message."""
    now = datetime.now(UTC).replace(microsecond=0)
    calibrated = {"decoder": "milesight_em310", "container_id": "P-0001", "empty_mm": 2_000, "full_mm": 400}
    with day.client(day.key(Role.DISPATCHER)) as office:
        office.put(f"/v1/devices/{EUI}", json=calibrated).raise_for_status()
    sensor = day.key(Role.SENSOR)
    with day.client(None) as network:
        uplink = tts(f_cnt=1, received_at=now.isoformat())
        headers = {"content-type": "application/json", "x-fuhre-key": sensor}
        answer = network.post("/v1/ingest/things-stack", content=uplink, headers=headers).raise_for_status()
        assert answer.json()["accepted"] == 1, answer.text
        network.post("/v1/ingest/things-stack", content=b"{", headers=headers).raise_for_status()
        _, key_id, secret = sensor.split("_", 2)
        body = json.dumps({"readings": [_reading(now)]}).encode()
        stamp = str(int(now.timestamp()))
        signed = {
            "content-type": "application/json",
            "x-fuhre-key-id": key_id,
            "x-fuhre-timestamp": stamp,
            "x-fuhre-signature": sign(digest_of(secret), timestamp=stamp, body=body),
        }
        assert network.post("/v1/readings", content=body, headers=signed).status_code == 207
        assert network.post("/v1/readings", content=body, headers=signed).status_code == 401  # again


def _reading(at: datetime) -> dict[str, object]:
    return {"container_id": "P-0002", "observed_at": (at - timedelta(hours=1)).isoformat(), "fill_fraction": 0.7}


def listen_to_mqtt(day: CanaryDay) -> None:
    """``fuhre ingest mqtt`` by its password, until its broker knows it."""
    with running_broker() as (port, broker):
        words = ["ingest", "mqtt", "--host", "127.0.0.1", "--port", str(port), "--no-tls", "--username", "town"]
        words += ["--data", str(day.folder)]
        with subprocess.Popen(
            [sys.executable, "-c", CLI, *words], env=day.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as consumer:
            end_s = time.monotonic() + 60
            while not broker.sessions and consumer.poll() is None:
                assert time.monotonic() < end_s
                time.sleep(0.05)
            time.sleep(0.3)
            consumer.terminate()
            said, _ = consumer.communicate(timeout=60)
    day.told.append(("fuhre ingest mqtt", said))
    assert b"Listening" in said, said


def plan_and_drive(day: CanaryDay) -> None:
    """A plan by a login, its release, a tablet's day."""
    with day.client(day.token()) as office, day.client(day.key(Role.DRIVER)) as tablet:
        asked = office.post("/v1/plans", json={"limits": {"iteration_limit": 20}}).raise_for_status()
        plan_id, location = asked.json()["plan_id"], asked.headers["location"]
        end_s = time.monotonic() + 120
        while (answer := office.get(location).json())["status"] != "succeeded":
            assert answer["status"] in {"queued", "running"}, answer
            assert time.monotonic() < end_s
            time.sleep(0.1)
        tag = office.get(location).headers["etag"]
        office.post(f"/v1/plans/{plan_id}/release", headers={"If-Match": tag}).raise_for_status()
        tour = answer["plan"]["tours"][0]
        vehicle, driven_on = tour["vehicle_id"], answer["plan"]["day"]
        for path in (f"/v1/tours/{vehicle}/bundle?date={driven_on}", f"/v1/plans/{plan_id}/tours/{vehicle}/sheet.pdf"):
            tablet.get(path).raise_for_status()
        event = {"event_id": "canary-1", "sequence": 1, "at": datetime.now(UTC).isoformat(), "kind": "started"}
        tablet.post(f"/v1/tours/{vehicle}/events", json={"day": driven_on, "events": [event]}).raise_for_status()
        office.post("/v1/incidents", json={"kind": "breakdown", "vehicle_id": vehicle}).raise_for_status()


def provoke(day: CanaryDay, broken_database: Callable[[], Callable[[], None]] | None) -> None:
    """Every kind of error with a secret in its hand."""
    admin, driver = day.key(Role.ADMIN), day.key(Role.DRIVER)
    expired = day.token(exp=int(time.time()) - 600)
    forged = f"{day.token()[:-4]}AAAA"
    for proof in (f"{admin[:-4]}AAAA", admin.upper(), expired, forged, f"{admin} {admin}", day.token(aud="else")):
        with day.client(proof) as wrong:
            assert wrong.get("/v1/vehicles").status_code == 401
    with day.client(driver) as tablet:
        # Keys where they do not belong: in an address, in a query, in a body, in the field that a key names things by.
        assert tablet.put(f"/v1/containers/{admin}", json={}).status_code == 403
        assert tablet.get("/v1/containers", params={"key": admin}).status_code == 403
    with day.client(admin) as office:
        office.get(f"/v1/containers/{admin}")
        office.put(f"/v1/containers/{admin[:64]}", json={"stream": admin})
        for body in ({"day": admin}, {admin: 1}, {"streams": [admin]}, {"policy": admin}, [admin]):
            assert office.post("/v1/plans", json=body).status_code in {400, 422}
        office.post("/v1/plans", content=f'{{"day": "{admin}'.encode(), headers={"content-type": "application/json"})
        office.post("/v1/plans", content=b"{}", headers={"content-type": admin})
        office.request("TRACE", "/v1/vehicles")
        if broken_database is not None:
            mend = broken_database()
            try:
                statuses = {office.post("/v1/readings", json={"readings": [_reading(datetime.now(UTC))]}).status_code}
                statuses.add(office.get("/v1/containers").status_code)
                office.get("/v1/health/ready")
                assert statuses == {503}
            finally:
                mend()
        for path in ("/metrics", "/openapi.json", "/v1/health/ready", "/v1/quarantine", "/v1/alerts", "/v1/devices"):
            office.get(path)


def operate(day: CanaryDay, archive: Path) -> str:
    """What an operator does meanwhile; the key that they made."""
    made = day.command("key", "add", "--role", "planner", "--label", "canary", "--data", str(day.folder))
    day.told.pop()  # the one place where a key is shown
    day.told.append(("words beside a new key", made.stderr.encode()))
    key = made.stdout.strip()
    with day.client(key) as planner:
        planner.get("/v1/vehicles").raise_for_status()
    for words in (["key", "list"], ["audit", "verify"], ["privacy", "report", key.split("_")[1]]):
        assert day.command(*words, "--data", str(day.folder)).exit_code == 0
    day.environment["FUHRE_OIDC_CLIENT_SECRET"] = day.mqtt_password  # the service needs none, and says so by name
    assert "FUHRE_OIDC_CLIENT_SECRET" in str(day.command("serve").exception)
    back_up(day.stores_at, archive, now=datetime.now(UTC))
    return key


def environment_of(settings: dict[str, str], folder: Path, mqtt_password: str) -> dict[str, str]:
    """The command line's: the service's settings and the broker's password."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("FUHRE_")}
    return own | settings | {"FUHRE_DATA_FOLDER": str(folder), "MQTT_PASSWORD": mqtt_password}
