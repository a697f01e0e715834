"""Every verb of data/contract.toml, run from the file alone against a real service, on SQLite and on PostgreSQL."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import tomllib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from api.files.town_folder import LoadedTown, write_town_folder
from api.identity.permissions import PERMISSIONS
from optimizer.domain.request import SelectionRules
from tests.flow.http_samples import rising_history, small_town
from tests.postgres import postgres as postgres  # noqa: PLC0414 - a fixture

CONTRACT = Path(__file__).resolve().parents[2] / "data" / "contract.toml"
FUHRE = [sys.executable, "-c", "from api.cli.main import main; main()"]
VERBS = [
    "START",
    "READY",
    "MKTENANT",
    "MKTOKEN",
    "LOAD",
    "INGEST",
    "INGEST_BATCH",
    "EXPORT_READINGS",
    "LEVEL",
    "PLAN",
    "JOB",
    "PLAN_GET",
    "PLAN_EDIT",
    "PUBLISH",
    "TOUR_FETCH",
    "SYNC",
    "TOUR_STATE",
    "CLOSURE_ADD",
    "CLOSURE_REMOVE",
    "BACKUP",
    "RESTORE",
    "MIGRATE",
]


def contract() -> dict[str, Any]:
    return tomllib.loads(CONTRACT.read_text(encoding="utf-8"))


class Caller:
    """Does what the file says, and knows no more than it."""

    def __init__(self, values: dict[str, str], environment: dict[str, str]) -> None:
        self.values = values
        self.environment = environment
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{values['port']}", timeout=60)

    def fill(self, text: str) -> str:
        return re.sub(r"\{([a-z_]+)\}", lambda found: self.values[found[1]], text)

    def run(self, verb: dict[str, Any]) -> None:
        self.values["unique"] = uuid.uuid4().hex
        answer = self._command(verb) if "command" in verb else self._operation(verb)
        for path, wanted in verb.get("expected", {}).items():
            told = found_at(answer, path)
            assert str(told) == self.fill(wanted) if isinstance(wanted, str) else told == wanted, (verb["name"], answer)
        for name, path in verb.get("captured", {}).items():
            self.values[name] = str(found_at(answer, path))

    def _command(self, verb: dict[str, Any]) -> dict[str, Any]:
        words = [self.fill(word) for word in verb["command"]]
        assert words.pop(0) == "fuhre"
        done = subprocess.run([*FUHRE, *words], env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (verb["name"], done.stderr)
        answer = json.loads(done.stdout) if "--json" in words else {}
        if "writes" in verb:
            answer["written"] = self.fill(verb["writes"])
            assert Path(answer["written"]).is_file()
        return {**answer, "output": done.stdout.strip()}

    def _operation(self, verb: dict[str, Any]) -> dict[str, Any]:
        headers = {name: self.fill(value) for name, value in verb.get("headers", {}).items()}
        if "as" in verb:
            headers["authorization"] = f"Bearer {self.values[verb['as']]}"
        content = None
        if "body" in verb:
            headers["content-type"] = "application/json"
            content = self.fill(verb["body"])
        until = verb.get("until", {})
        end_s = time.monotonic() + until.get("within_s", 0)
        while True:
            answer = self.client.request(verb["method"], self.fill(verb["path"]), headers=headers, content=content)
            assert answer.status_code == verb["status"], (verb["name"], answer.status_code, answer.text)
            document = answer.json()
            if not until or document[until["field"]] == until["value"]:
                break
            assert time.monotonic() < end_s, (verb["name"], document)
            time.sleep(0.1)
        return {**document, **{f"header:{name}": value.strip('"') for name, value in answer.headers.items()}}


def found_at(document: Any, path: str) -> Any:
    if path in document:
        return document[path]
    for part in path.split("."):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


@contextmanager
def started(caller: Caller, verb: dict[str, Any]) -> Iterator[None]:
    words = [caller.fill(word) for word in verb["command"]][1:]
    service = subprocess.Popen(
        [*FUHRE, *words], env=caller.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end_s = time.monotonic() + 120
        while True:
            assert service.poll() is None, "the service ended while it started"
            assert time.monotonic() < end_s
            try:
                if caller.client.get("/v1/health/ready").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        yield
    finally:
        caller.client.close()
        service.terminate()
        service.wait(timeout=60)


def next_collection_day(now: datetime) -> date:
    """Today, or tomorrow on a Sunday, when the disposal site is closed."""
    today = now.astimezone(ZoneInfo("Europe/Berlin")).date()
    return today if today.weekday() < 6 else today + timedelta(days=1)


def run_all(folder: Path, *, data: str = "", empty: str = "") -> None:
    town = small_town()
    now = datetime.now(UTC).replace(microsecond=0)
    history = rising_history(town, until=now.replace(minute=0, second=0), days=3)
    write_town_folder(LoadedTown(town=town, history=history, map_path=None, rules=SelectionRules()), folder / "town")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    values = {
        "folder": str(folder / "data"),
        "data": data or str(folder / "data"),
        "empty": empty or str(folder / "restored"),
        "town": str(folder / "town"),
        "tenant": "luenen",
        "port": str(port),
        "day": next_collection_day(now).isoformat(),
        "now": (now - timedelta(seconds=1)).isoformat(),
    }
    said = contract()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FUHRE_")}
    caller = Caller(values, environment)
    environment |= {name: caller.fill(value) for name, value in said["environment"].items()}
    if data:
        environment["FUHRE_DATABASE_URL"] = data
    (folder / "data").mkdir()
    start, *others = said["verb"]
    with started(caller, start):
        for verb in others:
            caller.run(verb)


def test_contract_names_every_verb_once_and_operations_that_there_are() -> None:
    verbs = contract()["verb"]
    assert [verb["name"] for verb in verbs] == VERBS
    assert {verb["operation"] for verb in verbs if "operation" in verb} <= set(PERMISSIONS)
    assert all(("command" in verb) != ("operation" in verb) for verb in verbs)


@pytest.mark.slow
def test_every_verb_does_what_it_says_on_sqlite(tmp_path: Path) -> None:
    run_all(tmp_path)


@pytest.mark.slow
def test_every_verb_does_what_it_says_on_postgresql(tmp_path: Path, postgres: Any) -> None:
    run_all(tmp_path, data=postgres.make_database(), empty=postgres.make_database())
