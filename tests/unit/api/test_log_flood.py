"""Floods of log lines: the first ones are written, the others counted and told once."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from types import TracebackType

import pytest

from api.log_flood import ALARMS_A_WINDOW, LINES_A_WINDOW, FloodGate, kind_of
from api.log_setup import configure_logging

Fault = tuple[type[BaseException], BaseException, TracebackType | None]
LONG_REASON = "a long reason " * 40


class Clock:
    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def out(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    monkeypatch.setattr("api.log_setup.FloodGate", lambda: FloodGate(clock_s=clock))
    configure_logging(is_json=True)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)


def fault_in(depth: int) -> None:
    if depth:
        fault_in(depth - 1)
    raise KeyError(LONG_REASON)


def told_fault(depth: int) -> Fault:
    with pytest.raises(KeyError) as caught:
        fault_in(depth)
    return caught.type, caught.value, caught.tb


def other_fault() -> Fault:
    with pytest.raises(ValueError, match="invalid literal") as caught:
        int("x")
    return caught.type, caught.value, caught.tb


def line(message: str, *, level: int = logging.ERROR, fault: Fault | None = None, **facts: object) -> logging.LogRecord:
    return logging.getLogger("api.http").makeRecord(
        "api.http", level, "envelope.py", 77, message, (), fault, extra=facts or None
    )


def write(record: logging.LogRecord) -> None:
    for handler in logging.getLogger().handlers:
        handler.handle(record)


def lines_of(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(one) for one in out.getvalue().splitlines()]


def test_thousand_failing_requests_a_second_write_less_than_ten_megabytes_a_minute(
    out: io.StringIO, clock: Clock
) -> None:
    """Each leaves a traceback of sixty frames and the line of the request."""
    failed = line("Request failed.", fault=told_fault(60))
    request = line("request", level=logging.INFO, status=500, trace_id="0" * 32, operation="requestPlan", ms=12.5)
    for number in range(60_000):
        clock.s = 100.0 + number / 1_000
        write(failed)
        write(request)
    assert len(out.getvalue()) < 10_000_000
    events = [one["event"] for one in lines_of(out)]
    assert events.count("Request failed.") == ALARMS_A_WINDOW
    assert events.count("request") == LINES_A_WINDOW


def test_what_was_left_out_is_counted_and_told_once_when_the_minute_is_over(out: io.StringIO, clock: Clock) -> None:
    for _ in range(1_000):
        write(line("Request failed."))
    clock.s += 61
    write(line("something else", level=logging.INFO))
    write(line("Request failed."))
    told = [str(one["event"]) for one in lines_of(out)][ALARMS_A_WINDOW:]
    assert sorted(told) == [
        f"Left out {1_000 - ALARMS_A_WINDOW} more lines of this kind within a minute: Request failed.",
        "Request failed.",
        "something else",
    ]
    clock.s += 61
    write(line("later"))
    assert [one["event"] for one in lines_of(out)][-1] == "later"


def test_flood_of_one_fault_hides_no_other(out: io.StringIO) -> None:
    flood = line("Request failed.", fault=told_fault(3))
    for _ in range(100):
        write(flood)
    write(line("Request failed.", fault=other_fault()))
    write(line("request", level=logging.INFO, status=200))
    told = lines_of(out)
    assert len(told) == ALARMS_A_WINDOW + 2
    assert "ValueError" in str(told[-2]["exception"])


def test_kinds_differ_by_place_level_status_and_fault_but_not_by_what_is_told() -> None:
    first, second = line("one", fault=told_fault(3)), line("two", fault=told_fault(3))
    assert kind_of(first) == kind_of(second)
    others = [line("one"), line("one", level=logging.INFO), line("one", status=500), line("one", fault=other_fault())]
    assert len({kind_of(one) for one in [first, *others]}) == 5
