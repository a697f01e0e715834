"""From readings to decisions: clean each series, forecast, select; and say what the data could not tell."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, runtime_checkable

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast, Trust
from optimizer.domain.hours import local_midnight
from optimizer.domain.request import DayRequest
from optimizer.domain.selection import Selection
from optimizer.planning.steps import Steps
from optimizer.ports import Ports
from optimizer.series.clean_series import clean_series

HORIZON_DAYS = 15
"""Days after the planned one that forecasts cover: the next visit of any stream lies within."""


@runtime_checkable
class LooksAhead(Protocol):
    """A policy that asks for longer forecasts."""

    @property
    def forecast_days(self) -> int:
        """Days after the planned one that forecasts should cover."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedFills:
    """The day's containers with forecasts and decisions.

    Attributes
    ----------
    degraded
        What the forecasts had to do without, in words.
    """

    containers: tuple[Container, ...]
    forecasts: dict[str, Forecast]
    selection: Selection
    degraded: tuple[str, ...]


def judge_fills(request: DayRequest, ports: Ports, *, steps: Steps) -> JudgedFills:
    """Decisions for all containers of the requested streams.

    Raises
    ------
    KeyError
        When the request names a policy that the ports do not have; the edge checks names before.
    """
    town = request.town
    containers = tuple(one for one in town.containers if not request.streams or one.stream in request.streams)
    fast_streams = {stream.stream_id for stream in town.streams if stream.is_fast}
    as_of_s = int(request.as_of.timestamp())
    with steps.step("clean"):
        cleaned = {
            one.container_id: clean_series(
                request.history[one.container_id], is_fast=one.stream in fast_streams, as_of_s=as_of_s
            )
            for one in containers
            if one.container_id in request.history
        }
    policy = ports.policies[request.policy]
    with steps.step("forecast"):
        days = policy.forecast_days if isinstance(policy, LooksAhead) else HORIZON_DAYS
        until = local_midnight(request.day + timedelta(days=days), town.zone)
        forecasts = ports.forecaster.forecast(containers, cleaned, town=town, as_of=request.as_of, until=until)
    with steps.step("select"):
        selection = policy.select(
            containers, forecasts, town=town, day=request.day, rules=request.rules, force=request.force
        )
    unhealthy = sum(not series.is_healthy for series in cleaned.values())
    return JudgedFills(
        containers=containers,
        forecasts=forecasts,
        selection=selection,
        degraded=_describe_gaps(containers, forecasts, unhealthy=unhealthy),
    )


def _describe_gaps(
    containers: Sequence[Container], forecasts: dict[str, Forecast], *, unhealthy: int
) -> tuple[str, ...]:
    trust = Counter(forecasts[one.container_id].trust for one in containers if one.has_sensor)
    without_sensor = sum(not one.has_sensor for one in containers)
    counted = (
        (trust[Trust.STALE_SENSOR], "sensor(s) silent for more than two days: forecast from older readings"),
        (trust[Trust.PRIOR], "sensor(s) without a usable reading: usual filling of the stream assumed"),
        (unhealthy, "sensor(s) unhealthy: their readings are left out of what is learnt"),
        (without_sensor, "container(s) without a sensor: usual filling of the stream assumed"),
    )
    return tuple(f"{count} {_numerus(words, count)}" for count, words in counted if count)


def _numerus(words: str, count: int) -> str:
    return words.replace("(s)", "" if count == 1 else "s", 1)
