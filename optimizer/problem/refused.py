"""Containers that cannot enter the day's problem, each with its reason and the way out."""

from dataclasses import dataclass

from optimizer.domain.plan import ReasonCode
from routing.errors import WaypointError

_PLACE_CODES = frozenset({"outside_map", "too_far_from_road", "unreachable", "reversing"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedContainer:
    """A due container that no tour can serve, whatever the solver does.

    Attributes
    ----------
    message
        A sentence that says why.
    what_would_change_it
        A sentence that says what to do.
    """

    container_id: str
    code: ReasonCode
    message: str
    what_would_change_it: str


def refused_for_its_place(container_id: str, error: WaypointError) -> RefusedContainer:
    """The stop has no row in any usable matrix."""
    code = ReasonCode(error.code) if error.code in _PLACE_CODES else ReasonCode.UNREACHABLE
    return RefusedContainer(container_id=container_id, code=code, message=error.fact, what_would_change_it=error.advice)
