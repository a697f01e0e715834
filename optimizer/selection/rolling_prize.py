"""Prices over a rolling horizon: what emptying a container today is worth, and what must go whatever it costs.

For every container the question is what would be lost if it were left until a later visit:

* the later visit itself (detour, service, its share of a tour's way out and home),
* expected days of overflow until then, each at one price for all containers of the town, so that no kilometre is spent
  where it averts less than elsewhere,
* less what the cycle gains: a visit that comes a day later makes all following ones a day later, which is worth the
  price of a visit divided by the length of the cycle (the renewal reward of replacement theory).

The least of these sums over the later visits is the container's prize: the tour search serves it today where today's
detour costs less, so that a whole tour is driven when its prizes pay for it, and left out when they do not. When a tour
pays, those that would bring tomorrow's about share its cost as a further prize: one full tour instead of two half empty
ones. Only what would probably overflow before the next visit must go at any price.

Prizes for visits in inventory routing are known from Coelho, Cordeau and Laporte (Transportation Science 48, 2014) and,
for waste, from Markov et al. (Computers & Operations Research 117, 2020) and Wouda et al. (arXiv 2409.13386, 2024).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast
from optimizer.domain.issues import IssueCollector
from optimizer.domain.relaxation import Text
from optimizer.domain.request import SelectionRules
from optimizer.domain.selection import Candidate, Decision, Selection
from optimizer.domain.town import Town
from optimizer.selection.duties import find_duties
from optimizer.selection.judgement import VISITS_AHEAD as VISITS_JUDGED
from optimizer.selection.judgement import Judgement, judge, little_in
from optimizer.selection.nearness import StreamNearness
from optimizer.selection.visits import Visits, find_visits

Floats = NDArray[np.float64]
DAY_S = 86_400
VISITS_AHEAD = 28
FORECAST_DAYS = 36
"""How far ahead the forecasts should reach: slow containers are asked when they will be full."""
FULL_FRACTION = 0.9
LONGEST_CYCLE_DAYS = 60.0
DAYS_OF_A_TOUR = 2.0
"""A tour is taken to collect what its stream needs in so many days, as far as ``MOST_STOPS`` go."""
MOST_STOPS = 25.0
SOON_DAYS = 2.0
"""Whose best later visit is nearer than that would bring tomorrow's tour about."""
FEWEST_SHARING = 4
PAYING_SHARE = 0.6
"""A tour is taken to pay from this share of its cost on: its stops' detours are small against those alone."""
SAVED_PER_DAY_EUR = 1.0
"""About what a town saves by leaving a container for another day; turns the service level into a price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrizeRules:
    """The dials.

    Attributes
    ----------
    service_level
        How sure one has to be that a container does not overflow before leaving it for a day saves money, for a
        container of the middle sort. It sets the price of a day of overflow: ``level / (1 - level)`` euros.
    must_overflow_days
        Expected days of overflow before the next visit from which a container must be emptied at any price.
    neighbour_rank
        A later visit is taken to come from the so-many-th nearest container: few of them are visited on one day.
    tour_cost_factor
        How much of the way out, to the disposal site and home is shared among the stops of a tour.
    next_tour_factor
        How much of it is shared as a further prize among those that would bring the next tour about.
    """

    service_level: float = 0.9975
    must_overflow_days: float = 0.3
    neighbour_rank: int = 2
    tour_cost_factor: float = 0.3
    next_tour_factor: float = 1.0

    def __post_init__(self) -> None:
        issues = IssueCollector("prize rules")
        issues.require_number("service_level", self.service_level, low=0.5, high=0.999_999)
        issues.require_number("must_overflow_days", self.must_overflow_days, low=0.01, high=14)
        issues.require_number("neighbour_rank", self.neighbour_rank, low=1, high=1_000)
        for name in ("tour_cost_factor", "next_tour_factor"):
            issues.require_number(name, getattr(self, name), high=100)
        issues.raise_if_any()

    @property
    def overflow_day_eur(self) -> float:
        """What a day of overflow counts."""
        return SAVED_PER_DAY_EUR * self.service_level / (1.0 - self.service_level)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingPrizePolicy:
    """MAY for what leaving a container would cost; MUST where it would probably overflow.

    Attributes
    ----------
    nearness
        By stream; without it, a later visit costs its service and the work of ``SelectionRules`` alone.
    """

    nearness: Mapping[str, StreamNearness] = field(default_factory=dict)
    dials: PrizeRules = PrizeRules()
    name: ClassVar[str] = "rolling_prize"
    forecast_days: ClassVar[int] = FORECAST_DAYS

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
            soon = replace(visits, next_at=visits.next_at[:VISITS_JUDGED])
            judgements = [
                judge(one, forecasts[one.container_id], stream=stream, visits=soon, rules=rules) for one in members
            ]
            prices = _prices(judgements, visits, self.nearness.get(stream_id), self.dials, rules)
            for at, (one, judgement) in enumerate(zip(members, judgements, strict=True)):
                is_forced = one.container_id in force
                duties = find_duties(one, forecasts[one.container_id], visits, rules, is_forced=is_forced)
                decided[one.container_id] = self._decide(judgement, duties, prices, at, rules)
        return Selection(candidates=tuple(decided[one.container_id] for one in containers), policy=self.name)

    def _decide(
        self, judgement: Judgement, duties: tuple[Text, ...], prices: "_Prices", at: int, rules: SelectionRules
    ) -> Candidate:
        if duties:
            return judgement.candidate(Decision.MUST, *duties)
        if prices.is_must[at]:
            return judgement.candidate(
                Decision.MUST, Text(en="today is its last safe visit", de="heute ist der letzte sichere Besuch")
            )
        prize = float(prices.prize_eur[at])
        if judgement.expected_fraction < rules.min_fill_fraction:
            return judgement.candidate(Decision.SKIP, little_in(rules.min_fill_fraction))
        if prize <= 0:
            return judgement.candidate(Decision.SKIP, Text(en="may wait at no cost", de="darf ohne Kosten warten"))
        euros, days = f"{prize:.2f}", f"{prices.best_days[at]:.0f}"
        words = Text(
            en=f"leaving it until the best later visit, in {days} days, would cost {euros} EUR",
            de=f"Warten bis zum besten späteren Besuch, in {days} Tagen, würde {euros.replace('.', ',')} EUR kosten",
        )
        return replace(judgement, cost_of_waiting_eur=prize).candidate(Decision.MAY, words)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prices:
    """One stream's containers on one day, as arrays in their order.

    Attributes
    ----------
    prize_eur
        What would be lost by leaving a container until its best later visit.
    best_days
        Days to that visit.
    is_must
        Whether so many days of overflow are expected before the next visit that the prize does not matter.
    """

    prize_eur: Floats
    best_days: Floats
    is_must: NDArray[np.bool_]


def _prices(
    judgements: Sequence[Judgement],
    visits: Visits,
    nearness: StreamNearness | None,
    dials: PrizeRules,
    rules: SelectionRules,
) -> _Prices:
    rates = np.array([max(one.forecast.rate_per_day, 1e-4) for one in judgements])
    cycle_days = np.minimum(FULL_FRACTION / rates, LONGEST_CYCLE_DAYS)
    stop_eur = _stop_eur(judgements, nearness, dials)
    tour_eur = 0.0 if nearness is None or not len(nearness.around_eur) else float(np.median(nearness.around_eur))
    stops = min(max(float((1.0 / cycle_days).sum()) * DAYS_OF_A_TOUR, 1.0), MOST_STOPS)
    visit_eur = stop_eur + dials.tour_cost_factor * tour_eur / stops
    days, overflow_days = _overflow_days(judgements, visits)
    gained = (visit_eur / cycle_days)[:, None] * days
    lost = visit_eur[:, None] - gained + dials.overflow_day_eur * overflow_days
    prize_eur, best_days = np.maximum(lost.min(axis=1), 0.0), days[lost.argmin(axis=1)]
    is_must = overflow_days[:, 0] >= dials.must_overflow_days
    paid_eur = np.maximum(prize_eur - stop_eur, 0.0).sum() + tour_eur * is_must.sum()
    if tour_eur > 0 and paid_eur >= PAYING_SHARE * tour_eur:
        levels = np.array([one.expected_fraction for one in judgements])
        is_soon = (best_days <= SOON_DAYS) & (levels >= rules.min_fill_fraction)
        prize_eur = prize_eur + is_soon * dials.next_tour_factor * tour_eur / max(int(is_soon.sum()), FEWEST_SHARING)
    return _Prices(prize_eur=prize_eur, best_days=best_days, is_must=is_must)


def _overflow_days(judgements: Sequence[Judgement], visits: Visits) -> tuple[Floats, Floats]:
    """Days to the later visits, and expected days of overflow until each: ``(v,)`` and ``(n, v)``."""
    at_s = np.array([visits.today_at.timestamp(), *(one.timestamp() for one in visits.next_at)])
    days = (at_s - at_s[0]) / DAY_S
    probability = np.stack(
        [np.interp(at_s, one.forecast.grid_at_s, one.forecast.overflow_probability) for one in judgements]
    )
    return days[1:], np.cumsum((probability[:, 1:] + probability[:, :-1]) / 2 * np.diff(days), axis=1)


def _stop_eur(judgements: Sequence[Judgement], nearness: StreamNearness | None, dials: PrizeRules) -> Floats:
    """What a visit on another day costs: service and detour."""
    if nearness is None:
        return np.array([one.cost_of_waiting_eur for one in judgements])
    detour = nearness.to_neighbour_eur(dials.neighbour_rank)
    alone = float(detour.max(initial=0.0))
    later = []
    for one in judgements:
        row = nearness.index_of.get(one.container.container_id)
        service_s = one.container.setup_s + one.container.service_s
        later.append(service_s * nearness.per_s_eur + (alone if row is None else float(detour[row])))
    return np.array(later)
