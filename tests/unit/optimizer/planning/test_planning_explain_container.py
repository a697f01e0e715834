"""What an explanation says can be checked: by inserting, by counting, by changing the rule that it names."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time
from math import ceil

import pytest

from optimizer.domain.hours import Hours
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.plan import Plan, Tour
from optimizer.domain.request import DayRequest
from optimizer.domain.town import Town
from optimizer.domain.vehicle import Shift, Vehicle
from optimizer.planning.explain_container import explain_container
from optimizer.planning.insertion_option import Option, Rule
from optimizer.planning.plan_day import plan_day
from optimizer.ports import Ports
from tests.unit.optimizer.planning.conftest import make_vehicle


def planned(request: DayRequest, ports: Ports) -> Plan:
    return plan_day(request, ports, plan_id="p", generated_at=datetime(2026, 3, 2, 17, tzinfo=UTC))


def with_town(request: DayRequest, **changes: object) -> DayRequest:
    return replace(request, town=replace(request.town, **changes))  # type: ignore[arg-type]  # any field


def option_of(plan: Plan, town: Town, ports: Ports, container_id: str, vehicle_id: str) -> Option:
    found = explain_container(plan, town, ports.router, container_id)
    return next(one.option for one in found.vehicles if one.option.vehicle_id == vehicle_id)


def test_container_in_a_tour_names_its_vehicle_and_what_it_costs(request_for_day: DayRequest, ports: Ports) -> None:
    request = replace(request_for_day, policy="all")
    plan = planned(request, ports)
    tour = plan.tours[0]
    name = tour.stops[1].collections[0].container_id
    found = explain_container(plan, request.town, ports.router, name)
    assert found.is_served
    assert found.vehicle_id == tour.vehicle_id
    assert found.decision.en.startswith(f"{name} is emptied by {tour.vehicle_id} at ")
    assert found.decision.de.startswith(f"{name} wird um ")
    assert found.saving is not None
    again = replace(request, exclude=frozenset({name}), solver="greedy")
    assert found.saving.cost_eur > 0
    assert planned(again, ports).totals.cost_eur <= plan.totals.cost_eur - 0.9 * found.saving.cost_eur
    assert found.vehicles
    assert found.remedies == ()


def test_forcing_a_container_adds_no_more_than_was_said(request_for_day: DayRequest, ports: Ports) -> None:
    plan = planned(request_for_day, ports)
    waiting = next(one for one in plan.unserved if not one.is_due)
    found = explain_container(plan, request_for_day.town, ports.router, waiting.container_id)
    assert not found.is_served
    cheapest = found.vehicles[0].option
    assert cheapest.fits
    assert cheapest.cost_eur > waiting.cost_of_waiting_eur
    forced = planned(replace(request_for_day, force=frozenset({waiting.container_id})), ports)
    assert forced.totals.cost_eur <= plan.totals.cost_eur + cheapest.cost_eur + 0.02
    assert f"--force {waiting.container_id}" in found.remedies[0].en
    assert "Neu planen" in found.remedies[0].de


def tight(**changes: object) -> tuple[Vehicle, ...]:
    return (make_vehicle("T-1", **changes), make_vehicle("T-2", streams=frozenset({"paper"})))


@pytest.mark.parametrize(
    ("vehicles", "rule"),
    [
        (tight(shift=Shift(starts_local=time(6), ends_local=time(7))), Rule.SHIFT),
        (tight(capacity_kg=600, max_trips=1), Rule.CAPACITY_KG),
        (tight(body_l=2_300, max_trips=1), Rule.CAPACITY_L),
        (tight(capacity_kg=100), Rule.SIZE_KG),
        (tight(max_day_kg=400), Rule.DAY_KG),
    ],
)
def test_binding_rule_is_the_one_that_was_made_tight(
    request_for_day: DayRequest, ports: Ports, vehicles: tuple[Vehicle, ...], rule: Rule
) -> None:
    request = replace(with_town(request_for_day, vehicles=vehicles), policy="all", streams=frozenset({"glass"}))
    plan = planned(request, ports)
    rules = {option_of(plan, request.town, ports, one.container_id, "T-1").rule for one in plan.unserved if one.is_due}
    assert rule in rules
    assert option_of(plan, request.town, ports, plan.unserved[0].container_id, "T-2").rule is Rule.STREAM


@pytest.mark.parametrize(
    ("vehicle", "rule", "en", "de"),
    [
        ({"capacity_kg": 30}, Rule.SIZE_KG, "kg too heavy", "kg zu schwer"),
        ({"body_l": 300}, Rule.SIZE_L, "l too much", "l zu viel"),
        (
            {"shift": Shift(starts_local=time(6), ends_local=time(6, 1))},
            Rule.SHIFT,
            "its shift is",
            "die Schicht ist",
        ),
        (
            {"shift": Shift(starts_local=time(0, 30), ends_local=time(3))},
            Rule.DISPOSAL_CLOSED,
            "no disposal site for",
            "keine Entladestelle für",
        ),
        (
            {"shift": Shift(starts_local=time(17), ends_local=time(21))},
            Rule.CONTAINER_HOURS,
            "within the container's hours",
            "in den Zeiten des Behälters",
        ),
        ({"systems": frozenset({"crane"})}, Rule.LIFTING_SYSTEM, "no lifting system", "keine Schüttung"),
    ],
)
def test_vehicle_that_no_tour_is_tried_for_is_told_its_true_obstacle(
    request_for_day: DayRequest, ports: Ports, vehicle: dict[str, object], rule: Rule, en: str, de: str
) -> None:
    """Whoever reads "cannot stop there" looks at the street, and not at the truck's papers."""
    town = replace(
        request_for_day.town,
        vehicles=(make_vehicle("T-1"), make_vehicle("T-2", **vehicle)),
        disposal_sites=tuple(
            replace(one, hours=Hours(expression="06:00-22:00")) for one in request_for_day.town.disposal_sites
        ),
        containers=tuple(
            replace(one, hours=Hours(expression="05:00-16:00")) for one in request_for_day.town.containers
        ),
    )
    plan = planned(replace(request_for_day, town=town, policy="all"), ports)
    tour = next(one for one in plan.tours if one.vehicle_id == "T-1")
    served = max((one for stop in tour.stops for one in stop.collections), key=lambda one: one.expected_kg)
    found = explain_container(plan, town, ports.router, served.container_id)
    verdict = next(one for one in found.vehicles if one.option.vehicle_id == "T-2")
    assert verdict.option.rule is rule
    assert en in verdict.text.en
    assert de in verdict.text.de
    assert "cannot stop there" not in verdict.text.en
    if rule is Rule.SIZE_KG:
        together = next(stop for stop in tour.stops if served in stop.collections).collections
        assert verdict.option.missing == ceil(sum(one.expected_kg for one in together)) - 30


def test_missing_minutes_of_shift_are_what_serves_it(request_for_day: DayRequest, ports: Ports) -> None:
    short = Shift(starts_local=time(6), ends_local=time(7))
    request = replace(
        with_town(request_for_day, vehicles=(make_vehicle("T-1", shift=short),)),
        policy="all",
        streams=frozenset({"paper"}),
    )
    plan = planned(request, ports)
    left = [one.container_id for one in plan.unserved if one.is_due]
    name, option = min(
        ((one, option_of(plan, request.town, ports, one, "T-1")) for one in left), key=lambda pair: pair[1].missing
    )
    assert option.rule is Rule.SHIFT
    minutes = -(-option.missing // 60)
    longer = replace(short, ends_local=time(7, minutes))
    town = replace(request.town, vehicles=(make_vehicle("T-1", shift=longer),))
    found = explain_container(plan, town, ports.router, name)
    assert found.vehicles[0].option.fits
    shorter = replace(short, ends_local=time(7, minutes - 1))
    town = replace(request.town, vehicles=(make_vehicle("T-1", shift=shorter),))
    assert not explain_container(plan, town, ports.router, name).vehicles[0].option.fits


def test_hours_of_the_container_bind_when_the_vehicle_is_elsewhere_then(
    request_for_day: DayRequest, ports: Ports
) -> None:
    containers = tuple(
        replace(one, hours=Hours(expression="06:00-06:05"), service_s=120) if one.container_id == "P-01" else one
        for one in request_for_day.town.containers
    )
    request = replace(
        with_town(request_for_day, containers=containers, vehicles=(make_vehicle("T-1"),)),
        policy="all",
        exclude=frozenset({"P-01"}),
    )
    plan = planned(request, ports)
    option = option_of(plan, request.town, ports, "P-01", "T-1")
    assert option.rule is Rule.CONTAINER_HOURS
    assert option.extra_s > 0


def test_stops_that_are_done_are_no_longer_weighed(request_for_day: DayRequest, ports: Ports) -> None:
    plan = planned(replace(request_for_day, policy="all"), ports)
    tour = plan.tours[0]
    done = tour.stops[1].collections[0].container_id
    to_come = next(stop for stop in tour.stops[3:] if stop.collections).collections[0].container_id
    running = replace(plan, tours=(replace(tour, done_stops=2), *plan.tours[1:]))
    emptied = explain_container(running, request_for_day.town, ports.router, done)
    assert emptied.is_served
    assert (emptied.saving, emptied.vehicles) == (None, ())
    later = explain_container(running, request_for_day.town, ports.router, to_come)
    assert later.saving is not None
    assert {one.option.vehicle_id for one in later.vehicles} == {"T-1", "T-2"}
    waiting = replace(planned(request_for_day, ports).unserved[0], container_id="P-00")
    broken = replace(plan, tours=(broken_down(tour),), unserved=(waiting,))
    found = explain_container(broken, request_for_day.town, ports.router, "P-00")
    rules = {one.option.vehicle_id: one.option.rule for one in found.vehicles}
    assert rules[tour.vehicle_id] is Rule.NOT_DRIVING


def broken_down(tour: Tour) -> Tour:
    """The vehicle broke down at its first stop, before anything was on board."""
    return replace(tour, stops=tour.stops[:1], done_stops=1, is_cut_short=True)


def test_unknown_container_is_refused(request_for_day: DayRequest, ports: Ports) -> None:
    plan = planned(request_for_day, ports)
    with pytest.raises(InvalidInputError, match="no container"):
        explain_container(plan, request_for_day.town, ports.router, "X-1")


@pytest.mark.parametrize("change", [lambda plan: replace(plan, unserved=()), lambda plan: plan])
def test_container_that_the_plan_does_not_know_is_refused(
    request_for_day: DayRequest, ports: Ports, change: Callable[[Plan], Plan]
) -> None:
    plan = change(planned(replace(request_for_day, streams=frozenset({"paper"})), ports))
    with pytest.raises(InvalidInputError, match="says nothing"):
        explain_container(plan, request_for_day.town, ports.router, "G-00")
