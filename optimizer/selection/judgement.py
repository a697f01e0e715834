"""What every policy says of a container besides its decision: loads, risks, cost of waiting, words."""

from dataclasses import dataclass

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast, Trust
from optimizer.domain.relaxation import Text
from optimizer.domain.request import SelectionRules
from optimizer.domain.selection import Candidate, Decision
from optimizer.domain.stream import Stream
from optimizer.selection.visits import Visits

VISITS_AHEAD = 4
LATER_VISIT_WEIGHT = 0.5
DIGITS = 6
WEEKDAYS_DE = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Figures of one container for one day.

    Attributes
    ----------
    expected_fraction
        Expected fill at today's visit.
    overflow_probability
        Of an overflow before the next visit when it is not emptied today.
    cost_of_waiting_eur
        Expected cost of not emptying it today.
    """

    container: Container
    forecast: Forecast
    stream: Stream
    visits: Visits
    expected_fraction: float
    overflow_probability: float
    cost_of_waiting_eur: float

    def candidate(self, decision: Decision, *reasons: Text) -> Candidate:
        """The candidate; the given reasons come first, then the figures, then what the sensor lacks."""
        expected_l = self.container.capacity_l * self.expected_fraction
        said = (*reasons, self.figures(), *self._doubts())
        return Candidate(
            container_id=self.container.container_id,
            decision=decision,
            expected_fraction=self.expected_fraction,
            expected_kg=expected_l * self.stream.density_kg_per_l,
            expected_l=expected_l,
            overflow_probability=self.overflow_probability,
            cost_of_waiting_eur=self.cost_of_waiting_eur,
            next_visit_at=self.visits.next_at[0],
            reasons=tuple(one.en for one in said),
            reasons_de=tuple(one.de for one in said),
        )

    def figures(self) -> Text:
        """The two figures that people ask for."""
        today_at, next_at = self.visits.today_at, self.visits.next_at[0]
        share, risk = f"{self.expected_fraction * 100:.0f} %", self.overflow_probability
        return Text(
            en=f"{share} expected at {today_at:%H:%M}, {_percent(risk, 'under')} risk of overflow before "
            f"{next_at:%A %Y-%m-%d %H:%M}",
            de=f"um {today_at:%H:%M} Uhr voraussichtlich {share} voll, Überlaufrisiko {_percent(risk, 'unter')} bis "
            f"{WEEKDAYS_DE[next_at.weekday()]}, {next_at:%d.%m.%Y, %H:%M} Uhr",
        )

    def _doubts(self) -> tuple[Text, ...]:
        if self.forecast.trust is Trust.SENSOR:
            return ()
        origin_at = self.forecast.origin_at.astimezone(self.visits.today_at.tzinfo)
        is_stale = self.forecast.trust is Trust.STALE_SENSOR
        kind = Text(en="the usual filling of the stream", de="der üblichen Füllung des Stoffstroms")
        if is_stale:
            kind = Text(en="older readings", de="älteren Messwerten")
        source = Text(
            en=f"forecast from {kind.en}, starting {origin_at:%Y-%m-%d %H:%M}",
            de=f"Prognose aus {kind.de}, ab {origin_at:%d.%m.%Y, %H:%M} Uhr",
        )
        # What the cleaning says of a sensor is for engineers and has one language.
        return (source, *(Text(en=reason, de=reason) for reason in self.forecast.reasons))


def judge(
    container: Container, forecast: Forecast, *, stream: Stream, visits: Visits, rules: SelectionRules
) -> Judgement:
    """Figures of a container.

    With ``p_k`` the probability of an overflow before the k-th visit after today's, and ``p_0 = 0``, the cost of
    waiting is::

        overflow_cost_eur x sum over k of 0.5 ** (k - 1) x (p_k - p_(k-1))

    What overflows before the next visit can be averted only today and counts in full. What overflows between later
    visits can be averted at those visits too; each of them halves what today's visit is worth. An overflow that has
    happened already counts in full: it stays, and is complained of, until somebody comes.
    """
    cost, weight, before = 0.0, 1.0, 0.0
    for visit_at in visits.next_at:
        probability = forecast.overflow_probability_before(visit_at)
        cost += weight * max(probability - before, 0.0)
        before, weight = max(probability, before), weight * LATER_VISIT_WEIGHT
    expected = forecast.expected_at(visits.today_at)
    risk = forecast.overflow_probability_before(visits.next_at[0])
    return Judgement(
        container=container,
        forecast=forecast,
        stream=stream,
        visits=visits,
        # Forecasts are float32: without rounding, 70 % would lie below a limit of 70 %.
        expected_fraction=round(min(max(expected, 0.0), 1.0), DIGITS),
        overflow_probability=round(min(max(risk, 0.0), 1.0), DIGITS),
        cost_of_waiting_eur=rules.overflow_cost_eur * cost,
    )


def little_in(least_fraction: float) -> Text:
    """Why an almost empty container is left."""
    percent = f"{least_fraction * 100:.0f} %"
    return Text(en=f"under {percent} full, little risk", de=f"unter {percent} voll, geringes Risiko")


def _percent(probability: float, under: str) -> str:
    return f"{under} 1 %" if probability < 0.01 else f"{probability * 100:.0f} %"
