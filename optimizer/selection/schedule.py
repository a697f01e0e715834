"""Draws up fixed weekday tours as a competent town would: by what each container is known to need, area by area.

The baseline that savings are measured against, so it must not be a weak one: every container has an interval of its
own, neighbours share a day, and how full containers may get and on how many days a stream is driven is for the town to
choose well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import atan2, cos, radians

from optimizer.domain.container import Container
from optimizer.domain.issues import IssueCollector
from optimizer.domain.town import Town
from optimizer.selection.fixed_schedule import Rhythm

LADDER_WEEKS = (1, 2, 3, 4, 6, 8)
"""Intervals in weeks for containers that need at most one visit a week."""

MORE_A_WEEK: tuple[tuple[int, tuple[tuple[int, ...], ...]], ...] = (
    (4, ((0, 3), (1, 4), (2, 5))),
    (3, ((0, 2, 4), (1, 3, 5))),
)
DAILY_GAP_DAYS, DAILY = 2, (0, 1, 2, 3, 4, 5)
"""Longest gap in days, and the sets of weekdays that have it, for containers that need more than one visit a week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRules:
    """How a town draws up the tours of a stream.

    Attributes
    ----------
    target_fill_fraction
        Mean demand of a container over its longest gap, as a fraction of it, that the town dares.
    weekdays
        On which the stream is driven; an area of the town for each.
    """

    target_fill_fraction: float
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5)

    def __post_init__(self) -> None:
        issues = IssueCollector("schedule rules")
        issues.require_number("target_fill_fraction", self.target_fill_fraction, low=0.05, high=2)
        issues.require(
            bool(self.weekdays) and set(self.weekdays) <= set(range(7)),
            "weekdays",
            "Give at least one weekday, from 0 (Monday) to 6 (Sunday).",
        )
        issues.raise_if_any()


def draw_up_schedule(
    town: Town, rates_per_day: Mapping[str, float], rules_by_stream: Mapping[str, ScheduleRules]
) -> dict[str, Rhythm]:
    """Rhythms by container id, from the mean demand a day that experience tells."""
    rhythms: dict[str, Rhythm] = {}
    for stream, rules in rules_by_stream.items():
        members = _swept([one for one in town.containers if one.stream == stream], town)
        longest = {
            one.container_id: rules.target_fill_fraction / max(rates_per_day[one.container_id], 1e-6) for one in members
        }
        often = [one for one in members if longest[one.container_id] < 7 * LADDER_WEEKS[0]]
        for one, share in _shares(often):
            weekdays = _several_a_week(longest[one.container_id], share, rules.weekdays)
            rhythms[one.container_id] = Rhythm(weekdays=frozenset(weekdays))
        rare = [one for one in members if longest[one.container_id] >= 7 * LADDER_WEEKS[0]]
        areas: dict[tuple[int, int], list[Container]] = {}
        for one, share in _shares(rare):
            weeks = max(weeks for weeks in LADDER_WEEKS if 7 * weeks <= longest[one.container_id])
            areas.setdefault((int(share * len(rules.weekdays)), weeks), []).append(one)
        for (area, weeks), neighbours in areas.items():
            for one, share in _shares(neighbours):
                rhythms[one.container_id] = Rhythm(
                    weekdays=frozenset({rules.weekdays[area]}), every_weeks=weeks, week=int(share * weeks)
                )
    return rhythms


def _several_a_week(longest_days: float, share: float, driven: tuple[int, ...]) -> tuple[int, ...]:
    """Few of the days on which the stream is driven anyway, or all of them, or every working day."""
    for gap_days, patterns in MORE_A_WEEK:
        fitting = [pattern for pattern in patterns if set(pattern) <= set(driven)]
        if fitting and longest_days >= gap_days:
            return fitting[int(share * len(fitting))]
    return DAILY


def _shares(members: Sequence[Container]) -> list[tuple[Container, float]]:
    """Each with the share of the sweep before it."""
    return [(one, at / len(members)) for at, one in enumerate(members)]


def _swept(members: Sequence[Container], town: Town) -> list[Container]:
    """In the order of a hand that turns around the depot."""
    centre = town.depots[0].location

    def angle(one: Container) -> float:
        aside = (one.location.lon_deg - centre.lon_deg) * cos(radians(centre.lat_deg))
        return atan2(one.location.lat_deg - centre.lat_deg, aside)

    return sorted(members, key=lambda one: (angle(one), one.container_id))
