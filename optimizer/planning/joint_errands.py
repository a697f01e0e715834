"""What a crew takes along when its vehicle works for another town: its whole tour, and the places it has to find.

Guards that a crew is told where to go and what to empty, and nothing that it need not know: what the other town calls
its things, how full they are, and what was reported of them before. Each foreign container and place has a reference
that only the plan gives a meaning to; the town that owns it keeps what it stands for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from optimizer.domain.container import Container
from optimizer.domain.plan import Collection, Stop, Tour
from optimizer.domain.town import Town
from optimizer.planning.joint_town import MARK, owner_of, unmarked
from optimizer.planning.joint_views import names_in_view
from routing.location import Location, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignContainer:
    """A container of another town, as far as emptying it needs; ``hours`` as in its opening hours' expression."""

    owner_id: str
    stream: str
    capacity_l: float
    system: str
    side: Side
    address: str
    hours: str
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrusted:
    """Containers of a town on the tour of another's vehicle; for their owner alone.

    Attributes
    ----------
    driver_id, vehicle_id
        Whose vehicle it is, and what it is called there.
    seen_as
        What it is called in the owner's plan.
    container_ids
        The owner's container by reference.
    """

    driver_id: str
    vehicle_id: str
    seen_as: str
    container_ids: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class ErrandBook:
    """Gives every foreign thing on a joint day's tours its reference.

    Attributes
    ----------
    plan_id
        Begins every reference, so that a late report still finds its day.
    """

    plan_id: str
    town: Town
    tours: Sequence[Tour]
    _references: dict[str, str] = field(default_factory=dict)
    _containers: dict[str, Container] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._containers = {one.container_id: one for one in self.town.containers}

    def crews_of(self, party_id: str) -> tuple[Tour, ...]:
        """Whole tours of the town's vehicles, as their crews drive them."""
        return tuple(self._for_driver(tour) for tour in self._of_driver(party_id))

    def places_of(self, party_id: str) -> dict[str, ForeignContainer]:
        """What the town's crews have to know of others' containers, by reference."""
        return {
            self._reference(one.container_id): self._told(one.container_id)
            for tour in self._of_driver(party_id)
            for stop in tour.stops
            for one in stop.collections
            if owner_of(one.container_id) != party_id
        }

    def entrusted_by(self, party_id: str) -> tuple[Entrusted, ...]:
        """The town's containers on others' tours."""
        found = []
        for tour, name in zip(self.tours, names_in_view(self.tours, party_id), strict=True):
            own = [one.container_id for stop in tour.stops for one in stop.collections]
            own = [one for one in own if owner_of(one) == party_id]
            driver = owner_of(tour.vehicle_id)
            if own and driver != party_id:
                found.append(
                    Entrusted(
                        driver_id=driver,
                        vehicle_id=unmarked(tour.vehicle_id),
                        seen_as=name,
                        container_ids={self._reference(one): unmarked(one) for one in own},
                    )
                )
        return tuple(found)

    def _of_driver(self, party_id: str) -> list[Tour]:
        return [tour for tour in self.tours if owner_of(tour.vehicle_id) == party_id]

    def _reference(self, marked_id: str) -> str:
        return self._references.setdefault(marked_id, f"{self.plan_id}:{len(self._references) + 1}")

    def _for_driver(self, tour: Tour) -> Tour:
        own = owner_of(tour.vehicle_id)
        stops: list[Stop] = []
        for stop in tour.stops:
            stops.append(self._for_crew(stop, own, stops[-1] if stops else None))
        return replace(tour, vehicle_id=unmarked(tour.vehicle_id), stops=tuple(stops))

    def _for_crew(self, stop: Stop, party_id: str, before: Stop | None) -> Stop:
        owner = owner_of(stop.place_id)
        if owner == party_id:
            return replace(
                stop,
                place_id=unmarked(stop.place_id),
                label=stop.label.replace(f"{party_id}{MARK}", ""),
                collections=tuple(replace(one, container_id=unmarked(one.container_id)) for one in stop.collections),
            )
        addresses = [self._containers[one.container_id].address for one in stop.collections]
        what = unmarked(addresses[0]) if addresses and addresses[0] else stop.kind.value
        # What is on board after a foreign container would say how full that is; an own stop tells the sum.
        is_full_known = not stop.collections
        return replace(
            stop,
            place_id=self._reference(f"place {stop.place_id}"),
            label=f"{owner}: {what}",
            load_kg=stop.load_kg if is_full_known or before is None else before.load_kg,
            load_l=stop.load_l if is_full_known or before is None else before.load_l,
            collections=tuple(self._unknown(one) for one in stop.collections),
        )

    def _unknown(self, one: Collection) -> Collection:
        return Collection(
            container_id=self._reference(one.container_id),
            expected_fraction=0.0,
            expected_kg=0.0,
            expected_l=0.0,
            overflow_probability=0.0,
            is_must=True,
            reasons=(),
        )

    def _told(self, marked_id: str) -> ForeignContainer:
        one = self._containers[marked_id]
        return ForeignContainer(
            owner_id=owner_of(marked_id),
            stream=one.stream,
            capacity_l=one.capacity_l,
            system=one.system,
            side=one.side,
            address=unmarked(one.address) if one.address else "",
            hours=one.hours.expression,
            location=one.location,
        )


def is_errand(tour: Tour, plan_id: str) -> bool:
    """Whether a crew's tour leads to places of others."""
    return any(is_reference(stop.place_id, plan_id) for stop in tour.stops)


def is_reference(name: str, plan_id: str) -> bool:
    """Whether a name stands for something of another town."""
    return name.startswith(f"{plan_id}:")


def plan_of_reference(name: str) -> str:
    """The joint plan that gives a reference its meaning; empty for other names."""
    return name.partition(":")[0] if ":" in name else ""
