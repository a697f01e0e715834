"""The formats that can be taken in, by name: how a body is read, and how refused parts of one are kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from api.ingest.networks import chirpstack, things_stack
from api.ingest.platforms import ngsi, senml, sensorthings
from api.ingest.record import Arrival, Parsed

Parses = Callable[[bytes, Arrival], list[Parsed]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format.

    Attributes
    ----------
    name
        As quarantined messages name their source.
    joins
        Makes one body of several messages' ``raw``; None where a body is one message.
    """

    name: str
    parses: Parses
    joins: Callable[[Sequence[bytes]], bytes] | None = None


FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        Format(name="things_stack", parses=things_stack.parse),
        Format(name="chirpstack", parses=chirpstack.parse),
        *(
            Format(
                name="ngsi" if scale is ngsi.Scale.AUTO else f"ngsi_{scale.value}",
                parses=partial(ngsi.parse, scale=scale),
                joins=ngsi.join,
            )
            for scale in ngsi.Scale
        ),
        Format(name="sensorthings", parses=sensorthings.parse, joins=sensorthings.join),
        Format(name="senml", parses=senml.parse, joins=senml.join),
    )
}
