"""Keeps what each tour teaches, and gives the next plan what many of them teach together."""

import logging
import threading
from datetime import date, timedelta

from pydantic import TypeAdapter

from api.store.plan_record import TourSheet
from api.store.plan_version_ports import PlanVersionStore
from api.store.tenant_ports import TenantStore
from api.tablet.ports import TourEventStore
from optimizer.domain.plan import Plan, Tour
from optimizer.domain.town import Town
from optimizer.domain.used_rates import UsedRates
from optimizer.planning.learned_rates import LearnedRates, TourLesson, learn_rates, lesson_of, used_rates
from optimizer.planning.tour_progress import fold_events

LOOK_BACK_DAYS = 90
_LOGGER = logging.getLogger(__name__)
_LESSON = TypeAdapter(TourLesson)
_SHEET = TypeAdapter(TourSheet)


class LessonNotes:
    """Keeps the lessons of tours that are over up to date, also with what is reported after their end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def note(self, store: TenantStore, town: Town, *, vehicle_id: str, day: date, has_ended: bool) -> None:
        """Called after each report; a tour on the road teaches nothing yet, and what fails here fails nothing else.

        Parameters
        ----------
        has_ended
            This report says that the tour is over; an earlier one may have said so.
        """
        # One at a time: of two reports, whichever is noted last has seen both.
        try:
            with self._lock:
                if has_ended or store.tour_events.has_lesson(day, vehicle_id):
                    note_lesson(store, town, vehicle_id=vehicle_id, day=day)
        except Exception:
            _LOGGER.exception("Nothing could be learnt of the tour of %s on %s.", vehicle_id, day)


def note_lesson(store: TenantStore, town: Town, *, vehicle_id: str, day: date) -> TourLesson:
    """Work out what a tour teaches by now, and keep it in place of what it taught before."""
    progress = fold_events(vehicle_id, store.tour_events.of_tour(day, vehicle_id))
    lesson = lesson_of(progress, _planned(store.versions, vehicle_id, day), town)
    store.tour_events.put_lesson(day, vehicle_id, _LESSON.dump_json(lesson))
    return lesson


def rates_before(events: TourEventStore, town: Town, *, before: date) -> UsedRates:
    """What the tours of the last months have taught before a day; every search of that day has to use the same."""
    since = before - timedelta(days=LOOK_BACK_DAYS)
    source = f"tours from {since} to {before - timedelta(days=1)}"
    return used_rates(town, learned_rates(events, town, before=before), source=source)


def rates_of(plan: Plan, events: TourEventStore, town: Town) -> UsedRates:
    """What a plan was made with; what its day would be planned with now where the plan does not say."""
    return plan.rates or rates_before(events, town, before=plan.day)


def learned_rates(events: TourEventStore, town: Town, *, before: date) -> LearnedRates:
    """What the tours of the last months teach, those of the day itself not included."""
    told = events.lessons(since=before - timedelta(days=LOOK_BACK_DAYS), until=before)
    return learn_rates((_LESSON.validate_json(one) for one in told), town)


def _planned(versions: PlanVersionStore, vehicle_id: str, day: date) -> Tour | None:
    found = versions.released_tour(vehicle_id, day)
    return None if found is None else _SHEET.validate_json(found.tour.document).tour
