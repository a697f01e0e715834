"""Days as tablets tell them: crews that follow a plan, more or less."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

from optimizer.domain.plan import Plan, Stop, StopKind, Tour
from optimizer.domain.tour_event import EventKind, ExceptionCode, TourEvent
from optimizer.planning.tour_progress import TourProgress, fold_events


def told_day(plan: Plan, now: datetime, chance: Random, *, liberty: float = 0.25) -> list[TourEvent]:
    """Events up to an instant: crews start late, skip, swap, help others, report trouble, and some say nothing."""
    everything = [one.container_id for tour in plan.tours for stop in tour.stops for one in stop.collections]
    everything += [one.container_id for one in plan.unserved]
    crews = [_Crew(tour.vehicle_id, chance, liberty) for tour in plan.tours if chance.random() >= liberty / 2]
    for crew in crews:
        crew.drives(next(one for one in plan.tours if one.vehicle_id == crew.vehicle_id), everything)
    return [one for crew in crews for one in crew.events if one.happened_at <= now]


def progress_of(events: list[TourEvent]) -> Mapping[str, TourProgress]:
    return {vehicle: fold_events(vehicle, events) for vehicle in sorted({one.vehicle_id for one in events})}


class _Crew:
    def __init__(self, vehicle_id: str, chance: Random, liberty: float) -> None:
        self.vehicle_id = vehicle_id
        self.chance = chance
        self.liberty = liberty
        self.events: list[TourEvent] = []

    def drives(self, tour: Tour, everything: list[str]) -> None:
        clock = tour.stops[0].departs_at + timedelta(minutes=self.chance.randint(-20, 40))
        self.says(EventKind.STARTED, clock)
        for stop in self.in_own_order(list(tour.stops[1:-1])):
            clock += timedelta(seconds=self.chance.randint(60, 1200))
            if self.happens(1 / 4):
                continue
            clock = self.does(stop, clock)
            if self.happens(1 / 4):
                self.tells_of(self.chance.choice(everything), clock + timedelta(seconds=30))
            if self.happens(1 / 10):
                self.says(EventKind.FULL, clock)
        if self.happens(1 / 2):
            self.says(EventKind.BROKEN_DOWN, clock)
        else:
            self.says(EventKind.RETURNED, clock + timedelta(minutes=20))

    def in_own_order(self, stops: list[Stop]) -> list[Stop]:
        for _ in range(len(stops) // 4):
            at = self.chance.randrange(len(stops) - 1)
            if self.happens(1):
                stops[at], stops[at + 1] = stops[at + 1], stops[at]
        return stops

    def does(self, stop: Stop, clock: datetime) -> datetime:
        if stop.kind is StopKind.TIP:
            weight = self.chance.choice([None, float(self.chance.randint(500, 6000))])
            self.says(EventKind.TIPPED, clock, disposal_site_id=stop.place_id, weight_kg=weight)
        elif stop.kind is StopKind.BREAK:
            self.says(EventKind.BREAK_STARTED, clock)
            clock += timedelta(minutes=self.chance.randint(5, 50))
            self.says(EventKind.BREAK_ENDED, clock)
        for one in stop.collections:
            self.tells_of(one.container_id, clock)
        return clock

    def happens(self, share: float) -> bool:
        return self.chance.random() < self.liberty * share

    def says(self, kind: EventKind, at: datetime, **more: object) -> None:
        number = len(self.events)
        self.events.append(
            TourEvent(
                event_id=f"{self.vehicle_id}-{number}",
                vehicle_id=self.vehicle_id,
                sequence=number,
                device_at=at,
                kind=kind,
                **more,  # type: ignore[arg-type]  # the callers name fields of the event
            )
        )

    def tells_of(self, container_id: str, at: datetime) -> None:
        if self.happens(1 / 3):
            code = self.chance.choice(list(ExceptionCode))
            self.says(EventKind.NOT_EMPTIED, at, container_id=container_id, code=code)
        else:
            seen = self.chance.choice([None, 0.25, 0.5, 0.75, 1.0, 1.1])
            weight = self.chance.choice([None, None, float(self.chance.randint(10, 400))])
            self.says(EventKind.EMPTIED, at, container_id=container_id, fill_fraction=seen, weight_kg=weight)
