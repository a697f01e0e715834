from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from optimizer.checking.check_solution import check_solution
from optimizer.domain.container import Container
from optimizer.domain.hours import Hours
from optimizer.domain.places import Depot, DisposalSite
from optimizer.domain.plan import ReasonCode
from optimizer.domain.request import SolveLimits
from optimizer.domain.selection import Candidate, Decision, Selection
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.domain.vehicle import FuelRates, Shift, Vehicle
from optimizer.problem.build_problem import BuiltProblem, build_problem
from optimizer.problem.pickups import FASTEST_M_PER_S
from optimizer.problem.problem import MICRO_EUR_PER_EUR
from optimizer.solving.greedy import GreedySolver
from routing.crow_flight import CrowFlightRouter
from routing.errors import OutsideMapError, ReversingError, TooFarFromRoadError, UnreachableError, WaypointError
from routing.location import Location, Side, Waypoint
from routing.matrix import PlacedTravel, Rejection, TravelMatrix
from routing.path import LegPath
from routing.ports import MapInfo, ProgressCallback, StreetRouter

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 2)
SPRING_FORWARD, FALL_BACK = date(2026, 3, 29), date(2026, 10, 25)
EVERY_DAY = frozenset(range(7))


def near(east: float = 0.0, north: float = 0.0) -> Location:
    return Location(lon_deg=7.0 + east / 100, lat_deg=51.0 + north / 100)


def container(name: str, *, site: str = "", east: float = 1.0, **changes: object) -> Container:
    plain = Container(
        container_id=name, site_id=site or f"site {name}", location=near(east), stream="paper", capacity_l=1100
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # any field


def truck(name: str = "T-1", **changes: object) -> Vehicle:
    plain = Vehicle(
        vehicle_id=name,
        profile="truck_26t",
        streams=frozenset({"paper", "residual"}),
        capacity_kg=8000,
        body_l=20_000,
        start_depot_id="yard",
        end_depot_id="yard",
        shift=Shift(starts_local=time(6), ends_local=time(14), weekdays=EVERY_DAY),
        cost_eur_per_km=1.2,
        cost_eur_per_h=72.0,
        cost_eur_per_day=50.0,
        fuel=FuelRates(driving_l_per_100km=45),
        compaction_by_stream={"paper": 3.0},
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # any field


def tip(name: str = "plant", *, east: float = -2.0, **changes: object) -> DisposalSite:
    plain = DisposalSite(
        disposal_site_id=name, location=near(east), streams=frozenset({"paper", "residual"}), fee_eur_per_t=100.0
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # any field


def town(
    containers: Sequence[Container],
    *,
    vehicles: Sequence[Vehicle] = (truck(),),
    sites: Sequence[DisposalSite] = (tip(),),
    depots: Sequence[Depot] = (Depot(depot_id="yard", location=near()),),
) -> Town:
    return Town(
        town_id="t",
        name="Testtown",
        zone=BERLIN,
        streams=(Stream(stream_id="paper", density_kg_per_l=0.1), Stream(stream_id="residual", density_kg_per_l=0.1)),
        depots=tuple(depots),
        disposal_sites=tuple(sites),
        vehicles=tuple(vehicles),
        containers=tuple(containers),
    )


def selected(one: Container, decision: Decision = Decision.MUST, **changes: object) -> Candidate:
    plain = Candidate(
        container_id=one.container_id,
        decision=decision,
        expected_fraction=0.8,
        expected_kg=80.2,
        expected_l=800.5,
        overflow_probability=0.3,
        cost_of_waiting_eur=20.0,
        next_visit_at=datetime(2026, 3, 5, tzinfo=UTC),
        reasons=("full",),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # any field


def built(
    of: Town,
    candidates: Sequence[Candidate] | None = None,
    *,
    day: date = MONDAY,
    vehicle_ids: frozenset[str] = frozenset(),
    router: StreetRouter | None = None,
) -> BuiltProblem:
    chosen = [selected(one) for one in of.containers] if candidates is None else candidates
    selection = Selection(candidates=tuple(chosen), policy="test")
    return build_problem(of, selection, day=day, vehicle_ids=vehicle_ids, router=router or CrowFlightRouter())


@dataclass(frozen=True, kw_only=True)
class PickyRouter:
    """Straight lines, except for waypoints that some profiles cannot use."""

    errors: dict[tuple[str, str], WaypointError]
    known_profiles: tuple[str, ...] = ("truck_26t", "van_3_5t")

    @property
    def map_info(self) -> MapInfo:
        return CrowFlightRouter().map_info

    @property
    def profiles(self) -> tuple[str, ...]:
        return self.known_profiles

    def serving(self, waypoints: Sequence[Waypoint]) -> "PickyRouter":
        assert waypoints
        return self

    def travel(
        self,
        waypoints: Sequence[Waypoint],
        *,
        profile: str,
        anchor_index: int = 0,
        progress: ProgressCallback | None = None,
        at: datetime | None = None,
        with_tolls: bool = False,
    ) -> PlacedTravel:
        assert not with_tolls, "no vehicle here pays tolls, so nobody should ask for them"
        wrong = {index: self.errors.get((profile, one.label)) for index, one in enumerate(waypoints)}
        anchor_error = wrong[anchor_index]
        if anchor_error is not None:
            wrong = dict.fromkeys(range(len(waypoints)), anchor_error)
        placed = [index for index, error in wrong.items() if error is None]
        whole = CrowFlightRouter().travel(waypoints, profile=profile, progress=progress, at=at).matrix
        row_of = np.full(len(waypoints), -1, dtype=np.int32)
        row_of[placed] = np.arange(len(placed))
        block = np.ix_(placed, placed)
        return PlacedTravel(
            matrix=TravelMatrix.from_arrays(duration_s=whole.duration_s[block], distance_m=whole.distance_m[block]),
            row_of=row_of,
            rejections=tuple(
                Rejection(waypoint_index=at, error=error) for at, error in wrong.items() if error is not None
            ),
        )

    def paths(
        self, waypoints: Sequence[Waypoint], legs: Sequence[tuple[int, int]], *, profile: str
    ) -> tuple[LegPath, ...]:
        return CrowFlightRouter().paths(waypoints, legs, profile=profile)


def test_containers_of_one_site_and_stream_are_one_pickup() -> None:
    a, b = container("A", site="S", service_s=60, setup_s=90), container("B", site="S", service_s=45, setup_s=30)
    other = container("C", site="S", stream="residual")
    problem = built(town([a, b, other])).problem
    paper, residual = problem.pickups
    assert (paper.pickup_id, paper.container_ids) == ("S/paper", ("A", "B"))
    assert (residual.pickup_id, residual.container_ids) == ("S/residual", ("C",))
    assert paper.demand_kg == 161
    assert paper.demand_l == 1601
    assert paper.service_s == 90 + 60 + 45
    assert paper.place_index == residual.place_index


def test_costs_capacities_and_prizes_are_whole_micro_euros() -> None:
    must, may = container("A"), container("B")
    problem = built(town([must, may]), [selected(must), selected(may, Decision.MAY)]).problem
    vehicle = problem.vehicles[0]
    assert vehicle.per_m_micro_eur == 1_200
    assert vehicle.per_s_micro_eur == 20_000
    assert vehicle.fixed_micro_eur == 50 * MICRO_EUR_PER_EUR
    assert dict(vehicle.capacity_l_by_stream) == {"paper": 60_000, "residual": 20_000}
    assert problem.disposals[0].per_kg_micro_eur == 100_000
    assert problem.pickups[1].prize_micro_eur == 20 * MICRO_EUR_PER_EUR
    assert problem.pickups[0].prize_micro_eur > vehicle.fixed_micro_eur + 8 * 3600 * vehicle.per_s_micro_eur


def test_dearer_waiting_ranks_must_containers() -> None:
    a, b = container("A"), container("B")
    candidates = [selected(a, cost_of_waiting_eur=5.0), selected(b, cost_of_waiting_eur=50.0)]
    prizes = [pickup.prize_micro_eur for pickup in built(town([a, b]), candidates).problem.pickups]
    assert prizes[1] - prizes[0] == 45 * MICRO_EUR_PER_EUR


def test_must_container_outweighs_a_day_of_tolls_and_overtime() -> None:
    must = container("A")
    shift = replace(truck().shift, regular_work_s=3600)
    dear = truck(toll_eur_per_km=0.4, overtime_eur_per_h=36.0, shift=shift)
    usual, tolled = (built(town([must], vehicles=[one])).problem for one in (truck(), dear))
    opens_s, ends_s = tolled.vehicles[0].shift
    more = tolled.pickups[0].prize_micro_eur - usual.pickups[0].prize_micro_eur
    assert (tolled.vehicles[0].toll_per_m_micro_eur, tolled.vehicles[0].overtime_per_s_micro_eur) == (400, 10_000)
    assert more == (ends_s - opens_s) * (FASTEST_M_PER_S * 400 + 10_000)


def test_container_not_due_does_not_enter() -> None:
    one = container("A")
    problem = built(town([one]), [selected(one, Decision.SKIP)])
    assert problem.problem.pickups == ()
    assert problem.refused == ()


def test_load_beyond_the_largest_vehicle_is_split() -> None:
    containers = [container(f"C{at}", site="S") for at in range(5)]
    candidates = [selected(one, expected_kg=300.0) for one in containers]
    problem = built(town(containers, vehicles=[truck(capacity_kg=700)]), candidates).problem
    assert [pickup.pickup_id for pickup in problem.pickups] == ["S/paper", "S/paper#2", "S/paper#3"]
    assert [pickup.demand_kg for pickup in problem.pickups] == [600, 600, 300]
    assert sorted(name for pickup in problem.pickups for name in pickup.container_ids) == ["C0", "C1", "C2", "C3", "C4"]


def test_load_that_only_the_larger_vehicle_holds_is_not_split() -> None:
    containers = [container(f"C{at}", site="S") for at in range(3)]
    small = truck("small", capacity_kg=200)
    (pickup,) = built(town(containers, vehicles=[small, truck("large")])).problem.pickups
    assert pickup.allowed_vehicles == {1}


def test_container_larger_than_any_vehicle_is_refused_and_the_rest_planned() -> None:
    big, small = container("big"), container("small")
    result = built(town([big, small]), [selected(big, expected_kg=9000.0), selected(small)])
    assert [(one.container_id, one.code) for one in result.refused] == [("big", ReasonCode.EXCEEDS_VEHICLE)]
    assert [pickup.container_ids for pickup in result.problem.pickups] == [("small",)]


def test_windows_of_a_stop_are_what_its_containers_share() -> None:
    a = container("A", site="S", hours=Hours(expression="08:00-12:00,13:00-15:00"))
    b = container("B", site="S", hours=Hours(expression="10:00-14:00"))
    (pickup,) = built(town([a, b])).problem.pickups
    today = [window for window in pickup.windows if window[0] < 86_400]
    assert today == [(10 * 3600, 12 * 3600), (13 * 3600, 14 * 3600)]


def test_containers_of_a_stop_that_share_no_hour_are_separate_pickups() -> None:
    a = container("A", site="S", hours=Hours(expression="06:00-08:00"))
    b = container("B", site="S", hours=Hours(expression="10:00-12:00"))
    assert len(built(town([a, b])).problem.pickups) == 2


@pytest.mark.parametrize("expression", ["Mo off; Tu 06:00-14:00", "00:00-05:00", "06:00-06:01"])
def test_container_closed_during_the_shift_is_refused(expression: str) -> None:
    result = built(town([container("A", hours=Hours(expression=expression))]))
    assert [one.code for one in result.refused] == [ReasonCode.TIME_WINDOW]
    assert expression in result.refused[0].message
    assert result.refused[0].what_would_change_it


@pytest.mark.parametrize(("day", "opens_s"), [(SPRING_FORWARD, 9 * 3600), (FALL_BACK, 11 * 3600), (MONDAY, 10 * 3600)])
def test_hours_and_shifts_are_elapsed_seconds_on_days_with_a_clock_change(day: date, opens_s: int) -> None:
    problem = built(town([container("A", hours=Hours(expression="10:00-12:00"))]), day=day).problem
    assert problem.pickups[0].windows[0] == (opens_s, opens_s + 2 * 3600)
    assert problem.vehicles[0].shift == (opens_s - 4 * 3600, opens_s + 4 * 3600)


def test_night_shift_sees_the_hours_after_midnight() -> None:
    night = truck(shift=Shift(starts_local=time(22), ends_local=time(6), weekdays=EVERY_DAY))
    problem = built(town([container("A", hours=Hours(expression="01:00-03:00"))], vehicles=[night])).problem
    assert problem.vehicles[0].shift == (22 * 3600, 30 * 3600)
    assert (25 * 3600, 27 * 3600) in problem.pickups[0].windows
    solution = GreedySolver().solve(problem, SolveLimits())
    assert check_solution(problem, solution) == ()
    assert solution.unserved == ()


@pytest.mark.parametrize(
    ("vehicle", "words"),
    [
        (truck(is_available=False), "workshop"),
        (truck(shift=Shift(starts_local=time(6), ends_local=time(14), weekdays=frozenset({1}))), "no shift on Mondays"),
        (truck(profile="hovercraft"), "hovercraft"),
        (truck(streams=frozenset({"residual"})), "none of the streams"),
    ],
)
def test_vehicle_that_cannot_drive_is_named_with_its_reason(vehicle: Vehicle, words: str) -> None:
    result = built(town([container("A")], vehicles=[vehicle]))
    assert [one.code for one in result.refused] == [ReasonCode.NO_VEHICLE]
    assert words in result.refused[0].message
    assert result.problem.vehicles == ()
    assert words in result.left_out_vehicles[0].message


def test_only_the_vehicles_asked_for_are_used() -> None:
    of = town([container("A")], vehicles=[truck("T-1"), truck("T-2")])
    result = built(of, vehicle_ids=frozenset({"T-2"}))
    assert [vehicle.vehicle_id for vehicle in result.problem.vehicles] == ["T-2"]


def test_lifting_system_chooses_vehicles() -> None:
    crane = container("crane", system="crane")
    both = [truck("rear"), truck("crane", systems=frozenset({"crane", "rear"}))]
    problem = built(town([crane, container("plain")], vehicles=both)).problem
    allowed = {pickup.container_ids[0]: pickup.allowed_vehicles for pickup in problem.pickups}
    assert allowed == {"crane": {1}, "plain": {0, 1}}
    assert built(town([crane])).refused[0].code is ReasonCode.NO_VEHICLE


@pytest.mark.parametrize(
    ("sites", "words"),
    [
        ([], "No disposal site"),
        ([tip(streams=frozenset({"residual"}))], "No disposal site"),
        ([tip(hours=Hours(expression="Tu 06:00-14:00"))], "during its shift"),
        ([tip(hours=Hours(expression="06:00-06:05"))], "during its shift"),
    ],
)
def test_stream_without_an_open_disposal_site_is_refused(sites: list[DisposalSite], words: str) -> None:
    result = built(town([container("A")], sites=sites))
    assert [one.code for one in result.refused] == [ReasonCode.DISPOSAL_CLOSED]
    assert words in result.refused[0].message


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OutsideMapError(label="x", lon_deg=0, lat_deg=0), ReasonCode.OUTSIDE_MAP),
        (TooFarFromRoadError(label="x", distance_m=900, limit_m=100, street_name=""), ReasonCode.TOO_FAR_FROM_ROAD),
        (UnreachableError(label="x", street_name="Gasse", detail="too narrow"), ReasonCode.UNREACHABLE),
        (ReversingError(label="x", street_name="Sackgasse", reversing_m=210, limit_m=150), ReasonCode.REVERSING),
    ],
)
def test_container_without_a_place_is_refused_and_the_rest_planned(error: WaypointError, code: ReasonCode) -> None:
    router = PickyRouter(errors={("truck_26t", "container site site A"): error})
    result = built(town([container("A"), container("B", east=2)]), router=router)
    assert [(one.container_id, one.code) for one in result.refused] == [("A", code)]
    assert (result.refused[0].message, result.refused[0].what_would_change_it) == (error.fact, error.advice)
    assert [pickup.container_ids for pickup in result.problem.pickups] == [("B",)]
    assert len(result.waypoints) == len(result.place_ids) == 3


def test_place_that_only_the_van_reaches_is_left_to_the_van() -> None:
    narrow = UnreachableError(label="A", street_name="Gasse", detail="too narrow")
    router = PickyRouter(errors={("truck_26t", "container site site A"): narrow})
    vehicles = [truck("T-1"), truck("V-1", profile="van_3_5t")]
    result = built(town([container("A"), container("B", east=2)], vehicles=vehicles), router=router)
    assert result.refused == ()
    by_name = {pickup.container_ids[0]: pickup for pickup in result.problem.pickups}
    assert by_name["A"].allowed_vehicles == {1}
    assert by_name["B"].allowed_vehicles == {0, 1}
    places = {name: at for at, name in enumerate(result.place_ids)}
    van, heavy = result.problem.travel["van_3_5t"], result.problem.travel["truck_26t"]
    a, b = places["site A"], places["site B"]
    assert heavy.duration_s[places["yard"], b] == van.duration_s[places["yard"], b]
    assert heavy.duration_s[places["yard"], a] > 86_400 > van.duration_s[places["yard"], a]
    solution = GreedySolver().solve(result.problem, SolveLimits())
    assert check_solution(result.problem, solution) == ()
    assert solution.unserved == ()


def test_depot_without_a_place_leaves_its_vehicle_out_with_the_reason() -> None:
    error = OutsideMapError(label="depot yard", lon_deg=0, lat_deg=0)
    router = PickyRouter(errors={("truck_26t", "depot yard"): error})
    result = built(town([container("A")]), router=router)
    assert [one.code for one in result.refused] == [ReasonCode.NO_VEHICLE]
    assert "outside the map" in result.refused[0].message
    assert result.problem.vehicles == ()


def test_second_depot_is_the_anchor_when_the_first_has_no_place() -> None:
    depots = [Depot(depot_id="lost", location=near(9)), Depot(depot_id="yard", location=near())]
    vehicles = [truck("T-0", start_depot_id="lost", end_depot_id="lost"), truck("T-1")]
    error = OutsideMapError(label="depot lost", lon_deg=0, lat_deg=0)
    router = PickyRouter(errors={("truck_26t", "depot lost"): error})
    result = built(town([container("A")], vehicles=vehicles, depots=depots), router=router)
    assert [vehicle.vehicle_id for vehicle in result.problem.vehicles] == ["T-1"]
    assert "T-0" in result.left_out_vehicles[0].message
    assert len(result.problem.pickups) == 1


def test_side_of_the_street_is_kept_when_any_container_needs_it() -> None:
    containers = [container("A", site="S"), container("B", site="S", side=Side.RIGHT)]
    result = built(town(containers))
    assert result.waypoints[result.problem.pickups[0].place_index].side is Side.RIGHT


def test_places_point_at_their_waypoints() -> None:
    result = built(town([container("A"), container("B", east=3)]))
    for pickup in result.problem.pickups:
        name = pickup.container_ids[0]
        assert result.place_ids[pickup.place_index] == f"site {name}"
        assert result.waypoints[pickup.place_index].label == f"container site site {name}"
    assert result.place_ids[result.problem.disposals[0].place_index] == "plant"
    assert result.place_ids[result.problem.vehicles[0].start_place_index] == "yard"


def test_day_without_anything_due_is_a_valid_problem() -> None:
    result = built(town([]))
    assert result.problem.pickups == ()
    assert GreedySolver().solve(result.problem, SolveLimits()).status == "empty"


def test_progress_is_passed_on() -> None:
    shares: list[float] = []
    of = town([container("A")])
    selection = Selection(candidates=(selected(of.containers[0]),), policy="test")
    build_problem(of, selection, day=MONDAY, vehicle_ids=frozenset(), router=CrowFlightRouter(), progress=shares.append)
    assert shares == [1.0]
