from dataclasses import replace

import pytest

from optimizer.domain.plan import ReasonCode
from optimizer.domain.request import SolveLimits
from optimizer.problem.problem import Problem
from optimizer.solving.greedy import GreedySolver
from optimizer.solving.unserved_reasons import Explanation, explain_unserved
from tests.unit.optimizer.generated_days import ALL_DAY, DayKind, generated_day

ONE_TRUCK = DayKind(
    n_pickups=8,
    n_vehicles=1,
    n_disposals=1,
    streams=("paper",),
    windowed_fraction=0.0,
    may_fraction=0.0,
    capacity_kg=(20_000,),
    capacity_l=(400_000,),
)


def only_reason(problem: Problem) -> Explanation:
    solution = GreedySolver().solve(problem, SolveLimits())
    explanations = explain_unserved(problem, solution)
    assert set(explanations) == set(solution.unserved)
    assert len(explanations) >= 1
    return next(iter(explanations.values()))


def with_first(problem: Problem, **changes: object) -> Problem:
    first = replace(problem.pickups[0], **changes)  # type: ignore[arg-type]  # any field
    return replace(problem, pickups=(first, *problem.pickups[1:]))


def with_vehicle(problem: Problem, **changes: object) -> Problem:
    vehicles = (replace(problem.vehicles[0], **changes), *problem.vehicles[1:])  # type: ignore[arg-type]  # any field
    return replace(problem, vehicles=vehicles)


def test_nothing_to_explain_when_everything_is_served() -> None:
    problem = generated_day(1, ONE_TRUCK)
    solution = GreedySolver().solve(problem, SolveLimits())
    assert explain_unserved(problem, solution) == {}


def test_reason_is_the_price_when_an_optional_pickup_costs_more_than_waiting() -> None:
    problem = with_first(generated_day(1, ONE_TRUCK), is_must=False, prize_micro_eur=1)
    reason = only_reason(problem)
    assert reason.code is ReasonCode.CHEAPER_TO_WAIT
    assert "0.00 EUR" in reason.message
    assert reason.what_would_change_it == ""


def test_reason_is_capacity_when_no_trip_is_left() -> None:
    problem = with_vehicle(generated_day(1, ONE_TRUCK), max_trips=1, capacity_kg=1_200)
    reason = only_reason(problem)
    assert reason.code is ReasonCode.CAPACITY
    assert "trip" in reason.what_would_change_it


def test_reason_is_the_limit_of_a_day_and_the_kilograms_serve_it() -> None:
    problem = generated_day(1, ONE_TRUCK)
    all_kg = sum(one.demand_kg for one in problem.pickups)
    short = with_vehicle(problem, max_day_kg=all_kg - 1)
    solution = GreedySolver().solve(short, SolveLimits())
    (left,) = solution.unserved
    reason = explain_unserved(short, solution)[left]
    assert reason.code is ReasonCode.CAPACITY
    assert "more than it may in a day" in reason.message
    assert "an einem Tag darf" in reason.message_de
    assert reason.what_would_change_it == "+1 kg a day for T-1 (max_day_kg in fleet.toml) would serve it."
    assert reason.what_would_change_it_de == "+1 kg am Tag für T-1 (max_day_kg in fleet.toml) würden reichen."
    enough = with_vehicle(problem, max_day_kg=all_kg)
    assert GreedySolver().solve(enough, SolveLimits()).unserved == ()


def test_reason_is_the_window_when_another_hour_would_do() -> None:
    problem = with_first(generated_day(1, ONE_TRUCK), windows=((0, 3 * 3600),))
    reason = only_reason(problem)
    assert reason.code is ReasonCode.TIME_WINDOW


def test_reason_is_time_and_the_overtime_serves_it() -> None:
    problem = generated_day(1, ONE_TRUCK)
    whole = GreedySolver().solve(problem, SolveLimits())
    needed_s = whole.tours[0].returns_s - whole.tours[0].departs_s
    starts_s = problem.vehicles[0].shift[0]
    short = with_vehicle(problem, shift=(starts_s, starts_s + needed_s - 60))
    solution = GreedySolver().solve(short, SolveLimits())
    explanations = explain_unserved(short, solution)
    assert explanations
    reason = next(iter(explanations.values()))
    assert reason.code is ReasonCode.TIME
    assert reason.what_would_change_it.endswith("min on T-1 would serve it.")
    minutes = int(reason.what_would_change_it.split()[0].removeprefix("+"))
    longer = with_vehicle(short, shift=(starts_s, starts_s + needed_s - 60 + 60 * minutes))
    assert len(GreedySolver().solve(longer, SolveLimits(), start=solution).unserved) < len(solution.unserved)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"allowed_vehicles": frozenset()}, ReasonCode.NO_VEHICLE),
        ({"demand_kg": 50_000}, ReasonCode.EXCEEDS_VEHICLE),
        ({"demand_l": 900_000}, ReasonCode.EXCEEDS_VEHICLE),
        ({"service_s": 7 * 3600, "windows": ALL_DAY}, ReasonCode.TIME),
    ],
)
def test_reason_is_its_own_when_no_tour_could_ever_serve_it(changes: dict[str, object], code: ReasonCode) -> None:
    reason = only_reason(with_first(generated_day(1, ONE_TRUCK), **changes))
    assert reason.code is code
    assert reason.what_would_change_it


def test_reason_is_disposal_when_no_site_takes_the_stream() -> None:
    problem = generated_day(1, ONE_TRUCK)
    assert only_reason(replace(problem, disposals=())).code is ReasonCode.DISPOSAL_CLOSED


def test_every_unserved_pickup_of_a_scarce_day_has_a_sentence() -> None:
    for seed in range(10):
        problem = generated_day(seed, DayKind(n_pickups=50, n_vehicles=1, may_fraction=0.3))
        solution = GreedySolver().solve(problem, SolveLimits())
        explanations = explain_unserved(problem, solution)
        assert set(explanations) == set(solution.unserved)
        assert all(one.message.endswith(".") for one in explanations.values())


def test_no_vehicles_are_explained() -> None:
    problem = generated_day(1, replace(ONE_TRUCK, n_vehicles=0))
    assert only_reason(problem).code is ReasonCode.NO_VEHICLE
