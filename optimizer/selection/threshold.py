"""The policy of most sensor projects: empty from a fixed level on. Kept for comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast
from optimizer.domain.request import SelectionRules
from optimizer.domain.selection import Candidate, Decision, Selection
from optimizer.domain.town import Town
from optimizer.selection.judgement import Judgement
from optimizer.selection.policy_loop import select_each


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdPolicy:
    """Decides by the expected fill alone: MUST from ``level_fraction`` on, else SKIP."""

    level_fraction: float = 0.7
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
        if judgement.expected_fraction >= self.level_fraction:
            return judgement.candidate(Decision.MUST, f"at or above {self.level_fraction * 100:.0f} %")
        return judgement.candidate(Decision.SKIP, f"below {self.level_fraction * 100:.0f} %")
