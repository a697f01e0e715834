"""Weighs what a driver saw against what the sensor says, each by its own error (one step of a Kalman filter)."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from optimizer.domain.reading import CleanSeries
from optimizer.forecasting.demand import demand_of, level_after
from optimizer.forecasting.glances import GLANCE_VARIANCE, glances_of
from optimizer.forecasting.origin import FORGOTTEN_AFTER_S, UNKNOWN_VARIANCE, Origin
from optimizer.forecasting.slots import DAY_S
from optimizer.forecasting.stream_model import StreamModel

SENSOR_VARIANCE = 0.03**2
"""Of a level that a healthy sensor reports; the forecast's distribution holds it already."""

CONTRADICTION_SD = 3.0
"""From so many standard deviations on, driver and sensor cannot both be right, and the driver has looked."""


def fuse_glance(origin: Origin, clean: CleanSeries, model: StreamModel, container_id: str, *, as_of_s: int) -> Origin:
    """The origin after the driver's last glance since the last emptying; as it was when there is none."""
    times, levels = glances_of(clean, as_of_s=as_of_s)
    is_recent = (times > as_of_s - FORGOTTEN_AFTER_S) & (times > (origin.last_emptied_at_s or 0))
    if not is_recent.any():
        return origin
    glanced_s, seen = int(times[is_recent][-1]), float(levels[is_recent][-1])
    said = f"a driver saw {seen:.0%} at {datetime.fromtimestamp(glanced_s, tz=UTC):%Y-%m-%d %H:%M} UTC"
    if origin.extra_variance >= UNKNOWN_VARIANCE:
        reasons = tuple(reason for reason in origin.reasons if not reason.startswith("level unknown"))
        return replace(
            origin,
            at_s=glanced_s,
            level_fraction=seen,
            extra_variance=GLANCE_VARIANCE - SENSOR_VARIANCE,
            reasons=(*reasons, said),
        )
    at_s = max(origin.at_s, glanced_s)
    rate = model.rates_per_day.get(container_id, model.pool_rate_per_day)
    sensor, sensor_variance = _carried(
        origin.level_fraction, SENSOR_VARIANCE + origin.extra_variance, (at_s - origin.at_s) / DAY_S, rate, model
    )
    glance, glance_variance = _carried(seen, GLANCE_VARIANCE, (at_s - glanced_s) / DAY_S, rate, model)
    if abs(sensor - glance) > CONTRADICTION_SD * np.sqrt(sensor_variance + glance_variance):
        said += f", where {sensor:.0%} was expected: check the sensor"
        sensor_variance += (sensor - glance) ** 2
    weight = sensor_variance / (sensor_variance + glance_variance)
    fused_variance = sensor_variance * glance_variance / (sensor_variance + glance_variance)
    return replace(
        origin,
        at_s=at_s,
        level_fraction=float(sensor + weight * (glance - sensor)),
        extra_variance=float(max(fused_variance - SENSOR_VARIANCE, 0.0)),
        reasons=(*origin.reasons, said),
    )


def _carried(level: float, variance: float, days: float, rate: float, model: StreamModel) -> tuple[float, float]:
    """Level and its variance some days later."""
    if days <= 0:
        return level, variance
    demand = np.asarray(rate * days)
    later = level_after(demand_of(np.asarray(level), model.demand) + demand, model.demand)
    # The constant part of the growth's variance is the sensor's, which is counted already.
    added = float(model.prior.variance(demand)) - model.prior.variance_constant
    return float(later), variance + added
