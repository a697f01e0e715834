"""A plan as a person writes it: per vehicle what it empties, in this order; times, tippings, breaks if known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time

BREAK = "break"
"""Written instead of an id where the crew rests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a tour.

    Attributes
    ----------
    place
        A container, a disposal site, or ``"break"``.
    at_local
        When the work there begins; None where it shall be worked out.
    break_s
        Length of a break.
    """

    place: str
    at_local: time | None = None
    break_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HandmadeTour:
    """One vehicle's day.

    Attributes
    ----------
    departs_local
        None where it shall be worked out.
    """

    vehicle_id: str
    entries: tuple[Entry, ...]
    departs_local: time | None = None

    @property
    def has_times(self) -> bool:
        """Whether the person says anything of when: times, or breaks."""
        return self.departs_local is not None or any(
            one.at_local is not None or one.place == BREAK for one in self.entries
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HandmadePlan:
    """The tours by vehicle."""

    day: date
    tours: Mapping[str, HandmadeTour]
