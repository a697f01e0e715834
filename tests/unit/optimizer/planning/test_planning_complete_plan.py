"""A plan that a person wrote: completed as it stands, and every rule that it breaks is named."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from importlib.resources import files

import pytest

from optimizer.checking.advice import ADVICE, advice_for
from optimizer.checking.check_plan import check_plan
from optimizer.domain.plan import Plan, StopKind
from optimizer.domain.request import DayRequest
from optimizer.domain.selection import Candidate
from optimizer.domain.town import Town
from optimizer.planning.complete_plan import CompletedPlan, complete_plan
from optimizer.planning.handmade_plan import BREAK, Entry, HandmadePlan, HandmadeTour
from optimizer.planning.judge_fills import judge_fills
from optimizer.planning.plan_day import plan_day
from optimizer.planning.steps import Steps
from optimizer.ports import Ports
from tests.unit.optimizer.planning.conftest import DAY, make_vehicle

NOW = datetime(2026, 3, 2, 17, tzinfo=UTC)


@pytest.fixture
def candidates(request_for_day: DayRequest, ports: Ports) -> dict[str, Candidate]:
    fills = judge_fills(request_for_day, ports, steps=Steps())
    return {one.container_id: one for one in fills.selection.candidates}


def by_hand(places: Sequence[str | Entry], vehicle_id: str = "T-1", departs: time | None = None) -> HandmadePlan:
    entries = tuple(Entry(place=one) if isinstance(one, str) else one for one in places)
    tour = HandmadeTour(vehicle_id=vehicle_id, entries=entries, departs_local=departs)
    return HandmadePlan(day=DAY, tours={vehicle_id: tour})


def judged(
    handmade: HandmadePlan, town: Town, ports: Ports, candidates: dict[str, Candidate]
) -> tuple[CompletedPlan, set[str]]:
    completed = complete_plan(handmade, town, ports.router, candidates, generated_at=NOW)
    found = (*completed.violations, *check_plan(completed.plan, town, ports.router))
    assert all(one.sentence and advice_for(one.code) for one in found)
    return completed, {one.code for one in found}


def order_of(plan: Plan) -> list[str]:
    return [one.container_id for tour in plan.tours for stop in tour.stops for one in stop.collections]


def test_bare_list_of_containers_becomes_a_valid_plan(
    request_for_day: DayRequest, ports: Ports, candidates: dict[str, Candidate]
) -> None:
    names = ["P-03", "P-01", "P-02", "G-04", "G-05"]
    completed, codes = judged(by_hand(names), request_for_day.town, ports, candidates)
    assert codes == set()
    assert order_of(completed.plan) == names
    kinds = [stop.kind for stop in completed.plan.tours[0].stops]
    assert kinds.count(StopKind.TIP) == 2  # one for each stream
    assert any("tipping" in note for note in completed.notes)
    assert any("times" in note for note in completed.notes)


def test_our_own_plan_written_down_by_hand_costs_the_same(
    request_for_day: DayRequest, ports: Ports, candidates: dict[str, Candidate]
) -> None:
    plan = plan_day(request_for_day, ports, plan_id="p", generated_at=NOW)
    assert plan.tours
    tours = {}
    for tour in plan.tours:
        inner = [stop for stop in tour.stops if stop.kind in (StopKind.COLLECT, StopKind.TIP)]
        places = [
            name for stop in inner for name in ([one.container_id for one in stop.collections] or [stop.place_id])
        ]
        entries = tuple(Entry(place=name) for name in places)
        tours[tour.vehicle_id] = HandmadeTour(vehicle_id=tour.vehicle_id, entries=entries)
    completed, codes = judged(HandmadePlan(day=DAY, tours=tours), request_for_day.town, ports, candidates)
    assert codes == set()
    assert completed.plan.totals.cost_eur == pytest.approx(plan.totals.cost_eur, abs=0.01)


@pytest.mark.parametrize(
    ("places", "code"),
    [
        (["P-01", "P-02", "P-01"], "counted_twice"),
        (["P-01", "P-2"], "unknown_container"),
        (["P-01", "G-01", "tip"], "two_streams"),
        (["P-01", "tip", "G-01"], "not_empty"),
        (["P-01", Entry(place="P-02", at_local=time(6, 1))], "too_early"),
        (["P-01", Entry(place=BREAK, break_s=300), "P-02"], "short_break"),
        ([BREAK, "P-01"], "break_before_work"),
        (["P-01", Entry(place="P-02", at_local=time(14, 30))], "outside_shift"),
    ],
)
def test_broken_rule_is_named(
    request_for_day: DayRequest,
    ports: Ports,
    candidates: dict[str, Candidate],
    places: list[str | Entry],
    code: str,
) -> None:
    _, codes = judged(by_hand(places), request_for_day.town, ports, candidates)
    assert code in codes


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"capacity_kg": 300}, "overload_kg"),
        ({"body_l": 1_500}, "overload_l"),
        ({"is_available": False}, "no_vehicle"),
        ({"streams": frozenset({"paper"})}, "forbidden_vehicle"),
        ({"systems": frozenset({"crane"})}, "forbidden_vehicle"),
    ],
)
def test_vehicle_that_cannot_do_it_is_named(
    request_for_day: DayRequest,
    ports: Ports,
    candidates: dict[str, Candidate],
    changes: dict[str, object],
    code: str,
) -> None:
    town = replace(request_for_day.town, vehicles=(make_vehicle("T-1", **changes), make_vehicle("T-2")))
    _, codes = judged(by_hand(["G-00", "G-01", "G-02", "tip"]), town, ports, candidates)
    assert code in codes


def test_full_vehicle_tips_between_where_no_tipping_was_given(
    request_for_day: DayRequest, ports: Ports, candidates: dict[str, Candidate]
) -> None:
    town = replace(request_for_day.town, vehicles=(make_vehicle("T-1", capacity_kg=300),))
    completed, codes = judged(by_hand(["G-00", "G-01", "G-02"]), town, ports, candidates)
    assert codes == set()
    assert sum(stop.kind is StopKind.TIP for stop in completed.plan.tours[0].stops) == 3


def test_stated_times_are_kept_when_they_are_possible(
    request_for_day: DayRequest, ports: Ports, candidates: dict[str, Candidate]
) -> None:
    places = ["P-01", Entry(place="P-02", at_local=time(9, 15)), "P-03"]
    completed, codes = judged(by_hand(places, departs=time(7)), request_for_day.town, ports, candidates)
    assert codes == set()
    stops = completed.plan.tours[0].stops
    assert f"{stops[0].departs_at:%H:%M}" == "07:00"
    assert f"{stops[2].starts_at:%H:%M:%S}" == "09:15:00"


def test_long_day_gets_its_break_where_none_was_given(
    request_for_day: DayRequest, ports: Ports, candidates: dict[str, Candidate]
) -> None:
    places = ["P-01", Entry(place="P-02", at_local=time(9)), Entry(place="P-03", at_local=time(12, 30))]
    completed, codes = judged(by_hand(places, departs=time(6)), request_for_day.town, ports, candidates)
    assert codes == set()
    assert any(stop.kind is StopKind.BREAK for stop in completed.plan.tours[0].stops)


def test_unknown_name_comes_with_the_nearest_ones(
    request_for_day: DayRequest, ports: Ports, candidates: dict[str, Candidate]
) -> None:
    completed = complete_plan(
        by_hand(["P-1"], vehicle_id="T1"), request_for_day.town, ports.router, candidates, generated_at=NOW
    )
    (vehicle, container) = completed.violations
    assert "T-1" in vehicle.sentence
    assert "P-01" in container.sentence


def test_every_code_of_the_checker_comes_with_advice() -> None:
    sources = [
        file.read_text(encoding="utf-8")
        for file in files("optimizer.checking").iterdir()
        if file.name.startswith("check_")
    ]
    codes = {code for source in sources for code in re.findall(r'code="([a-z_]+)"', source)}
    codes |= {code for source in sources for code in re.findall(r'wrong\(\s*"([a-z_]+)"', source)}
    only_solvers = {
        *("lost", "listed_twice", "served_twice", "served_and_unserved", "unknown_pickup"),
        *("wrong_cost", "wrong_objective", "times_disordered"),
    }
    assert len(codes) > 20
    assert codes - ADVICE.keys() <= only_solvers
