"""Keeps a flood of like lines off the disk: the first ones of each minute are written, the others counted and told."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

WINDOW_S = 60.0
ALARMS_A_WINDOW = 20
"""Warnings and errors of one kind; each may carry a traceback of many kilobytes."""

LINES_A_WINDOW = 5_000
"""Other lines of one kind, such as those of requests with the same status: about 2 MB."""

_LOGGER = logging.getLogger(__name__)

Kind = tuple[Any, ...]


class FloodGate(logging.Filter):
    """Lets the first lines of each kind through and tells, once the minute is over, how many it kept back.

    A filter and no processor: what is dropped here is never formatted, and the standard handlers know no other way.
    """

    def __init__(self, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._began_s = clock_s()
        self._seen: Counter[Kind] = Counter()
        self._left_out: dict[Kind, tuple[int, str]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        if record.name == __name__:
            return True
        kind = kind_of(record)
        limit = ALARMS_A_WINDOW if record.levelno >= logging.WARNING else LINES_A_WINDOW
        with self._lock:
            told = self._end_window() if self._clock_s() - self._began_s >= WINDOW_S else []
            self._seen[kind] += 1
            is_written = self._seen[kind] <= limit
            if not is_written:
                count, _ = self._left_out.get(kind, (0, ""))
                self._left_out[kind] = (count + 1, str(record.msg))
        for count, message in told:
            _LOGGER.warning("Left out %d more lines of this kind within a minute: %s", count, message)
        return is_written

    def _end_window(self) -> list[tuple[int, str]]:
        told = list(self._left_out.values())
        self._began_s = self._clock_s()
        self._seen.clear()
        self._left_out.clear()
        return told


def kind_of(record: logging.LogRecord) -> Kind:
    """Lines of one kind come from the same place with the same status, for a fault that began at the same place."""
    fault: Kind = ()
    if record.exc_info and record.exc_info[0] is not None:
        trace = record.exc_info[2]
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        began_at = () if trace is None else (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        fault = (record.exc_info[0].__qualname__, *began_at)
    return (record.name, record.levelno, record.pathname, record.lineno, getattr(record, "status", None), *fault)
