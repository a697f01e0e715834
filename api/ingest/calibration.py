"""From a distance to a fill level: measured distances of the empty and the full container, and its shape."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from api.ingest.record import RefusedMessageError
from api.store.tenant_ports import Device

NEAREST_EMPTY_MM = 50.0
FARTHEST_EMPTY_MM = 15_000.0


def _box(height: float) -> float:
    return height


def _cone(height: float) -> float:
    return 1 - (1 - height) ** 3


def _sphere(height: float) -> float:
    return height * height * (3 - 2 * height)


def _cylinder_lying(height: float) -> float:
    middle = 1 - 2 * height
    return (math.acos(middle) - middle * 2 * math.sqrt(height - height * height)) / math.pi


SHAPES: Mapping[str, Callable[[float], float]] = {
    "box": _box,
    "cone": _cone,
    "sphere": _sphere,
    "cylinder_lying": _cylinder_lying,
}
"""Share of the volume below a relative height from 0 to 1. A cone stands on its wide end, as glass igloos do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How a sensor hangs in a container.

    Attributes
    ----------
    empty_mm, full_mm
        Distance to the ground of the empty container, and to the waste of the full one.
    dead_zone_mm
        Nearer than this the sensor is blind.
    """

    empty_mm: float
    full_mm: float
    shape: str = "box"
    dead_zone_mm: float = 0.0

    def __post_init__(self) -> None:
        fault = find_fault(self.empty_mm, self.full_mm, self.shape)
        if fault:
            raise RefusedMessageError("bad_calibration", fault)

    def fill_fraction(self, distance_mm: float) -> float:
        """Share of the volume that is filled, from 0 to 1; beyond the two marks it is clamped."""
        height = (self.empty_mm - distance_mm) / (self.empty_mm - self.full_mm)
        return min(1.0, max(0.0, SHAPES[self.shape](min(1.0, max(0.0, height)))))


def calibration_of(device: Device, *, dead_zone_mm: float) -> Calibration | None:
    """The device's calibration; None until both distances are measured.

    Raises
    ------
    RefusedMessageError
        When the entry cannot be used.
    """
    if device.empty_mm is None or device.full_mm is None:
        return None
    return Calibration(
        empty_mm=device.empty_mm, full_mm=device.full_mm, shape=device.shape or "box", dead_zone_mm=dead_zone_mm
    )


def find_fault(empty_mm: float, full_mm: float, shape: str) -> str:
    """What is wrong with a calibration, as a sentence; empty when nothing is."""
    if not (math.isfinite(empty_mm) and math.isfinite(full_mm)):
        return "The distances must be finite numbers in millimetres."
    if shape not in SHAPES:
        return f"The shape must be one of {', '.join(SHAPES)}."
    if not NEAREST_EMPTY_MM <= empty_mm <= FARTHEST_EMPTY_MM:
        return f"empty_mm must lie between {NEAREST_EMPTY_MM:.0f} and {FARTHEST_EMPTY_MM:.0f}: is it in millimetres?"
    if not 0 <= full_mm < empty_mm:
        return "full_mm must be at least 0 and less than empty_mm: a full container is nearer to the sensor."
    return ""
