"""Every recorded message and every documented trap, sent to a real service: what becomes of it, and of its repetition.

    python -m tests.promises.formats                 # on SQLite files
    python -m tests.promises.formats --postgresql    # on a PostgreSQL of its own
    python -m tests.promises.formats --out formats.md

The messages are the files in tests/fixtures/ingest; what should become of them stands in
tests/unit/api/ingest/test_ingest_traps.py, and so do the alerts that each must raise. The command ends with 1 when
anything else does, and when an alert is missing or raised without a cause.
"""

import argparse
import gzip
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from api.files.town_folder import LoadedTown
from api.ingest.intake import Outcome
from api.simulate.own_service import KeyHolder
from api.store.tenant_ports import Role
from optimizer.domain.request import SelectionRules
from tests.flow.http_samples import small_town
from tests.postgres import running_postgres
from tests.promises.place import Place, Size, StartedService
from tests.promises.table import aligned
from tests.unit.api.ingest.intake_setup import EUI, NOW
from tests.unit.api.ingest.memory_store import FIXTURES, fixture_bytes
from tests.unit.api.ingest.test_ingest_traps import SEVERAL, TRAPS, Trap, format_of

TOWNS = [f"town-{number:02d}" for number in range(14)]
"""Several messages bear the same counter of the same sensor: in towns of their own none is another's repetition."""

OTHER_DEVICES = ("sta:4711", "urn:dev:mac:0024befffe804ff1", "urn:dev:ops:bin-7", "bin-7")
PATHS = {"things_stack": "things-stack", "senml_3435_two_times.json": "senml?device=bin-7"}
SEVERAL_COUNTS = {
    "ngsi_ld_many.json": {"accepted": 2, "quarantined": 5, "ignored": 1},
    "sensorthings_page.json": {"accepted": 2, "quarantined": 2},
    "senml_3435_two_times.json": {"accepted": 1, "quarantined": 1},
}
SEVERAL_ALERTS = {"senml_3435_two_times.json": {"lid_open"}}


class Line(NamedTuple):
    """One message and its fate."""

    format_name: str
    message: str
    what: str
    became: str
    again: str
    is_as_documented: bool


@dataclass(slots=True)
class _Town:
    """A town's network server, and what its sensor is registered with: each write waits for the disk."""

    network: httpx.Client
    decoder: str | None = None

    def register_sensor(self, decoder: str) -> None:
        if decoder != self.decoder:
            _register(self.network, EUI, decoder)
            self.decoder = decoder


def lines_of(started: StartedService) -> Iterator[Line]:
    """All messages, then what is refused."""
    with ExitStack() as stack:
        towns = [_Town(stack.enter_context(started.client(_holder(town)))) for town in TOWNS]
        yield from _messages(towns)
    yield from _refusals(started)


def _messages(towns: list[_Town]) -> Iterator[Line]:
    traps = {trap.fixture: trap for trap in TRAPS}
    fixtures = sorted(path.name for path in FIXTURES.iterdir() if path.suffix in {".json", ".txt"})
    for town in towns:
        for device_id in OTHER_DEVICES:
            _register(town.network, device_id)
    # Those that raise no alert come first: afterwards there is still a town without alerts for each that does. Of
    # these, accepted ones need a town without their counter: where they are duplicates, they raise the alert, too.
    fixtures.sort(key=lambda fixture: _turn(fixture, traps.get(fixture)))
    yield from sorted(_message(towns, fixture, traps.get(fixture)) for fixture in fixtures)


def _message(towns: list[_Town], fixture: str, trap: Trap | None) -> Line:
    format_name = format_of(fixture)
    path = f"/v1/ingest/{PATHS.get(fixture) or PATHS.get(format_name, format_name)}"
    told: dict[str, Any] = {}
    alerts: set[str] = set()
    wanted = _documented_alerts(fixture, trap)
    # The last towns have had the fewest messages, and as good as no alert.
    for town in reversed(towns) if wanted else towns:
        if _alerts(town.network):
            continue  # the sensor has one alert of a kind, and what a person ends stays ended for older messages
        town.register_sensor("" if trap is None else trap.decoder)
        told = _sent(town.network, path, fixture)
        if not told[Outcome.DUPLICATE]:
            alerts = _alerts(town.network)
            again = _words(_sent(town.network, path, fixture), with_codes=False)
            break
    else:
        return Line(format_name, fixture, trap.what if trap else "several messages in one", "no town left", "-", False)
    became = _words(told) + (f"; alerts {', '.join(sorted(alerts))}" if alerts else "")
    is_same = alerts == wanted and _is_as_documented(told, trap, fixture)
    return Line(format_name, fixture, trap.what if trap else "several messages in one", became, again, is_same)


def _turn(fixture: str, trap: Trap | None) -> tuple[bool, bool]:
    return bool(_documented_alerts(fixture, trap)), trap is None or trap.outcome is not Outcome.ACCEPTED


def _documented_alerts(fixture: str, trap: Trap | None) -> set[str]:
    return set(trap.alerts) if trap else SEVERAL_ALERTS.get(fixture, set())


def _is_as_documented(told: dict[str, Any], trap: Trap | None, fixture: str) -> bool:
    if trap is None:
        return fixture in SEVERAL and all(told[name] == count for name, count in SEVERAL_COUNTS[fixture].items())
    [one] = told["results"]
    is_same = (one["status"], one["code"]) == (trap.outcome.value, trap.code)
    if trap.outcome is Outcome.ACCEPTED:
        is_same = is_same and (one["quality"], tuple(one["reasons"])) == (trap.quality, trap.reasons)
    return is_same


def _holder(town: str) -> KeyHolder:
    return KeyHolder(tenant_id=town, role=Role.ADMIN)


def _register(network: httpx.Client, device_id: str, decoder: str = "") -> None:
    hangs = {"container_id": "P-001", "empty_mm": 2_000, "full_mm": 400}
    network.put(f"/v1/devices/{device_id}", json=hangs | ({"decoder": decoder} if decoder else {})).raise_for_status()


def _sent(network: httpx.Client, path: str, fixture: str) -> dict[str, Any]:
    headers = {"content-type": "application/json"}
    answer = network.post(path, content=fixture_bytes(fixture), headers=headers).raise_for_status()
    told: dict[str, Any] = answer.json()
    return told


def _alerts(network: httpx.Client) -> set[str]:
    return {one["kind"] for one in network.get("/v1/alerts").raise_for_status().json()["alerts"]}


def _words(told: dict[str, Any], *, with_codes: bool = True) -> str:
    """The counts, each with the reasons of its messages."""
    parts = []
    for outcome in (one.value for one in Outcome):
        if not told[outcome]:
            continue
        results = [one for one in told["results"] if one["status"] == outcome]
        codes = [one["code"] or ", ".join([f"quality {one['quality']}", *one["reasons"]]) for one in results]
        because = f" ({'; '.join(dict.fromkeys(codes))})" if with_codes else ""
        noun = "reading" if outcome == Outcome.ACCEPTED else "message"
        parts.append(f"{outcome} {told[outcome]} {noun}{'s' if told[outcome] > 1 else ''}{because}")
    return ", ".join(parts) or "nothing in it"


def _refusals(started: StartedService) -> Iterator[Line]:
    """What is no message of a known sender, or no batch, and readings that cannot be."""
    key = {"authorization": f"Bearer {started.service.keys[_holder(TOWNS[0])]}", "content-type": "application/json"}
    body = fixture_bytes("tts_em310.json")
    asked: list[tuple[str, str, str, bytes, dict[str, str], int, str]] = [
        ("POST", "things-stack", "without a key", body, {"authorization": ""}, 401, "unauthenticated"),
        ("POST", "things-stack", "compressed", gzip.compress(body), {"content-encoding": "gzip"}, 415,
        "unsupported_media_type"),
        ("POST", "things-stack", "of 1,000,001 bytes", body.ljust(1_000_001), {}, 413, "body_too_large"),
        ("POST", "ngsi?scale=inches", "with a scale that there is not", body, {}, 422, "invalid_request"),
        ("POST", "senml?device=%00", "of a device that nobody can be called", body, {}, 422, "invalid_request"),
        ("PUT", "things-stack", "by another method", body, {}, 405, "method_not_allowed"),
    ]  # fmt: skip
    with httpx.Client(base_url=started.service.base_url, timeout=60) as anybody:
        for method, path, what, content, headers, status, code in asked:
            answer = anybody.request(method, f"/v1/ingest/{path}", content=content, headers=key | headers)
            is_same = (answer.status_code, answer.json()["code"]) == (status, code)
            became = f"refused: {answer.status_code} {answer.json()['code']}"
            yield Line(path.partition("?")[0], "a message", what, became, "-", is_same)
        yield from _readings(anybody, key)


def _readings(anybody: httpx.Client, headers: dict[str, str]) -> Iterator[Line]:
    good = {"container_id": "P-002", "observed_at": "2026-03-02T03:00:00Z", "fill_fraction": 0.5}
    items: list[tuple[str, dict[str, Any], str]] = [
        ("as it should be", {}, "accepted"),
        ("the same again", {}, "duplicate"),
        ("the doubled hour of a clock change, told apart by its offset",
        {"observed_at": "2025-10-26T02:30:00+01:00"}, "accepted"),
        ("percent where a fraction is asked for", {"fill_fraction": 72}, "rejected"),
        ("not a number", {"fill_fraction": float("nan")}, "rejected"),
        ("a number in a text", {"fill_fraction": "0.5"}, "rejected"),
        ("true for a number", {"fill_fraction": True}, "rejected"),
        ("an hour ahead of the clock", {"observed_at": "2026-03-02T05:00:00Z"}, "rejected"),
        ("an instant without its offset", {"observed_at": "2026-03-02T03:00:00"}, "rejected"),
        ("a day that there is not", {"observed_at": "2026-02-30T03:00:00Z"}, "rejected"),
        ("a container that there is not", {"container_id": "P-999"}, "rejected"),
        ("a container with a NUL in its name", {"container_id": "P\u0000"}, "rejected"),
        ("a field that nobody knows", {"tenant_id": "town-01"}, "rejected"),
        ("neither a level nor an emptying", {"fill_fraction": None}, "rejected"),
    ]  # fmt: skip
    for what, changes, wanted in items:
        body = json.dumps({"readings": [good | changes]}).encode()
        answer = anybody.post("/v1/readings", content=body, headers=headers)
        told = answer.json()
        if answer.status_code != 207:
            yield Line(
                "readings",
                "a reading",
                what,
                f"refused: {answer.status_code} {told['code']}",
                "-",
                wanted == "rejected",
            )
            continue
        [one] = told["results"]
        became = f"{one['status']} ({one['code']})" if one["code"] else one["status"]
        yield Line("readings", "a reading", what, became, "-", one["status"] == wanted)


def table_of(*, is_postgresql: bool) -> tuple[str, int]:
    """The table, and how many messages came to another end than documented."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fuhre-formats-")))
        server = stack.enter_context(running_postgres(is_on_disk=True)) if is_postgresql else None
        place = Place(
            folder=folder, server=server, size=Size(), tell=lambda words: sys.stderr.write(f"{words}\n") and None
        )
        town = LoadedTown(town=small_town(), history={}, map_path=None, rules=SelectionRules())
        started = stack.enter_context(
            place.service(dict.fromkeys(TOWNS, town), [_holder(name) for name in TOWNS], starts_at=NOW)
        )
        lines = list(lines_of(started))
    odd = sum(not line.is_as_documented for line in lines)
    head = ("format", "message", "what is special", "what became of it", "sent again", "as documented")
    rows = [(*line[:5], "yes" if line.is_as_documented else "NO") for line in lines]
    kind = "PostgreSQL" if is_postgresql else "SQLite"
    return f"{len(lines)} messages on {kind}, {odd} not as documented:\n\n{aligned([head, *rows])}\n", odd


def main() -> int:
    """Print the table; 1 when a message came to another end than documented."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of its own instead of SQLite files")
    parser.add_argument("--out", type=Path, metavar="FILE.md", help="write the table there, too")
    asked = parser.parse_args()
    text, odd = table_of(is_postgresql=asked.postgresql)
    sys.stdout.write(text)
    if asked.out is not None:
        asked.out.write_text(text, encoding="utf-8")
    return 1 if odd else 0


if __name__ == "__main__":
    sys.exit(main())
