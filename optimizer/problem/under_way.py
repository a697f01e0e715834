"""A vehicle in the middle of its day: where its done stops leave it, what it carries and how long it worked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from math import ceil

from optimizer.domain.hours import seconds_between
from optimizer.domain.plan import Stop, StopKind
from optimizer.domain.town import Town
from optimizer.problem.problem import ProblemVehicle
from routing.location import Side, Waypoint

LEAST_BREAK_S = 15 * 60
"""A shorter pause is no break."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """Where a vehicle goes on from.

    Attributes
    ----------
    ready_at
        When it can leave the place.
    on_board_stream, on_board_kg, on_board_l
        What it carries; rounded up, and the stream None when it is empty.
    streams
        Streams whose disposal sites it may need: the one on board, or all of its own to have a way home at all.
    tips
        How often it has tipped.
    collected_kg
        What it has collected today, with what it carries; rounded up.
    """

    place_id: str
    waypoint: Waypoint
    ready_at: datetime
    midnight_at: datetime
    on_board_stream: str | None
    on_board_kg: int
    on_board_l: int
    worked_s: int
    rested_s: int
    unrested_s: int
    streams: frozenset[str]
    tips: int
    collected_kg: int


def under_way(done: Sequence[Stop], town: Town, *, vehicle_id: str, midnight_at: datetime) -> UnderWay:
    """The state after the done stops of a tour, of which the first is its start."""
    vehicle = next(one for one in town.vehicles if one.vehicle_id == vehicle_id)
    last = done[-1]
    stream, rested_s, rested_until_at = None, 0, done[0].departs_at
    for stop in done:
        if stop.kind is StopKind.COLLECT:
            stream = stop.stream
        elif stop.kind is StopKind.TIP:
            stream = None
        elif stop.kind is StopKind.BREAK:
            pause_s = seconds_between(stop.starts_at, stop.departs_at)
            if pause_s >= LEAST_BREAK_S:
                rested_s, rested_until_at = rested_s + pause_s, stop.departs_at
    out_s = seconds_between(done[0].departs_at, last.departs_at)
    place = last_place(done)
    # A body or a payload that is exceeded already cannot be exceeded more.
    most_l = int(vehicle.capacity_l(stream)) if stream else 0
    return UnderWay(
        place_id=place.place_id,
        waypoint=waypoint_of(place, town),
        ready_at=last.departs_at,
        midnight_at=midnight_at,
        on_board_stream=stream,
        on_board_kg=min(ceil(last.load_kg), int(vehicle.capacity_kg)) if stream else 0,
        on_board_l=min(ceil(last.load_l), most_l),
        # At least a second, which says that it is out: it may stand at its depot still, with its engine running.
        worked_s=max(1, out_s - rested_s),
        rested_s=rested_s,
        # Whoever should have rested long ago has to rest at once; that it was late is past mending.
        unrested_s=min(
            max(1, out_s - rested_s), seconds_between(rested_until_at, last.departs_at), vehicle.shift.max_stretch_s
        ),
        streams=frozenset({stream}) if stream else vehicle.streams,
        tips=sum(stop.kind is StopKind.TIP for stop in done),
        collected_kg=ceil(last.load_kg + sum(a.load_kg for a, b in pairwise(done) if b.kind is StopKind.TIP)),
    )


def last_place(done: Sequence[Stop]) -> Stop:
    """The stop that a vehicle stands at: breaks, and positions without a way there, are where it was before."""
    return next(
        stop
        for stop in reversed(done)
        if stop.kind is not StopKind.BREAK and (stop.kind is not StopKind.POSITION or stop.leg is not None)
    )


def resumed(vehicle: ProblemVehicle, way: UnderWay) -> ProblemVehicle:
    """The vehicle for the rest of its day; its start is placed already."""
    ready_s = seconds_between(way.midnight_at, way.ready_at)
    return replace(
        vehicle,
        # A shift that is over leaves a second, so that the day remains a problem, though not one to be solved.
        shift=(ready_s, max(vehicle.shift[1], ready_s + 1)),
        max_trips=max(1 if way.on_board_stream else 0, vehicle.max_trips - way.tips),
        fixed_micro_eur=0,
        on_board_kg=way.on_board_kg,
        on_board_l=way.on_board_l,
        on_board_stream=way.on_board_stream,
        worked_s=way.worked_s,
        rested_s=way.rested_s,
        unrested_s=way.unrested_s,
        # All that was collected counts, also what it still carries; whoever has collected too much collects no more.
        max_day_kg=None if vehicle.max_day_kg is None else max(0, vehicle.max_day_kg - way.collected_kg),
        # Whoever is out for too long already cannot be out for less; a second is left, as of a shift that is over.
        max_out_s=None if vehicle.max_out_s is None else max(1, vehicle.max_out_s - way.worked_s - way.rested_s),
    )


def waypoint_of(stop: Stop, town: Town) -> Waypoint:
    """The place of a stop, as it is placed on the streets when it is planned."""
    if stop.kind is not StopKind.COLLECT:
        has_room_to_turn = stop.kind is not StopKind.POSITION
        return Waypoint(label=stop.label, location=stop.location, has_room_to_turn=has_room_to_turn)
    emptied = {one.container_id for one in stop.collections}
    needs_right = any(one.side is Side.RIGHT for one in town.containers if one.container_id in emptied)
    return Waypoint(
        label=f"container site {stop.place_id}",
        location=stop.location,
        side=Side.RIGHT if needs_right else Side.ANY,
    )
