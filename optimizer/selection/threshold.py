"""The policy of most sensor projects: empty from a fixed level on. Kept for comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
class ThresholdPolicy:
    """Decides by the expected fill alone: MUST from ``level_fraction`` on, else SKIP.

    Attributes
    ----------
    level_by_stream
        Levels of streams that have one of their own.
    """

    level_fraction: float = 0.7
    level_by_stream: Mapping[str, float] = field(default_factory=dict)
    name: ClassVar[str] = "threshold"

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
        return select_each(
            self._decide, containers, forecasts, policy=self.name, town=town, day=day, rules=rules, force=force
        )

    def _decide(self, judgement: Judgement) -> Candidate:
        level = self.level_by_stream.get(judgement.container.stream, self.level_fraction)
        percent = f"{level * 100:.0f} %"
        if judgement.expected_fraction >= level:
            return judgement.candidate(Decision.MUST, Text(en=f"at or above {percent}", de=f"mindestens {percent}"))
        return judgement.candidate(Decision.SKIP, Text(en=f"below {percent}", de=f"unter {percent}"))
