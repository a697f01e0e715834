from dataclasses import replace

import numpy as np
import pytest

from benchmarks.solver.case import RELOAD, Case, CaseRoute, CaseVehicle
from benchmarks.solver.families.kim import KimDay
from benchmarks.solver.judge import judge_routes
from benchmarks.solver.kim_judge import judge_kim


def _case(**changes: object) -> Case:
    """A depot and two customers on a line, ten apart."""
    line = np.array([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0]])
    case = Case(
        name="line",
        family="test",
        coordinates=line,
        distance=np.abs(line[:, None, 0] - line[None, :, 0]).astype(np.int64),
        demand=np.array([0, 3, 4]),
        service=np.array([0, 5, 5]),
        opens=np.array([0, 0, 60]),
        closes=np.array([200, 100, 100]),
        prize=np.array([0, 0, 50]),
        n_depots=1,
        vehicles=(CaseVehicle(count=2, capacity=7, fixed_cost=100, cost_per_distance=2),),
        has_times=True,
        per_unit=10,
        best_known=None,
    )
    return replace(case, **changes)  # type: ignore[arg-type] # only fields of the class are given


def _routes(*stops: tuple[int, ...]) -> list[CaseRoute]:
    return [CaseRoute(vehicle=at, stops=one) for at, one in enumerate(stops)]


def test_judge_adds_fixed_costs_distances_and_prizes() -> None:
    assert judge_routes(_case(), _routes((0, 1))).cost == (100 + 2 * 40) / 10
    assert judge_routes(_case(), _routes((0,))).cost == (100 + 2 * 20 + 50) / 10


@pytest.mark.parametrize(
    ("routes", "changes", "said"),
    [
        (_routes((0, 1), (0,)), {}, "customer 0 is served 2 times"),
        (_routes((1,)), {}, "customer 0 is not served"),
        (_routes((0, 7)), {}, "there is no customer 7"),
        ([CaseRoute(vehicle=5, stops=(0,))], {}, "there is no vehicle 5"),
        ([CaseRoute(vehicle=0, stops=(0,)), CaseRoute(vehicle=0, stops=(1,))], {}, "vehicle 0 drives 2 routes"),
        (_routes((0, RELOAD, 1)), {}, "vehicle 0 makes 2 trips of 1"),
        (_routes((0, 1)), {"demand": np.array([0, 4, 4])}, "vehicle 0 carries 8 of 7"),
        (_routes((1, 0)), {"closes": np.array([200, 70, 100])}, "vehicle 0 reaches site 1 at 75, after 70"),
        (_routes((0, 1)), {"closes": np.array([80, 100, 100])}, "vehicle 0 reaches site 0 at 85, after 80"),
        (
            _routes((0, 1)),
            {"vehicles": (CaseVehicle(count=1, capacity=7, max_duration=45),)},
            "vehicle 0 is out for 50 of 45",
        ),
    ],
)
def test_judge_names_what_is_wrong(routes: list[CaseRoute], changes: dict[str, object], said: str) -> None:
    assert said in judge_routes(_case(**changes), routes).violations


def test_judge_lets_a_vehicle_leave_late_to_be_out_for_less() -> None:
    case = _case(vehicles=(CaseVehicle(count=1, capacity=7, max_duration=50),))
    assert judge_routes(case, _routes((0, 1))).violations == ()


MILE = 5280.0
HOUR = 3600


def _kim(**changes: object) -> KimDay:
    """Depot, landfill, and two stops a mile and two from the depot; a mile takes 90 s."""
    day = KimDay(
        capacity_yards=10.0,
        day_yards=15.0,
        day_stops=2,
        lunch_s=HOUR,
        feet_per_s=MILE / 90,
        n_landfills=1,
        feet=np.array([[0.0, 0.0], [0.0, MILE], [MILE, 0.0], [2 * MILE, 0.0]]),
        early_s=np.array([6 * HOUR, 0, 0, 0]),
        late_s=np.array([15 * HOUR, 24 * HOUR, 24 * HOUR, 24 * HOUR]),
        service_s=np.array([0, 600, 60, 60]),
        load_yards=np.array([0.0, 0.0, 5.0, 5.0]),
    )
    return replace(day, **changes)  # type: ignore[arg-type] # only fields of the class are given


def test_kim_judge_counts_miles_and_needs_no_lunch_before_noon() -> None:
    verdict = judge_kim(_kim(), [(0, [0, 1, ~0])])
    assert verdict.cost == pytest.approx(1 + 1 + 3 + 1)
    assert (verdict.vehicles, verdict.violations) == (1, ())


def test_kim_judge_gives_an_hour_of_lunch_between_stops() -> None:
    late = [0, 0, 0, 13 * HOUR]
    assert judge_kim(_kim(early_s=np.array([6 * HOUR, *late[1:]])), [(0, [0, 1, ~0])]).violations == ()


@pytest.mark.parametrize(
    ("orders", "changes", "said"),
    [
        ([(0, [0, ~0])], {}, "stop 1 is not served"),
        ([(0, [0, ~0]), (1, [0, 1, ~0])], {}, "stop 0 is served 2 times"),
        ([(0, [0, ~0]), (0, [1, ~0])], {}, "truck 0 drives 2 tours"),
        ([(0, [0, 1])], {}, "truck 0 comes home with a load"),
        ([(0, [0, 1, ~3])], {}, "truck 0 visits what does not exist"),
        ([(0, [0, 1, ~0])], {"capacity_yards": 9.0}, "truck 0 carries 10.0 of 9.0 yards"),
        ([(0, [0, ~0, 1, ~0])], {"day_yards": 9.0}, "truck 0 collects 10.0 of 9.0 yards a day"),
        ([(0, [0, 1, ~0])], {"day_stops": 1}, "truck 0 makes 2 of 1 stops a day"),
        ([(0, [0, 1, ~0])], {"late_s": np.full(4, 6 * HOUR + 120)}, "truck 0 reaches row 3 too late"),
        (
            # Both stops are open only while somebody has lunch, who must start it by noon.
            [(0, [0, 1, ~0])],
            {
                "early_s": np.array([6 * HOUR, 0, 10 * HOUR, 12 * HOUR]),
                "late_s": np.array([15 * HOUR, 24 * HOUR, 10 * HOUR, 12 * HOUR - 1]),
            },
            "truck 0 reaches row 3 too late",
        ),
        (
            [(0, [0, 1, ~0])],
            {"service_s": np.array([0, 600, 7 * HOUR, 60])},
            "truck 0 has no lunch",
        ),
    ],
)
def test_kim_judge_names_what_is_wrong(
    orders: list[tuple[int, list[int]]], changes: dict[str, object], said: str
) -> None:
    assert said in judge_kim(_kim(**changes), orders).violations
