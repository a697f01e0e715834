"""How much of the machine other programs used during a run: figures of a busy machine are to be recognised as such."""

import os

from benchmarks.routing.machine import CoreTime


class Company:
    """Watches from its making on."""

    def __init__(self) -> None:
        self._before, self._own_before_s = CoreTime.now(), _own_s()

    def cores_of_others(self) -> float:
        """Cores that others kept busy on average; NaN where the machine does not tell."""
        now, own_s = CoreTime.now(), _own_s() - self._own_before_s
        all_s = now.total_s - self._before.total_s
        busy_s = all_s * (1.0 - now.idle_fraction_since(self._before))
        if all_s <= 0:  # the system counts in hundredths of a second
            return 0.0
        return max(0.0, busy_s - own_s) / all_s * (os.cpu_count() or 1)


def _own_s() -> float:
    """Of this process and of all searches that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
