"""Folds a tour's events into what is known of it: the same for every order of arrival, and for every repetition.

Facts beat plans: a container that was emptied is emptied, whoever had planned what. Of several reports about one
container an emptying wins, then the latest one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from optimizer.domain.day_state import BreakTaken
from optimizer.domain.reading import Reading, Source
from optimizer.domain.tour_event import EventKind, TourEvent
from routing.location import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class TourProgress:
    """What the events of one vehicle say.

    Attributes
    ----------
    facts
        Emptyings, refusals and tippings in the order in which they happened; one event for each container.
    breaks
        Breaks that have ended.
    resting_since
        Begin of a break that has not ended.
    is_full
        The body was reported full and has not been tipped since.
    broken_down_at
        Instant of a breakdown.
    closed_roads
        Where roads were reported closed.
    """

    vehicle_id: str
    started_at: datetime | None
    facts: tuple[TourEvent, ...]
    breaks: tuple[BreakTaken, ...]
    resting_since: datetime | None
    is_full: bool
    broken_down_at: datetime | None
    returned_at: datetime | None
    closed_roads: tuple[Location, ...]
    last_at: datetime | None

    @property
    def emptied(self) -> dict[str, TourEvent]:
        """The emptying of each container that was emptied."""
        return {one.container_id: one for one in self.facts if one.kind is EventKind.EMPTIED and one.container_id}

    @property
    def not_emptied(self) -> dict[str, TourEvent]:
        """The reason for each container that was not."""
        return {one.container_id: one for one in self.facts if one.kind is EventKind.NOT_EMPTIED and one.container_id}


def fold_events(vehicle_id: str, events: Iterable[TourEvent]) -> TourProgress:
    """What one vehicle's events say together; those of other vehicles are left out.

    Events with one id count once. Should their content differ, which no sound tablet does, one of them is chosen by
    its content, so that the order of arrival still does not matter.
    """
    once: dict[str, TourEvent] = {}
    for event in events:
        if event.vehicle_id != vehicle_id:
            continue
        known = once.setdefault(event.event_id, event)
        if known is not event and (*_order(event), repr(event)) < (*_order(known), repr(known)):
            once[event.event_id] = event
    ordered = sorted(once.values(), key=_order)
    breaks, resting_since = _breaks(ordered)
    full_at = _last(ordered, EventKind.FULL)
    tipped_at = _last(ordered, EventKind.TIPPED)
    return TourProgress(
        vehicle_id=vehicle_id,
        started_at=_first(ordered, EventKind.STARTED),
        facts=_facts(ordered),
        breaks=breaks,
        resting_since=resting_since,
        is_full=full_at is not None and (tipped_at is None or tipped_at < full_at),
        broken_down_at=_first(ordered, EventKind.BROKEN_DOWN),
        returned_at=_last(ordered, EventKind.RETURNED),
        closed_roads=tuple(
            one.location for one in ordered if one.kind is EventKind.ROAD_CLOSED and one.location is not None
        ),
        last_at=ordered[-1].happened_at if ordered else None,
    )


def readings_of(progress: TourProgress) -> list[Reading]:
    """What a tour teaches about fills: every emptying, and every level that a driver saw."""
    readings = []
    for event in progress.facts:
        if event.container_id is None:
            continue
        if event.fill_fraction is not None:
            readings.append(
                Reading(
                    container_id=event.container_id,
                    observed_at=event.happened_at,
                    fill_fraction=event.fill_fraction,
                    source=Source.DRIVER,
                )
            )
        if event.kind is EventKind.EMPTIED:
            readings.append(
                Reading(
                    container_id=event.container_id,
                    observed_at=event.happened_at,
                    fill_fraction=float("nan"),
                    source=Source.TRUCK,
                    is_emptying=True,
                )
            )
    return readings


def _order(event: TourEvent) -> tuple[datetime, int, str]:
    return (event.happened_at, event.sequence, event.event_id)


def _first(ordered: list[TourEvent], kind: EventKind) -> datetime | None:
    return next((one.happened_at for one in ordered if one.kind is kind), None)


def _last(ordered: list[TourEvent], kind: EventKind) -> datetime | None:
    return next((one.happened_at for one in reversed(ordered) if one.kind is kind), None)


def _facts(ordered: list[TourEvent]) -> tuple[TourEvent, ...]:
    chosen: dict[str, TourEvent] = {}
    for event in ordered:
        if event.container_id is None:
            continue
        known = chosen.get(event.container_id)
        if known is None or event.kind is EventKind.EMPTIED or known.kind is EventKind.NOT_EMPTIED:
            # The first emptying stays: pressing the button twice empties nothing twice.
            if known is not None and known.kind is EventKind.EMPTIED:
                continue
            chosen[event.container_id] = event
    kept = {one.event_id for one in chosen.values()}
    return tuple(one for one in ordered if one.event_id in kept or one.kind is EventKind.TIPPED)


def _breaks(ordered: list[TourEvent]) -> tuple[tuple[BreakTaken, ...], datetime | None]:
    """Pairs of begin and end; a second begin and an end without a begin say nothing new."""
    taken, since = [], None
    for event in ordered:
        if event.kind is EventKind.BREAK_STARTED and since is None:
            since = event.happened_at
        elif event.kind is EventKind.BREAK_ENDED and since is not None:
            if event.happened_at > since:
                taken.append(BreakTaken(starts_at=since, ends_at=event.happened_at))
            since = None
    return tuple(taken), since
