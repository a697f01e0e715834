"""What of a tour is done when the day is planned anew: facts, taken from the plan and mended by what was reported."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from optimizer.domain.day_state import BreakTaken, DayState, VehicleState, state_on_plan
from optimizer.domain.hours import driving_instant
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.plan import Leg, Plan, Stop, StopKind, Tour
from optimizer.domain.town import Town
from optimizer.problem.fleet import tolled_profiles
from optimizer.problem.stops import container_waypoints
from optimizer.problem.under_way import last_place, waypoint_of
from routing.location import Location, Waypoint
from routing.ports import StreetRouter


@dataclass(frozen=True, slots=True, kw_only=True)
class DonePart:
    """The stops of one tour that stay as they are.

    Attributes
    ----------
    stops
        Empty for a vehicle that still stands at its depot.
    left
        Planned stops that are not done.
    is_cut_short
        The vehicle broke down after them.
    """

    tour: Tour
    stops: tuple[Stop, ...]
    left: tuple[Stop, ...]
    is_cut_short: bool

    @property
    def is_over(self) -> bool:
        """Whether the vehicle does nothing more today."""
        return self.is_cut_short or (bool(self.stops) and self.stops[-1].kind is StopKind.END)

    @property
    def is_under_way(self) -> bool:
        """Whether the vehicle goes on from somewhere."""
        return bool(self.stops) and not self.is_over


def done_parts(plan: Plan, town: Town, state: DayState, *, router: StreetRouter) -> dict[str, DonePart]:
    """The done part of every tour, by vehicle."""
    told = {one.vehicle_id: one for one in state.vehicles}
    parts = {}
    for tour in plan.tours:
        known = told.get(tour.vehicle_id)
        if tour.is_cut_short and known is None:
            parts[tour.vehicle_id] = DonePart(tour=tour, stops=tour.stops, left=(), is_cut_short=True)
            continue
        if known is None:
            known = state_on_plan(tour, state.now)
            known = replace(known, done_stops=max(known.done_stops, tour.done_stops))
        stops = _facts(tour, known, town, plan, now=state.now, router=router)
        is_home = bool(stops) and stops[-1].kind is StopKind.END
        parts[tour.vehicle_id] = DonePart(
            tour=tour,
            stops=stops,
            left=tour.stops[known.done_stops + known.is_heading_to_next :],
            is_cut_short=known.is_out_of_service and not is_home,
        )
    return parts


def _facts(
    tour: Tour, state: VehicleState, town: Town, plan: Plan, *, now: datetime, router: StreetRouter
) -> tuple[Stop, ...]:
    stops = list(tour.stops[: state.done_stops])
    if not stops:
        return ()
    if state.is_heading_to_next and state.done_stops < len(tour.stops):
        stops.append(_not_before(tour.stops[state.done_stops], now))
    if state.breaks is not None:
        stops = _with_breaks(stops, state.breaks)
    is_home = stops[-1].kind is StopKind.END
    if not is_home and state.position is not None:
        stops.append(_at(state.position, stops, tour, town, plan, now=now, router=router))
    elif not is_home and stops[-1].departs_at < now:
        place = last_place(stops)
        stops.append(_position(place.label, place.location, None, after=stops[-1], now=now, place_id=place.place_id))
    stops[-1] = _with_load(stops[-1], state, town, stream=_stream(stops))
    return tuple(replace(stop, sequence=at) for at, stop in enumerate(stops))


def _not_before(stop: Stop, now: datetime) -> Stop:
    """The stop that the vehicle is driving to, reached now at the earliest."""
    late = max(now - stop.arrives_at, timedelta(0))
    return replace(
        stop, arrives_at=stop.arrives_at + late, starts_at=stop.starts_at + late, departs_at=stop.departs_at + late
    )


def _with_breaks(stops: Sequence[Stop], breaks: Sequence[BreakTaken]) -> list[Stop]:
    """The stops with the breaks that were taken instead of the planned ones."""
    mended = [stop for stop in stops if stop.kind is not StopKind.BREAK]
    for taken in sorted(breaks, key=lambda one: one.starts_at):
        at = max((index for index, stop in enumerate(mended) if stop.arrives_at <= taken.starts_at), default=0)
        before = mended[at]
        pause = replace(
            before,
            kind=StopKind.BREAK,
            leg=None,
            arrives_at=taken.starts_at,
            starts_at=taken.starts_at,
            departs_at=taken.ends_at,
            collections=(),
            stream="",
        )
        mended.insert(at + 1, pause)
    return mended


def _at(
    position: Location,
    stops: Sequence[Stop],
    tour: Tour,
    town: Town,
    plan: Plan,
    *,
    now: datetime,
    router: StreetRouter,
) -> Stop:
    """The vehicle where it was seen, with the way there from its last stop."""
    here = Waypoint(label=f"vehicle {tour.vehicle_id}", location=position)
    placed = router.serving(container_waypoints(town)).travel(
        [waypoint_of(last_place(stops), town), here],
        profile=tour.profile,
        at=driving_instant(plan.day, town.zone),
        with_tolls=tour.profile in tolled_profiles(town),
    )
    if (placed.row_of < 0).any():
        why = "; ".join(str(one.error) for one in placed.rejections)
        raise InvalidInputError([Issue(where=f"vehicle {tour.vehicle_id}", code="position", message=why)])
    start, end = placed.row_of
    matrix = placed.matrix
    leg = Leg(
        duration_s=int(matrix.duration_s[start, end]),
        distance_m=int(matrix.distance_m[start, end]),
        toll_m=0 if matrix.toll_m is None else int(matrix.toll_m[start, end]),
    )
    return _position(here.label, position, leg, after=stops[-1], now=now, place_id=here.label)


def _position(label: str, location: Location, leg: Leg | None, *, after: Stop, now: datetime, place_id: str) -> Stop:
    at = max(now, after.departs_at)
    return Stop(
        sequence=after.sequence + 1,
        kind=StopKind.POSITION,
        place_id=place_id,
        label=label,
        location=location,
        leg=leg,
        arrives_at=at,
        starts_at=at,
        departs_at=at,
        load_kg=after.load_kg,
        load_l=after.load_l,
    )


def _stream(stops: Sequence[Stop]) -> str:
    """What is on board after the stops; empty for nothing."""
    stream = ""
    for stop in stops:
        if stop.kind is StopKind.COLLECT:
            stream = stop.stream
        elif stop.kind is StopKind.TIP:
            stream = ""
    return stream


def _with_load(stop: Stop, state: VehicleState, town: Town, *, stream: str) -> Stop:
    vehicle = next(one for one in town.vehicles if one.vehicle_id == state.vehicle_id)
    load_kg = stop.load_kg if state.on_board_kg is None else state.on_board_kg
    load_l = stop.load_l if state.on_board_l is None else state.on_board_l
    if state.is_full and stream:
        load_l = vehicle.capacity_l(stream)
    return replace(stop, load_kg=round(load_kg, 1), load_l=round(load_l, 1)) if stream else stop
