"""Which containers are due today, which may wait, and what waiting costs."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Decision(StrEnum):
    """What the selection says of a container."""

    MUST = "must"
    MAY = "may"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A container judged for one day.

    Attributes
    ----------
    expected_fraction
        Expected fill when the vehicle comes.
    expected_kg, expected_l
        Expected load, loose litres.
    overflow_probability
        Of being overfull before ``next_visit_at`` when it is not emptied today.
    cost_of_waiting_eur
        Expected cost of leaving it to the next visit; the prize for emptying it today.
    reasons, reasons_de
        Words for people, the decisive one first, in English and in German; the latter may be missing.
    """

    container_id: str
    decision: Decision
    expected_fraction: float
    expected_kg: float
    expected_l: float
    overflow_probability: float
    cost_of_waiting_eur: float
    next_visit_at: datetime
    reasons: tuple[str, ...]
    reasons_de: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """All containers of the day's streams, each with its decision."""

    candidates: tuple[Candidate, ...]
    policy: str

    @property
    def due(self) -> tuple[Candidate, ...]:
        """The containers that must or may be emptied."""
        return tuple(candidate for candidate in self.candidates if candidate.decision is not Decision.SKIP)
