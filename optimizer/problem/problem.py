"""A day as a vehicle-routing problem in whole numbers: validated once, read by every solver and by the checker.

Times are seconds since local midnight of the day (elapsed, so a day with a change of summer time is 23 or 25 hours
long), distances metres, loads kilograms and litres, and costs micro-euros (1 EUR = 1,000,000). A *pickup* is
all due containers of one stream at one container site: one stop, served whole or not at all. A vehicle leaves its depot
empty, makes trips of pickups of a single stream, each ended by tipping at a disposal site that accepts the stream, and
returns to its end depot empty.

The rest of a day is a problem too: a vehicle then starts where it stands, with what it has on board and with the work
and the breaks behind it, and serving a pickup with another vehicle than planned has a price.

Travel may depend on the time: the matrix of the slice in which a vehicle departs counts for the whole drive. Vehicles
wait where they work, not before they drive, so solvers may take it that who departs later arrives later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from optimizer.domain.issues import IssueCollector
from routing.matrix import TravelMatrix

MICRO_EUR_PER_EUR = 1_000_000
Window = tuple[int, int]
"""First and last second at which the work at a place may begin and must be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pickup:
    """One possible stop.

    Attributes
    ----------
    pickup_id
        Site and stream, e.g. ``"S-12/paper"``.
    place_index
        Row in every travel matrix.
    container_ids
        What is emptied here, at least one.
    demand_kg, demand_l
        Load, rounded up.
    service_s
        Set-up plus the service of all containers.
    windows
        Sorted, disjoint; the service must start and end within one of them.
    allowed_vehicles
        Vehicle indices that may serve it (stream, lifting system, access for the profile, size).
    prize_micro_eur
        Saved by serving it: the cost of waiting. For a pickup that must be served it is a high penalty, so that a
        plan still exists when not all fit.
    is_must
        Whether leaving it out counts as a failure of the day.
    planned_vehicle, change_micro_eur
        Serving it with any other vehicle than the planned one adds so much to the objective: people have prepared
        for the plan. It is no money, so it is not part of the cost.
    """

    pickup_id: str
    place_index: int
    stream: str
    container_ids: tuple[str, ...]
    demand_kg: int
    demand_l: int
    service_s: int
    windows: tuple[Window, ...]
    allowed_vehicles: frozenset[int]
    prize_micro_eur: int
    is_must: bool
    planned_vehicle: int | None = None
    change_micro_eur: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemBreak:
    """``break_s`` of break in total are due when the working time exceeds ``work_above_s``."""

    work_above_s: int
    break_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemVehicle:
    """A vehicle with its working day.

    Attributes
    ----------
    shift
        Earliest departure from the start depot and latest arrival at the end depot.
    max_work_s, max_stretch_s, breaks
        Working time without breaks, longest stretch of work between breaks, and breaks due by working time. A break
        of at least 15 min ends a stretch.
    max_out_s
        Longest time between departure and return, breaks included; None for no limit but the shift.
    max_day_kg
        Most kilograms that the pickups of all trips may weigh together; None for no limit. What is on board when the
        shift starts is not among them: it was collected before.
    regular_work_s, overtime_per_s_micro_eur
        Working time above which every second costs so much more; None where overtime costs nothing extra.
    capacity_l_by_stream
        Loose litres, for the streams that it may collect.
    fixed_micro_eur, per_m_micro_eur, per_s_micro_eur
        Cost of use, per metre driven, and per second between departure and return (breaks included). The cost of use
        is negative where staying unused costs more: a vehicle that is out saves its way home.
    toll_per_m_micro_eur
        What a metre on toll roads costs beyond any other metre.
    on_board_kg, on_board_l, on_board_stream
        What it carries when its shift starts: its first trip is of this stream, begins with this load, and has to be
        tipped even when nothing is added. The stream is None for an empty vehicle.
    worked_s, rested_s, unrested_s
        Working time and breaks before the shift starts, which count for ``max_work_s``, ``regular_work_s`` and
        ``breaks`` (``max_out_s`` is what is left of it), and the work
        since the last of these breaks, which counts for ``max_stretch_s``. A vehicle that has worked is out already:
        its tour departs when its shift starts, and may begin with a break.
    """

    vehicle_id: str
    profile: str
    start_place_index: int
    end_place_index: int
    shift: Window
    max_work_s: int
    max_stretch_s: int
    breaks: tuple[ProblemBreak, ...]
    capacity_kg: int
    capacity_l_by_stream: Mapping[str, int]
    max_trips: int
    fixed_micro_eur: int
    per_m_micro_eur: int
    per_s_micro_eur: int
    on_board_kg: int = 0
    on_board_l: int = 0
    on_board_stream: str | None = None
    worked_s: int = 0
    rested_s: int = 0
    unrested_s: int = 0
    max_out_s: int | None = None
    max_day_kg: int | None = None
    regular_work_s: int | None = None
    overtime_per_s_micro_eur: int = 0
    toll_per_m_micro_eur: int = 0

    @property
    def is_loaded(self) -> bool:
        """Whether it has to tip, whatever else it does."""
        return self.on_board_stream is not None

    @property
    def work_left_s(self) -> int:
        """Working time that the day still allows."""
        return self.max_work_s - self.worked_s

    @property
    def has_overtime(self) -> bool:
        """Whether long days cost extra."""
        return self.regular_work_s is not None and self.overtime_per_s_micro_eur > 0

    def overtime_s(self, work_s: int) -> int:
        """How much of so much work to come is paid as overtime."""
        if self.regular_work_s is None:
            return 0
        return max(0, work_s - max(0, self.regular_work_s - self.worked_s))

    @property
    def breaks_left(self) -> tuple[ProblemBreak, ...]:
        """The break rules for the rest of the day: by the work still to come, the breaks still missing."""
        return tuple(
            ProblemBreak(work_above_s=rule.work_above_s - self.worked_s, break_s=rule.break_s - self.rested_s)
            for rule in self.breaks
            if rule.break_s > self.rested_s
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemDisposal:
    """Where a trip may end.

    Attributes
    ----------
    windows
        Unloading must start and end within one of them. Where vehicles queue, they may overlap by the time that
        unloading takes: each then stands for the hours of one length of the queue.
    unloading_s
        Without a queue.
    queue_s
        Seconds in the queue, per window; empty where nobody queues. It begins with the queue and counts as work.
    per_kg_micro_eur
        Gate fee.
    allowed_vehicles
        Vehicle indices whose profile reaches it.
    """

    disposal_site_id: str
    place_index: int
    streams: frozenset[str]
    windows: tuple[Window, ...]
    unloading_s: int
    per_kg_micro_eur: int
    allowed_vehicles: frozenset[int]
    queue_s: tuple[int, ...] = ()

    @property
    def works_s(self) -> tuple[int, ...]:
        """Queue and unloading, per window."""
        if not self.queue_s:
            return (self.unloading_s,) * len(self.windows)
        return tuple(self.unloading_s + queue_s for queue_s in self.queue_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelSlice:
    """Travel of those who depart from ``starts_s`` on, until the next slice starts."""

    starts_s: int
    matrix: TravelMatrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Everything a solver may know of a day.

    Attributes
    ----------
    midnight_at
        The instant of second 0.
    travel
        One matrix per vehicle profile, all over the same places. Rows of places that a profile cannot reach hold
        arbitrary large values; ``allowed_vehicles`` keeps those vehicles away.
    travel_slices
        Per profile, by their start: travel that takes another time than ``travel``, which counts before the first.
    most_changed
        How many containers another vehicle than planned should empty at most; a wish, no rule. None for any number.
    """

    midnight_at: datetime
    travel: Mapping[str, TravelMatrix]
    pickups: tuple[Pickup, ...]
    vehicles: tuple[ProblemVehicle, ...]
    disposals: tuple[ProblemDisposal, ...]
    travel_slices: Mapping[str, tuple[TravelSlice, ...]] = field(default_factory=dict)
    most_changed: int | None = None

    def __post_init__(self) -> None:
        issues = IssueCollector("problem")
        places = {len(matrix) for matrix in self.travel.values()}
        places |= {len(one.matrix) for slices in self.travel_slices.values() for one in slices}
        for profile, slices in self.travel_slices.items():
            is_sorted = all(one.starts_s < other.starts_s for one, other in pairwise(slices))
            issues.require(is_sorted, "slices", f"The time slices of {profile} must be sorted by their start.")
        issues.require(len(places) <= 1, "matrix_size", f"The travel matrices differ in size: {sorted(places)}.")
        n_places = places.pop() if places else 0
        for vehicle in self.vehicles:
            issues.require(vehicle.profile in self.travel, "no_matrix", f"No matrix for profile {vehicle.profile}.")
            issues.require(vehicle.shift[0] < vehicle.shift[1], "shift", f"{vehicle.vehicle_id}: empty shift.")
            for place in (vehicle.start_place_index, vehicle.end_place_index):
                issues.require(0 <= place < n_places, "place", f"{vehicle.vehicle_id}: no matrix row {place}.")
            _require_possible_morning(issues, vehicle)
        for pickup in self.pickups:
            issues.require(0 <= pickup.place_index < n_places, "place", f"{pickup.pickup_id}: no matrix row.")
            issues.require(
                min(pickup.demand_kg, pickup.demand_l, pickup.service_s, pickup.prize_micro_eur) >= 0,
                "negative",
                f"{pickup.pickup_id}: demand, service and prize must not be negative.",
            )
            issues.require(_are_sorted(pickup.windows), "windows", f"{pickup.pickup_id}: windows overlap or are empty.")
            issues.require(
                all(0 <= vehicle < len(self.vehicles) for vehicle in pickup.allowed_vehicles),
                "vehicle",
                f"{pickup.pickup_id}: unknown vehicle index.",
            )
            issues.require(
                pickup.planned_vehicle is None or 0 <= pickup.planned_vehicle < len(self.vehicles),
                "vehicle",
                f"{pickup.pickup_id}: unknown planned vehicle {pickup.planned_vehicle}.",
            )
            issues.require(
                pickup.change_micro_eur >= 0,
                "negative",
                f"{pickup.pickup_id}: a change must not cost less than nothing.",
            )
        for disposal in self.disposals:
            where = disposal.disposal_site_id
            issues.require(0 <= disposal.place_index < n_places, "place", f"{where}: no matrix row.")
            _require_possible_unloading(issues, disposal)
        issues.raise_if_any()

    @property
    def is_limited_in_span(self) -> bool:
        """Whether a vehicle may be out only for so long."""
        return any(one.max_out_s is not None for one in self.vehicles)

    @property
    def is_limited_in_load(self) -> bool:
        """Whether a vehicle may collect only so much in all its trips together."""
        return any(one.max_day_kg is not None for one in self.vehicles)

    @property
    def has_overtime(self) -> bool:
        """Whether long days cost extra."""
        return any(one.has_overtime for one in self.vehicles)

    @property
    def has_tolls(self) -> bool:
        """Whether metres on toll roads cost extra."""
        return any(one.toll_per_m_micro_eur for one in self.vehicles)

    @property
    def has_queues(self) -> bool:
        """Whether unloading takes longer at some hours."""
        return any(one.queue_s for one in self.disposals)

    @property
    def has_time_slices(self) -> bool:
        """Whether travel depends on the time."""
        return any(self.travel_slices.get(one.profile) for one in self.vehicles)

    @property
    def has_rare_rules_but_span(self) -> bool:
        """Whether any of these rules but the longest time out binds, for searches that know of them that one only."""
        costs = (self.has_overtime, self.has_tolls)
        return self.is_limited_in_load or any(costs) or self.has_queues or self.has_time_slices

    def change_micro_eur(self, vehicle_index: int, pickup_index: int) -> int:
        """What serving the pickup with this vehicle costs because another one was planned."""
        pickup = self.pickups[pickup_index]
        is_change = pickup.planned_vehicle is not None and pickup.planned_vehicle != vehicle_index
        return pickup.change_micro_eur if is_change else 0

    def travel_at(self, profile: str, departs_s: int | None) -> TravelMatrix:
        """What counts for those who depart then; without an instant, what counts before the first slice."""
        matrix = self.travel[profile]
        for one in self.travel_slices.get(profile, ()):
            if departs_s is None or departs_s < one.starts_s:
                break
            matrix = one.matrix
        return matrix

    def duration_s(self, vehicle_index: int, from_place: int, to_place: int, *, departs_s: int | None = None) -> int:
        """Travel seconds of a vehicle between two places."""
        return int(self.travel_at(self.vehicles[vehicle_index].profile, departs_s).duration_s[from_place, to_place])

    def distance_m(self, vehicle_index: int, from_place: int, to_place: int, *, departs_s: int | None = None) -> int:
        """Metres of the same path."""
        return int(self.travel_at(self.vehicles[vehicle_index].profile, departs_s).distance_m[from_place, to_place])

    def toll_m(self, vehicle_index: int, from_place: int, to_place: int, *, departs_s: int | None = None) -> int:
        """Those of the metres that lie on toll roads; 0 where nobody has counted them."""
        toll_m = self.travel_at(self.vehicles[vehicle_index].profile, departs_s).toll_m
        return 0 if toll_m is None else int(toll_m[from_place, to_place])


def _require_possible_morning(issues: IssueCollector, vehicle: ProblemVehicle) -> None:
    """What a vehicle brings along has to be a load that it may carry and times that add up."""
    where = vehicle.vehicle_id
    load = (vehicle.on_board_kg, vehicle.on_board_l)
    if vehicle.on_board_stream is None:
        issues.require(load == (0, 0), "on_board", f"{where}: a load on board of {load} needs its stream.")
    else:
        room = (vehicle.capacity_kg, vehicle.capacity_l_by_stream.get(vehicle.on_board_stream, -1))
        fits = all(0 <= one <= most for one, most in zip(load, room, strict=True))
        issues.require(fits, "on_board", f"{where}: {load} kg and l of {vehicle.on_board_stream}, but {room} fit.")
    may_load = vehicle.max_day_kg is None or vehicle.max_day_kg >= 0
    issues.require(may_load, "max_day_kg", f"{where}: what it may still collect must be 0 kg or more.")
    is_sound = 0 <= vehicle.unrested_s <= vehicle.worked_s and vehicle.rested_s >= 0
    issues.require(is_sound, "worked", f"{where}: work and breaks before the shift must be 0 or more, and add up.")


def _require_possible_unloading(issues: IssueCollector, disposal: ProblemDisposal) -> None:
    where = disposal.disposal_site_id
    if not disposal.queue_s:
        issues.require(_are_sorted(disposal.windows), "windows", f"{where}: windows overlap or are empty.")
        return
    has_all = len(disposal.queue_s) == len(disposal.windows) and min(disposal.queue_s) >= 0
    issues.require(has_all, "queue", f"{where}: each window needs its queue, of 0 or more seconds.")
    if has_all:
        starts = [
            (opens, closes - work) for (opens, closes), work in zip(disposal.windows, disposal.works_s, strict=True)
        ]
        are_apart = all(first <= last for first, last in starts) and all(a[1] < b[0] for a, b in pairwise(starts))
        issues.require(are_apart, "windows", f"{where}: one start would have two queues, or a window has no room.")


def _are_sorted(windows: tuple[Window, ...]) -> bool:
    starts_before_end = all(start < end for start, end in windows)
    return starts_before_end and all(a[1] < b[0] for a, b in pairwise(windows))
