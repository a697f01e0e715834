"""Containers that cannot enter the day's problem, each with its reason and the way out."""

from dataclasses import dataclass

from optimizer.domain.plan import ReasonCode
from routing.errors import OutsideMapError, TooFarFromRoadError, WaypointError


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
    if isinstance(error, OutsideMapError):
        code, remedy = ReasonCode.OUTSIDE_MAP, "Correct the coordinates or import a larger map."
    elif isinstance(error, TooFarFromRoadError):
        code, remedy = ReasonCode.TOO_FAR_FROM_ROAD, "Move the coordinates to the street where the vehicle stops."
    else:
        code, remedy = ReasonCode.UNREACHABLE, "Use a smaller vehicle, or correct the street's restriction in the map."
    return RefusedContainer(container_id=container_id, code=code, message=str(error), what_would_change_it=remedy)
