"""How busy the machine was while something was measured, so that figures of a busy one can be recognised."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

_STAT = Path("/proc/stat")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreTime:
    """Running totals of all cores together in seconds, and of this process; NaN where the machine does not tell."""

    idle_s: float
    total_s: float
    own_s: float

    @classmethod
    def now(cls) -> "CoreTime":
        """The totals at this moment."""
        own_s = time.process_time()
        if not _STAT.is_file():
            return cls(idle_s=float("nan"), total_s=float("nan"), own_s=own_s)
        return cls.read(_STAT.read_text(encoding="utf-8"), own_s=own_s)

    @classmethod
    def read(cls, stat: str, *, own_s: float, ticks_per_s: int = 0) -> "CoreTime":
        """The totals in the first line of ``/proc/stat``; waiting for a disk is idle, and guests are in user time."""
        ticks = [int(text) for text in stat.splitlines()[0].split()[1:9]]
        per_s = ticks_per_s or os.sysconf("SC_CLK_TCK")
        return cls(idle_s=sum(ticks[3:5]) / per_s, total_s=sum(ticks) / per_s, own_s=own_s)

    def idle_fraction_since(self, before: "CoreTime") -> float:
        """Share of all cores' time in which they did nothing."""
        total_s = self.total_s - before.total_s
        return (self.idle_s - before.idle_s) / total_s if total_s > 0 else float("nan")

    def others_fraction_since(self, before: "CoreTime") -> float:
        """Share of all cores' time that went to other processes and the system."""
        total_s = self.total_s - before.total_s
        own_s = self.own_s - before.own_s
        return max(0.0, 1.0 - self.idle_fraction_since(before) - own_s / total_s) if total_s > 0 else float("nan")
