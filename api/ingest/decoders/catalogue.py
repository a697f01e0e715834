"""All decoders, and which of them reads a message."""

from collections.abc import Mapping

from api.ingest.decoders import decentlab, dingtek, dragino, milesight, netvox, plain, sensoneo
from api.ingest.decoders.decoder import Decoder
from api.ingest.record import Measurement, RefusedMessageError, Uplink

DECODERS: Mapping[str, Decoder] = {
    decoder.name: decoder
    for decoder in (
        sensoneo.SINGLE_3,
        milesight.EM310,
        milesight.EM400,
        decentlab.MBX,
        dragino.LDDS75,
        netvox.R718X,
        dingtek.DF702,
        plain.PERCENT,
        plain.FRACTION,
    )
}
_BY_MODEL = {model: decoder for decoder in DECODERS.values() for model in decoder.models}


def find_decoder(named: str, model: str) -> Decoder | None:
    """The decoder that the device's entry names, or else the one for the model that the network names."""
    if named:
        return DECODERS.get(named)
    return _BY_MODEL.get(model.strip().lower()) if model else None


def decode(uplink: Uplink, named: str) -> tuple[Measurement, Decoder | None]:
    """What a message says, and who read it.

    The network's codec is heard first; where it tells no level, the device's own bytes are asked.

    Raises
    ------
    RefusedMessageError
        When no decoder is known, or the payload is not of its form.
    """
    if uplink.measurement is not None:
        return uplink.measurement, find_decoder(named, uplink.model)
    decoder = find_decoder(named, uplink.model)
    if decoder is None:
        known = ", ".join(sorted(DECODERS))
        raise RefusedMessageError("no_decoder", f"No decoder is known for this device. Set one of {known}.")
    read = Measurement()
    if uplink.fields is not None:
        # Where bytes are at hand, they know better than a guess what was left out.
        may_guess = uplink.may_omit_zeros and not (uplink.payload and decoder.reads_bytes)
        read = decoder.reads_fields(uplink.fields, may_guess)
    if read.has_level or not uplink.payload:
        return read, decoder
    if decoder.reads_bytes is None:
        if uplink.fields is not None:
            return read, decoder
        raise RefusedMessageError(
            "no_codec", "The network sent bytes only, and their layout is not public. Set the device's codec there."
        )
    return decoder.reads_bytes(uplink.payload, uplink.f_port), decoder
