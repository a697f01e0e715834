import random
from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from api.plans.apply_edits import vehicle_of
from api.plans.edit_plan import CHANGE_COST_EUR, edit_plan
from api.plans.edit_request import EditRequest
from api.plans.edits import Edit, EditOp, Holds, ImpossibleEditError
from api.wiring import build_ports
from optimizer.checking.check_plan import check_plan
from optimizer.domain.day_state import DayState
from optimizer.domain.plan import Plan, ReasonCode
from optimizer.domain.request import DayRequest, SolveLimits
from optimizer.domain.town import Town
from optimizer.domain.vehicle import Shift
from optimizer.planning.plan_day import plan_day
from optimizer.ports import Ports
from routing.crow_flight import CrowFlightRouter
from tests.flow.http_samples import NOW, rising_history, small_town

LIMITS = SolveLimits(iteration_limit=60, time_limit_s=None, seed=5)
GOOD = SolveLimits(iteration_limit=3_000, time_limit_s=None, seed=5)
DAY = date(2026, 3, 3)


@pytest.fixture(scope="module")
def ports() -> Ports:
    return build_ports(CrowFlightRouter())


@pytest.fixture(scope="module")
def town() -> Town:
    return small_town(container_count=24, vehicle_count=3)


@pytest.fixture(scope="module")
def plan(town: Town, ports: Ports) -> Plan:
    request = DayRequest(
        town=town, day=DAY, as_of=NOW, history=rising_history(town), policy="all", limits=GOOD, streams=frozenset()
    )
    return plan_day(request, ports, plan_id="a" * 32, generated_at=NOW)


def served(plan: Plan) -> dict[str, str]:
    return {one.container_id: tour.vehicle_id for tour in plan.tours for stop in tour.stops for one in stop.collections}


def request_of(*edits: Edit, holds: Holds | None = None, **more: object) -> EditRequest:
    return EditRequest(edits=edits, holds=holds or Holds(), limits=LIMITS, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(4))
def test_edits_one_after_the_other_give_plans_that_keep_every_rule_and_every_hold(
    seed: int, plan: Plan, town: Town, ports: Ports
) -> None:
    rng = random.Random(seed)
    now, holds = plan, Holds()
    names = [one.container_id for one in town.containers]
    for _ in range(3):
        name, vehicle_id = rng.choice(names), rng.choice([one.vehicle_id for one in town.vehicles])
        edit = rng.choice(
            [
                Edit(op=EditOp.MOVE, container_id=name, vehicle_id=vehicle_id),
                Edit(op=EditOp.PIN, container_id=name, vehicle_id=vehicle_id),
                Edit(op=EditOp.EXCLUDE, container_id=name),
                Edit(op=EditOp.INCLUDE, container_id=name),
            ]
        )
        try:
            edited = edit_plan(now, town, ports, request_of(edit, holds=holds), generated_at=NOW)
        except ImpossibleEditError:
            assert name in holds.pins or name in holds.excluded
            continue
        previous, before, now, holds = now, served(now), edited.plan, edited.holds
        assert check_plan(now, town, ports.router) == ()
        after = served(now)
        if edit.op in {EditOp.MOVE, EditOp.PIN}:
            assert after[name] == vehicle_id
        assert (name in after) is (edit.op is not EditOp.EXCLUDE)
        assert all(after[held] == vehicle for held, vehicle in holds.pins.items())
        assert not holds.excluded & after.keys()
        # What nobody named is not dropped, and changes vehicles only where that saves enough.
        assert before.keys() - after.keys() <= {name} | holds.excluded
        others = [one for one, vehicle in before.items() if one != name and after.get(one) != vehicle]
        if others:
            kept = {one: vehicle for one, vehicle in before.items() if one != name}
            stiff = edit_plan(
                previous, town, ports, request_of(edit, holds=Holds(pins=kept | dict(holds.pins))), generated_at=NOW
            )
            assert now.totals.cost_eur + CHANGE_COST_EUR * len(others) <= stiff.plan.totals.cost_eur + CHANGE_COST_EUR


def test_move_of_one_container_leaves_the_figures_of_the_others(plan: Plan, town: Town, ports: Ports) -> None:
    name = next(iter(served(plan)))
    other = next(one.vehicle_id for one in town.vehicles if one.vehicle_id != served(plan)[name])
    edited = edit_plan(
        plan, town, ports, request_of(Edit(op=EditOp.MOVE, container_id=name, vehicle_id=other)), generated_at=NOW
    )
    known = {one.container_id: one for tour in plan.tours for stop in tour.stops for one in stop.collections}
    for tour in edited.plan.tours:
        for one in (collection for stop in tour.stops for collection in stop.collections):
            if one.container_id != name:
                assert one == known[one.container_id]
    moves = [(one.container_id, one.to_vehicle_id) for one in edited.difference.moved]
    assert (name, other) in moves
    assert DayState(now=NOW).change_cost_eur < CHANGE_COST_EUR


def test_excluded_container_says_so_and_comes_back_when_included(plan: Plan, town: Town, ports: Ports) -> None:
    name = next(iter(served(plan)))
    out = edit_plan(plan, town, ports, request_of(Edit(op=EditOp.EXCLUDE, container_id=name)), generated_at=NOW)
    (left,) = [one for one in out.plan.unserved if one.container_id == name]
    assert left.reason is ReasonCode.EXCLUDED
    again = edit_plan(
        out.plan, town, ports, request_of(Edit(op=EditOp.INCLUDE, container_id=name), holds=out.holds), generated_at=NOW
    )
    assert vehicle_of(again.plan, name)
    assert again.holds == Holds()


def test_edit_that_no_search_can_fulfil_says_which_rule_binds(plan: Plan, town: Town, ports: Ports) -> None:
    name = next(iter(served(plan)))
    own = served(plan)[name]
    brief = Shift(starts_local=time(6), ends_local=time(6, 30), weekdays=frozenset(range(7)))
    vehicles = tuple(one if one.vehicle_id == own else replace(one, shift=brief) for one in town.vehicles)
    other = next(one.vehicle_id for one in vehicles if one.vehicle_id != own)
    keeps = replace(plan, tours=tuple(tour for tour in plan.tours if tour.vehicle_id == own))
    with pytest.raises(ImpossibleEditError) as caught:
        edit_plan(
            keeps,
            replace(town, vehicles=vehicles),
            ports,
            request_of(Edit(op=EditOp.MOVE, container_id=name, vehicle_id=other)),
            generated_at=NOW,
        )
    (issue,) = caught.value.issues
    assert issue.code == "does_not_fit"
    assert f"{name} does not fit into the tour of {other}." in issue.message
    assert "shift" in issue.message


def test_tours_under_way_keep_what_is_done(plan: Plan, town: Town, ports: Ports) -> None:
    tour = max(plan.tours, key=lambda one: len(one.stops))
    middle = tour.stops[len(tour.stops) // 2].arrives_at + timedelta(seconds=1)
    last = next(one.container_id for stop in reversed(tour.stops) for one in stop.collections)
    edited = edit_plan(
        plan,
        town,
        ports,
        request_of(Edit(op=EditOp.EXCLUDE, container_id=last), state=DayState(now=middle)),
        generated_at=NOW,
    )
    new = next(one for one in edited.plan.tours if one.vehicle_id == tour.vehicle_id)
    assert new.done_stops > len(tour.stops) // 2
    assert new.stops[: len(tour.stops) // 2] == tour.stops[: len(tour.stops) // 2]
    done = next(one.container_id for stop in tour.stops for one in stop.collections)
    with pytest.raises(ImpossibleEditError) as caught:
        edit_plan(
            plan,
            town,
            ports,
            request_of(Edit(op=EditOp.EXCLUDE, container_id=done), state=DayState(now=middle)),
            generated_at=NOW,
        )
    assert caught.value.issues[0].code == "already_done"


def test_vehicle_that_was_not_given_is_not_called_in(plan: Plan, town: Town, ports: Ports) -> None:
    driving = {tour.vehicle_id for tour in plan.tours}
    few = frozenset(sorted(driving)[:1])
    keeps = replace(plan, tours=tuple(tour for tour in plan.tours if tour.vehicle_id in few))
    name = next(one for one, vehicle_id in served(plan).items() if vehicle_id in few)
    edited = edit_plan(
        keeps, town, ports, request_of(Edit(op=EditOp.EXCLUDE, container_id=name), vehicle_ids=few), generated_at=NOW
    )
    assert {tour.vehicle_id for tour in edited.plan.tours} <= few
