from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.solver.case import RELOAD, CaseRoute
from benchmarks.solver.case_problem import MICRO_EUR_PER_UNIT, problem_of, routes_of
from benchmarks.solver.equal_trips import with_equal_trips
from benchmarks.solver.families.cvrp_x import read_cvrp_x
from benchmarks.solver.families.cvrplib import BadFileError, published_routes
from benchmarks.solver.families.dialect import read_hfvrp, read_mdvrptw, read_mtvrptw, read_pcvrptw
from benchmarks.solver.families.kim import clock_s, read_kim, read_kim_file, without_lunch_s
from benchmarks.solver.families.registry import CASE_FAMILIES
from benchmarks.solver.families.vrptw import read_vrptw
from benchmarks.solver.judge import judge_routes

NODES = "NODE_COORD_SECTION\n1 0 0\n2 3 4\n3 0 10\n"
DEMANDS = "DEMAND_SECTION\n1 0\n2 4\n3 6\n"
WINDOWS = "TIME_WINDOW_SECTION\n1 0 100\n2 5 50\n3 0 60\n"
DEPOT = "DEPOT_SECTION\n1\n-1\nEOF\n"


def _file(folder: Path, text: str, name: str = "tiny.vrp") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_cvrp_rounds_distances_and_reads_the_published_cost(tmp_path: Path) -> None:
    text = f"NAME : tiny\nCAPACITY : 10\nEDGE_WEIGHT_TYPE : EUC_2D\n{NODES}{DEMANDS}{DEPOT}"
    _file(tmp_path, "Route #1: 1 2\nCost 22\n", "tiny.sol")
    case = read_cvrp_x(_file(tmp_path, text))
    assert case.distance.tolist() == [[0, 5, 10], [5, 0, 7], [10, 7, 0]]
    assert case.best_known == 22
    assert case.n_stops == 2
    assert judge_routes(case, published_routes(tmp_path / "tiny.vrp")).cost == 22


def test_cvrp_refuses_a_file_without_demands(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="DEMAND"):
        read_cvrp_x(_file(tmp_path, f"CAPACITY : 10\n{NODES}"))


def test_cvrp_refuses_other_distances(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="EUC_2D"):
        read_cvrp_x(_file(tmp_path, f"EDGE_WEIGHT_TYPE : EXPLICIT\n{NODES}"))


def test_vrptw_cuts_tenths_off_and_finds_the_best_known(tmp_path: Path) -> None:
    rows = "0 0 0 0 0 100 0\n1 1 1 5 10 20 3\n2 3 4 5 0 90 3\n"
    text = f"tiny\n\nVEHICLE\nNUMBER CAPACITY\n 2 10\n\nCUSTOMER\nCUST NO. XCOORD.\n\n{rows}"
    _file(tmp_path, "other,1.0\ntiny,12.3\n", "dimacs_vrptw_bks.csv")
    case = read_vrptw(_file(tmp_path, text, "tiny.txt"))
    assert case.distance[0].tolist() == [0, 14, 50]
    assert case.opens.tolist() == [0, 100, 0]
    assert case.service.tolist() == [0, 30, 30]
    assert case.best_known == 12.3
    assert [one.count for one in case.vehicles] == [2]


def test_mdvrptw_gives_every_vehicle_its_depot_and_thousandths(tmp_path: Path) -> None:
    text = (
        "CAPACITY: 10\nVEHICLES: 3\nVEHICLES_MAX_DURATION: 40\nNODE_COORD_SECTION\n1 0 0\n2 9 0\n3 1 1\n"
        "DEMAND_SECTION\n1 0\n2 0\n3 2\nSERVICE_TIME_SECTION\n1 0\n2 0\n3 7\n"
        "TIME_WINDOW_SECTION\n1 0 100\n2 0 100\n3 0 90\nVEHICLES_DEPOT_SECTION\n1 1\n2 1\n3 2\n"
        "DEPOT_SECTION\n1\n2\nEOF\n"
    )
    case = read_mdvrptw(_file(tmp_path, text))
    assert [(one.depot, one.count, one.max_duration) for one in case.vehicles] == [(0, 2, 40_000), (1, 1, 40_000)]
    assert case.distance[0, 2] == 1414
    assert case.service.tolist() == [0, 0, 7000]
    assert [one.max_out_s for one in problem_of(case).vehicles] == [40_000] * 3


def test_pcvrptw_scales_prizes_like_distances(tmp_path: Path) -> None:
    prizes = "PRIZE_SECTION\n1 0\n2 21\n3 0\n"
    text = f"VEHICLES : 2\nCAPACITY : 10\nSERVICE_TIME : 1\n{NODES}{DEMANDS}{WINDOWS}{prizes}{DEPOT}"
    case = read_pcvrptw(_file(tmp_path, text))
    assert case.prize.tolist() == [0, 210, 0]
    assert judge_routes(case, [CaseRoute(vehicle=0, stops=(1,))]).cost == 200 + 210
    problem = problem_of(case)
    assert [pickup.is_must for pickup in problem.pickups] == [False, True]
    assert problem.pickups[0].prize_micro_eur == 210 * MICRO_EUR_PER_UNIT
    assert problem.pickups[1].prize_micro_eur >= 20 * 2 * 100 * MICRO_EUR_PER_UNIT


def test_mtvrptw_has_trips_and_no_best_known(tmp_path: Path) -> None:
    text = f"VEHICLES : 1\nCAPACITY : 6\nSERVICE_TIME : 1\n{NODES}{DEMANDS}{WINDOWS}RELEASE_TIME_SECTION\n1 0\n{DEPOT}"
    _file(tmp_path, "Route #1: 1 0 2\nCost: 300\n", "tiny.sol")
    case = read_mtvrptw(_file(tmp_path, text))
    assert case.best_known is None
    assert judge_routes(case, [CaseRoute(vehicle=0, stops=(0, RELOAD, 1))]).violations == ()
    assert judge_routes(case, [CaseRoute(vehicle=0, stops=(0, 1))]).violations == ("vehicle 0 carries 10 of 6",)


def test_hfvrp_prices_vehicles_and_leaves_out_those_nobody_needs(tmp_path: Path) -> None:
    kinds = "CAPACITY_SECTION\n1 10\n2 20\n3 20\n4 20\nVEHICLES_FIXED_COST_SECTION\n1 100\n2 300\n3 300\n4 300\n"
    prices = "VEHICLES_UNIT_DISTANCE_COST_SECTION\n1 50\n2 100\n3 100\n4 100\n"
    case = read_hfvrp(_file(tmp_path, f"VEHICLES : 4\n{NODES}{DEMANDS}{kinds}{prices}{DEPOT}"))
    assert [(one.capacity, one.count, one.cost_per_distance) for one in case.vehicles] == [(10, 1, 50), (20, 2, 100)]
    verdict = judge_routes(case, [CaseRoute(vehicle=0, stops=(0, 1))])
    assert verdict.cost == pytest.approx((100 + 50 * (5 + np.sqrt(45) + 10)) / 100, abs=1e-3)


def test_routes_of_orders_reload_between_trips_only() -> None:
    assert routes_of([(3, [1, 2, ~0, 4, ~0]), (5, [])]) == [CaseRoute(vehicle=3, stops=(1, 2, RELOAD, 4))]


KIM = """200.0\t// vehicle capacity (yards), real number
400.0 // total yardage allowed for a vehicle per day, real number
500 // total number of regular stops for a vehicle allowed per day
3600 // lunch time duration in second
40 // speed: MPH
Stop_ID X(feet) Y(feet) Early Late Service Load "Type"
7 0 0 0600 1500 0 9999.00 0
8 5280 0 0000 2400 60 12.5 1
9 0 10560 0000 2400 600 9999.00 2
"""


def test_kim_sorts_rows_and_measures_in_rectilinear_feet(tmp_path: Path) -> None:
    path = _file(tmp_path, KIM, "3_stop.txt")
    raw = read_kim_file(path)
    assert (raw.n_landfills, raw.day_stops, raw.lunch_s) == (1, 500, 3600)
    assert raw.distance_feet(1, 2) == 5280 + 10560
    assert raw.feet_per_s == pytest.approx(58.667, abs=1e-3)
    problem = read_kim(path).problem
    assert problem.pickups[0].demand_kg == 1250
    assert problem.travel["truck"].duration_s[0, 2] == 90
    assert problem.vehicles[0].shift == (6 * 3600, 14 * 3600)
    truck = problem.vehicles[0]
    assert (truck.capacity_kg, truck.max_day_kg) == (20_000, 40_000)
    assert truck.max_trips == 8 * 3600 // 600, "only time limits how often it tips"


@pytest.mark.parametrize(
    ("capacity_yards", "day_yards", "trips", "share_kg"),
    [
        ("200.0", "400.0", 2, 20_000),
        ("280.0", "400.0", 2, 20_000),
        ("255.0", "800.0", 4, 20_000),
        ("9.0", "7.0", 1, 700),
    ],
)
def test_equal_trips_keep_the_load_of_a_day(
    tmp_path: Path, capacity_yards: str, day_yards: str, trips: int, share_kg: int
) -> None:
    text = KIM.replace("200.0", capacity_yards).replace("400.0", day_yards)
    problem = read_kim(_file(tmp_path, text, "3_stop.txt")).problem
    truck = with_equal_trips(problem).vehicles[0]
    assert (truck.max_trips, truck.capacity_kg, truck.max_day_kg) == (trips, share_kg, None)
    assert trips * share_kg <= (problem.vehicles[0].max_day_kg or 0)
    free = replace(problem, vehicles=tuple(replace(one, max_day_kg=None) for one in problem.vehicles))
    assert with_equal_trips(free) == free


@pytest.mark.parametrize(("hhmm", "seconds"), [("0000", 0), ("1130", 41_400), ("0775", 29_700), ("2400", 86_400)])
def test_kim_clock_rolls_minutes_over(hhmm: str, seconds: int) -> None:
    assert clock_s(hhmm) == seconds


@pytest.mark.parametrize(
    ("real", "without"), [(39_600, 39_600), (41_400, 41_400), (43_200, 41_400), (45_000, 41_400), (50_000, 46_400)]
)
def test_kim_takes_the_lunch_hour_out_of_time(real: int, without: int) -> None:
    assert without_lunch_s(real, 3600) == without


@pytest.mark.shared
@pytest.mark.parametrize("family", ["cvrp_x", "mdvrptw", "pcvrptw", "mtvrptw"])
def test_published_solutions_cost_what_their_files_say(shared_data: Path, family: str) -> None:
    known = CASE_FAMILIES[family]
    for path in sorted((shared_data / "vrp" / known.folder).glob(known.pattern)):
        case = known.read(path)
        # Several depots: customers are numbered after all of them. Otherwise 0 is the depot, between two trips.
        shift = case.n_depots - 1
        routes = [
            CaseRoute(vehicle=one.vehicle, stops=tuple(max(RELOAD, stop - shift) for stop in one.stops))
            for one in published_routes(path)
        ]
        verdict = judge_routes(case, routes)
        assert verdict.violations == ()
        if case.best_known is not None:
            assert verdict.cost == case.best_known
