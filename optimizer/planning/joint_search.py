"""Tours of every group of partners on one problem: the same streets, the same rules, the same effort for each.

Guards that a group's search begins with what its members do alone, so that working together never costs more, and that
vehicles work for others only as the agreements say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from optimizer.checking.check_solution import check_solution
from optimizer.checking.errors import InvalidSolutionError
from optimizer.domain.agreement import Agreement
from optimizer.domain.hours import local_midnight, seconds_between
from optimizer.domain.request import SolveLimits
from optimizer.domain.town import Town
from optimizer.planning.joint_town import agreement_between, owner_of, unmarked
from optimizer.ports import Solver
from optimizer.problem.problem import Pickup, Problem, Window
from optimizer.problem.solution import Solution, VehicleTour, Visit, VisitKind
from optimizer.sharing.split_cost import Coalition

MOST_REPAIRS = 4
"""Searches in which pickups that break an agreement are given back to their own town's vehicles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A group's tours in the terms of the whole problem."""

    tours: tuple[VehicleTour, ...]
    cost_micro_eur: int
    solver: Solution

    @property
    def served(self) -> frozenset[int]:
        """Pickups in a tour."""
        return frozenset(visit.index for tour in self.tours for visit in tour.visits if visit.kind is VisitKind.PICKUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class JointSearch:
    """One day of several towns.

    Attributes
    ----------
    problem
        With all pickups and vehicles of all partners; ids are marked with their owners.
    windows
        By pair of owners, when the one's vehicles may work for the other.
    """

    problem: Problem
    agreements: tuple[Agreement, ...]
    windows: Mapping[tuple[str, str], Window]
    solver: Solver
    limits: SolveLimits

    def alone(self, party_id: str) -> Found:
        """The party's own day: searched twice, since a joint search begins where this one ends."""
        group = frozenset({party_id})
        first = self.together(group, frozenset(range(len(self.problem.pickups))), start=())
        again = replace(self.limits, seed=self.limits.seed + 1)
        return replace(self, limits=again).together(
            group, frozenset(range(len(self.problem.pickups))), start=first.tours
        )

    def together(
        self,
        group: Coalition,
        wanted: frozenset[int],
        *,
        start: Sequence[VehicleTour],
        kept: frozenset[int] = frozenset(),
        floor_micro_eur: int = 0,
    ) -> Found:
        """The group's day with the ``wanted`` pickups.

        Parameters
        ----------
        kept
            Pickups that must not be given up: leaving one costs more than ``floor_micro_eur``.
        """
        at_home: set[int] = set()
        for repair in range(MOST_REPAIRS + 1):
            if repair == MOST_REPAIRS:
                at_home |= set(range(len(self.problem.pickups)))
            part = _Part.of(self, group, wanted, at_home=frozenset(at_home), kept=kept, floor_micro_eur=floor_micro_eur)
            solution = self.solver.solve(part.problem, self.limits, start=part.to_part(start))
            violations = check_solution(part.problem, solution)
            if violations:
                raise InvalidSolutionError(violations)
            found = Found(tours=part.to_whole(solution), cost_micro_eur=solution.cost_micro_eur, solver=solution)
            breaking = self.breaking(found.tours)
            if not breaking:
                return found
            at_home |= breaking
        raise AssertionError("Pickups at home cannot break an agreement.")

    def breaking(self, tours: Sequence[VehicleTour]) -> set[int]:
        """Pickups that a vehicle serves for others outside the window, or beyond the greatest share."""
        found: set[int] = set()
        by_owner: dict[str, list[Visit]] = {}
        for tour in tours:
            owner = owner_of(self.problem.vehicles[tour.vehicle_index].vehicle_id)
            visits = [visit for visit in tour.visits if visit.kind is VisitKind.PICKUP]
            by_owner.setdefault(owner, []).extend(visits)
            for visit in visits:
                guest = self._owner(visit.index)
                window = self.windows.get((owner, guest))
                if guest != owner and (
                    window is None or not window[0] <= visit.starts_s <= visit.departs_s <= window[1]
                ):
                    found.add(visit.index)
        for owner, visits in by_owner.items():
            found |= self._beyond_share(owner, [visit.index for visit in visits if visit.index not in found])
        return found

    def _beyond_share(self, owner: str, pickups: Sequence[int]) -> set[int]:
        found: set[int] = set()
        for agreement in self.agreements:
            if owner not in agreement.parties:
                continue
            guest = agreement.other(owner)
            theirs = [at for at in pickups if self._owner(at) == guest]
            rest = sum(len(self.problem.pickups[at].container_ids) for at in pickups if at not in theirs)
            theirs.sort(key=lambda at: (len(self.problem.pickups[at].container_ids), at))
            count = sum(len(self.problem.pickups[at].container_ids) for at in theirs)
            while theirs and count > agreement.max_share_fraction * (count + rest):
                at = theirs.pop()
                count -= len(self.problem.pickups[at].container_ids)
                found.add(at)
        return found

    def may_serve(self, vehicle_index: int, pickup: Pickup) -> bool:
        """Whether the agreements let the vehicle serve the pickup."""
        vehicle_id = self.problem.vehicles[vehicle_index].vehicle_id
        owner, guest = owner_of(vehicle_id), owner_of(pickup.container_ids[0])
        if owner == guest:
            return True
        agreement = agreement_between(self.agreements, owner, guest)
        return (
            agreement is not None
            and pickup.stream in agreement.streams
            and unmarked(vehicle_id) in agreement.lent_by(owner).vehicle_ids
        )

    def may_tip(self, vehicle_index: int, disposal_site_id: str) -> bool:
        """Whether the agreements open the disposal site to the vehicle."""
        owner, host = owner_of(self.problem.vehicles[vehicle_index].vehicle_id), owner_of(disposal_site_id)
        if owner == host:
            return True
        agreement = agreement_between(self.agreements, owner, host)
        return agreement is not None and unmarked(disposal_site_id) in agreement.lent_by(host).disposal_site_ids

    def _owner(self, pickup_index: int) -> str:
        return owner_of(self.problem.pickups[pickup_index].container_ids[0])


def windows_of(agreements: Sequence[Agreement], town: Town, day: date) -> dict[tuple[str, str], Window]:
    """When vehicles may work for others, in seconds since midnight, by owner and guest."""
    midnight_at = local_midnight(day, town.zone)
    found = {}
    for one in agreements:
        window = tuple(
            seconds_between(midnight_at, midnight_at.replace(hour=at.hour, minute=at.minute))
            for at in (one.starts_local, one.ends_local)
        )
        first, second = one.parties
        found[first, second] = found[second, first] = (window[0], window[1])
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The problem of one group, with the places of its vehicles and pickups in the whole one."""

    problem: Problem
    vehicles: tuple[int, ...]
    pickups: tuple[int, ...]
    disposals: tuple[int, ...]

    @classmethod
    def of(
        cls,
        search: JointSearch,
        group: Coalition,
        wanted: frozenset[int],
        *,
        at_home: frozenset[int],
        kept: frozenset[int],
        floor_micro_eur: int,
    ) -> "_Part":
        whole = search.problem
        vehicles = tuple(at for at, one in enumerate(whole.vehicles) if owner_of(one.vehicle_id) in group)
        pickups = tuple(
            at for at, one in enumerate(whole.pickups) if at in wanted and owner_of(one.container_ids[0]) in group
        )
        place = {old: new for new, old in enumerate(vehicles)}
        disposals, made = [], []
        for at, one in enumerate(whole.disposals):
            allowed = frozenset(
                place[old] for old in one.allowed_vehicles if old in place and search.may_tip(old, one.disposal_site_id)
            )
            if allowed:
                disposals.append(at)
                made.append(replace(one, allowed_vehicles=allowed))

        def local(at: int) -> Pickup:
            one = whole.pickups[at]
            owner = owner_of(one.container_ids[0])
            allowed = frozenset(
                place[old]
                for old in one.allowed_vehicles
                if old in place
                and search.may_serve(old, one)
                and (at not in at_home or owner_of(whole.vehicles[old].vehicle_id) == owner)
            )
            prize = one.prize_micro_eur + (floor_micro_eur if at in kept else 0)
            return replace(one, allowed_vehicles=allowed, prize_micro_eur=prize, is_must=one.is_must or at in kept)

        problem = replace(
            whole,
            vehicles=tuple(whole.vehicles[at] for at in vehicles),
            pickups=tuple(local(at) for at in pickups),
            disposals=tuple(made),
            travel=whole.travel,
        )
        return cls(problem=problem, vehicles=vehicles, pickups=pickups, disposals=tuple(disposals))

    def to_part(self, tours: Sequence[VehicleTour]) -> Solution:
        """Tours of the whole as a start here."""
        return Solution(
            tours=tuple(self._moved(tour, self._inverse()) for tour in tours if tour.vehicle_index in self.vehicles),
            unserved=(),
            cost_micro_eur=0,
            objective_micro_eur=0,
            status="feasible",
            solver="alone",
            iterations=0,
            wall_s=0.0,
        )

    def to_whole(self, solution: Solution) -> tuple[VehicleTour, ...]:
        """Tours found here, in the terms of the whole."""
        maps = tuple(dict(enumerate(one)) for one in (self.vehicles, self.pickups, self.disposals))
        return tuple(self._moved(tour, maps) for tour in solution.tours)

    def _inverse(self) -> tuple[dict[int, int], ...]:
        return tuple({old: new for new, old in enumerate(one)} for one in (self.vehicles, self.pickups, self.disposals))

    @staticmethod
    def _moved(tour: VehicleTour, maps: Sequence[Mapping[int, int]]) -> VehicleTour:
        vehicle_of, pickup_of, disposal_of = maps
        of_kind = {VisitKind.PICKUP: pickup_of, VisitKind.TIP: disposal_of}
        visits = tuple(
            visit if visit.kind is VisitKind.BREAK else replace(visit, index=of_kind[visit.kind][visit.index])
            for visit in tour.visits
            if visit.kind is VisitKind.BREAK or visit.index in of_kind[visit.kind]
        )
        return replace(tour, vehicle_index=vehicle_of[tour.vehicle_index], visits=visits)
