import math
from types import SimpleNamespace

import pytest

from benchmarks.routing import machine
from benchmarks.routing.machine import CoreTime

# user nice system idle iowait irq softirq steal guest guest_nice, in hundredths of a second
BEFORE = "cpu  1000 0 500 8000 100 0 0 0 700 0\ncpu0 1 2 3 4\n"
AFTER = "cpu  1500 0 600 8300 200 0 0 0 900 0\ncpu0 1 2 3 4\n"


def test_core_time_tells_idle_time_and_what_others_took() -> None:
    before = CoreTime.read(BEFORE, own_s=1.0, ticks_per_s=100)
    after = CoreTime.read(AFTER, own_s=4.0, ticks_per_s=100)
    assert after.total_s - before.total_s == pytest.approx(10.0)
    assert after.idle_fraction_since(before) == pytest.approx(0.4)
    assert after.others_fraction_since(before) == pytest.approx(0.3)


def test_core_time_is_unknown_on_a_machine_that_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_STAT", SimpleNamespace(is_file=lambda: False))
    before = CoreTime.now()
    assert math.isnan(CoreTime.now().idle_fraction_since(before))
    assert math.isnan(CoreTime.now().others_fraction_since(before))
