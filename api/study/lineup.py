"""The policies that a study can compare, made from the town that it is about.

Guards the fairness of the comparison: the fixed schedule is drawn up as a competent town would, from the true mean
demand of every container, and its crews know what they will load.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil

from optimizer.domain.container import Container
from optimizer.domain.issues import InvalidInputError, Issue, IssueCollector
from optimizer.domain.town import Town
from optimizer.ports import SelectionPolicy
from optimizer.season.kept_travel import KeptTravel
from optimizer.season.run_policy import SeasonPolicy
from optimizer.season.spec import SeasonSpec
from optimizer.selection.fixed_schedule import FixedSchedulePolicy
from optimizer.selection.nearness import measure_nearness
from optimizer.selection.rolling_prize import PrizeRules, RollingPrizePolicy
from optimizer.selection.schedule import ScheduleRules, draw_up_schedule
from optimizer.selection.threshold import ThresholdPolicy

FIXED, THRESHOLD, PRIZE, CLAIRVOYANT = "fixed_schedule", "threshold", "rolling_prize", "clairvoyant"
POLICIES = (FIXED, THRESHOLD, PRIZE, CLAIRVOYANT)
CLAIRVOYANT_SERVICE_LEVEL = 0.9995
"""As in the season benchmark."""

OFTEN_SHARE = 0.1
"""From this share of containers that need more than a visit a week, the stream is driven on every working day."""
BUSY_SHARE, BETWEEN_STOPS_S = 0.8, 180
"""How much of a shift a town counts on, and what it reckons between two stops, when it draws up tours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dials:
    """The settings of the policies.

    Attributes
    ----------
    target_fill_fraction
        Fixed schedule: mean demand of a container over its longest gap that the town dares.
    threshold_fraction
        Threshold: expected level at the crew's arrival from which a container is emptied.
    service_level
        Rolling prize: how sure one has to be before a container is left; it sets the price of a day of overflow.
    """

    target_fill_fraction: float = 0.5
    threshold_fraction: float = 0.5
    service_level: float = PrizeRules().service_level

    def __post_init__(self) -> None:
        issues = IssueCollector("study settings")
        issues.require_number("--target-fill", self.target_fill_fraction, low=0.05, high=2)
        issues.require_number("--threshold", self.threshold_fraction, low=0.05, high=1)
        issues.require_number("--service-level", self.service_level, low=0.5, high=0.999_999)
        issues.raise_if_any()


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPolicy:
    """A policy of the study.

    Attributes
    ----------
    setting
        The dial that it was made with.
    """

    policy: SeasonPolicy
    setting: float

    @property
    def name(self) -> str:
        """As in the season's records."""
        return self.policy.name

    @property
    def uses_sensors(self) -> bool:
        """Whether its outcome depends on sensors at all."""
        return not self.policy.is_clairvoyant


def lineup(names: Sequence[str], dials: Dials) -> tuple[StudyPolicy, ...]:
    """The policies of these names, in this order.

    Raises
    ------
    InvalidInputError
        For names that are not known, or given twice.
    """
    known = {
        FIXED: StudyPolicy(
            policy=SeasonPolicy(
                name=FIXED, make=partial(_fixed, target=dials.target_fill_fraction), is_clairvoyant=True
            ),
            setting=dials.target_fill_fraction,
        ),
        THRESHOLD: StudyPolicy(
            policy=SeasonPolicy(name=THRESHOLD, make=partial(_threshold, level=dials.threshold_fraction)),
            setting=dials.threshold_fraction,
        ),
        PRIZE: StudyPolicy(
            policy=SeasonPolicy(name=PRIZE, make=partial(_prize, service_level=dials.service_level)),
            setting=dials.service_level,
        ),
        CLAIRVOYANT: StudyPolicy(
            policy=SeasonPolicy(
                name=CLAIRVOYANT, make=partial(_prize, service_level=CLAIRVOYANT_SERVICE_LEVEL), is_clairvoyant=True
            ),
            setting=CLAIRVOYANT_SERVICE_LEVEL,
        ),
    }
    issues = [
        Issue(
            where="--policies",
            code="unknown_policy",
            message=f"There is no policy '{name}'. Known are {', '.join(known)}.",
        )
        for name in names
        if name not in known
    ]
    if len(set(names)) < max(len(names), 2):
        message = "Give at least two policies, each once: a study compares."
        issues.append(Issue(where="--policies", code="policies", message=message))
    if issues:
        raise InvalidInputError(issues)
    return tuple(known[name] for name in names)


def schedule_rules(town: Town, rates_per_day: Mapping[str, float], target: float) -> dict[str, ScheduleRules]:
    """By stream: on which weekdays a competent town drives it, few full tours rather than many short ones."""
    rules = {}
    for stream in sorted({one.stream for one in town.containers}):
        vehicles = [one for one in town.vehicles if stream in one.streams and one.is_available]
        working = sorted({day for one in vehicles for day in one.shift.weekdays}) or list(range(6))
        members = [one for one in town.containers if one.stream == stream]
        gaps_days = [max(target / max(rates_per_day[one.container_id], 1e-6), 1.0) for one in members]
        wanted = len(working)
        if sum(gap < 7 for gap in gaps_days) < OFTEN_SHARE * len(members):
            stop_s = max(one.service_s + one.setup_s for one in members) + BETWEEN_STOPS_S
            shift_s = min((one.shift.max_work_s for one in vehicles), default=8 * 3600)
            a_tour = max(BUSY_SHARE * shift_s / stop_s, 1.0)
            wanted = min(ceil(sum(7 / gap for gap in gaps_days) / a_tour), len(working))
        step = len(working) / wanted
        weekdays = tuple(working[int((at + 0.5) * step)] for at in range(wanted))
        rules[stream] = ScheduleRules(target_fill_fraction=target, weekdays=weekdays)
    return rules


def served_by_nobody(town: Town) -> tuple[Container, ...]:
    """Containers whose stream no available vehicle collects."""
    collected = {stream for one in town.vehicles if one.is_available for stream in one.streams}
    return tuple(one for one in town.containers if one.stream not in collected)


def _fixed(
    spec: SeasonSpec, _travel: KeptTravel, rates_per_day: Mapping[str, float], *, target: float
) -> SelectionPolicy:
    rules = schedule_rules(spec.town, rates_per_day, target)
    return FixedSchedulePolicy(rhythms=draw_up_schedule(spec.town, rates_per_day, rules))


def _threshold(_spec: SeasonSpec, _travel: KeptTravel, _rates: Mapping[str, float], *, level: float) -> SelectionPolicy:
    return ThresholdPolicy(level_fraction=level)


def _prize(
    spec: SeasonSpec, travel: KeptTravel, _rates: Mapping[str, float], *, service_level: float
) -> SelectionPolicy:
    return RollingPrizePolicy(
        nearness=measure_nearness(spec.town, travel), dials=PrizeRules(service_level=service_level)
    )
