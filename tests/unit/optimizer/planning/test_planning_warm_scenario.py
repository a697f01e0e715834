from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from optimizer.domain.issues import InvalidInputError
from optimizer.domain.request import DayRequest, SolveLimits
from optimizer.domain.scenario import CloseRoad, LoseSensors, ScaleDemand, Scenario
from optimizer.planning.compare_scenario import WARM_TIME_LIMIT_S, compare_scenario
from optimizer.planning.judge_fills import judge_fills
from optimizer.planning.plan_day import plan_day
from optimizer.planning.scenario_ports import FasterFilling, scenario_ports
from optimizer.planning.steps import Steps
from optimizer.planning.warm_start import RememberingForecaster, solution_of_plan
from optimizer.ports import Ports
from optimizer.problem.build_problem import build_problem
from tests.unit.routing.town_sketch import Sketch

NOW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)


class CountingForecaster:
    def __init__(self, inner: object) -> None:
        self.inner = inner
        self.calls = 0

    def forecast(self, *args: object, **kwargs: object) -> object:
        self.calls += 1
        return self.inner.forecast(*args, **kwargs)  # type: ignore[attr-defined]  # any forecaster


def test_forecasts_are_made_once_for_equal_inputs_and_anew_for_others(
    request_for_day: DayRequest, ports: Ports
) -> None:
    counting = CountingForecaster(ports.forecaster)
    warm = replace(ports, forecaster=RememberingForecaster(counting))  # type: ignore[arg-type]  # counts calls only
    first = judge_fills(request_for_day, warm, steps=Steps()).forecasts
    again = judge_fills(request_for_day, warm, steps=Steps()).forecasts
    assert counting.calls == 1
    assert all(first[name] is again[name] for name in first)
    later = replace(request_for_day, as_of=request_for_day.as_of + timedelta(hours=1))
    judge_fills(later, warm, steps=Steps())
    container_id, series = next(iter(request_for_day.history.items()))
    fills = series.fill_fraction.copy()
    fills[-1] /= 2
    changed = dict(request_for_day.history) | {container_id: replace(series, fill_fraction=fills)}
    judge_fills(replace(request_for_day, history=changed), warm, steps=Steps())
    assert counting.calls == 3


def test_plan_is_itself_again_in_the_terms_of_its_problem(request_for_day: DayRequest, ports: Ports) -> None:
    plan = plan_day(request_for_day, ports, plan_id="b", generated_at=NOW)
    selection = judge_fills(request_for_day, ports, steps=Steps()).selection
    built = build_problem(
        request_for_day.town, selection, day=request_for_day.day, vehicle_ids=frozenset(), router=ports.router
    )
    begin = solution_of_plan(plan, built.problem)
    kept = ports.solvers["greedy"].solve(built.problem, SolveLimits(iteration_limit=1), start=begin)
    assert kept.cost_micro_eur <= round(plan.solver.cost_eur * 1_000_000) + 10_000


def test_changed_day_is_searched_for_a_short_time_only(request_for_day: DayRequest, ports: Ports) -> None:
    patient = replace(request_for_day, limits=SolveLimits(time_limit_s=30.0), solver="sisr")
    base = plan_day(request_for_day, ports, plan_id="b", generated_at=NOW)
    if "sisr" not in ports.solvers:
        patient = replace(patient, solver=request_for_day.solver)
    found = compare_scenario(
        patient, Scenario(name="none", changes=()), ports, plan_id="s", generated_at=NOW, base=base
    )
    assert found.changed.solver.wall_s < 2 * WARM_TIME_LIMIT_S + 1
    assert found.difference.lifts >= 0


def test_day_before_and_its_ports_are_untouched(request_for_day: DayRequest, ports: Ports) -> None:
    before = (repr(request_for_day.town), sorted(request_for_day.history), ports.forecaster, ports.router)
    scenario = Scenario(name="s", changes=(ScaleDemand(factor=2), LoseSensors(lost_fraction=0.5)))
    compare_scenario(request_for_day, scenario, ports, plan_id="s", generated_at=NOW)
    assert (repr(request_for_day.town), sorted(request_for_day.history), ports.forecaster, ports.router) == before


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_faster_filling_reaches_each_level_so_many_times_sooner(
    request_for_day: DayRequest, ports: Ports, factor: float
) -> None:
    plain = judge_fills(request_for_day, ports, steps=Steps()).forecasts
    faster = FasterFilling(inner=ports.forecaster, factor=factor, streams=frozenset())
    scaled = judge_fills(request_for_day, replace(ports, forecaster=faster), steps=Steps()).forecasts
    for name, one in plain.items():
        other = scaled[name]
        assert other.rate_per_day == pytest.approx(one.rate_per_day * factor)
        assert (np.diff(other.overflow_probability) >= -1e-6).all()
        for hours in (6, 24, 48):
            instant = one.origin_at + timedelta(hours=hours)
            sooner = one.origin_at + timedelta(hours=hours / factor)
            assert other.expected_at(sooner) == pytest.approx(one.expected_at(instant), abs=0.03)


def test_faster_filling_leaves_other_streams_as_they_are(request_for_day: DayRequest, ports: Ports) -> None:
    plain = judge_fills(request_for_day, ports, steps=Steps()).forecasts
    faster = FasterFilling(inner=ports.forecaster, factor=0.5, streams=frozenset({"no such stream"}))
    scaled = judge_fills(request_for_day, replace(ports, forecaster=faster), steps=Steps()).forecasts
    assert all((scaled[name].expected_fraction == one.expected_fraction).all() for name, one in plain.items())


def test_road_cannot_be_closed_without_a_map(ports: Ports) -> None:
    with pytest.raises(InvalidInputError, match="no street to close"):
        scenario_ports(ports, Scenario(name="s", changes=(CloseRoad(street="Hauptstraße"),)))


@pytest.fixture
def square(tmp_path: Path) -> Sketch:
    """From a to b over the main street, or the long way round."""
    sketch = Sketch(tmp_path).nodes(a=(0, 0), m=(200, 0), b=(400, 0), c=(0, 600), d=(400, 600), e=(-100, 0), f=(500, 0))
    sketch.way(1, "a m b", name="Main Street").way(2, "a c d b", name="Ring")
    return sketch.way(3, "e a", name="West").way(4, "b f", name="East")


@pytest.mark.parametrize(
    "road",
    [
        lambda _sketch: CloseRoad(street="Main Street"),
        lambda sketch: CloseRoad(center=sketch.at(200, 0).location, radius_m=50),
        lambda sketch: CloseRoad(
            outline=tuple(sketch.at(*corner).location for corner in ((150, -50), (250, -50), (250, 50), (150, 50)))
        ),
    ],
)
def test_closed_road_is_driven_round_and_the_live_map_stays_open(
    square: Sketch, ports: Ports, road: Callable[[Sketch], CloseRoad]
) -> None:
    live = replace(ports, router=square.router())
    closed = scenario_ports(live, Scenario(name="s", changes=(road(square),)))
    ends = [square.at(-80, 0, label="start"), square.at(480, 0, label="goal")]

    def metres(one: Ports) -> int:
        return int(one.router.travel(ends, profile="van_3_5t").matrix.distance_m[0, 1])

    assert metres(live) == pytest.approx(560, abs=3)
    assert metres(closed) == pytest.approx(1_760, abs=6)
    assert metres(live) == pytest.approx(560, abs=3)


def test_street_that_is_not_on_the_map_is_refused_by_name(square: Sketch, ports: Ports) -> None:
    live = replace(ports, router=square.router())
    with pytest.raises(InvalidInputError) as refused:
        scenario_ports(live, Scenario(name="s", changes=(CloseRoad(street="Mian Street"),)))
    assert refused.value.issues[0].code == "unknown_road"
    assert "Mian Street" in refused.value.issues[0].message
