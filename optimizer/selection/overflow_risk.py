"""The default policy: empty what would overflow before anybody comes again, and what is cheap to take along."""

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
from optimizer.selection.judgement import Judgement, little_in
from optimizer.selection.policy_loop import select_each


@dataclass(frozen=True, slots=True, kw_only=True)
class OverflowRiskPolicy:
    """Decides by the probability of an overflow before the next possible visit.

    MUST from ``must_collect_probability`` on; below, MAY when the container is at least ``min_fill_fraction`` full,
    with the cost of waiting as the prize that the solver weighs against the detour; else SKIP.
    """

    name: ClassVar[str] = "overflow_risk"

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
            return _decide(judgement, rules)

        return select_each(
            decide, containers, forecasts, policy=self.name, town=town, day=day, rules=rules, force=force
        )


def _decide(judgement: Judgement, rules: SelectionRules) -> Candidate:
    if judgement.overflow_probability >= rules.must_collect_probability:
        return judgement.candidate(Decision.MUST)
    if judgement.expected_fraction < rules.min_fill_fraction:
        return judgement.candidate(Decision.SKIP, little_in(rules.min_fill_fraction))
    euros = f"{judgement.cost_of_waiting_eur:.2f}"
    return judgement.candidate(
        Decision.MAY,
        Text(
            en=f"waiting would cost {euros} EUR on average",
            de=f"Warten würde im Mittel {euros.replace('.', ',')} EUR kosten",
        ),
    )
