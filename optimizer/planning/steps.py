"""Measures and reports the steps of a day's planning."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from optimizer.ports import ReportsProgress


@dataclass(slots=True)
class Steps:
    """Wall seconds by step, told to whoever listens."""

    listener: ReportsProgress | None = None
    seconds_by_step: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step; the listener hears of its begin and end, and may cancel at both."""
        self.tell(name, 0.0)
        started_s = time.perf_counter()
        yield
        self.seconds_by_step[name] = round(self.seconds_by_step.get(name, 0.0) + time.perf_counter() - started_s, 4)
        self.tell(name, 1.0)

    def tell(self, name: str, share: float, detail: str = "") -> None:
        """Pass progress on."""
        if self.listener is not None:
            self.listener(name, share, detail)
