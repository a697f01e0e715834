"""Containers that stand together become stops: one per site, stream and lifting system, split when too much."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from optimizer.domain.container import Container
from optimizer.domain.selection import Candidate, Decision
from optimizer.domain.town import Town
from optimizer.problem.elapsed_windows import intersection
from optimizer.problem.problem import Window
from routing.location import Side, Waypoint


@dataclass(frozen=True, slots=True, kw_only=True)
class DueContainer:
    """A container with what the selection says of it and its hours on the day."""

    container: Container
    candidate: Candidate
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Due containers of one stream and lifting system at one site."""

    site_id: str
    stream: str
    system: str
    containers: tuple[DueContainer, ...]

    @property
    def waypoint(self) -> Waypoint:
        """Where the vehicle stops; the first container stands for all."""
        needs_right = any(one.container.side is Side.RIGHT for one in self.containers)
        return Waypoint(
            label=f"container site {self.site_id}",
            location=self.containers[0].container.location,
            side=Side.RIGHT if needs_right else Side.ANY,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Containers emptied together: a stop, or the part of one that fits into a vehicle."""

    containers: tuple[DueContainer, ...]

    @property
    def demand_kg(self) -> int:
        """Expected load, rounded up."""
        return ceil(sum(one.candidate.expected_kg for one in self.containers))

    @property
    def demand_l(self) -> int:
        """Expected loose litres, rounded up."""
        return ceil(sum(one.candidate.expected_l for one in self.containers))

    @property
    def service_s(self) -> int:
        """The longest set-up, and every container's own time."""
        setup_s = max(one.container.setup_s for one in self.containers)
        return setup_s + sum(one.container.service_s for one in self.containers)

    @property
    def windows(self) -> tuple[Window, ...]:
        """When all containers may be emptied."""
        windows = self.containers[0].windows
        for one in self.containers[1:]:
            windows = intersection(windows, one.windows)
        return windows

    @property
    def is_must(self) -> bool:
        """Whether any of them must be emptied."""
        return any(one.candidate.decision is Decision.MUST for one in self.containers)

    @property
    def cost_of_waiting_eur(self) -> float:
        """What it costs to leave all of them."""
        return sum(one.candidate.cost_of_waiting_eur for one in self.containers)


def container_waypoints(town: Town) -> list[Waypoint]:
    """Where all of a town's containers stand: the private streets among them are opened for the whole day."""
    return [
        Waypoint(label=f"container {one.container_id}", location=one.location, side=one.side) for one in town.containers
    ]


def group_stops(due: Iterable[DueContainer]) -> list[Stop]:
    """Stops in the order in which their first containers come."""
    groups: dict[tuple[str, str, str], list[DueContainer]] = {}
    for one in due:
        key = (one.container.site_id, one.container.stream, one.container.system)
        groups.setdefault(key, []).append(one)
    return [
        Stop(site_id=site_id, stream=stream, system=system, containers=tuple(containers))
        for (site_id, stream, system), containers in groups.items()
    ]


def pack(containers: Sequence[DueContainer], fits: Callable[[Parcel], bool]) -> Iterator[Parcel]:
    """Parcels that each pass ``fits``; must-collect containers come first, so that they stay together.

    Every single container has to pass ``fits`` on its own.
    """
    parcels: list[Parcel] = []
    for one in sorted(containers, key=lambda one: one.candidate.decision is not Decision.MUST):
        for at, parcel in enumerate(parcels):
            joined = Parcel(containers=(*parcel.containers, one))
            if joined.windows and fits(joined):
                parcels[at] = joined
                break
        else:
            parcels.append(Parcel(containers=(one,)))
    yield from parcels
