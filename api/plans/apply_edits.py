"""Edits on a plan, one after the other: what must be so afterwards, or why that cannot be.

Guards that nothing is searched for that no search can find: unknown names, vehicles that may not, work that is done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from api.plans.edits import Edit, EditOp, Holds, ImpossibleEditError
from optimizer.domain.container import Container
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.plan import Plan, Tour
from optimizer.domain.town import Town
from optimizer.domain.vehicle import Vehicle


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedDay:
    """What a search has to start from and to keep to.

    Attributes
    ----------
    plan
        The plan, with whole tours swapped where that was asked.
    pins
        The vehicle of each container that is held or moved.
    urgent
        Containers that must be in a tour because somebody said so.
    wanted
        Containers named in the edits that must be in a tour, with their vehicle or with "" for any.
    holds
        For the next version.
    """

    plan: Plan
    pins: Mapping[str, str]
    urgent: frozenset[str]
    excluded: frozenset[str]
    wanted: Mapping[str, str]
    holds: Holds


def apply_edits(
    plan: Plan,
    town: Town,
    holds: Holds,
    edits: Sequence[Edit],
    *,
    vehicle_ids: frozenset[str] = frozenset(),
    done: Mapping[str, str] | None = None,
    vehicles_out: frozenset[str] = frozenset(),
) -> EditedDay:
    """The day with the edits, in their order.

    Parameters
    ----------
    vehicle_ids
        Vehicles that the plan was asked for with; empty for all.
    done
        Containers that are emptied already, with the vehicle that did it.
    vehicles_out
        Vehicles whose tours have begun: they change no tours as a whole.

    Raises
    ------
    InvalidInputError
        When an edit names what the town or the plan does not have.
    ImpossibleEditError
        When an edit cannot be made.
    """
    names = _Names(plan=plan, town=town, vehicle_ids=vehicle_ids, done=done or {}, vehicles_out=vehicles_out)
    names.require_known(edits)
    day = _Draft(names, plan, holds)
    for at, edit in enumerate(edits):
        day.apply(edit, f"edits.{at}")
    day.require_together()
    if day.issues:
        raise ImpossibleEditError(day.issues)
    return EditedDay(
        plan=day.plan,
        pins={**day.pins, **day.moves},
        urgent=frozenset(day.urgent),
        excluded=frozenset(day.excluded),
        wanted=dict(day.wanted),
        holds=Holds(pins=dict(day.pins), excluded=frozenset(day.excluded)),
    )


@dataclass(kw_only=True)
class _Names:
    """Finds what edits name."""

    plan: Plan
    town: Town
    vehicle_ids: frozenset[str]
    done: Mapping[str, str]
    vehicles_out: frozenset[str]
    containers: dict[str, Container] = field(init=False)
    vehicles: dict[str, Vehicle] = field(init=False)
    expected: dict[str, tuple[float, float]] = field(init=False)
    """Kilograms and litres by container."""

    def __post_init__(self) -> None:
        self.containers = {one.container_id: one for one in self.town.containers}
        self.vehicles = {one.vehicle_id: one for one in self.town.vehicles}
        self.expected = {
            one.container_id: (one.expected_kg, one.expected_l)
            for tour in self.plan.tours
            for stop in tour.stops
            for one in stop.collections
        }
        for left in self.plan.unserved:
            container = self.containers.get(left.container_id)
            if container is not None:
                litres = container.capacity_l * left.expected_fraction
                density = self.town.stream(container.stream).density_kg_per_l
                self.expected[left.container_id] = (litres * density, litres)

    def require_known(self, edits: Sequence[Edit]) -> None:
        issues = []
        about = {one.container_id for tour in self.plan.tours for stop in tour.stops for one in stop.collections}
        about |= {one.container_id for one in self.plan.unserved}
        for at, edit in enumerate(edits):
            where = f"edits.{at}"
            for name in filter(None, (edit.container_id, edit.with_container_id)):
                if name not in self.containers:
                    message = f"There is no container '{name}' in {self.town.name}. Correct the id."
                    issues.append(Issue(where=where, code="unknown_container", message=message))
                elif name not in about:
                    streams = ", ".join(self.plan.streams)
                    message = (
                        f"The plan is about {streams} and says nothing of {name}. "
                        f"Ask for a plan of the stream {self.containers[name].stream}."
                    )
                    issues.append(Issue(where=where, code="not_in_plan", message=message))
            for name in filter(None, (edit.vehicle_id, edit.with_vehicle_id)):
                if name not in self.vehicles:
                    known = ", ".join(sorted(self.vehicles))
                    message = f"There is no vehicle '{name}'. Choose one of: {known}."
                    issues.append(Issue(where=where, code="unknown_vehicle", message=message))
        if issues:
            raise InvalidInputError(issues)

    def why_not(self, vehicle_id: str, container_id: str) -> tuple[str, str] | None:
        """Code and sentence where a vehicle can never serve a container on this day."""
        vehicle, container = self.vehicles[vehicle_id], self.containers[container_id]
        able = [
            one.vehicle_id
            for one in self.town.vehicles
            if self._why_idle(one) is None and container.stream in one.streams and container.system in one.systems
        ]
        instead = f" Choose one of: {', '.join(able)}." if able else " No vehicle of this plan can."
        idle = self._why_idle(vehicle)
        if idle is not None:
            return "not_driving", idle + instead
        if container.stream not in vehicle.streams:
            return "stream", f"Vehicle {vehicle_id} does not collect {container.stream}.{instead}"
        if container.system not in vehicle.systems:
            sentence = f"Vehicle {vehicle_id} has no {container.system} lift, which {container_id} needs.{instead}"
            return "lifting_system", sentence
        kg, litres = self.expected.get(container_id, (0.0, 0.0))
        room_l = vehicle.capacity_l(container.stream)
        if kg > vehicle.capacity_kg or litres > room_l:
            sentence = (
                f"{container_id} holds about {kg:.0f} kg and {litres:.0f} l; "
                f"{vehicle_id} carries {vehicle.capacity_kg:.0f} kg and {room_l:.0f} l. Choose a larger vehicle."
            )
            return "size", sentence
        return None

    def _why_idle(self, vehicle: Vehicle) -> str | None:
        name = f"Vehicle {vehicle.vehicle_id}"
        if self.vehicle_ids and vehicle.vehicle_id not in self.vehicle_ids:
            return f"{name} was not given to this plan; ask for a plan with it."
        if not vehicle.is_available:
            return f"{name} is out of service; make it available and ask for a new plan."
        if vehicle.shift.window_on(self.plan.day, self.town.zone) is None:
            return f"{name} has no shift on {self.plan.day:%A}; change its shift and ask for a new plan."
        return None


class _Draft:
    """The day while edits are applied."""

    def __init__(self, names: _Names, plan: Plan, holds: Holds) -> None:
        self.plan = plan
        self.pins = {name: vehicle for name, vehicle in holds.pins.items() if name in names.containers}
        self.moves: dict[str, str] = {}
        self.excluded = set(holds.excluded & names.containers.keys())
        self.urgent: set[str] = set()
        self.wanted: dict[str, str] = {}
        self.issues: list[Issue] = []
        self._names = names

    def apply(self, edit: Edit, where: str) -> None:
        self._where = where
        named = (edit.container_id, edit.with_container_id)
        done = next((name for name in named if name in self._names.done), None)
        if done is not None:
            vehicle_id = self._names.done[done]
            self._refuse("already_done", f"{done} is done: {vehicle_id} was there. Take it out of the change.")
            return
        match edit.op:
            case EditOp.MOVE:
                self._move(edit.container_id, edit.vehicle_id)
            case EditOp.PIN:
                self._pin(edit)
            case EditOp.UNPIN:
                self._unpin(edit.container_id)
            case EditOp.EXCLUDE:
                self._exclude(edit.container_id)
            case EditOp.INCLUDE:
                self._include(edit.container_id)
            case EditOp.SWAP if edit.vehicle_id:
                self._swap_tours(edit.vehicle_id, edit.with_vehicle_id)
            case EditOp.SWAP:
                self._swap_containers(edit.container_id, edit.with_container_id)

    def require_together(self) -> None:
        """Containers that stand together are emptied in one stop, so they cannot be held by different vehicles."""
        seen: dict[tuple[str, str], tuple[str, str]] = {}
        for name, vehicle_id in sorted({**self.pins, **self.moves}.items()):
            container = self._names.containers[name]
            other, theirs = seen.setdefault((container.site_id, container.stream), (name, vehicle_id))
            if theirs != vehicle_id:
                self._where = f"container {name}"
                self._refuse(
                    "stand_together",
                    f"{other} and {name} stand together and are emptied in one stop, but are held by {theirs} and "
                    f"{vehicle_id}. Choose one vehicle for both.",
                )

    def _move(self, name: str, vehicle_id: str) -> None:
        pinned = self.pins.get(name)
        if pinned is not None and pinned != vehicle_id:
            self._refuse("pinned", f"{name} is pinned to {pinned}. Unpin it first, in the same request if you like.")
        elif name in self.excluded:
            self._refuse("excluded", f"{name} is excluded. Include it first, in the same request if you like.")
        elif self._may(vehicle_id, name):
            self.moves[name] = vehicle_id
            self.urgent.add(name)
            self.wanted[name] = vehicle_id

    def _pin(self, edit: Edit) -> None:
        vehicle_id = edit.vehicle_id or self.moves.get(edit.container_id) or vehicle_of(self.plan, edit.container_id)
        if not vehicle_id:
            self._refuse("no_tour", f"{edit.container_id} is in no tour. Name the vehicle that is to empty it.")
            return
        was = self.pins.pop(edit.container_id, None)
        self._move(edit.container_id, vehicle_id)
        if self.wanted.get(edit.container_id) == vehicle_id:
            self.pins[edit.container_id] = vehicle_id
        elif was is not None:
            self.pins[edit.container_id] = was

    def _unpin(self, name: str) -> None:
        if self.pins.pop(name, None) is None:
            self._refuse("not_pinned", f"{name} is not pinned. Leave this edit out.")

    def _exclude(self, name: str) -> None:
        if name in self.urgent:
            self._refuse("contradiction", f"{name} is to be emptied and left out in one request. Choose one.")
            return
        self.pins.pop(name, None)
        self.excluded.add(name)

    def _include(self, name: str) -> None:
        self.excluded.discard(name)
        self.urgent.add(name)
        self.wanted.setdefault(name, self.pins.get(name, ""))

    def _swap_containers(self, name: str, other: str) -> None:
        ours, theirs = vehicle_of(self.plan, name), vehicle_of(self.plan, other)
        if not ours or not theirs:
            missing = other if ours else name
            self._refuse(
                "no_tour", f"{missing} is in no tour, so there is nothing to swap. Move the other one instead."
            )
        elif ours == theirs:
            self._refuse("same_vehicle", f"{name} and {other} are both emptied by {ours}. Choose containers of two.")
        else:
            self._move(name, theirs)
            self._move(other, ours)

    def _swap_tours(self, vehicle_id: str, other: str) -> None:
        tours = {tour.vehicle_id: tour for tour in self.plan.tours}
        begun = sorted({vehicle_id, other} & self._names.vehicles_out)
        if begun:
            self._refuse("under_way", f"{begun[0]} is on its tour already. Move single containers instead.")
            return
        if vehicle_id not in tours and other not in tours:
            self._refuse("no_tour", f"Neither {vehicle_id} nor {other} has a tour, so there is nothing to swap.")
            return
        partner = {vehicle_id: other, other: vehicle_id}
        for one, to in partner.items():
            for name in _containers_of(tours.get(one)):
                if not self._may(to, name):
                    return
        self.pins = {name: partner.get(one, one) for name, one in self.pins.items()}
        self.moves = {name: partner.get(one, one) for name, one in self.moves.items()}
        self.wanted = {name: partner.get(one, one) for name, one in self.wanted.items()}
        swapped = (
            replace(
                tour,
                vehicle_id=partner.get(tour.vehicle_id, tour.vehicle_id),
                profile=self._names.vehicles[partner.get(tour.vehicle_id, tour.vehicle_id)].profile,
            )
            for tour in self.plan.tours
        )
        self.plan = replace(self.plan, tours=tuple(swapped))

    def _may(self, vehicle_id: str, name: str) -> bool:
        why = self._names.why_not(vehicle_id, name)
        if why is not None:
            self._refuse(*why)
        return why is None

    def _refuse(self, code: str, message: str) -> None:
        self.issues.append(Issue(where=self._where, code=code, message=message))


def vehicle_of(plan: Plan, container_id: str) -> str:
    """The vehicle whose tour has the container; empty for none."""
    return next((tour.vehicle_id for tour in plan.tours if container_id in _containers_of(tour)), "")


def _containers_of(tour: Tour | None) -> list[str]:
    return [] if tour is None else [one.container_id for stop in tour.stops for one in stop.collections]
