"""Two plans of one day: every container is accounted for, in an order that does not depend on the tours'."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from optimizer.domain.plan import Plan, Totals
from optimizer.domain.request import DayRequest
from optimizer.planning.compare_plans import compare_plans
from optimizer.planning.plan_day import plan_day
from optimizer.planning.plan_difference import Move
from optimizer.ports import Ports
from tests.unit.optimizer.planning.conftest import make_vehicle


@pytest.fixture
def first(request_for_day: DayRequest, ports: Ports) -> Plan:
    request = replace(request_for_day, policy="all")
    return plan_day(request, ports, plan_id="a", generated_at=datetime(2026, 3, 2, 17, tzinfo=UTC))


@pytest.fixture
def second(request_for_day: DayRequest, ports: Ports) -> Plan:
    """T-1 collects glass only, another vehicle the paper, and one container is kept out."""
    vehicles = (make_vehicle("T-1", streams=frozenset({"glass"})), make_vehicle("T-3", streams=frozenset({"paper"})))
    town = replace(request_for_day.town, vehicles=vehicles)
    request = replace(request_for_day, policy="all", town=town, exclude=frozenset({"P-03"}))
    return plan_day(request, ports, plan_id="b", generated_at=datetime(2026, 3, 2, 17, tzinfo=UTC))


def served(plan: Plan) -> dict[str, str]:
    return {one.container_id: tour.vehicle_id for tour in plan.tours for stop in tour.stops for one in stop.collections}


def test_same_plan_has_no_difference(first: Plan) -> None:
    found = compare_plans(first, first)
    assert (found.added, found.dropped, found.moved, found.vehicles) == ((), (), (), ())
    assert found.difference == Totals()
    assert found.sentences[0].en.startswith("Both plans empty the same containers")
    assert found.sentences[0].de.startswith("Beide Pläne leeren dieselben Behälter")


def test_every_container_is_accounted_for(first: Plan, second: Plan) -> None:
    before, after = served(first), served(second)
    found = compare_plans(first, second)
    assert set(found.dropped) == before.keys() - after.keys()
    assert "P-03" in found.dropped
    assert set(found.added) == after.keys() - before.keys()
    both = before.keys() & after.keys()
    assert {one.container_id for one in found.moved} == {name for name in both if before[name] != after[name]}
    assert found.moved
    for one in found.vehicles:
        assert {*one.added} == {name for name in after if after[name] == one.vehicle_id} - before.keys()
        assert all(move.to_vehicle_id == one.vehicle_id for move in one.moved_in)
    assert found.difference.distance_m == sum(one.difference.distance_m for one in found.vehicles)


def test_difference_turns_round_with_the_plans(first: Plan, second: Plan) -> None:
    there, back = compare_plans(first, second), compare_plans(second, first)
    assert there.added == back.dropped
    assert there.moved == tuple(
        Move(container_id=one.container_id, from_vehicle_id=one.to_vehicle_id, to_vehicle_id=one.from_vehicle_id)
        for one in back.moved
    )
    assert there.difference.cost_eur == pytest.approx(-back.difference.cost_eur)


def test_order_of_the_tours_does_not_matter(first: Plan, second: Plan) -> None:
    turned = replace(second, tours=second.tours[::-1])
    assert compare_plans(first, second) == compare_plans(first, turned)


def test_order_within_a_tour_does(first: Plan) -> None:
    tour = first.tours[0]
    stops = (tour.stops[0], tour.stops[2], tour.stops[1], *tour.stops[3:])
    found = compare_plans(first, replace(first, tours=(replace(tour, stops=stops), *first.tours[1:])))
    assert [one.vehicle_id for one in found.vehicles if one.is_reordered] == [tour.vehicle_id]
    assert "another order" in " ".join(one.en for one in found.sentences)
    assert "anderer Reihenfolge" in " ".join(one.de for one in found.sentences)


def test_words_name_the_containers_and_both_vehicles(first: Plan, second: Plan) -> None:
    found = compare_plans(first, second)
    english = "\n".join(one.en for one in found.sentences)
    german = "\n".join(one.de for one in found.sentences)
    move = found.moved[0]
    assert f"{move.container_id} ({move.from_vehicle_id})" in english
    assert f"{move.container_id} ({move.from_vehicle_id})" in german
    assert "P-03" in english
    assert "no longer empties" in english
    assert "leert nicht mehr" in german
