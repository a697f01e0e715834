"""Fixed weekday tours, as towns drive them: each container on its weekdays, every week or every few weeks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast
from optimizer.domain.relaxation import Text
from optimizer.domain.request import SelectionRules
from optimizer.domain.selection import Candidate, Decision, Selection
from optimizer.domain.town import Town
from optimizer.selection.judgement import Judgement
from optimizer.selection.policy_loop import select_each


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When a container is emptied.

    Attributes
    ----------
    weekdays
        0 = Monday to 6 = Sunday.
    every_weeks, week
        Only in calendar weeks (counted through from year 1) with this remainder.
    """

    weekdays: frozenset[int]
    every_weeks: int = 1
    week: int = 0

    def is_on(self, day: date) -> bool:
        """Whether it is emptied on this day."""
        return day.weekday() in self.weekdays and (day.toordinal() - 1) // 7 % self.every_weeks == self.week


DAILY = Rhythm(weekdays=frozenset(range(6)))
"""Every working day: for a container whose rhythm is not written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedSchedulePolicy:
    """MUST on the days of a container's rhythm, else SKIP."""

    rhythms: Mapping[str, Rhythm]
    name: ClassVar[str] = "fixed_schedule"

    def select(
        self,
        containers: Sequence[Container],
        forecasts: Mapping[str, Forecast],
        *,
        town: Town,
        day: date,
        rules: SelectionRules,
        force: frozenset[str] = frozenset(),
    ) -> Selection:
        """One candidate per container."""

        def decide(judgement: Judgement) -> Candidate:
            if self.rhythms.get(judgement.container.container_id, DAILY).is_on(day):
                return judgement.candidate(
                    Decision.MUST, Text(en="on the schedule for this day", de="heute nach Plan an der Reihe")
                )
            return judgement.candidate(
                Decision.SKIP, Text(en="not on the schedule for this day", de="heute nicht an der Reihe")
            )

        return select_each(
            decide, containers, forecasts, policy=self.name, town=town, day=day, rules=rules, force=force
        )
