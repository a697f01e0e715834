"""When vehicles come: today, and at the next visits of a stream."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from optimizer.domain.hours import TimeWindow
from optimizer.domain.town import Town

NO_VISIT_DAYS = 14
"""When no vehicle works within this many days, the next visit is taken to be after them."""

DAY_OF_CREWS = (time(6), time(18))


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """Instants of a stream's visits.

    Attributes
    ----------
    today_at
        The middle of today's work: when a vehicle comes, as far as that is known before the tours are.
    next_at
        Ends of the following days of work, at least one: only then may a container count on having been emptied.
    """

    today_at: datetime
    next_at: tuple[datetime, ...]


def find_visits(town: Town, stream_id: str, day: date, *, count: int) -> Visits:
    """Today's visit and the ``count`` following ones, as far as they lie within two weeks of each other."""
    today = _working_hours(town, stream_id, day)
    following: list[datetime] = []
    last = day
    for _ in range(count):
        next_day = town.next_visit_date(stream_id, last, horizon_days=NO_VISIT_DAYS)
        if next_day is None:
            break
        following.append(_working_hours(town, stream_id, next_day).end_at)
        last = next_day
    if not following:
        following.append(_working_hours(town, stream_id, day + timedelta(days=NO_VISIT_DAYS)).end_at)
    start_s, end_s = today.start_at.timestamp(), today.end_at.timestamp()
    return Visits(today_at=datetime.fromtimestamp((start_s + end_s) / 2, tz=town.zone), next_at=tuple(following))


def _working_hours(town: Town, stream_id: str, day: date) -> TimeWindow:
    windows = [
        window
        for vehicle in town.vehicles
        if stream_id in vehicle.streams and (window := vehicle.shift.window_on(day, town.zone)) is not None
    ]
    if not windows:
        first, last = (datetime.combine(day, clock, tzinfo=town.zone) for clock in DAY_OF_CREWS)
        return TimeWindow(start_at=first, end_at=last)
    return TimeWindow(
        start_at=min(windows, key=lambda window: window.start_at.timestamp()).start_at,
        end_at=max(windows, key=lambda window: window.end_at.timestamp()).end_at,
    )
