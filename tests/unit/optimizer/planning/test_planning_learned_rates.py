"""What tours teach: much evidence moves a rate, little moves it little, and odd evidence moves nothing."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.domain.plan import Plan, StopKind
from optimizer.domain.tour_event import EventKind, TourEvent
from optimizer.domain.town import Town
from optimizer.planning.learned_rates import (
    DENSITY_RANGE,
    FEWEST_LOADS,
    FEWEST_STOPS,
    PRIOR_LOADS,
    PRIOR_STOPS,
    Handling,
    LearnedRates,
    Load,
    TourLesson,
    learn_rates,
    lesson_of,
    with_rates,
)
from optimizer.planning.tour_progress import fold_events
from tests.unit.optimizer.planning.running_days import running_plan, running_ports, running_town

TOWN = running_town(1)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return running_plan(TOWN, running_ports())


def told(plan: Plan, town: Town, *, kg_per_l: float, slowness: float) -> list[TourEvent]:
    """A crew that follows its plan, with waste of another density and stops that take longer."""
    containers = {one.container_id: one for one in town.containers}
    tour = plan.tours[0]
    events: list[TourEvent] = []
    clock, litres = tour.stops[0].departs_at, 0.0
    number = 0

    def say(kind: EventKind, **more: object) -> None:
        nonlocal number
        number += 1
        events.append(
            TourEvent(
                event_id=f"e{number}",
                vehicle_id=tour.vehicle_id,
                sequence=number,
                device_at=clock,
                kind=kind,
                **more,  # type: ignore[arg-type]  # fields of the event
            )
        )

    for stop in tour.stops[1:]:
        clock += timedelta(seconds=stop.leg.duration_s if stop.leg else 0)
        for at, one in enumerate(stop.collections):
            container = containers[one.container_id]
            clock += timedelta(seconds=slowness * (container.service_s + (container.setup_s if at == 0 else 0)))
            litres += one.expected_l
            say(EventKind.EMPTIED, container_id=one.container_id)
        if stop.kind is StopKind.TIP:
            clock += timedelta(minutes=15)
            say(EventKind.TIPPED, disposal_site_id=stop.place_id, weight_kg=litres * kg_per_l)
            litres = 0.0
    return events


def test_lesson_of_a_tour_finds_its_density_and_its_pace(plan: Plan) -> None:
    events = told(plan, TOWN, kg_per_l=0.12, slowness=1.5)
    lesson = lesson_of(fold_events("T-1", events), plan.tours[0], TOWN)
    assert lesson.loads
    assert all(load.kg / load.litres == pytest.approx(0.12, rel=1e-6) for load in lesson.loads)
    assert len(lesson.stops) >= 10
    assert all(stop.took_s / stop.planned_s == pytest.approx(1.5, abs=0.02) for stop in lesson.stops)


def test_load_with_another_towns_container_teaches_no_density(plan: Plan) -> None:
    events = told(plan, TOWN, kg_per_l=0.12, slowness=1.0)
    own = lesson_of(fold_events("T-1", events), plan.tours[0], TOWN)
    first_emptied = next(one for one in events if one.kind is EventKind.EMPTIED)
    foreign = replace(first_emptied, event_id="x", container_id="joint:1", sequence=0)
    shared = lesson_of(fold_events("T-1", [foreign, *events]), plan.tours[0], TOWN)
    # The first load was weighed with what is the neighbour's; the others teach as before.
    assert shared.loads == own.loads[1:]
    assert len(shared.stops) == len(own.stops)


def test_lesson_without_a_plan_knows_only_what_was_seen_and_weighed(plan: Plan) -> None:
    lesson = lesson_of(fold_events("T-1", told(plan, TOWN, kg_per_l=0.12, slowness=1.0)), None, TOWN)
    assert lesson == TourLesson()


def test_few_measurements_teach_nothing_and_many_bring_the_rate_near() -> None:
    load = Load(stream="paper", kg=160.0, litres=1_000.0)  # twice the assumed 0.08
    few = TourLesson(
        loads=(load,) * (FEWEST_LOADS - 1), stops=(Handling(took_s=90, planned_s=60),) * (FEWEST_STOPS - 1)
    )
    assert learn_rates([few], TOWN).density_kg_per_l == {}
    assert learn_rates([few], TOWN).handling_factor == 1.0
    many = TourLesson(loads=(load,) * 95, stops=(Handling(took_s=90, planned_s=60),) * 940)
    found = learn_rates([many], TOWN)
    assert found.density_kg_per_l["paper"] == pytest.approx(0.08 * (PRIOR_LOADS + 95 * 2) / (PRIOR_LOADS + 95))
    assert found.handling_factor == pytest.approx((PRIOR_STOPS + 940 * 1.5) / (PRIOR_STOPS + 940))
    town = with_rates(TOWN, found)
    assert town.stream("paper").density_kg_per_l == found.density_kg_per_l["paper"]
    assert town.stream("glass") == TOWN.stream("glass")
    assert town.containers[0].service_s == round(TOWN.containers[0].service_s * found.handling_factor)


def test_town_without_lessons_stays_as_it_is() -> None:
    assert with_rates(TOWN, LearnedRates()) == TOWN


@given(st.floats(0.1, 60_000), st.floats(1, 60_000), st.integers(FEWEST_LOADS, 200))
def test_density_never_leaves_its_range(kg: float, litres: float, count: int) -> None:
    lesson = TourLesson(loads=(Load(stream="paper", kg=kg, litres=litres),) * count)
    share = learn_rates([lesson], TOWN).density_kg_per_l["paper"] / 0.08
    assert DENSITY_RANGE[0] - 1e-9 <= share <= DENSITY_RANGE[1] + 1e-9


def test_lessons_teach_the_same_in_any_order() -> None:
    chance = Random(3)
    lessons = [
        TourLesson(loads=(Load(stream="glass", kg=float(chance.randint(1, 900)), litres=1_000.0),)) for _ in range(40)
    ]
    found = learn_rates(lessons, TOWN).density_kg_per_l["glass"]
    assert learn_rates(lessons[::-1], TOWN).density_kg_per_l["glass"] == pytest.approx(found, rel=1e-12)
