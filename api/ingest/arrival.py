"""Judges a message on arrival: what it says becomes a fill level with a quality and reasons, or is kept aside.

Only what may be true reaches the readings: a level of quality 1 or 2 is refused by name and waits in quarantine. Series
of readings are judged again later, by ``optimizer.series``, which sees what one message cannot show.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.ingest.calibration import Calibration, calibration_of
from api.ingest.decoders.catalogue import decode
from api.ingest.json_text import write_json
from api.ingest.record import Arrival, Measurement, Observation, Refusal, RefusedMessageError, Uplink
from api.store.tenant_ports import Device
from optimizer.domain.reading import Quality

MAX_CLOCK_LEAD = timedelta(minutes=10)
MAX_AGE = timedelta(days=30)
LOST_CLOCK_BEFORE = datetime(2015, 1, 1, tzinfo=UTC)
MAX_TILT_DEG = 30.0
MAX_FILL_FRACTION = 2.0
MAX_DISTANCE_MM = 15_000.0
BEYOND_EMPTY = 1.25
"""An echo from this many times the empty distance comes from elsewhere."""

BELOW_GROUND = 1.05


@dataclass(frozen=True, slots=True)
class Reason:
    """What a code means for a level, and what to do about it."""

    quality: Quality
    advice: str


REASONS: Mapping[str, Reason] = {
    "clock_lost": Reason(Quality.REJECTED, "The sensor's clock was lost (before 2015). Restart it, then replay."),
    "clock_ahead": Reason(Quality.REJECTED, "observed_at is in the future. Set the sensor's clock."),
    "too_old": Reason(Quality.PROBABLY_WRONG, "The message is older than 30 days. Import it as history instead."),
    "no_echo": Reason(Quality.REJECTED, "The sensor heard no echo. Clean it, or check how it is mounted."),
    "no_sensor": Reason(Quality.REJECTED, "The radio has no sensor attached. Check the cable."),
    "invalid_reading": Reason(Quality.REJECTED, "The sensor itself calls the reading invalid. Clean or remount it."),
    "no_valid_samples": Reason(Quality.REJECTED, "None of the sensor's samples was valid. Clean or remount it."),
    "sensor_code": Reason(Quality.REJECTED, "The level is an error code (254 or 255). Check the sensor."),
    "out_of_range": Reason(Quality.REJECTED, "The level is impossible. Check scale, calibration and mounting."),
    "stated_rejected": Reason(Quality.REJECTED, "The sender marks the value as wrong."),
    "stated_doubtful": Reason(Quality.PROBABLY_WRONG, "The sender marks the value as probably wrong."),
    "tilted": Reason(Quality.PROBABLY_WRONG, "The container is tilted by more than 30 degrees. Set it upright."),
    "lid_open": Reason(Quality.PROBABLY_WRONG, "The lid is open, so the echo may come from it. Close it."),
    "moved": Reason(Quality.PROBABLY_WRONG, "The container is not at its place. Check where it stands."),
    "beyond_empty": Reason(Quality.PROBABLY_WRONG, "The echo comes from far below the ground. Calibrate again."),
    "ambiguous_scale": Reason(Quality.PROBABLY_WRONG, "1 to 2 may be percent or overfull. Name the scale."),
    "below_ground": Reason(Quality.SUSPICIOUS, "The echo comes from below the ground; counted as empty."),
    "in_dead_zone": Reason(Quality.SUSPICIOUS, "Something is nearer than the sensor can see; counted as full."),
    "echoes_disagree": Reason(Quality.SUSPICIOUS, "The echoes disagree; the median counts."),
    "few_valid_samples": Reason(Quality.SUSPICIOUS, "Few of the sensor's samples were valid."),
    "vendor_level": Reason(Quality.SUSPICIOUS, "The level is the vendor's, by settings of the device."),
    "percent_by_size": Reason(Quality.SUSPICIOUS, "A level above 2 was taken as percent."),
    "no_instant": Reason(Quality.SUSPICIOUS, "The message does not say when; counted as of its arrival."),
    "stated_suspicious": Reason(Quality.SUSPICIOUS, "The sender calls the value suspicious."),
    "low_battery": Reason(Quality.ACCEPTED, "The battery is low."),
}
_STATED = {
    Quality.REJECTED: "stated_rejected",
    Quality.PROBABLY_WRONG: "stated_doubtful",
    Quality.SUSPICIOUS: "stated_suspicious",
}


def observe(uplink: Uplink, device: Device | None, arrival: Arrival, *, source: str) -> Observation | Refusal:
    """The message as an observation with its quality, or the reason why its level must wait.

    An observation without a level is a message that carried none. A message is only worth an alarm where it could be
    decoded, which is why refusals of levels come from ``refusal_of``, with the observation at hand.
    """
    try:
        measurement, decoder = decode(uplink, device.decoder if device is not None else "")
        level = _level(measurement, device, dead_zone_mm=decoder.blind_mm if decoder is not None else 0.0)
    except RefusedMessageError as error:
        return refuse(uplink, error.code, error.detail)
    received_at = arrival.received_at
    observed_at = uplink.observed_at if uplink.observed_at is not None else received_at
    reasons: list[str] = [] if uplink.observed_at is not None else ["no_instant"]
    fill_fraction = None
    if level is not None:
        fill_fraction, remarks = level
        reasons += [*remarks, *_circumstances(measurement)]
    reasons += _clock(observed_at, received_at)
    quality = min(REASONS[code].quality for code in reasons) if reasons else Quality.ACCEPTED
    # In the order of the fields: with their names it takes nearly three times as long, for each message.
    return Observation(
        uplink.device_id,
        _container_id(uplink, device),
        observed_at,
        received_at,
        fill_fraction,
        measurement,
        quality,
        tuple(dict.fromkeys(reasons)) if reasons else (),
        source,
        uplink.dedup_key,
        uplink.rssi_dbm,
        uplink.snr_db,
        _raw_ref(measurement, uplink),
    )


def refusal_of(observation: Observation, uplink: Uplink, device: Device | None) -> Refusal | None:
    """Why the observation's level must not be stored; None when it may."""
    code, detail = "", ""
    if observation.container_id is None:
        if device is None:
            code, detail = "unknown_device", "No such device is registered. Register it, then replay the message."
        else:
            code, detail = "unmounted_device", "The device hangs in no container. Mount it, then replay the message."
    elif device is not None and not device.is_active:
        code, detail = "inactive_device", "The device was retired. Register it again, or switch it off."
    elif observation.quality <= Quality.PROBABLY_WRONG:
        code = min(observation.reasons, key=lambda one: REASONS[one].quality)
        detail = REASONS[code].advice
    elif observation.fill_fraction is None and observation.measurement.distance_mm is not None:
        code, detail = "not_calibrated", "The device is not calibrated. Set empty_mm and full_mm, then replay."
    return refuse(uplink, code, detail) if code else None


def refuse(uplink: Uplink, code: str, detail: str) -> Refusal:
    """The message as one that is kept aside: by itself, where it did not come alone."""
    raw = b"" if uplink.document is None else write_json(uplink.document)
    return Refusal(code=code, detail=detail, device_id=uplink.device_id, raw=raw)


def _level(
    measurement: Measurement, device: Device | None, *, dead_zone_mm: float
) -> tuple[float, tuple[str, ...]] | None:
    """Fill fraction and remarks; None where the message carries no level."""
    if not measurement.has_level:
        return None
    said = measurement.remarks
    remarks = tuple(one for one in said if one != "vendor_level") if said else ()
    if remarks and any(REASONS[one].quality is Quality.REJECTED for one in remarks):
        return 0.0, remarks  # the sensor says itself that the value means nothing
    calibration = calibration_of(device, dead_zone_mm=dead_zone_mm) if device is not None else None
    distance_mm = measurement.distance_mm
    if distance_mm is not None and calibration is not None:
        return calibration.fill_fraction(distance_mm), (*remarks, *_doubts(distance_mm, calibration))
    if measurement.fill_fraction is not None:
        if not 0 <= measurement.fill_fraction <= MAX_FILL_FRACTION:
            remarks += ("out_of_range",)
        if "vendor_level" in said:
            remarks += ("vendor_level",)
        return measurement.fill_fraction, remarks
    return None


def _doubts(distance_mm: float, calibration: Calibration) -> tuple[str, ...]:
    if distance_mm <= 0:
        return ("no_echo",)
    if distance_mm > MAX_DISTANCE_MM:
        return ("out_of_range",)
    if distance_mm < calibration.dead_zone_mm:
        return ("in_dead_zone",)
    if distance_mm > BEYOND_EMPTY * calibration.empty_mm:
        return ("beyond_empty",)
    return ("below_ground",) if distance_mm > BELOW_GROUND * calibration.empty_mm else ()


def _circumstances(measurement: Measurement) -> list[str]:
    found = []
    # An angle tells more than the device's own threshold, wherever that may be set.
    tilt_deg = measurement.tilt_deg
    if abs(tilt_deg) > MAX_TILT_DEG if tilt_deg is not None else measurement.is_tilted:
        found.append("tilted")
    if measurement.is_lid_open:
        found.append("lid_open")
    if measurement.stated_quality in _STATED:
        found.append(_STATED[measurement.stated_quality])
    return found


def _clock(observed_at: datetime, received_at: datetime) -> list[str]:
    if observed_at < LOST_CLOCK_BEFORE:
        return ["clock_lost"]
    lead = observed_at - received_at
    if lead > MAX_CLOCK_LEAD:
        return ["clock_ahead"]
    return ["too_old"] if lead < -MAX_AGE else []


def _container_id(uplink: Uplink, device: Device | None) -> str | None:
    if device is not None and device.container_id is not None:
        return device.container_id
    return uplink.container_id


def _raw_ref(measurement: Measurement, uplink: Uplink) -> str:
    if measurement.distance_mm is not None:
        return f"distance_mm={measurement.distance_mm:g}"
    return uplink.dedup_key or ""
