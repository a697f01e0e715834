"""A flood beside the day's work: what the service answers to it, and what tablets, a neighbour and health notice."""

import array
import asyncio
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.load.drive import Tally
from tests.load.flood_sender import OVER, Flood, FloodReport, Messages
from tests.load.memory import resident_mb
from tests.load.wire import Wire

ROOT = Path(__file__).resolve().parents[2]
NORMAL_FETCH_MS = 150
_AGAIN = 5_000
"""Readings in a batch that asks whether they are known."""


@dataclass(slots=True)
class Flooded:
    """What was seen.

    Attributes
    ----------
    beside
        What others met meanwhile, by who they are.
    lost
        Readings that were acknowledged, and are new to the service when they are sent again.
    normal_after_s
        From the end of the flood until a tour is fetched within ``NORMAL_FETCH_MS`` and a reading of the sender that
        flooded is accepted.
    """

    report: FloodReport
    beside: dict[str, Tally]
    before_mb: float
    peak_mb: float
    after_mb: float
    service_cpu_s: float
    acknowledged: int
    lost: int
    normal_after_s: float

    @property
    def errors(self) -> int:
        """Answers to the flood that it should not get."""
        answers = self.report.by_status + self.report.late_by_status
        odd = sum(number for status, number in answers.items() if status[0] != "2" and status not in {"429", "503"})
        return odd + self.report.closed + self.report.not_connected

    def told(self, flood: Flood) -> str:
        """All of it, as Markdown."""
        report, number = self.report, max(1, self.report.due)
        within = ", ".join(f"{status}: {count:,}" for status, count in sorted(report.by_status.items()))
        late = ", ".join(f"{status}: {count:,}" for status, count in sorted(report.late_by_status.items()))
        lines = [
            f"{flood.per_s:,} messages a second for {flood.seconds:g} s over {flood.connections} connections:",
            "",
            f"- in {report.took_s:.1f} s: due {report.due:,}, sent {report.sent:,}",
            f"- answered within the time {report.answered:,} ({within})",
            f"- waiting in the sockets at the end {report.waiting:,}",
            f"- answered then: {late or 'none'}; never {report.unanswered:,}",
            f"- connections cut {report.closed} (with {report.closed_with} messages), refused {report.not_connected}",
            f"- CPU: sender {1e6 * report.cpu_s / number:.1f} us a message, service {self.service_cpu_s:.1f} s",
            f"- memory: {self.before_mb:.0f} MB before, {self.peak_mb:.0f} at most, {self.after_mb:.0f} after",
        ]
        for kind, tally in self.beside.items():
            statuses = ", ".join(f"{status}: {count}" for status, count in sorted(tally.outcomes.items()))
            p50_ms, p99_ms = tally.percentile_ms(0.5), tally.percentile_ms(0.99)
            lines.append(f"- {kind}: p50 {p50_ms:.0f} ms, p99 {p99_ms:.0f} ms ({statuses})")
        return "\n".join([*lines, "", ""])


@dataclass(slots=True)
class _Watch:
    """Looks at memory from a thread of its own."""

    pid: int
    peak_mb: float = 0.0
    ended: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        while not self.ended.wait(0.25):
            self.peak_mb = max(self.peak_mb, resident_mb(self.pid))


def flood_service(pid: int, flood: Flood, tablet: Wire, neighbour: Wire, address: str) -> Flooded:
    """Send the flood, with a tour fetched 20 times a second and a neighbour's reading 5 times beside it.

    Where there are two processors, the service has the first and the senders the second.
    """
    wire = Wire(base_url=tablet.base_url, key=flood.key)
    beside = {kind: Tally(kind) for kind in ("tablet", "neighbour", "health")}
    reading = {"container_id": "P-0000", "observed_at": flood.begins_at, "fill_fraction": 0.5}
    requests = (
        (beside["tablet"], tablet.request("GET", address), 20.0),
        (beside["neighbour"], neighbour.request("POST", "/v1/readings", {"readings": [reading]}), 5.0),
        (beside["health"], tablet.request("GET", "/v1/health/live"), 1.0),
    )
    watch = _Watch(pid)
    before_mb, began_cpu_s = resident_mb(pid), _cpu_s(pid)
    looker = threading.Thread(target=watch.look)
    looker.start()
    with tempfile.TemporaryDirectory(prefix="fuhre-flood-") as folder, _apart(pid) as cpu_index:
        path = Path(folder) / "acknowledged"
        flood = replace(flood, acknowledged_path=str(path), cpu_index=cpu_index)
        command = [sys.executable, "-m", "tests.load.flood_sender", json.dumps(asdict(flood))]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as sender:
            asyncio.run(_beside(tablet, requests, seconds=flood.seconds))
            assert sender.stdout is not None
            if sender.stdout.readline().strip() != OVER.encode():
                raise SystemExit("The sender of the flood ended early; it has said why.")
            normal_s = _normal_again(wire, tablet, address, begins_at=flood.begins_at)
            told = sender.stdout.read()
        service_cpu_s = _cpu_s(pid) - began_cpu_s
        acknowledged = array.array("I", path.read_bytes())
    watch.ended.set()
    looker.join()
    report = FloodReport(**_with_counters(json.loads(told)))
    return Flooded(
        report=report,
        beside=beside,
        before_mb=before_mb,
        peak_mb=watch.peak_mb,
        after_mb=resident_mb(pid),
        service_cpu_s=service_cpu_s,
        acknowledged=len(acknowledged),
        lost=_unknown(wire, flood, acknowledged),
        normal_after_s=max(0.0, normal_s - report.ended_s),
    )


async def _beside(wire: Wire, requests: Sequence[tuple[Tally, bytes, float]], *, seconds: float) -> None:
    senders = (wire.send_at_rate(tally, request, per_s=per_s, seconds=seconds) for tally, request, per_s in requests)
    await asyncio.gather(*senders)


def _normal_again(flood: Wire, tablet: Wire, address: str, *, begins_at: str) -> float:
    """The instant, of ``time.monotonic``."""
    first = datetime.fromisoformat(begins_at) + timedelta(seconds=1)
    with httpx.Client(base_url=tablet.base_url, timeout=30) as client:
        for number in itertools.count():
            began_s = time.monotonic()
            fetched = client.get(address, headers={"authorization": f"Bearer {tablet.key}"})
            is_quick = 1000 * (time.monotonic() - began_s) <= NORMAL_FETCH_MS
            at = (first + timedelta(seconds=number)).isoformat()
            sent = _post(client, flood, [{"container_id": "P-0000", "observed_at": at, "fill_fraction": 0.5}])
            if is_quick and fetched.status_code == 200 and sent.status_code == 207 and sent.json()["accepted"]:
                break
            time.sleep(0.1)
    return time.monotonic()


def _unknown(wire: Wire, flood: Flood, numbers: Sequence[int]) -> int:
    """How many of these readings are new to the service."""
    messages, unknown = Messages(flood), 0
    with httpx.Client(base_url=wire.base_url, timeout=60) as client:
        for begin in range(0, len(numbers), _AGAIN):
            readings = [messages.reading(number) for number in numbers[begin : begin + _AGAIN]]
            told: dict[str, Any] = _post(client, wire, readings).raise_for_status().json()
            unknown += len(readings) - int(told["duplicate"])
    return unknown


def _post(client: httpx.Client, wire: Wire, readings: list[dict[str, object]]) -> httpx.Response:
    headers = {"authorization": f"Bearer {wire.key}"}
    return client.post("/v1/readings", json={"readings": readings}, headers=headers)


def _with_counters(told: dict[str, Any]) -> dict[str, Any]:
    return {name: Counter(value) if isinstance(value, dict) else value for name, value in told.items()}


def _cpu_s(pid: int) -> float:
    spent = psutil.Process(pid).cpu_times()
    return float(spent.user + spent.system)


@contextmanager
def _apart(pid: int) -> Iterator[int | None]:
    """Keep the service's process on the first processor and this one on the second, which is given to the sender."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2:
        yield None
        return
    _pin(pid, processors[:1])
    _pin(os.getpid(), processors[1:2])
    try:
        yield processors[1]
    finally:
        _pin(pid, processors)
        _pin(os.getpid(), processors)


def _pin(pid: int, processors: Sequence[int]) -> None:
    for thread in psutil.Process(pid).threads():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(thread.id, processors)
