"""Reads single values as senders write them: numbers with units, value objects, instants, ids."""

import base64
import binascii
import hashlib
import math
import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from api.ingest.record import RefusedMessageError

MAX_ID_LENGTH = 64
MAX_KEY_LENGTH = 120
MAX_PAYLOAD_BYTES = 4_096
_TWO_DIGITS = tuple(f"{number:02}" for number in range(60))
_NUMBER = re.compile(r"\s*([+-]?\d{1,15}(?:\.\d{1,15})?)\s*(?:[^\d\s.,][^\d]{0,23})?")


def number(value: object) -> float | None:
    """A finite number, also as text with a unit behind it, or in a value object; None for everything else.

    Truth values are no numbers, although Python takes them for such.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool):
        with suppress(OverflowError):
            return float(value)
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value)
        return float(match.group(1)) if match else None
    if isinstance(value, Mapping):
        inner = value.get("value")
        return None if isinstance(inner, Mapping) else number(inner)
    return None


def flag(value: object) -> bool | None:
    """A truth value; None for everything else."""
    return value if isinstance(value, bool) else None


def instant(value: object) -> datetime | None:
    """An aware instant in UTC from ISO 8601 text; None where there is none, or it lacks an offset."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is UTC:
            return at
        return None if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def instant_text(at: datetime) -> str:
    """As ``at.isoformat()``; whole seconds in UTC in a quarter of its time."""
    if at.microsecond or at.tzinfo is not UTC or at.year < 1000:
        return at.isoformat()
    two = _TWO_DIGITS
    return f"{at.year}-{two[at.month]}-{two[at.day]}T{two[at.hour]}:{two[at.minute]}:{two[at.second]}+00:00"


def epoch_instant(seconds: float) -> datetime | None:
    """An instant from seconds since 1970; None beyond the calendar."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def identifier(value: object) -> str | None:
    """An id of 1 to 64 printable characters; None for everything else."""
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_ID_LENGTH:
        return None
    if value.isprintable():
        return value
    return None if any(unicodedata.category(one) in {"Cc", "Cs"} for one in value) else value


def dev_eui(value: object) -> str | None:
    """A DevEUI as 16 upper-case hex digits; None for everything else."""
    if not isinstance(value, str):
        return None
    plain = value.replace("-", "").replace(":", "").upper()
    return plain if re.fullmatch(r"[0-9A-F]{16}", plain) else None


def mapping(value: object) -> Mapping[str, Any]:
    """An object as JSON gives it, or an empty one for everything else."""
    return value if isinstance(value, dict) else {}  # asking for any Mapping costs more than the rest of a message


def sequence(value: object) -> list[Any]:
    """A list, or an empty one for everything else."""
    return value if isinstance(value, list) else []


def payload_bytes(value: object) -> bytes:
    """The bytes in base64 text.

    Raises
    ------
    RefusedMessageError
        When it is no base64, or too long for any radio.
    """
    if value is None or value == "":
        return b""
    if not isinstance(value, str) or len(value) > MAX_PAYLOAD_BYTES:
        raise RefusedMessageError("bad_payload", "The payload is no base64 text. Check the network's format.")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise RefusedMessageError("bad_payload", "The payload is no base64 text. Check the network's format.") from None


def dedup_key(*parts: object) -> str:
    """A key from the parts of a message's identity, digested where it would be long."""
    key = ":".join(map(str, parts))
    if len(key) <= MAX_KEY_LENGTH and key.isascii() and key.isprintable():
        return key
    return f"{parts[0]}:{hashlib.sha256(key.encode('utf-8', 'backslashreplace')).hexdigest()}"
