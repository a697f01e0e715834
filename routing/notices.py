"""What a router has to say about a waypoint that it could place, or could place but for a closure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedStreetNotice:
    """A waypoint's own street is taken away by an override, so that it is served from another one or not at all.

    Attributes
    ----------
    waypoint_index
        Position of the waypoint in the question.
    street_name
        The street from which it would be served without the override; empty when it has no name.
    override_id, reason, until_at
        The override, and the instant at which it ends; None when it has no end.
    served_from
        Name of the street that is used instead, empty when it has no name; None when no other street serves it.
    distance_m
        From the waypoint to the street that is used; to its own street where there is no other.
    """

    waypoint_index: int
    street_name: str
    override_id: str
    reason: str
    until_at: datetime | None
    served_from: str | None
    distance_m: float
