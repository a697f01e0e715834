"""The policies of the comparison, with settings tuned for similar overflows (see RESULTS.md)."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

import numpy as np

from optimizer.domain.request import SelectionRules
from optimizer.ports import SelectionPolicy
from optimizer.season.kept_travel import KeptTravel
from optimizer.season.run_policy import SeasonPolicy
from optimizer.season.spec import SeasonSpec
from optimizer.selection.fixed_schedule import FixedSchedulePolicy
from optimizer.selection.nearness import measure_nearness
from optimizer.selection.rolling_prize import PrizeRules, RollingPrizePolicy
from optimizer.selection.schedule import ScheduleRules, draw_up_schedule
from optimizer.selection.threshold import ThresholdPolicy

Schedule = tuple[tuple[str, ScheduleRules], ...]
RULES = SelectionRules(min_fill_fraction=0.25, max_blind_days=60)
"""Without sensors nothing is ever trusted; the last emptying is known, so nobody has to look every three weeks."""

SCHEDULE: Schedule = (
    ("glass", ScheduleRules(target_fill_fraction=0.4, weekdays=(1, 4))),
    ("plastic", ScheduleRules(target_fill_fraction=0.5, weekdays=(2,))),
    ("paper", ScheduleRules(target_fill_fraction=0.5)),
)
THRESHOLDS: Mapping[str, float] = {"glass": 0.6, "plastic": 0.6, "paper": 0.28}
SERVICE_LEVELS = ((0.0, 0.9985), (0.5, 0.998), (1.0, 0.998))
"""By share of containers with a sensor: what it takes to overflow no more than fixed tours on the seeds of tuning."""

CLAIRVOYANT_DIALS = PrizeRules(service_level=0.9995)


def make_fixed(
    spec: SeasonSpec, _travel: KeptTravel, rates_per_day: Mapping[str, float], *, schedule: Schedule
) -> SelectionPolicy:
    """Weekday tours drawn up from what the town knows of its containers at the start of the season."""
    return FixedSchedulePolicy(rhythms=draw_up_schedule(spec.town, rates_per_day, dict(schedule)))


def make_threshold(
    _spec: SeasonSpec, _travel: KeptTravel, _rates: Mapping[str, float], *, level_by_stream: Mapping[str, float]
) -> SelectionPolicy:
    """Whatever will be at least so full when the crew comes."""
    return ThresholdPolicy(level_by_stream=level_by_stream)


def make_prize(
    spec: SeasonSpec, travel: KeptTravel, _rates: Mapping[str, float], *, dials: PrizeRules
) -> SelectionPolicy:
    """Prizes over a rolling horizon."""
    return RollingPrizePolicy(nearness=measure_nearness(spec.town, travel), dials=dials)


def fixed(schedule: Schedule = SCHEDULE) -> SeasonPolicy:
    """Crews on fixed tours know roughly what they will load; to be generous, they know it exactly."""
    return SeasonPolicy(name="fixed_schedule", make=partial(make_fixed, schedule=schedule), is_clairvoyant=True)


def threshold(level_by_stream: Mapping[str, float] = MappingProxyType(THRESHOLDS)) -> SeasonPolicy:
    """The usual product, with a level for each stream."""
    return SeasonPolicy(name="threshold", make=partial(make_threshold, level_by_stream=dict(level_by_stream)))


def dials_for(sensor_coverage: float) -> PrizeRules:
    """The dials for a share of containers with a sensor: who knows less has to be more careful."""
    shares, levels = zip(*SERVICE_LEVELS, strict=True)
    return PrizeRules(service_level=float(np.interp(sensor_coverage, shares, levels)))


def rolling_prize(dials: PrizeRules) -> SeasonPolicy:
    """Ours."""
    return SeasonPolicy(name="rolling_prize", make=partial(make_prize, dials=dials))


def clairvoyant(dials: PrizeRules = CLAIRVOYANT_DIALS) -> SeasonPolicy:
    """Ours with forecasts that come true."""
    return SeasonPolicy(name="clairvoyant", make=partial(make_prize, dials=dials), is_clairvoyant=True)


def lineup(sensor_coverage: float = 1.0) -> tuple[SeasonPolicy, ...]:
    """All four, in the order of the table."""
    return (fixed(), threshold(), rolling_prize(dials_for(sensor_coverage)), clairvoyant())
