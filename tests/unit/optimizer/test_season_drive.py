"""Tours driven with true loads: what is planned costs what is planned, and what is fuller costs ways to tip."""

from datetime import datetime

import pytest

from optimizer.domain.request import SolveLimits
from optimizer.domain.selection import Candidate, Decision, Selection
from optimizer.problem.build_problem import build_problem
from optimizer.problem.problem import MICRO_EUR_PER_EUR, Problem
from optimizer.problem.solution import Solution
from optimizer.season.drive import DrivenDay, drive_day
from optimizer.season.energy import DIESEL_26T, ELECTRIC_26T, EN_16258_UBA_2024, EnergyModel
from optimizer.season.kept_travel import keep_travel
from optimizer.solving.greedy import GreedySolver
from routing.crow_flight import CrowFlightRouter
from routing.errors import UnknownProfileError
from routing.location import Waypoint
from tests.unit.optimizer.season_towns import BERLIN, FIRST_DAY, small_town

EXPECTED_KG = 500.0


@pytest.fixture(scope="module")
def planned() -> tuple[Problem, Solution]:
    town = small_town(capacity_kg=4_000)
    candidates = tuple(
        Candidate(
            container_id=one.container_id,
            decision=Decision.MUST,
            expected_fraction=0.5,
            expected_kg=EXPECTED_KG,
            expected_l=1_500,
            overflow_probability=0.5,
            cost_of_waiting_eur=10,
            next_visit_at=datetime(2026, 3, 10, 16, tzinfo=BERLIN),
            reasons=("test",),
        )
        for one in town.containers
        if one.stream == "glass"
    )
    built = build_problem(
        town,
        Selection(candidates=candidates, policy="test"),
        day=FIRST_DAY,
        vehicle_ids=frozenset(),
        router=keep_travel(town, CrowFlightRouter()),
    )
    solution = GreedySolver().solve(built.problem, SolveLimits(time_limit_s=None, iteration_limit=50))
    return built.problem, solution


def _drive(planned: tuple[Problem, Solution], kg: float, energy: EnergyModel = DIESEL_26T) -> DrivenDay:
    return drive_day(*planned, lambda _one, _at: (kg, 3 * kg), energy={"truck": energy}, factors=EN_16258_UBA_2024)


def test_a_day_as_expected_costs_what_the_solver_says(planned: tuple[Problem, Solution]) -> None:
    problem, solution = planned
    driven = _drive(planned, EXPECTED_KG)
    assert driven.effort.cost_eur == pytest.approx(solution.cost_micro_eur / MICRO_EUR_PER_EUR)
    assert driven.effort.lifts == len(problem.pickups) == 6
    assert (driven.effort.trips, driven.effort.tours, driven.effort.overtime_s) == (1, 1, 0)
    assert driven.effort.collected_kg == pytest.approx(6 * EXPECTED_KG)
    assert driven.emptied_at_s.keys() == {f"glass-{site}" for site in range(6)}


def test_fuller_containers_cost_another_way_to_tip(planned: tuple[Problem, Solution]) -> None:
    usual, fuller = _drive(planned, EXPECTED_KG).effort, _drive(planned, 900).effort
    assert fuller.trips == usual.trips + 1
    assert fuller.distance_m > usual.distance_m
    assert fuller.out_s >= usual.out_s + 900, "the unloading at least"
    assert fuller.cost_eur > usual.cost_eur
    assert fuller.collected_kg == pytest.approx(6 * 900)
    late = _drive(planned, 900).emptied_at_s
    early = _drive(planned, EXPECTED_KG).emptied_at_s
    assert all(late[name] >= early[name] for name in early)
    assert any(late[name] > early[name] for name in early)


def test_an_electric_truck_uses_no_diesel(planned: tuple[Problem, Solution]) -> None:
    effort = _drive(planned, EXPECTED_KG, ELECTRIC_26T).effort
    assert effort.diesel_l == 0
    assert effort.electricity_kwh > 0
    assert effort.co2e_kg == pytest.approx(0.363 * effort.electricity_kwh)
    assert effort.co2e_kg < _drive(planned, EXPECTED_KG).effort.co2e_kg


def test_emissions_are_the_sum_of_their_components(planned: tuple[Problem, Solution]) -> None:
    problem, solution = planned
    diesel, electric = (_drive(planned, EXPECTED_KG, energy).effort for energy in (DIESEL_26T, ELECTRIC_26T))
    assert diesel.lifting_co2e_kg == pytest.approx(6 * 0.028 * 3.24)
    served_s = sum(one.service_s for one in problem.pickups)
    assert diesel.idling_co2e_kg == pytest.approx(served_s / 3600 * 3.0 * 3.24)
    assert electric.idling_co2e_kg == 0
    assert diesel.auxiliary_co2e_kg > 0
    # What is left is the wheels': more with more on board, nothing without a way.
    fuller = _drive(planned, 600).effort
    assert fuller.distance_m == diesel.distance_m
    assert fuller.driving_co2e_kg > diesel.driving_co2e_kg > 0
    assert (fuller + diesel).driving_co2e_kg == pytest.approx(fuller.driving_co2e_kg + diesel.driving_co2e_kg)
    assert len(solution.tours) == 1


def test_kept_travel_answers_as_its_router_does() -> None:
    town, router = small_town(), CrowFlightRouter()
    kept = keep_travel(town, router)
    places = [
        Waypoint(label="depot", location=town.depots[0].location, has_room_to_turn=True),
        *(Waypoint(label="a site", location=one.location, side=one.side) for one in town.containers[3:6]),
    ]
    ours, theirs = (one.travel(places, profile="truck_26t") for one in (kept, router))
    assert (ours.matrix.duration_s == theirs.matrix.duration_s).all()
    assert (ours.matrix.distance_m == theirs.matrix.distance_m).all()
    assert ours.row_of.tolist() == [0, 1, 2, 3]
    with pytest.raises(UnknownProfileError):
        kept.travel(places, profile="bicycle")
