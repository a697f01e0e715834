"""Why a pickup is in no tour, and the cheapest change that would serve it: found by trying, not by guessing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from optimizer.domain.plan import ReasonCode
from optimizer.domain.relaxation import Text
from optimizer.problem.problem import MICRO_EUR_PER_EUR, Pickup, Problem
from optimizer.problem.solution import Solution
from optimizer.solving import reason_words as words
from optimizer.solving.insertion import drafts_of_solution, empty_drafts
from optimizer.solving.tour_draft import Insertion, TourDraft, Workbench

MOST_TRIES = 4
"""Cheapest insertions per vehicle that are timed under each relaxation."""
LONGEST_OVERTIME_S = 3 * 3600
MINUTE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a pickup is unserved.

    Attributes
    ----------
    message
        A sentence for people.
    what_would_change_it
        The cheapest change found; empty when the pickup simply may wait.
    message_de, what_would_change_it_de
        The same in German.
    """

    code: ReasonCode
    message: str
    what_would_change_it: str
    message_de: str = ""
    what_would_change_it_de: str = ""


def explain_unserved(problem: Problem, solution: Solution) -> dict[int, Explanation]:
    """An explanation for every unserved pickup, by its index."""
    if not solution.unserved:
        return {}
    explainer = _Explainer(problem, solution)
    return {pickup_index: explainer.explain(pickup_index) for pickup_index in solution.unserved}


class _Explainer:
    """Tries every unserved pickup against the day as it is, and against days with one rule relaxed."""

    def __init__(self, problem: Problem, solution: Solution) -> None:
        self._problem = problem
        self._as_it_is = drafts_of_solution(Workbench(problem), solution)
        self._any_time = drafts_of_solution(Workbench(_without_windows(problem)), solution)
        self._long_shift = drafts_of_solution(Workbench(_with_overtime(problem)), solution)

    def explain(self, pickup_index: int) -> Explanation:
        """The first rule whose relaxation serves the pickup is the reason."""
        pickup = self._problem.pickups[pickup_index]
        obstacle = self._obstacle_of_its_own(pickup)
        if obstacle is not None:
            return obstacle
        cost = _cheapest_way(self._as_it_is, pickup_index)
        if cost is not None:
            return _may_wait(pickup, cost)
        return self._binding_rule(pickup_index)

    def _binding_rule(self, pickup_index: int) -> Explanation:
        """The first rule of load, hours or working time without which it could be served."""
        pickup = self._problem.pickups[pickup_index]
        short = self._least_missing_day_kg(pickup_index)
        if short is not None:
            vehicle_id, missing_kg = short
            remedy = words.day_load_remedy(vehicle_id, missing_kg)
            return _explanation(ReasonCode.CAPACITY, words.day_load_message(pickup), remedy)
        without_load = _cheapest_way(self._as_it_is, pickup_index, is_load_limited=False)
        if without_load is not None:
            return _explanation(ReasonCode.CAPACITY, words.load_message(pickup), words.MORE_ROOM)
        if _cheapest_way(self._any_time, pickup_index) is not None:
            return _explanation(ReasonCode.TIME_WINDOW, words.WINDOW, words.WIDER_WINDOW)
        overtime = self._least_overtime(pickup_index)
        if overtime is not None:
            return _explanation(ReasonCode.TIME, words.NO_WORKING_TIME, words.overtime_remedy(*overtime))
        if _cheapest_way(empty_drafts(self._as_it_is[0].bench), pickup_index) is None:
            return _explanation(ReasonCode.TIME, words.TOO_LONG_ALONE, words.LONGER_DAY)
        return _explanation(ReasonCode.TIME, words.ALL_BUSY, words.another_vehicle(pickup.stream))

    def _obstacle_of_its_own(self, pickup: Pickup) -> Explanation | None:
        """What keeps it out whatever else is served."""
        problem = self._problem
        if not pickup.allowed_vehicles:
            return _explanation(ReasonCode.NO_VEHICLE, *words.no_vehicle(pickup.stream))
        vehicles = [problem.vehicles[index] for index in sorted(pickup.allowed_vehicles)]
        if not any(
            pickup.demand_kg <= vehicle.capacity_kg
            and pickup.demand_l <= vehicle.capacity_l_by_stream.get(pickup.stream, 0)
            for vehicle in vehicles
        ):
            return _explanation(ReasonCode.EXCEEDS_VEHICLE, *words.too_large(pickup))
        if not any(
            pickup.stream in disposal.streams and disposal.allowed_vehicles & pickup.allowed_vehicles
            for disposal in problem.disposals
        ):
            return _explanation(ReasonCode.DISPOSAL_CLOSED, *words.no_disposal(pickup.stream))
        return None

    def _least_missing_day_kg(self, pickup_index: int) -> tuple[str, int] | None:
        """Vehicle and kilograms beyond what it may collect in a day that would serve the pickup."""
        least: tuple[int, str] | None = None
        for draft in self._as_it_is:
            missing_kg = draft.missing_day_kg(pickup_index)
            if missing_kg == 0 or (least is not None and missing_kg >= least[0]):
                continue
            for insertion in draft.insertions(pickup_index, most=MOST_TRIES, is_day_limited=False):
                if _added_micro_eur(draft, insertion) is not None:
                    least = (missing_kg, draft.vehicle.vehicle_id)
                    break
        return None if least is None else (least[1], least[0])

    def _least_overtime(self, pickup_index: int) -> tuple[str, int] | None:
        """Vehicle and minutes beyond its shift that would serve the pickup."""
        least: tuple[int, str] | None = None
        for draft in self._long_shift:
            vehicle = self._problem.vehicles[draft.vehicle_index]
            for insertion in draft.insertions(pickup_index, most=MOST_TRIES):
                order = insertion.applied_to(draft.order)
                tour = draft.bench.scheduler.schedule(draft.vehicle_index, order)
                if tour is not None:
                    missing_s = max(0, tour.returns_s - vehicle.shift[1])
                    if least is None or missing_s < least[0]:
                        least = (missing_s, vehicle.vehicle_id)
        if least is None:
            return None
        return least[1], max(1, -(-least[0] // MINUTE_S))


def _may_wait(pickup: Pickup, cost_micro_eur: int) -> Explanation:
    detour, waiting = cost_micro_eur / MICRO_EUR_PER_EUR, pickup.prize_micro_eur / MICRO_EUR_PER_EUR
    if pickup.is_must or detour < waiting:
        return _explanation(ReasonCode.TIME, words.SEARCH_ENDED, words.longer_search(detour))
    return _explanation(ReasonCode.CHEAPER_TO_WAIT, words.cheaper_to_wait(detour, waiting), words.NOTHING)


def _explanation(code: ReasonCode, message: Text, remedy: Text) -> Explanation:
    return Explanation(
        code=code,
        message=message.en,
        what_would_change_it=remedy.en,
        message_de=message.de,
        what_would_change_it_de=remedy.de,
    )


def _cheapest_way(drafts: Sequence[TourDraft], pickup_index: int, *, is_load_limited: bool = True) -> int | None:
    """What the pickup adds to the cost where it adds least, or None when it fits nowhere."""
    cheapest: int | None = None
    for draft in drafts:
        for insertion in draft.insertions(pickup_index, most=MOST_TRIES, is_load_limited=is_load_limited):
            added = _added_micro_eur(draft, insertion)
            if added is not None and (cheapest is None or added < cheapest):
                cheapest = added
    return cheapest


def _added_micro_eur(draft: TourDraft, insertion: Insertion) -> int | None:
    order = insertion.applied_to(draft.order)
    timing = draft.bench.scheduler.time(draft.vehicle_index, order)
    return None if timing is None else draft.cost_of(order, timing) - draft.cost_micro_eur


def _without_windows(problem: Problem) -> Problem:
    """The day with containers that may be emptied at any time."""
    all_day = ((0, max((vehicle.shift[1] for vehicle in problem.vehicles), default=1)),)
    return replace(problem, pickups=tuple(replace(pickup, windows=all_day) for pickup in problem.pickups))


def _with_overtime(problem: Problem) -> Problem:
    """The day with longer shifts; the legal limit of working time stays."""
    return replace(
        problem,
        vehicles=tuple(
            replace(vehicle, shift=(vehicle.shift[0], vehicle.shift[1] + LONGEST_OVERTIME_S))
            for vehicle in problem.vehicles
        ),
    )
