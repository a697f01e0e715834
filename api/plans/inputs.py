"""What a plan rests on: the map, the age of what the sensors said, and a digest that names all of it."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from pydantic import TypeAdapter

from optimizer.domain.plan import Plan
from optimizer.domain.reading import FillHistory
from optimizer.domain.town import Town
from routing.ports import MapInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorAges:
    """How old the last readings were when the plan was made, over the containers of its streams that have a sensor.

    Attributes
    ----------
    silent
        Sensors without any reading in the days that a plan looks back on.
    oldest_at, oldest_s, median_s
        Of the last readings of the others; None where there is none.
    """

    sensors: int
    silent: int
    oldest_at: datetime | None
    oldest_s: int | None
    median_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInputs:
    """What a plan rests on.

    Attributes
    ----------
    snapshot_id
        The plan's ``inputs_digest``: the same id, seed and iteration limit give the same plan.
    map_data_at
        How old the map is, where it says so.
    degraded
        What the plan had to do without, in words.
    """

    snapshot_id: str
    data_as_of: datetime
    map_source: str
    map_digest: str
    map_data_at: datetime | None
    sensors: SensorAges
    degraded: tuple[str, ...]


_INPUTS = TypeAdapter(PlanInputs)


def inputs_of(plan: Plan, town: Town, history: FillHistory, map_info: MapInfo) -> PlanInputs:
    """What a new plan rests on."""
    return PlanInputs(
        snapshot_id=plan.inputs_digest,
        data_as_of=plan.data_as_of,
        map_source=map_info.source,
        map_digest=map_info.digest,
        map_data_at=map_info.data_at,
        sensors=sensor_ages(town, history, streams=frozenset(plan.streams), as_of=plan.data_as_of),
        degraded=plan.degraded,
    )


def sensor_ages(town: Town, history: FillHistory, *, streams: frozenset[str], as_of: datetime) -> SensorAges:
    """The ages of the last readings before an instant."""
    as_of_s = int(as_of.timestamp())
    asked = [one.container_id for one in town.containers if one.has_sensor and one.stream in streams]
    last_s = []
    for name in asked:
        series = history.get(name)
        before = 0 if series is None else int(np.searchsorted(series.observed_at_s, as_of_s, side="right"))
        if series is not None and before:
            last_s.append(int(series.observed_at_s[before - 1]))
    return SensorAges(
        sensors=len(asked),
        silent=len(asked) - len(last_s),
        oldest_at=datetime.fromtimestamp(min(last_s), UTC) if last_s else None,
        oldest_s=as_of_s - min(last_s) if last_s else None,
        median_s=as_of_s - int(np.median(last_s)) if last_s else None,
    )


def inputs_of_edit(before: bytes | None, plan: Plan, map_info: MapInfo) -> bytes | None:
    """The inputs of an edited plan: the readings are those of the version before, the map is today's."""
    if before is None:
        return None
    known = replace(
        _INPUTS.validate_json(before),
        snapshot_id=plan.inputs_digest,
        map_source=map_info.source,
        map_digest=map_info.digest,
        map_data_at=map_info.data_at,
    )
    return dump_inputs(known)


def dump_inputs(inputs: PlanInputs) -> bytes:
    """The inputs as JSON."""
    return _INPUTS.dump_json(inputs)
