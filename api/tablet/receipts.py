"""What a tablet is told of each event: accepted, or said before, or outweighed by another."""

from collections.abc import Iterable, Sequence

from api.tablet.ports import EventStatus, Receipt
from optimizer.domain.tour_event import EventKind, TourEvent
from optimizer.planning.tour_progress import fold_events


def receipts_of(vehicle_id: str, known: Iterable[TourEvent], new: Sequence[TourEvent]) -> list[Receipt]:
    """One receipt per new event, as the tour stands when all of them are known."""
    progress = fold_events(vehicle_id, [*known, *new])
    counted = {one.event_id for one in progress.facts}
    emptied = progress.emptied
    receipts = []
    for event in new:
        if event.container_id is None or event.event_id in counted:
            receipts.append(Receipt(event_key=event.event_id, status=EventStatus.ACCEPTED))
        elif event.kind is EventKind.EMPTIED:
            receipts.append(
                Receipt(
                    event_key=event.event_id,
                    status=EventStatus.DUPLICATE,
                    code="emptied_before",
                    reason="This container was reported as emptied already; the first report counts.",
                )
            )
        else:
            was_emptied = event.container_id in emptied
            reason = "This container was emptied after all." if was_emptied else "A later report of it counts."
            receipts.append(
                Receipt(
                    event_key=event.event_id,
                    status=EventStatus.SUPERSEDED,
                    code="emptied" if was_emptied else "later_report",
                    reason=reason,
                )
            )
    return receipts
