"""Opening hours and shifts as elapsed seconds since local midnight; right on the two days with a clock change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from optimizer.domain.hours import Hours, local_midnight, seconds_between
from optimizer.domain.vehicle import Shift
from optimizer.problem.problem import Window

HOUR_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClock:
    """Turns the instants of one local day, and of the night after it, into whole seconds."""

    day: date
    zone: ZoneInfo

    @property
    def midnight_at(self) -> datetime:
        """The instant of second 0."""
        return local_midnight(self.day, self.zone)

    def elapsed_s(self, instant: datetime) -> int:
        """Seconds since midnight."""
        return seconds_between(self.midnight_at, instant)

    def windows(self, hours: Hours) -> tuple[Window, ...]:
        """Open spans of the day and of the day after it, for shifts that run past midnight; sorted, disjoint."""
        spans = [
            (self.elapsed_s(window.start_at), self.elapsed_s(window.end_at))
            for day in (self.day, self.day + timedelta(days=1))
            for window in hours.windows_on(day, self.zone)
        ]
        return merged(spans)

    def queued_windows(
        self, hours: Hours, queue_s_by_hour: Sequence[int], *, unloading_s: int
    ) -> tuple[tuple[Window, ...], tuple[int, ...]]:
        """Windows in which unloading starts with one length of the queue each, and these lengths.

        Who joins the queue before the hour is over is served after it, so windows reach into the next hour.
        """
        windows: list[Window] = []
        queues_s: list[int] = []
        for opens_s, closes_s in self.windows(hours):
            for starts_s, ends_s, queue_s in self._queues(queue_s_by_hour, opens_s, closes_s):
                last_s = min(ends_s - 1, closes_s - unloading_s - queue_s)
                if starts_s <= last_s:
                    windows.append((starts_s, last_s + unloading_s + queue_s))
                    queues_s.append(queue_s)
        return tuple(windows), tuple(queues_s)

    def _queues(self, queue_s_by_hour: Sequence[int], opens_s: int, closes_s: int) -> list[tuple[int, int, int]]:
        """Start, end and queue of the spans between two seconds in which the queue has one length."""
        spans: list[tuple[int, int, int]] = []
        start_s = opens_s
        while start_s < closes_s:
            # Clocks change by whole hours, so that hours of the clock are hours since midnight.
            end_s = min(closes_s, (start_s // HOUR_S + 1) * HOUR_S)
            at = datetime.fromtimestamp(self.midnight_at.timestamp() + start_s, tz=self.zone)
            queue_s = queue_s_by_hour[at.hour]
            if spans and spans[-1][2] == queue_s:
                spans[-1] = (spans[-1][0], end_s, queue_s)
            else:
                spans.append((start_s, end_s, queue_s))
            start_s = end_s
        return spans

    def shift(self, shift: Shift) -> Window | None:
        """Earliest departure and latest return, or None when nobody works."""
        span = shift.window_on(self.day, self.zone)
        if span is None:
            return None
        start_s, end_s = self.elapsed_s(span.start_at), self.elapsed_s(span.end_at)
        return (start_s, end_s) if start_s < end_s else None


def merged(spans: list[Window]) -> tuple[Window, ...]:
    """The same seconds as sorted windows that do not touch."""
    windows: list[Window] = []
    for start_s, end_s in sorted(spans):
        if windows and start_s <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(windows[-1][1], end_s))
        else:
            windows.append((start_s, end_s))
    return tuple(windows)


def intersection(ours: tuple[Window, ...], theirs: tuple[Window, ...]) -> tuple[Window, ...]:
    """The seconds that lie in both."""
    spans = [(max(a[0], b[0]), min(a[1], b[1])) for a in ours for b in theirs]
    return merged([span for span in spans if span[0] < span[1]])


def has_room(windows: tuple[Window, ...], shift: Window, *, work_s: int) -> bool:
    """Whether work of this length fits into one of the windows during the shift."""
    return any(min(end_s, shift[1]) - max(start_s, shift[0]) >= work_s for start_s, end_s in windows)
