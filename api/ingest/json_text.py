"""Reads JSON from strangers: UTF-8, finite numbers, bounded depth and width, and a name for every refusal."""

import json
import math
from typing import Any

import numpy as np

from api.ingest.record import RefusedMessageError

MAX_DEPTH = 32
"""Deepest nesting; the deepest of the formats needs eleven."""

MAX_VALUES = 250_000
"""Most values; 5,000 messages of a platform, fifty values each."""

MAX_DIGITS = 40
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def read_json(body: bytes) -> Any:
    """The document.

    Raises
    ------
    RefusedMessageError
        When it is not one JSON document, is nested too deeply or too wide, or holds a number that is none.
    """
    if _depth(body) > MAX_DEPTH:
        raise RefusedMessageError("too_deep", f"The message is nested deeper than {MAX_DEPTH} levels.")
    if body.count(b",") > MAX_VALUES:
        raise RefusedMessageError("too_wide", f"The message holds more than {MAX_VALUES} values. Send smaller batches.")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RefusedMessageError("not_utf8", "The message is not UTF-8 text. Send JSON in UTF-8.") from None
    if not text.strip():
        raise RefusedMessageError("empty", "The message is empty. Send one JSON document.")
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole)
    except RefusedMessageError:
        raise
    except (ValueError, RecursionError):
        raise RefusedMessageError("not_json", "The message is no JSON. Send one valid JSON document.") from None


def read_object(body: bytes) -> dict[str, Any]:
    """The document, which must be an object.

    Raises
    ------
    RefusedMessageError
        As ``read_json``, or when it is another kind of value.
    """
    document = read_json(body)
    if not isinstance(document, dict):
        raise RefusedMessageError("not_an_object", "The message is JSON, but no object. Check the sender's format.")
    return document


def write_json(document: object) -> bytes:
    """One line of JSON, the same for equal documents."""
    return json.dumps(document, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode()


def _depth(body: bytes) -> int:
    # Brackets inside texts count too, which only makes the rule stricter for odd texts.
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return 0
    brackets = np.frombuffer(body.translate(None, _NO_BRACKETS), dtype=np.uint8)
    is_open = (brackets == ord("[")) | (brackets == ord("{"))
    return int(np.cumsum(np.where(is_open, 1, -1)).max())


def _refuse_constant(_name: str) -> float:
    raise RefusedMessageError("not_finite", "The message holds NaN or Infinity, which are no JSON numbers.")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise RefusedMessageError("not_finite", "The message holds a number too large for any sensor.")
    return value


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise RefusedMessageError("not_finite", "The message holds a number too large for any sensor.")
    return int(text)
