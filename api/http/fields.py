"""Types of single values in requests: bounded, finite, printable, and never guessed from another type."""

import re
import unicodedata
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

EARLIEST_YEAR = 2000
LATEST_YEAR = 2100
_ISO_8601 = re.compile(r"\d{4}-\d{2}-\d{2}|\d{2}:\d{2}")


class Body(BaseModel):
    """Root of everything that may be sent: unknown names and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def _printable(text: str) -> str:
    if not text.isprintable() and any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise ValueError("Use printable characters only.")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("Give more than blanks.")
    return text


def _written(value: Any) -> Any:
    # Numbers, also as text, would be taken for seconds since 1970.
    if not isinstance(value, str) or not _ISO_8601.match(value):
        raise ValueError("Write it as text in ISO 8601, e.g. 2026-03-02, 2026-03-02T05:10:00+01:00 or 06:00.")
    return value


def _within_years(value: date) -> date:
    if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise ValueError(f"Give a year from {EARLIEST_YEAR} to {LATEST_YEAR}.")
    return value


def _without_zone(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("Give the clock time without a zone; it is the depot's.")
    return value


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Identifier = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_printable), AfterValidator(_not_blank)]
ShortText = Annotated[str, Field(max_length=200), AfterValidator(_printable)]
Day = Annotated[date, Field(strict=False), BeforeValidator(_written), AfterValidator(_within_years)]
Instant = Annotated[
    AwareDatetime,
    Field(strict=False),
    BeforeValidator(_written),
    AfterValidator(_within_years),
    AfterValidator(_to_utc),
]
ClockTime = Annotated[time, Field(strict=False), BeforeValidator(_written), AfterValidator(_without_zone)]
Probability = Annotated[float, Field(ge=0, le=1)]
