"""What a decoder of one sensor family is: from its bytes, or from what a network's codec made of them, to values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from api.ingest.record import Measurement, RefusedMessageError

ReadsFields = Callable[[Mapping[str, object], bool], Measurement]
"""Reads a codec's fields; the flag says whether the network may have left out zeros."""

ReadsBytes = Callable[[bytes, int | None], Measurement]
"""Reads a device's own bytes, and the port that they came on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """One sensor family.

    Attributes
    ----------
    name
        As ``Device.decoder`` names it.
    models
        What networks call its models, in lower case.
    blind_mm
        Nearest distance that it can measure; an echo from nearer says only that something is close. 0 when unknown.
    reads_bytes
        None where the binary layout is not public.
    """

    name: str
    models: tuple[str, ...]
    reads_fields: ReadsFields
    reads_bytes: ReadsBytes | None = None
    blind_mm: float = 0.0


def wrong_length(found: int, expected: str) -> RefusedMessageError:
    """The refusal of a payload of another length."""
    return RefusedMessageError(
        "wrong_length",
        f"The payload has {found} bytes, this sensor sends {expected}. Check the device's decoder.",
    )
