"""Prizes over a rolling horizon: what must go today, what is worth taking along, and what may wait.

The idea in three steps, for each stream:

1. *Last safe visit.* Waiting until a later visit costs expected overflow days. Each container has a budget of them that
   follows from the service level and the length of its cycle; the last visit within the budget is the container's last
   safe one. When that is today's, it must be emptied. (A chance of overflow that falls with the cycle, as the marginal
   cost of waiting suggests, was tried and drove more at equal overflows.)
2. *How far today's tour should reach.* A tour has a cost of its own (the way out, to the disposal site and home), so it
   pays to take along what would force the next tour soon. Emptying a container before its last safe visit wastes the
   rest of its cycle. The reach is the one with the least cost per day until the next tour (the lot-sizing rule of
   Silver and Meal, Production and Inventory Management 14, 1973).
3. *Prizes.* Everything else may be emptied for a prize: the detour and service that a later visit would cost, times the
   share of its cycle that is used up. The tour search weighs it against today's detour, which is small where the
   vehicle passes by anyway.

Prizes for visits in inventory routing are known from Coelho, Cordeau and Laporte (Transportation Science 48, 2014) and,
for waste, from Markov et al. (Computers & Operations Research 117, 2020) and Wouda et al. (arXiv 2409.13386, 2024).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast
from optimizer.domain.issues import IssueCollector
from optimizer.domain.request import SelectionRules
from optimizer.domain.selection import Candidate, Decision, Selection
from optimizer.domain.town import Town
from optimizer.selection.duties import find_duties
from optimizer.selection.judgement import Judgement, judge
from optimizer.selection.nearness import StreamNearness
from optimizer.selection.visits import Visits, find_visits

Floats = NDArray[np.float64]
DAY_S = 86_400
VISITS_AHEAD = 28
FULL_FRACTION = 0.9
LONGEST_CYCLE_DAYS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PrizeRules:
    """The dials.

    Attributes
    ----------
    service_level
        Share of container-days without overflow that is aimed at.
    neighbour_rank
        A later visit is taken to come from the so-many-th nearest container: few of them are visited on one day.
    reach_prize_factor
        Prize of a container within today's reach, as a multiple of what a later visit costs.
    prize_factor, prize_exponent
        Prize of the others: ``factor x later cost x used share of the cycle ** exponent``.
    tour_cost_factor
        How much of the way out, to the disposal site and home counts as the cost of a tour of its own.
    """

    service_level: float = 0.995
    neighbour_rank: int = 3
    reach_prize_factor: float = 1.5
    prize_factor: float = 1.0
    prize_exponent: float = 1.0
    tour_cost_factor: float = 0.5

    def __post_init__(self) -> None:
        issues = IssueCollector("prize rules")
        issues.require_number("service_level", self.service_level, low=0.5, high=1)
        issues.require_number("neighbour_rank", self.neighbour_rank, low=1, high=1_000)
        for name in ("reach_prize_factor", "prize_factor", "prize_exponent", "tour_cost_factor"):
            issues.require_number(name, getattr(self, name), high=100)
        issues.raise_if_any()


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingPrizePolicy:
    """MUST on the last safe visit, MAY for a prize before.

    Attributes
    ----------
    nearness
        By stream; without it, no tour has a cost of its own and no container is near another.
    """

    nearness: Mapping[str, StreamNearness] = field(default_factory=dict)
    dials: PrizeRules = PrizeRules()
    name: ClassVar[str] = "rolling_prize"

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
        decided: dict[str, Candidate] = {}
        for stream_id in sorted({one.stream for one in containers}):
            members = [one for one in containers if one.stream == stream_id]
            visits = find_visits(town, stream_id, day, count=VISITS_AHEAD)
            stream = town.stream(stream_id)
            judgements = [
                judge(one, forecasts[one.container_id], stream=stream, visits=visits, rules=rules) for one in members
            ]
            duties = [
                find_duties(one, forecasts[one.container_id], visits, rules, is_forced=one.container_id in force)
                for one in members
            ]
            day_of_stream = _StreamDay(judgements, duties, visits, self.nearness.get(stream_id), self.dials, rules)
            decided.update((one.container_id, one) for one in day_of_stream.candidates())
        return Selection(candidates=tuple(decided[one.container_id] for one in containers), policy=self.name)


class _StreamDay:
    """One stream's containers on one day, as arrays."""

    def __init__(
        self,
        judgements: Sequence[Judgement],
        duties: Sequence[tuple[str, ...]],
        visits: Visits,
        nearness: StreamNearness | None,
        dials: PrizeRules,
        rules: SelectionRules,
    ) -> None:
        self.judgements, self.duties, self.dials, self.rules = judgements, duties, dials, rules
        rates = np.array([max(one.forecast.rate_per_day, 1e-4) for one in judgements])
        levels = np.array([one.expected_fraction for one in judgements])
        self.slack_days = _slack_days(judgements, visits, rates, levels, dials)
        full_then = np.minimum(levels + rates * self.slack_days, 1.0)
        self.used_share = np.clip(levels / np.maximum(full_then, 1e-6), 0.0, 1.0)
        self.later_eur = self._later_eur(nearness)
        self.tour_eur = 0.0
        if nearness is not None and len(nearness.around_eur):
            self.tour_eur = dials.tour_cost_factor * float(np.median(nearness.around_eur))

    def candidates(self) -> list[Candidate]:
        """In the order of the judgements."""
        is_must = np.array([bool(found) for found in self.duties]) | (self.slack_days <= 0)
        reach_days = self._reach_days(is_must)
        found = []
        for at, (judgement, duties) in enumerate(zip(self.judgements, self.duties, strict=True)):
            if duties:
                found.append(judgement.candidate(Decision.MUST, *duties))
            elif is_must[at]:
                found.append(judgement.candidate(Decision.MUST, "today is its last safe visit"))
            else:
                found.append(self._optional(at, judgement, reach_days))
        return found

    def _optional(self, at: int, judgement: Judgement, reach_days: float) -> Candidate:
        if judgement.expected_fraction < self.rules.min_fill_fraction:
            percent = f"{self.rules.min_fill_fraction * 100:.0f} %"
            return judgement.candidate(Decision.SKIP, f"under {percent} full, little risk")
        slack = float(self.slack_days[at])
        dials = self.dials
        prize = dials.prize_factor * self.later_eur[at] * self.used_share[at] ** dials.prize_exponent
        words = f"may wait {slack:.0f} days"
        if slack <= reach_days:
            prize = dials.reach_prize_factor * self.later_eur[at]
            words = f"would force another tour within {slack:.0f} days"
        prize = min(float(prize), self.rules.overflow_cost_eur)
        return _with_prize(judgement, prize).candidate(
            Decision.MAY, f"{words}; emptying it later would cost {prize:.2f} EUR more"
        )

    def _later_eur(self, nearness: StreamNearness | None) -> Floats:
        """What a visit on another day costs: service and detour."""
        if nearness is None:
            return np.array([one.cost_of_waiting_eur for one in self.judgements])
        detour = nearness.to_neighbour_eur(self.dials.neighbour_rank)
        alone = float(detour.max(initial=0.0))
        later = []
        for one in self.judgements:
            row = nearness.index_of.get(one.container.container_id)
            service_s = one.container.setup_s + one.container.service_s
            later.append(service_s * nearness.per_s_eur + (alone if row is None else float(detour[row])))
        return np.array(later)

    def _reach_days(self, is_must: NDArray[np.bool_]) -> float:
        """How many days ahead today's tour should look; -1 when the stream has no tour to be filled up."""
        if not is_must.any() or self.tour_eur <= 0:
            return -1.0
        free = np.flatnonzero(~is_must)
        order = free[np.argsort(self.slack_days[free], kind="stable")]
        slack = self.slack_days[order]
        waste = np.cumsum((1.0 - self.used_share[order]) * self.later_eur[order])
        best_days, least = 0.0, np.inf
        for at in range(-1, len(order) - 1):
            if at >= 0 and slack[at + 1] == slack[at]:
                continue
            until_next = float(slack[at + 1])
            per_day = (self.tour_eur + (float(waste[at]) if at >= 0 else 0.0)) / max(until_next, 1e-6)
            if per_day < least:
                best_days, least = (float(slack[at]) if at >= 0 else 0.0), per_day
        return best_days


def _slack_days(
    judgements: Sequence[Judgement], visits: Visits, rates: Floats, levels: Floats, dials: PrizeRules
) -> Floats:
    """Days from today's visit to the last safe one; 0 when that is today's."""
    at_s = np.array([visits.today_at.timestamp(), *(one.timestamp() for one in visits.next_at)])
    days = (at_s - at_s[0]) / DAY_S
    probability = np.stack(
        [np.interp(at_s, one.forecast.grid_at_s, one.forecast.overflow_probability) for one in judgements]
    )
    overflow_days = np.cumsum((probability[:, 1:] + probability[:, :-1]) / 2 * np.diff(days), axis=1)
    budget_days = (1.0 - dials.service_level) * np.minimum(FULL_FRACTION / rates, LONGEST_CYCLE_DAYS)
    is_over = overflow_days > budget_days[:, None]
    first = np.where(is_over.any(axis=1), is_over.argmax(axis=1), -1)
    known = np.where(first > 0, np.round(days[np.maximum(first, 0)]), 0.0)
    beyond = np.maximum(days[-1], (FULL_FRACTION - levels) / rates)
    return np.where(first >= 0, known, beyond)


def _with_prize(judgement: Judgement, prize_eur: float) -> Judgement:
    return Judgement(
        container=judgement.container,
        forecast=judgement.forecast,
        stream=judgement.stream,
        visits=judgement.visits,
        expected_fraction=judgement.expected_fraction,
        overflow_probability=judgement.overflow_probability,
        cost_of_waiting_eur=prize_eur,
    )
