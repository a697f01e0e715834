"""Instants as whole microseconds since 1970: what comes back from the database is equal to what went in."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(instant: datetime) -> int:
    """The instant as a whole number."""
    return (instant - _EPOCH) // _MICROSECOND


def instant(us: int) -> datetime:
    """The whole number as an instant, in UTC."""
    return _EPOCH + us * _MICROSECOND


def microseconds_or_none(at: datetime | None) -> int | None:
    """As ``microseconds``, with None for None."""
    return None if at is None else microseconds(at)


def instant_or_none(us: int | None) -> datetime | None:
    """As ``instant``, with None for None."""
    return None if us is None else instant(us)
