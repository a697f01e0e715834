"""Streets closed while the service runs: reported by crews, confirmed by dispatchers, obeyed by every later search."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import cos, radians
from typing import Protocol

import shapely
from shapely.ops import substring

from optimizer.domain.issues import InvalidInputError, Issue
from routing.location import Location
from routing.overrides import AreaTarget, CloseStreet, Override

AROUND_POINT_M = 12.0
BESIDE_LINE_M = 6.0
SHORT_OF_ENDS_M = 10.0
"""A line ends before the crossings at its ends: the streets that it only meets stay open."""

MOST_POINTS = 200
_METRES_PER_DEG = 111_195.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A street that nobody drives for a while.

    Attributes
    ----------
    line
        Along the street; a single place closes what runs there.
    valid_until_at
        None until it is withdrawn.
    confirmed_at, confirmed_by
        None while no dispatcher has said yes; it is obeyed all the same, as crews know the street.
    """

    closure_id: str
    line: tuple[Location, ...]
    reason: str
    valid_from_at: datetime
    valid_until_at: datetime | None
    added_at: datetime
    added_by: str
    confirmed_at: datetime | None = None
    confirmed_by: str | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.line) <= MOST_POINTS:
            message = f"Give the closed street by 1 to {MOST_POINTS} places."
            raise InvalidInputError([Issue(where="closure", code="line", message=message)])
        if self.valid_until_at is not None and self.valid_until_at <= self.valid_from_at:
            message = "The closure ends before it begins. Exchange from and until."
            raise InvalidInputError([Issue(where="closure", code="ends_first", message=message)])

    def holds_within(self, from_at: datetime, until_at: datetime) -> bool:
        """Whether it holds at any instant of a span."""
        if self.withdrawn_at is not None:
            return False
        return self.valid_from_at < until_at and (self.valid_until_at is None or self.valid_until_at > from_at)


class ClosureStore(Protocol):
    """A tenant's closures; withdrawn ones stay."""

    def add(self, closure: Closure) -> None:
        """Keep a new one; durable on return."""
        ...

    def all(self) -> Sequence[Closure]:
        """All, the oldest first."""
        ...

    def get(self, closure_id: str) -> Closure | None:
        """One, withdrawn ones too."""
        ...

    def confirm(self, closure_id: str, *, at: datetime, by: str) -> bool:
        """Note a dispatcher's yes; False when there is no such closure that holds."""
        ...

    def withdraw(self, closure_id: str, *, at: datetime, by: str) -> bool:
        """End one; False when there is none, or it was withdrawn before."""
        ...


def overrides_of(closures: Iterable[Closure], *, from_at: datetime, until_at: datetime) -> tuple[Override, ...]:
    """What a router has to obey for tours between two instants.

    A search works with one travel time per way for its whole day: a street that is closed at any time of the span is
    closed for all of it.
    """
    return tuple(
        Override(
            override_id=f"closure-{one.closure_id}",
            change=CloseStreet(),
            target=AreaTarget(outline_deg=outline(one.line)),
            reason=one.reason or "reported as closed",
            created_by=one.added_by or "unknown",
            created_at=one.added_at,
        )
        for one in closures
        if one.holds_within(from_at, until_at)
    )


def outline(line: Sequence[Location]) -> tuple[tuple[float, float], ...]:
    """A narrow polygon around the places, as longitude and latitude."""
    origin = line[0]
    squash = cos(radians(origin.lat_deg))
    points = [
        (
            (one.lon_deg - origin.lon_deg) * squash * _METRES_PER_DEG,
            (one.lat_deg - origin.lat_deg) * _METRES_PER_DEG,
        )
        for one in line
    ]
    path = shapely.LineString(points) if len(set(points)) > 1 else None
    if path is None:
        shape = shapely.Point(points[0]).buffer(AROUND_POINT_M, quad_segs=4)
    elif path.length <= 2 * SHORT_OF_ENDS_M:
        shape = path.interpolate(0.5, normalized=True).buffer(AROUND_POINT_M, quad_segs=4)
    else:
        inner = substring(path, SHORT_OF_ENDS_M, path.length - SHORT_OF_ENDS_M)
        shape = inner.buffer(BESIDE_LINE_M, quad_segs=2, cap_style="flat")
    # A line that crosses itself encloses ground, which is closed too: the outer ring alone is kept. Beside a pole or
    # the date line a corner would lie beyond the end of the degrees, where no plan could be made any more.
    return tuple(
        (
            min(180.0, max(-180.0, origin.lon_deg + x / (squash * _METRES_PER_DEG))),
            min(90.0, max(-90.0, origin.lat_deg + y / _METRES_PER_DEG)),
        )
        for x, y in shape.exterior.coords[:-1]
    )
