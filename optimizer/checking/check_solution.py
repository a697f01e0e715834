"""Judges every answer of every solver from the problem alone; shares no code with any of them.

Each tour is replayed as a diary: the check walks from halt to halt, keeps the clock, the place and what is on board,
and writes down whatever does not fit. Nothing is repaired and nothing is assumed from the answer's own totals.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from optimizer.checking.errors import Violation
from optimizer.problem.problem import Pickup, Problem, ProblemDisposal, Window
from optimizer.problem.solution import Solution, VehicleTour, Visit, VisitKind

LEAST_BREAK_S = 900
Writes = Callable[[str, str], None]
"""Notes a violation: code and sentence."""


def check_solution(problem: Problem, solution: Solution) -> tuple[Violation, ...]:
    """Everything that is wrong with an answer; empty when it may be published."""
    found: list[Violation] = []
    cost = 0
    for tour in solution.tours:
        if not 0 <= tour.vehicle_index < len(problem.vehicles):
            _note(found, "unknown_vehicle", "solution", f"There is no vehicle with index {tour.vehicle_index}.")
            continue
        replay = _Replay(problem, tour, found)
        replay.run()
        cost += replay.cost_micro_eur()
    found.extend(_each_at_most_once(problem, solution))
    found.extend(_left_standing(problem, solution))
    found.extend(_sums(problem, solution, cost))
    return tuple(found)


def _note(found: list[Violation], code: str, where: str, sentence: str) -> None:
    found.append(Violation(code=code, where=where, sentence=sentence))


def _clock(at_s: int) -> str:
    """Seconds since midnight, or a length of time, as people read them: 07:05:30."""
    return f"{at_s // 3600:02d}:{at_s // 60 % 60:02d}:{at_s % 60:02d}"


def _each_at_most_once(problem: Problem, solution: Solution) -> Iterator[Violation]:
    """Every vehicle drives one tour, every pickup is served once or listed as unserved."""
    for vehicle_index, times in Counter(tour.vehicle_index for tour in solution.tours).items():
        if times > 1:
            sentence = f"Vehicle {vehicle_index} drives {times} tours at once."
            yield Violation(code="vehicle_twice", where="solution", sentence=sentence)
    everywhere = range(len(problem.pickups))
    halts = [visit for tour in solution.tours for visit in tour.visits if visit.kind is VisitKind.PICKUP]
    served = Counter(visit.index for visit in halts)
    listed = Counter(solution.unserved)
    for index in sorted((set(served) | set(listed)) - set(everywhere)):
        yield Violation(code="unknown_pickup", where="solution", sentence=f"There is no pickup with index {index}.")
    for index in everywhere:
        name = problem.pickups[index].pickup_id
        if served[index] > 1:
            yield Violation(code="served_twice", where=name, sentence=f"It is served {served[index]} times.")
        if listed[index] > 1:
            yield Violation(code="listed_twice", where=name, sentence="It is listed as unserved more than once.")
        if served[index] and listed[index]:
            yield Violation(code="served_and_unserved", where=name, sentence="It is served and listed as unserved.")
        if not served[index] and not listed[index]:
            yield Violation(code="lost", where=name, sentence="It is neither served nor listed as unserved.")


def _left_standing(problem: Problem, solution: Solution) -> Iterator[Violation]:
    """Whoever has a load on board when the day starts must bring it away."""
    driving = {tour.vehicle_index for tour in solution.tours}
    for at, vehicle in enumerate(problem.vehicles):
        if vehicle.on_board_stream is not None and at not in driving:
            sentence = f"It has no tour, but {vehicle.on_board_kg} kg of {vehicle.on_board_stream} on board."
            yield Violation(code="load_left", where=f"vehicle {vehicle.vehicle_id}", sentence=sentence)


def _changes_micro_eur(problem: Problem, solution: Solution) -> int:
    """The price of every pickup that another vehicle serves than the one that was planned."""
    price = 0
    for tour in solution.tours:
        for visit in tour.visits:
            if visit.kind is VisitKind.PICKUP and 0 <= visit.index < len(problem.pickups):
                pickup = problem.pickups[visit.index]
                if pickup.planned_vehicle not in (None, tour.vehicle_index):
                    price += pickup.change_micro_eur
    return price


def _sums(problem: Problem, solution: Solution, cost: int) -> Iterator[Violation]:
    served = {visit.index for tour in solution.tours for visit in tour.visits if visit.kind is VisitKind.PICKUP}
    left_lying = sum(pickup.prize_micro_eur for at, pickup in enumerate(problem.pickups) if at not in served)
    if solution.cost_micro_eur != cost:
        sentence = f"The cost is given as {solution.cost_micro_eur} micro-EUR but is {cost}."
        yield Violation(code="wrong_cost", where="solution", sentence=sentence)
    objective = cost + left_lying + _changes_micro_eur(problem, solution)
    if solution.objective_micro_eur != objective:
        sentence = f"The objective is given as {solution.objective_micro_eur} but is {objective}."
        yield Violation(code="wrong_objective", where="solution", sentence=sentence)


class _Replay:
    """One vehicle's day, lived through again."""

    def __init__(self, problem: Problem, tour: VehicleTour, found: list[Violation]) -> None:
        self.problem = problem
        self.tour = tour
        self.vehicle = problem.vehicles[tour.vehicle_index]
        self.found = found
        self.now_s = tour.departs_s
        self.place = self.vehicle.start_place_index
        self.driven_m, self.toll_m = 0, 0
        self.gate_micro_eur = 0
        self.break_s = self.vehicle.rested_s
        self.stretch_began_s = tour.departs_s - self.vehicle.unrested_s
        self.on_board: list[Pickup] = []
        self.first_load_kg, self.first_load_l = self.vehicle.on_board_kg, self.vehicle.on_board_l
        self.first_stream = self.vehicle.on_board_stream
        self.trips, self.collected_kg = 0, 0

    def wrong(self, code: str, sentence: str) -> None:
        _note(self.found, code, f"vehicle {self.vehicle.vehicle_id}", sentence)

    def run(self) -> None:
        if not self.tour.visits:
            self.wrong("empty_tour", "It drives without visiting anything.")
        for position, visit in enumerate(self.tour.visits):
            if not visit.arrives_s <= visit.starts_s <= visit.departs_s:
                self.wrong("times_disordered", f"Halt {position} does not arrive, start and depart in this order.")
            if visit.kind is VisitKind.BREAK:
                self.rest(position, visit)
            elif visit.kind is VisitKind.PICKUP and 0 <= visit.index < len(self.problem.pickups):
                self.collect(visit, self.problem.pickups[visit.index])
            elif visit.kind is VisitKind.TIP and 0 <= visit.index < len(self.problem.disposals):
                self.tip(visit, self.problem.disposals[visit.index])
            else:
                self.wrong("unknown_place", f"Halt {position} names {visit.kind} {visit.index}, which does not exist.")
            self.now_s = visit.departs_s
        self.come_home()
        self.judge_day()

    def drive_to(self, place: int, arrives_s: int, what: str) -> None:
        way = (self.tour.vehicle_index, self.place, place)
        due_s = self.now_s + self.problem.duration_s(*way, departs_s=self.now_s)
        if arrives_s != due_s:
            self.wrong(
                "wrong_arrival", f"It reaches {what} at {_clock(arrives_s)}, but the drive ends at {_clock(due_s)}."
            )
        self.driven_m += self.problem.distance_m(*way, departs_s=self.now_s)
        self.toll_m += self.problem.toll_m(*way, departs_s=self.now_s)
        self.place = place

    def work_at(self, visit: Visit, hours: Sequence[tuple[Window, int]], what: str) -> None:
        """Judge the work by the windows and what it takes in each of them."""
        took_s = visit.departs_s - visit.starts_s
        open_now = [work_s for (opens, ends), work_s in hours if opens <= visit.starts_s <= ends - work_s]
        due_s = open_now or [work_s for _, work_s in hours]
        if took_s not in due_s:
            self.wrong("wrong_service", f"The work at {what} takes {took_s} s instead of {due_s[0]} s.")
        if not any(opens <= visit.starts_s and visit.departs_s <= ends for (opens, ends), _ in hours) or not open_now:
            self.wrong(
                "outside_window",
                f"{what} is worked at from {_clock(visit.starts_s)} to {_clock(visit.departs_s)}: not open.",
            )

    def collect(self, visit: Visit, pickup: Pickup) -> None:
        self.drive_to(pickup.place_index, visit.arrives_s, pickup.pickup_id)
        self.work_at(visit, [(window, pickup.service_s) for window in pickup.windows], pickup.pickup_id)
        if self.tour.vehicle_index not in pickup.allowed_vehicles:
            self.wrong("forbidden_vehicle", f"It may not serve {pickup.pickup_id}.")
        loaded = self.on_board[0].stream if self.on_board else self.first_stream
        if loaded not in (None, pickup.stream):
            self.wrong("two_streams", f"{pickup.stream} is loaded onto {loaded}: tip first.")
        self.on_board.append(pickup)
        self.collected_kg += pickup.demand_kg
        load_kg = self.first_load_kg + sum(one.demand_kg for one in self.on_board)
        if load_kg > self.vehicle.capacity_kg:
            self.wrong("overload_kg", f"{load_kg} kg after {pickup.pickup_id}; {self.vehicle.capacity_kg} kg fit.")
        load_l = sum(one.demand_l for one in self.on_board if one.stream == pickup.stream)
        load_l += self.first_load_l if self.first_stream == pickup.stream else 0
        room_l = self.vehicle.capacity_l_by_stream.get(pickup.stream, 0)
        if load_l > room_l:
            self.wrong("overload_l", f"{load_l} l of {pickup.stream} after {pickup.pickup_id}; {room_l} l fit.")

    def tip(self, visit: Visit, disposal: ProblemDisposal) -> None:
        where = disposal.disposal_site_id
        self.drive_to(disposal.place_index, visit.arrives_s, where)
        queues_s = disposal.queue_s or (0,) * len(disposal.windows)
        hours = [(at, disposal.unloading_s + queue_s) for at, queue_s in zip(disposal.windows, queues_s, strict=True)]
        self.work_at(visit, hours, where)
        if self.tour.vehicle_index not in disposal.allowed_vehicles:
            self.wrong("forbidden_vehicle", f"It may not drive to {where}.")
        carried = {pickup.stream for pickup in self.on_board} | ({self.first_stream} if self.first_stream else set())
        for stream in sorted(carried - disposal.streams):
            self.wrong("stream_not_accepted", f"{where} does not accept {stream}.")
        weighed_kg = self.first_load_kg + sum(pickup.demand_kg for pickup in self.on_board)
        self.gate_micro_eur += disposal.per_kg_micro_eur * weighed_kg
        self.on_board.clear()
        self.first_load_kg, self.first_load_l, self.first_stream = 0, 0, None
        self.trips += 1

    def rest(self, position: int, visit: Visit) -> None:
        if visit.arrives_s != self.now_s or visit.starts_s != self.now_s:
            self.wrong("wrong_arrival", f"Break {position} does not begin where and when the halt before it ended.")
        if position == 0 and self.vehicle.worked_s == 0:
            self.wrong("break_before_work", "The day begins with a break.")
        if visit.departs_s - visit.starts_s < LEAST_BREAK_S:
            self.wrong("short_break", f"Break {position} is shorter than {LEAST_BREAK_S} s and does not count.")
            return
        self.judge_stretch(visit.starts_s)
        self.break_s += visit.departs_s - visit.starts_s
        self.stretch_began_s = visit.departs_s

    def come_home(self) -> None:
        if self.on_board or self.first_stream:
            self.wrong(
                "not_empty", f"It returns with a load of {len(self.on_board)} pickups and {self.first_load_kg} kg."
            )
        self.drive_to(self.vehicle.end_place_index, self.tour.returns_s, "its end depot")
        self.now_s = self.tour.returns_s
        self.judge_stretch(self.now_s)

    def judge_stretch(self, until_s: int) -> None:
        stretch_s = until_s - self.stretch_began_s
        if stretch_s > self.vehicle.max_stretch_s:
            limit_s = self.vehicle.max_stretch_s
            worked = f"{_clock(stretch_s)} of work without a break up to {_clock(until_s)}"
            self.wrong("long_stretch", f"{worked}; {_clock(limit_s)} are allowed.")

    def judge_day(self) -> None:
        opens_s, closes_s = self.vehicle.shift
        if self.tour.departs_s < opens_s or self.tour.returns_s > closes_s:
            times = f"from {_clock(self.tour.departs_s)} to {_clock(self.tour.returns_s)}"
            self.wrong("outside_shift", f"It is out {times}, but its shift is {_clock(opens_s)} to {_clock(closes_s)}.")
        if self.vehicle.worked_s > 0 and self.tour.departs_s != opens_s:
            self.wrong("time_lost", f"It is out already at {_clock(opens_s)}; its tour must go on from there.")
        out_s = self.tour.returns_s - self.tour.departs_s
        longest_s = self.vehicle.max_out_s
        if longest_s is not None and out_s > longest_s:
            self.wrong("too_long_out", f"It is out for {_clock(out_s)}; {_clock(longest_s)} are allowed.")
        work_s = self.worked_s()
        if work_s > self.vehicle.max_work_s:
            self.wrong("too_much_work", f"{_clock(work_s)} of work; {_clock(self.vehicle.max_work_s)} are allowed.")
        for rule in self.vehicle.breaks:
            if work_s > rule.work_above_s and self.break_s < rule.break_s:
                due = f"{rule.break_s} s are due above {rule.work_above_s} s of work"
                self.wrong("missing_break", f"{self.break_s} s of break in {work_s} s of work; {due}.")
        if self.trips > self.vehicle.max_trips:
            self.wrong("too_many_trips", f"{self.trips} trips; {self.vehicle.max_trips} allowed.")
        most_kg = self.vehicle.max_day_kg
        if most_kg is not None and self.collected_kg > most_kg:
            over_kg = self.collected_kg - most_kg
            sentence = f"It collects {self.collected_kg} kg in all its trips, {over_kg} kg more than it may in a day."
            self.wrong("too_much_in_a_day", sentence)

    def worked_s(self) -> int:
        """All work of the day, also that before this tour."""
        rested_now_s = self.break_s - self.vehicle.rested_s
        return self.tour.returns_s - self.tour.departs_s - rested_now_s + self.vehicle.worked_s

    def cost_micro_eur(self) -> int:
        vehicle, out_s = self.vehicle, self.tour.returns_s - self.tour.departs_s
        moving = self.driven_m * vehicle.per_m_micro_eur + self.toll_m * vehicle.toll_per_m_micro_eur
        overtime_s = 0
        if vehicle.regular_work_s is not None:
            # What was overtime before this tour has been paid.
            overtime_s = max(0, self.worked_s() - max(vehicle.regular_work_s, vehicle.worked_s))
        time_micro_eur = out_s * vehicle.per_s_micro_eur + overtime_s * vehicle.overtime_per_s_micro_eur
        return vehicle.fixed_micro_eur + moving + time_micro_eur + self.gate_micro_eur
