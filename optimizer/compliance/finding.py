"""What a compliance sheet says: one rule, one tour, kept or not, with the figures and the paragraph."""

from dataclasses import dataclass
from enum import StrEnum

from optimizer.domain.relaxation import Text


class Status(StrEnum):
    """What became of a rule; what cannot be judged from a plan is said so, never called kept."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_APPLICABLE = "not_applicable"
    NOT_ASSESSED = "not_assessed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of a compliance sheet.

    Attributes
    ----------
    rule
        Stable name, e.g. ``"daily_working_time"``.
    reference
        The paragraph as it is cited.
    detail
        The figures in one sentence.
    """

    rule: str
    reference: str
    status: Status
    detail: Text


def clock(seconds: float) -> str:
    """Hours and minutes as on a time sheet: ``7:05``; part of a minute counts as a whole one."""
    minutes = -int(-seconds // 60)
    return f"{minutes // 60}:{minutes % 60:02d}"
