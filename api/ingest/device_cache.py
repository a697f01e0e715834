"""Devices that spoke lately, kept for a few seconds: a lookup for each message would cost more than the message."""

import threading
import time
from collections.abc import Callable

from api.store.tenant_ports import Device, DeviceStore

KEPT_FOR_S = 5.0
"""A change by another process counts after this time at the latest."""

MAX_KEPT = 50_000


class NotRememberedError(LookupError):
    """A device is not in memory: the database must be asked, which may take a while."""


class DeviceCache:
    """Looks devices up; those that are not registered are asked for every time, so that a new one counts at once.

    Parameters
    ----------
    clock_s
        Seconds that never run backwards.
    """

    def __init__(self, devices: DeviceStore, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._devices = devices
        self._clock_s = clock_s
        self._kept: dict[str, tuple[float, Device]] = {}
        self._lock = threading.Lock()

    def get(self, device_id: str) -> Device | None:
        """A device as it was a few seconds ago at most."""
        try:
            return self.remembered(device_id)
        except NotRememberedError:
            return self.fresh(device_id)

    def remembered(self, device_id: str) -> Device:
        """A device as it was a few seconds ago at most, at once.

        Raises
        ------
        NotRememberedError
            When the database must be asked.
        """
        now_s = self._clock_s()
        with self._lock:
            found = self._kept.get(device_id)
        if found is None or now_s - found[0] >= KEPT_FOR_S:
            raise NotRememberedError(device_id)
        return found[1]

    def fresh(self, device_id: str) -> Device | None:
        """A device as it is now."""
        asked_s = self._clock_s()
        device = self._devices.get(device_id)
        with self._lock:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            if device is None:
                self._kept.pop(device_id, None)
            else:
                self._kept[device_id] = (asked_s, device)
        return device
