"""What a depot knows better than the map: closed streets, limits, speeds, directions and permits.

Guards that every statement says who made it, when, why and how long it holds, and that it can be followed at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import ClassVar, Literal

from routing.local_time import LocalTime, hours_problem, in_utc

Direction = Literal["forward", "backward"]
"""Along the node order of a way, or against it."""

_TEXT_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseStreet:
    """Nobody drives here."""

    kind: ClassVar[str] = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLimit:
    """Limits that hold here instead of those on the map; ``None`` leaves the map's."""

    kind: ClassVar[str] = "limit"
    weight_kg: int | None = None
    axle_load_kg: int | None = None
    height_cm: int | None = None
    width_cm: int | None = None
    length_cm: int | None = None

    def __post_init__(self) -> None:
        known = [getattr(self, field.name) for field in fields(self)]
        if all(value is None for value in known):
            raise ValueError("A limit needs a weight_kg, axle_load_kg, height_cm, width_cm or length_cm.")
        if any(value is not None and not 1 <= value <= 1_000_000 for value in known):
            raise ValueError("A limit is a whole number of kilograms or centimetres from 1 to 1000000.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSpeed:
    """The speed that is really driven here, up to the vehicle's own maximum."""

    kind: ClassVar[str] = "speed"
    kph: float

    def __post_init__(self) -> None:
        if not 1 <= self.kph <= 200:
            raise ValueError(f"The speed {self.kph} is not between 1 and 200 km/h; close the street to keep out of it.")
        object.__setattr__(self, "kph", float(self.kph))  # equal speeds look equal


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDirection:
    """The direction of the street, in the node order of its way."""

    kind: ClassVar[str] = "direction"
    open_to: Literal["forward", "backward", "both"]

    def __post_init__(self) -> None:
        if self.open_to not in {"forward", "backward", "both"}:
            raise ValueError(f"A street is open 'forward', 'backward' or 'both', not '{self.open_to}'.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowPrivate:
    """The vehicle may use the street although it is private, for residents or by permit; gates on it are open."""

    kind: ClassVar[str] = "allow_private"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowAccess:
    """No access sign keeps the vehicle out, for instance by a written exemption, and barriers are opened.

    Limits and one-way signs still hold. With a speed that is set for the same street, this opens also a street of a
    class that the vehicle does not use by itself.
    """

    kind: ClassVar[str] = "allow_access"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForbidReversing:
    """No reversing here, for instance in front of a school; this leaves travel times as they are."""

    kind: ClassVar[str] = "forbid_reversing"


Change = CloseStreet | SetLimit | SetSpeed | SetDirection | AllowPrivate | AllowAccess | ForbidReversing
"""What an override does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WayTarget:
    """Streets by their OSM way ids, in one direction or both."""

    way_ids: tuple[int, ...]
    direction: Direction | None = None

    def __post_init__(self) -> None:
        if not self.way_ids or not all(0 < way < 2**63 for way in self.way_ids):
            raise ValueError("Name at least one OSM way by its number, which is above zero.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaTarget:
    """All streets that touch a polygon.

    Attributes
    ----------
    outline_deg
        Corners, longitude and latitude.
    """

    outline_deg: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if len(set(self.outline_deg)) < 3:
            raise ValueError("A polygon needs at least three corners.")
        if not all(abs(lon) <= 180 and abs(lat) <= 90 for lon, lat in self.outline_deg):
            raise ValueError("Corners of a polygon are pairs of longitude and latitude in degrees.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetTarget:
    """All streets of a name, in a box (west, south, east, north) or on the whole map."""

    name: str
    box_deg: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("The name of the street is empty.")
        if self.box_deg is not None:
            west, south, east, north = self.box_deg
            if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
                raise ValueError(
                    "A box is west, south, east, north in degrees, with west below east, south below north."
                )


Target = WayTarget | AreaTarget | StreetTarget
"""Where an override applies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One statement of the depot about some streets.

    Attributes
    ----------
    override_id
        Unique in a book.
    change, target
        What holds, and where.
    reason, created_by, created_at
        Where the statement comes from.
    valid_from_at, valid_until_at
        When it holds, the end not included; ``None`` leaves that end open.
    hours
        Hours of the week in which it holds, in OSM's ``opening_hours`` syntax, empty for all.
    profiles
        Vehicle profiles that it is about, empty for all.
    """

    override_id: str
    change: Change
    target: Target
    reason: str
    created_by: str
    created_at: datetime
    valid_from_at: datetime | None = None
    valid_until_at: datetime | None = None
    hours: str = ""
    profiles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise ValueError(" ".join(problems))
        for name in ("created_at", "valid_from_at", "valid_until_at"):
            at = getattr(self, name)
            object.__setattr__(self, name, at and in_utc(at))

    @property
    def is_timeless(self) -> bool:
        """Whether it holds at every time."""
        return self.valid_from_at is None and self.valid_until_at is None and not self.hours

    def is_active(self, at: datetime | None, local_time: LocalTime) -> bool:
        """Whether it holds at an instant; without one, only what is timeless does."""
        if at is None:
            return self.is_timeless
        if (self.valid_from_at is not None and at < self.valid_from_at) or (
            self.valid_until_at is not None and at >= self.valid_until_at
        ):
            return False
        return not self.hours or local_time.is_running(self.hours, at)

    def _problems(self) -> Iterator[str]:
        for name, text in (("id", self.override_id), ("reason", self.reason), ("created_by", self.created_by)):
            if not text.strip() or len(text) > _TEXT_LIMIT or not text.isprintable():
                yield f"Its {name} must be one line of 1 to {_TEXT_LIMIT} characters."
        instants = (self.created_at, self.valid_from_at, self.valid_until_at)
        if any(at is not None and at.utcoffset() is None for at in instants):
            yield "Give all instants with their offset, as in 2026-05-01T06:00:00+02:00."
        elif any(at is not None and not 1900 <= at.year <= 2999 for at in instants):
            yield "Instants must lie in the years 1900 to 2999."
        elif None not in instants[1:] and self.valid_from_at >= self.valid_until_at:  # type: ignore[operator]  # no None
            yield "It ends before it begins: exchange from and until."
        if self.hours:
            problem = hours_problem(self.hours)
            if problem:
                yield f"{problem[0].upper()}{problem[1:]}. Write hours as in 'Mo-Fr 07:30-08:15'."
        if isinstance(self.change, SetDirection) and isinstance(self.target, WayTarget) and self.target.direction:
            yield "An override of the direction is about the whole way: leave the target's direction out."
