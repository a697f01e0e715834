"""The day built anew with what it did not have: vehicles that stayed at home, other profiles, sites that are closed.

These changes need travel times of their own, so they are made only when something is short.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from optimizer.domain.hours import Hours
from optimizer.domain.relaxation import RelaxationKind
from optimizer.domain.request import DayRequest
from optimizer.domain.selection import Selection
from optimizer.domain.town import Town
from optimizer.domain.vehicle import Vehicle
from optimizer.planning.exemptions import exempting_routers
from optimizer.planning.find_shortages import PLACE_REASONS, DayWithMore
from optimizer.planning.relaxed_days import added_vehicle, exempted_street, opened_disposal
from optimizer.problem.build_problem import BuiltProblem, build_problem
from routing.ports import StreetRouter

SMALL_KG = 1_000.0
SMALL_L = 6_000.0
"""What a vehicle that the town does not own is taken to load: little, so that the promise holds for whatever comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreDays:
    """Makes the days of one request, for the streams that are short."""

    request: DayRequest
    selection: Selection
    built: BuiltProblem
    router: StreetRouter
    streams: frozenset[str]

    def __iter__(self) -> Iterator[DayWithMore]:
        """More vehicles in one day, then each closed site and each street with an exemption in a day of its own."""
        yield from self._with_vehicles()
        yield from self._with_sites()
        yield from self._with_exemptions()

    def _with_vehicles(self) -> Iterator[DayWithMore]:
        released = self._released()
        rented = self._rented()
        if not released and not rented:
            return
        names = {one.vehicle_id for one in released}
        kept = tuple(one for one in self.request.town.vehicles if one.vehicle_id not in names)
        town = replace(self.request.town, vehicles=(*kept, *released, *rented))
        more = self._build(town, also=(*released, *rented))
        kind_of = {one.vehicle_id: RelaxationKind.RELEASED_VEHICLE for one in released}
        kind_of |= {one.vehicle_id: RelaxationKind.OTHER_PROFILE for one in rented}
        days = tuple(
            added_vehicle(more.problem, at, kind_of[one.vehicle_id], one.vehicle_id)
            for at, one in enumerate(more.problem.vehicles)
            if one.vehicle_id in kind_of
        )
        if days:
            yield DayWithMore(problem=more.problem, days=days)

    def _with_sites(self) -> Iterator[DayWithMore]:
        town = self.request.town
        open_ids = {one.disposal_site_id for one in self.built.problem.disposals}
        closed = [one for one in town.disposal_sites if one.disposal_site_id not in open_ids and self._is_short(one)]
        if not closed:
            return
        opened = {one.disposal_site_id for one in closed}
        sites = tuple(
            replace(one, hours=Hours()) if one.disposal_site_id in opened else one for one in town.disposal_sites
        )
        problem = self._build(replace(town, disposal_sites=sites)).problem
        for at, disposal in enumerate(problem.disposals):
            if disposal.disposal_site_id in opened:
                # The other closed sites stay closed: one change at a time.
                alone = replace(
                    problem,
                    disposals=tuple(
                        replace(one, allowed_vehicles=frozenset())
                        if other != at and one.disposal_site_id in opened
                        else one
                        for other, one in enumerate(problem.disposals)
                    ),
                )
                yield DayWithMore(problem=alone, days=(opened_disposal(alone, at),))

    def _with_exemptions(self) -> Iterator[DayWithMore]:
        for kind, street, profile, router in exempting_routers(self.request, self.built.refused, self.router):
            problem = self._build(self.request.town, router=router).problem
            driving = frozenset(at for at, one in enumerate(problem.vehicles) if one.profile == profile)
            yield DayWithMore(problem=problem, days=(exempted_street(problem, driving, kind, f"{profile}, {street}"),))

    def _is_short(self, one: object) -> bool:
        return bool(getattr(one, "streams", frozenset()) & self.streams)

    def _released(self) -> list[Vehicle]:
        """Vehicles of the town that could collect what is short, but do not drive today."""
        driving = {one.vehicle_id for one in self.built.problem.vehicles}
        weekday = self.request.day.weekday()
        return [
            replace(one, is_available=True, shift=replace(one.shift, weekdays=one.shift.weekdays | {weekday}))
            for one in self.request.town.vehicles
            if one.vehicle_id not in driving and one.profile in self.router.profiles and self._is_short(one)
        ]

    def _rented(self) -> list[Vehicle]:
        """One small vehicle for each profile that the fleet lacks, where places cannot be reached with the others."""
        if not any(one.code in PLACE_REASONS for one in self.built.refused):
            return []
        fleet = self.request.town.vehicles
        usual = next((one for one in fleet if self._is_short(one)), None)
        if usual is None:
            return []
        return [
            replace(
                usual,
                vehicle_id=profile,
                profile=profile,
                name="",
                is_available=True,
                streams=self.streams,
                systems=frozenset().union(*(one.systems for one in fleet)),
                shift=replace(usual.shift, weekdays=usual.shift.weekdays | {self.request.day.weekday()}),
                capacity_kg=min(usual.capacity_kg, SMALL_KG),
                body_l=min(usual.body_l, SMALL_L),
            )
            for profile in self.router.profiles
            if profile not in {one.profile for one in fleet if self._is_short(one)}
            and profile not in {one.vehicle_id for one in fleet}
        ]

    def _build(self, town: Town, also: Sequence[Vehicle] = (), router: StreetRouter | None = None) -> BuiltProblem:
        asked = self.request.vehicle_ids
        return build_problem(
            town,
            self.selection,
            day=self.request.day,
            vehicle_ids=asked | {one.vehicle_id for one in also} if asked else asked,
            router=self.router if router is None else router,
        )
