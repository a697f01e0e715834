"""Sensors that fail beyond the usual: silent for ever, stuck for ever, or a whole area down for some days."""

from collections.abc import Mapping, Sequence

import numpy as np

from optimizer.domain.container import Container
from optimizer.season.spec import SensorFailures
from optimizer.simulation.seeds import generator_for
from optimizer.simulation.sensors import SensorScript

DAY_S = 86_400


def failing(
    scripts: Mapping[str, SensorScript],
    containers: Sequence[Container],
    failures: SensorFailures,
    *,
    span_s: tuple[int, int],
    seed: int,
) -> dict[str, SensorScript]:
    """The scripts with the failures in them; which sensors fail, and when, depends on seed and container alone."""
    failed = {name: _failed(name, script, failures, span_s, seed) for name, script in scripts.items()}
    if failures.outage_days:
        random = generator_for(seed, "outage")
        begin_s = int(random.uniform(*span_s))
        end_s = begin_s + failures.outage_days * DAY_S
        for name in _area(containers, containers[int(random.integers(len(containers)))], failures.outage_share):
            if name in failed:
                times = failed[name].observed_at_s
                failed[name] = failed[name].silenced((times >= begin_s) & (times < end_s))
    return failed


def _failed(
    name: str, script: SensorScript, failures: SensorFailures, span_s: tuple[int, int], seed: int
) -> SensorScript:
    random = generator_for(seed, "failure", name)
    fate, begin_s = random.random(), int(random.uniform(*span_s))
    if fate < failures.silent_share:
        return script.silenced(script.observed_at_s >= begin_s)
    if fate < failures.silent_share + failures.stuck_share:
        return script.stuck_from(begin_s)
    return script


def _area(containers: Sequence[Container], middle: Container, share: float) -> list[str]:
    """The containers nearest to one of them."""
    lon = np.array([one.location.lon_deg for one in containers])
    lat = np.array([one.location.lat_deg for one in containers])
    aside = (lon - middle.location.lon_deg) * np.cos(np.radians(middle.location.lat_deg))
    away = np.hypot(aside, lat - middle.location.lat_deg)
    nearest = np.argsort(away, kind="stable")[: round(share * len(containers))]
    return [containers[int(at)].container_id for at in nearest]
