"""What a fixed tour does: empty every container. The baseline that savings are measured against."""

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
class AllContainersPolicy:
    """Every container is MUST."""

    name: ClassVar[str] = "all"

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
            _decide, containers, forecasts, policy=self.name, town=town, day=day, rules=rules, force=force
        )


def _decide(judgement: Judgement) -> Candidate:
    return judgement.candidate(Decision.MUST, Text(en="every container is emptied", de="alle Behälter werden geleert"))
