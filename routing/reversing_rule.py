"""What a vehicle and its crew may do in a dead end, as its profile says it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversingRule:
    """Limits of reversing, after DGUV Information 214-033.

    Attributes
    ----------
    turning_circle_m
        Least diameter of a turning circle.
    max_reversing_m
        How far the vehicle may reverse; zero for crews of one, who have no banksman.
    max_rolling_m
        How far a container may be rolled to the vehicle from beyond that; zero to reject it.
    """

    turning_circle_m: float = 22.0
    max_reversing_m: float = 150.0
    max_rolling_m: float = 0.0
