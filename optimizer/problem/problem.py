"""A day as a vehicle-routing problem in whole numbers: validated once, read by every solver and by the checker.

Times are seconds since local midnight of the day (elapsed, so a day with a change of summer time is 23 or 25 hours
long), distances metres, loads kilograms and litres, and costs micro-euros (1 EUR = 1,000,000). A *pickup* is
all due containers of one stream at one container site: one stop, served whole or not at all. A vehicle leaves its depot
empty, makes trips of pickups of a single stream, each ended by tipping at a disposal site that accepts the stream, and
returns to its end depot empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
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
    capacity_l_by_stream
        Loose litres, for the streams that it may collect.
    fixed_micro_eur, per_m_micro_eur, per_s_micro_eur
        Cost of use, per metre driven, and per second between departure and return (breaks included).
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemDisposal:
    """Where a trip may end.

    Attributes
    ----------
    windows
        Unloading must start and end within one of them.
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
    """

    midnight_at: datetime
    travel: Mapping[str, TravelMatrix]
    pickups: tuple[Pickup, ...]
    vehicles: tuple[ProblemVehicle, ...]
    disposals: tuple[ProblemDisposal, ...]

    def __post_init__(self) -> None:
        issues = IssueCollector("problem")
        places = {len(matrix) for matrix in self.travel.values()}
        issues.require(len(places) <= 1, "matrix_size", f"The travel matrices differ in size: {sorted(places)}.")
        n_places = places.pop() if places else 0
        for vehicle in self.vehicles:
            issues.require(vehicle.profile in self.travel, "no_matrix", f"No matrix for profile {vehicle.profile}.")
            issues.require(vehicle.shift[0] < vehicle.shift[1], "shift", f"{vehicle.vehicle_id}: empty shift.")
            for place in (vehicle.start_place_index, vehicle.end_place_index):
                issues.require(0 <= place < n_places, "place", f"{vehicle.vehicle_id}: no matrix row {place}.")
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
        for disposal in self.disposals:
            where = disposal.disposal_site_id
            issues.require(0 <= disposal.place_index < n_places, "place", f"{where}: no matrix row.")
            issues.require(_are_sorted(disposal.windows), "windows", f"{where}: windows overlap or are empty.")
        issues.raise_if_any()

    def duration_s(self, vehicle_index: int, from_place: int, to_place: int) -> int:
        """Travel seconds of a vehicle between two places."""
        return int(self.travel[self.vehicles[vehicle_index].profile].duration_s[from_place, to_place])

    def distance_m(self, vehicle_index: int, from_place: int, to_place: int) -> int:
        """Metres of the same path."""
        return int(self.travel[self.vehicles[vehicle_index].profile].distance_m[from_place, to_place])


def _are_sorted(windows: tuple[Window, ...]) -> bool:
    starts_before_end = all(start < end for start, end in windows)
    return starts_before_end and all(a[1] < b[0] for a, b in pairwise(windows))
