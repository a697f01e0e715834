"""The one form that every message from sensors takes inside: what an adapter yields and what a decoder reads.

Guards that formats meet in one place: behind it nobody knows which network, platform or vendor spoke.

What each message of a batch becomes on its way is a named tuple, made in a third of a frozen dataclass's time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from optimizer.domain.reading import Quality
from optimizer.domain.sendable_error import SendableError


class Measurement(NamedTuple):
    """What a payload says, in our units; None is what it does not say.

    Attributes
    ----------
    fill_fraction
        As the sender works it out; believed only where our own calibration cannot be used.
    distance_mm
        From the sensor down to the waste.
    is_tilted, is_burning, is_lid_open
        Alarms of the device; None where it has no such sensor or did not speak of it.
    has_heat_alarm
        The device's own temperature threshold was passed.
    stated_quality
        The sender's own judgement (LwM2M resource 6042).
    remarks
        Codes of what was odd while it was read; ``api.ingest.arrival`` knows what each means.
    """

    fill_fraction: float | None = None
    distance_mm: float | None = None
    temperature_c: float | None = None
    battery_v: float | None = None
    battery_percent: float | None = None
    tilt_deg: float | None = None
    is_tilted: bool | None = None
    is_burning: bool | None = None
    is_lid_open: bool | None = None
    has_heat_alarm: bool | None = None
    stated_quality: Quality | None = None
    remarks: tuple[str, ...] = ()

    @property
    def has_level(self) -> bool:
        """Whether it says anything about how full the container is."""
        return self.fill_fraction is not None or self.distance_mm is not None


class Uplink(NamedTuple):
    """One message of one device, as its network or platform handed it over.

    Attributes
    ----------
    observed_at
        When it was measured, or received by the network; None where the message does not say.
    dedup_key
        The network's own identity of the message; None where it has none.
    measurement
        Where the platform speaks in levels already; else the payload is decoded.
    payload, f_port
        The device's own bytes, and the LoRaWAN port they came on.
    fields
        The payload as the network's codec decoded it; None without a codec.
    may_omit_zeros
        Whether the network leaves out fields that are zero, false or empty.
    model
        What the network calls the device's model, to choose a decoder.
    container_id
        Where the device hangs, if the message says so.
    document
        This message alone, as JSON that can be taken in again; None for the whole body. It is written only where the
        message is refused.
    """

    device_id: str
    observed_at: datetime | None
    dedup_key: str | None = None
    measurement: Measurement | None = None
    payload: bytes = b""
    f_port: int | None = None
    fields: Mapping[str, object] | None = None
    may_omit_zeros: bool = False
    model: str = ""
    container_id: str | None = None
    rssi_dbm: float | None = None
    snr_db: float | None = None
    document: Mapping[str, Any] | Sequence[Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A message that could not be used, and why.

    Attributes
    ----------
    code
        Stable, e.g. ``"not_json"``.
    detail
        A sentence that says what to do.
    raw
        The message alone, as a body that can be taken in again; empty for the whole body.
    """

    code: str
    detail: str
    device_id: str | None = None
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A message that is in order and carries no level, e.g. a join."""

    code: str
    device_id: str | None = None


Parsed = Uplink | Refusal | Ignored


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How a body came in.

    Attributes
    ----------
    device_id
        The device that the channel belongs to, where the body does not name one.
    event
        The kind of event, where the network tells it beside the body.
    """

    received_at: datetime
    device_id: str | None = None
    event: str = ""


class Observation(NamedTuple):
    """The common internal record: a decoded and judged message of one device.

    Attributes
    ----------
    fill_fraction
        0 to 2 by the device's calibration, or as stated; None when it must not be used.
    quality, reasons
        How far it is to be believed, and why not further.
    source
        Name of the format.
    raw_ref
        The device's distance or the network's identity of the message, to find the original.
    """

    device_id: str
    container_id: str | None
    observed_at: datetime
    received_at: datetime
    fill_fraction: float | None
    measurement: Measurement
    quality: Quality
    reasons: tuple[str, ...]
    source: str
    dedup_key: str | None
    rssi_dbm: float | None = None
    snr_db: float | None = None
    raw_ref: str = ""


class RefusedMessageError(SendableError, ValueError):
    """A message cannot be read.

    Attributes
    ----------
    code
        Stable name of the reason.
    """

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(detail)
