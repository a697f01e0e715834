"""Secrets that can be recognised live through a service's whole day, and are found nowhere afterwards.

The day on SQLite, too: ``LONG_TESTS=1 pytest tests/security/test_canaries.py``.
"""

import base64
import os
import secrets
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from api.identity.access_keys import digest_of, without_secrets
from api.simulate.own_service import own_service
from api.store.tenant_ports import Role
from tests.load.towns import load_town
from tests.postgres import PostgresServer, running_postgres
from tests.security.canary_day import (
    ROLES,
    TALKATIVE,
    TENANT_ID,
    CanaryDay,
    environment_of,
    ingest,
    listen_to_mqtt,
    operate,
    plan_and_drive,
    provoke,
)
from tests.security.secret_hunt import contents, hits
from tests.unit.api.test_identity_oidc import Provider


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["postgresql", "sqlite"][: 2 if os.environ.get("LONG_TESTS") else 1])
def test_no_secret_is_found_after_a_whole_day(kind: str, tmp_path: Path) -> None:
    provider = Provider()
    try:
        with nullcontext() if kind == "sqlite" else running_postgres() as server:
            _live_through(tmp_path, provider, server)
    finally:
        provider.server.shutdown()
        provider.server.server_close()


def _live_through(tmp_path: Path, provider: Provider, server: PostgresServer | None) -> None:
    database_password, mqtt_password = (f"canary-{secrets.token_hex(12)}" for _ in range(2))
    url = None if server is None else server.make_database().replace("postgres@", f"postgres:{database_password}@")
    talkative = tmp_path / "talkative"
    talkative.mkdir()
    (talkative / "sitecustomize.py").write_text(TALKATIVE)
    settings = {
        "PYTHONPATH": f"{talkative}:{Path(__file__).resolve().parents[2]}",
        "FUHRE_OIDC_ISSUER": provider.issuer,
        "FUHRE_OIDC_AUDIENCE": "fuhre",
        "FUHRE_TRUSTED_PROXIES": '["10.0.0.0/8"]',
    }
    folder, archive = tmp_path / "data", tmp_path / "saved.zip"
    holders = list(ROLES.values())
    with own_service(folder, {TENANT_ID: load_town(12)}, holders, settings=settings, database_url=url) as service:
        environment = environment_of(settings, folder, mqtt_password)
        if url is not None:
            environment["FUHRE_DATABASE_URL"] = url
        day = CanaryDay(
            service=service,
            provider=provider,
            folder=folder,
            stores_at=url or str(folder),
            mqtt_password=mqtt_password,
            environment=environment,
        )
        ingest(day)
        listen_to_mqtt(day)
        plan_and_drive(day)
        provoke(day, None if server is None else lambda: _stopped(server))
        planner_key = operate(day, archive)
    keys = {role.value: day.key(role) for role in Role} | {"planner made by hand": planner_key}
    canaries = {f"secret of the key of {name}": key.split("_", 2)[2] for name, key in keys.items()}
    canaries |= {f"token {number}": token.rpartition(".")[2] for number, token in enumerate(day.tokens)}
    canaries |= {"password of the database": database_password, "password of the broker": mqtt_password}
    digests = {f"digest of the key of {name}": digest_of(key.split("_", 2)[2]) for name, key in keys.items()}
    places = [folder, archive, *([] if server is None else [server.folder])]
    left = list(contents(places))
    assert hits(canaries, left) == []
    assert hits(canaries | digests, day.told) == []
    # What signs for a sensor lies in the database, as it must; it is no word for a log.
    logs = [(name, content) for name, content in left if name.endswith(("service.log", "/log"))]
    assert hits(digests, logs) == []
    _prove_that_the_hunt_finds(day, planner_key, left, logs)


def _prove_that_the_hunt_finds(
    day: CanaryDay, planner_key: str, left: list[tuple[str, bytes]], logs: list[tuple[str, bytes]]
) -> None:
    """What is no secret is found wherever it belongs, by the same means."""
    key_id = {"key id": planner_key.split("_")[1]}
    assert hits({"operation": "requestPlan"}, logs), "the log says nothing"
    assert hits({"debug": '"level": "debug"'}, logs), "the log was not at its most talkative"
    assert any("saved.zip/" in one for one in hits(key_id, left)), "the backup was not looked into"
    assert any("saved.zip" not in one for one in hits(key_id, left)), "the databases were not looked into"
    assert hits({"problem": "urn:fuhre:problem:unauthenticated"}, day.told)
    assert len(day.told) > 60


def _stopped(server: PostgresServer) -> Callable[[], None]:
    server.stop("immediate")
    return server.start


def test_key_in_an_address_is_not_written_down() -> None:
    secret = secrets.token_urlsafe(32)
    shown = without_secrets(f"/v1/containers/fuhre_0123456789ab_{secret}/x")
    assert shown == "/v1/containers/fuhre_0123456789ab_.../x"
    assert without_secrets("/v1/containers/P-001") == "/v1/containers/P-001"


@pytest.mark.parametrize("before", range(3))
def test_hunt_finds_a_secret_however_it_is_spelt(before: int) -> None:
    secret = secrets.token_urlsafe(32)
    text = b"a" * before + secret.encode() + b" and more"
    for content in (text, text.hex().encode(), base64.b64encode(text)):
        assert hits({"it": secret}, [("there", content)]) == ["it in there"]
    assert hits({"it": secret}, [("there", secret[:-1].encode())]) == []
