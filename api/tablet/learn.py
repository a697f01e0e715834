"""Keeps what each tour teaches, and gives the next plan what many of them teach together."""

from datetime import date, timedelta

from pydantic import TypeAdapter

from api.store.plan_record import TourSheet
from api.store.plan_version_ports import PlanVersionStore
from api.store.tenant_ports import TenantStore
from api.tablet.ports import TourEventStore
from optimizer.domain.plan import Tour
from optimizer.domain.town import Town
from optimizer.planning.learned_rates import LearnedRates, TourLesson, learn_rates, lesson_of, with_rates
from optimizer.planning.tour_progress import fold_events

LOOK_BACK_DAYS = 90
_LESSON = TypeAdapter(TourLesson)
_SHEET = TypeAdapter(TourSheet)


def note_lesson(store: TenantStore, town: Town, *, vehicle_id: str, day: date) -> TourLesson:
    """Work out what a tour teaches by now, and keep it in place of what it taught before."""
    progress = fold_events(vehicle_id, store.tour_events.of_tour(day, vehicle_id))
    lesson = lesson_of(progress, _planned(store.versions, vehicle_id, day), town)
    store.tour_events.put_lesson(day, vehicle_id, _LESSON.dump_json(lesson))
    return lesson


def learned_town(events: TourEventStore, town: Town, *, before: date) -> Town:
    """The town with what its tours have taught before a day; every search of that day has to use the same."""
    return with_rates(town, learned_rates(events, town, before=before))


def learned_rates(events: TourEventStore, town: Town, *, before: date) -> LearnedRates:
    """What the tours of the last months teach, those of the day itself not included."""
    told = events.lessons(since=before - timedelta(days=LOOK_BACK_DAYS), until=before)
    return learn_rates((_LESSON.validate_json(one) for one in told), town)


def _planned(versions: PlanVersionStore, vehicle_id: str, day: date) -> Tour | None:
    found = versions.released_tour(vehicle_id, day)
    return None if found is None else _SHEET.validate_json(found.tour.document).tour
