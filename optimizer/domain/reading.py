"""Observations of fill levels, and the series made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray


class Quality(IntEnum):
    """How far a reading is to be believed; the scale of LwM2M resource 6042."""

    UNCHECKED = 0
    REJECTED = 1
    PROBABLY_WRONG = 2
    SUSPICIOUS = 3
    ACCEPTED = 4


class Source(StrEnum):
    """Who observed."""

    SENSOR = "sensor"
    DRIVER = "driver"
    TRUCK = "truck"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One observation of one container, as it comes in.

    Attributes
    ----------
    observed_at
        Aware instant of the observation.
    fill_fraction
        0 is empty, 1 is full; above 1 is overfull.
    is_emptying
        True when the observer emptied the container at that instant.
    """

    container_id: str
    observed_at: datetime
    fill_fraction: float
    source: Source = Source.SENSOR
    is_emptying: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FillSeries:
    """All observations of one container in time order, as arrays.

    Attributes
    ----------
    observed_at_s
        ``(n,)`` int64: seconds since 1970-01-01 UTC, strictly increasing.
    fill_fraction
        ``(n,)`` float32; NaN where the reading carries no level.
    quality
        ``(n,)`` int8 on the scale of ``Quality``; all UNCHECKED before cleaning.
    emptied_at_s
        ``(k,)`` int64: emptyings known from trucks or drivers.
    glanced_at_s, glance_fraction
        ``(g,)`` int64 and float32: levels that drivers saw when they looked in, in quarters (above 1: overfull).
    """

    container_id: str
    observed_at_s: NDArray[np.int64]
    fill_fraction: NDArray[np.float32]
    quality: NDArray[np.int8]
    emptied_at_s: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    glanced_at_s: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    glance_fraction: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, dtype=np.float32))

    def __len__(self) -> int:
        return int(self.observed_at_s.shape[0])


FillHistory = Mapping[str, FillSeries]
"""Series by container id; a container without readings is absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanSeries:
    """A series after cleaning: every reading judged, emptyings known or inferred.

    Attributes
    ----------
    series
        The same readings with their quality set.
    reset_at_s
        ``(k,)`` int64: instants of emptyings, logged or detected.
    is_healthy
        False when too many readings are wrong to learn from.
    reasons
        What was found, in words for people, e.g. ``"stuck since 2026-03-01 04:10"``.
    """

    series: FillSeries
    reset_at_s: NDArray[np.int64]
    is_healthy: bool
    reasons: tuple[str, ...] = ()
