"""What a worker plans with while streets are closed."""

from datetime import date, datetime, timedelta

from api.store.ports import Store
from api.tablet.closures import overrides_of
from optimizer.domain.hours import local_midnight
from optimizer.domain.town import Town
from optimizer.ports import Ports


def obeying_closures(ports: Ports, store: Store, town: Town, *, day: date, now: datetime | None = None) -> Ports:
    """The ports with what is closed on a day, from now on where it has begun."""
    begins_at = local_midnight(day, town.zone)
    from_at = begins_at if now is None else max(begins_at, now)
    closed = overrides_of(
        store.closures.all(), from_at=from_at, until_at=local_midnight(day + timedelta(days=1), town.zone)
    )
    if not closed:
        return ports
    # Imported here: the streets are heavy, and the service's own process names this module.
    from api.tablet.closed_router import with_closures  # noqa: PLC0415

    return with_closures(ports, closed)
