"""What people change in a plan, as values; and what they hold on to from one version to the next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import TypeAdapter

from optimizer.domain.issues import Issue
from optimizer.domain.sendable_error import SendableError


class EditOp(StrEnum):
    """What an edit does.

    A move counts once: later edits may move the container again where that saves enough. A pin holds until it is
    taken off. Likewise a container stays excluded until it is included again.
    """

    MOVE = "move"
    PIN = "pin"
    UNPIN = "unpin"
    EXCLUDE = "exclude"
    INCLUDE = "include"
    SWAP = "swap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change.

    Attributes
    ----------
    container_id, vehicle_id
        Which container, and the vehicle for a move or a pin; a pin without vehicle holds the container where it is.
    with_container_id, with_vehicle_id
        Swaps only: two containers change vehicles, or two vehicles change tours.
    """

    op: EditOp
    container_id: str = ""
    vehicle_id: str = ""
    with_container_id: str = ""
    with_vehicle_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """What stays from version to version.

    Attributes
    ----------
    pins
        The vehicle that must serve a container, by container.
    excluded
        Containers that stay out.
    """

    pins: Mapping[str, str] = field(default_factory=dict)
    excluded: frozenset[str] = frozenset()


class ImpossibleEditError(SendableError):
    """A change cannot be made; every issue says why, and what would change it."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("; ".join(f"{issue.where}: {issue.message}" for issue in self.issues))


_EDITS = TypeAdapter(tuple[Edit, ...])
_HOLDS = TypeAdapter(Holds)


def dump_edits(edits: tuple[Edit, ...]) -> bytes:
    """The edits as JSON, without what they leave open."""
    return _EDITS.dump_json(edits, exclude_defaults=True)


def load_edits(document: bytes) -> tuple[Edit, ...]:
    """The edits in a stored document."""
    return _EDITS.validate_json(document)


def dump_holds(holds: Holds) -> bytes:
    """The holds as JSON, in one order."""
    ordered = Holds(pins=dict(sorted(holds.pins.items())), excluded=frozenset(sorted(holds.excluded)))
    return _HOLDS.dump_json(ordered)


def load_holds(document: bytes) -> Holds:
    """The holds in a stored document."""
    return _HOLDS.validate_json(document)
