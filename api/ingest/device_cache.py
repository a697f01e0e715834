"""Devices that spoke lately, kept for a few seconds: a lookup for each message would cost more than the message."""

import threading
import time
from collections.abc import Callable, Collection, Mapping

from api.store.tenant_ports import Device, DeviceStore

KEPT_FOR_S = 5.0
"""A change by another process counts after this time at the latest."""

MAX_KEPT = 50_000


class NotRememberedError(LookupError):
    """Not all devices are in memory: the database must be asked, which may take a while."""


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
        return self.get_all({device_id}).get(device_id)

    def get_all(self, device_ids: Collection[str]) -> dict[str, Device]:
        """Devices as they were a few seconds ago at most; the database is asked once for all that are not in memory."""
        asked_s = self._clock_s()
        found = self._in_memory(device_ids)
        missing = [one for one in device_ids if one not in found]
        if missing:
            told = self._devices.find(missing)
            self._remember(told, asked_s)
            found.update(told)
        return found

    def remembered(self, device_ids: Collection[str]) -> dict[str, Device]:
        """As ``get_all``, at once.

        Raises
        ------
        NotRememberedError
            When the database must be asked.
        """
        found = self._in_memory(device_ids)
        if len(found) < len(device_ids):
            raise NotRememberedError
        return found

    def fresh(self, device_id: str) -> Device | None:
        """A device as it is now."""
        asked_s = self._clock_s()
        device = self._devices.get(device_id)
        if device is None:
            with self._lock:
                self._kept.pop(device_id, None)
        else:
            self._remember({device_id: device}, asked_s)
        return device

    def fresh_all(self, device_ids: Collection[str]) -> dict[str, Device]:
        """Devices as they are now."""
        found = {device_id: self.fresh(device_id) for device_id in device_ids}
        return {device_id: device for device_id, device in found.items() if device is not None}

    def _in_memory(self, device_ids: Collection[str]) -> dict[str, Device]:
        oldest_s = self._clock_s() - KEPT_FOR_S
        with self._lock:
            kept = {one: self._kept[one] for one in device_ids if one in self._kept}
        return {device_id: device for device_id, (asked_s, device) in kept.items() if asked_s > oldest_s}

    def _remember(self, devices: Mapping[str, Device], asked_s: float) -> None:
        with self._lock:
            if len(self._kept) + len(devices) > MAX_KEPT:
                self._kept.clear()
            self._kept.update({device_id: (asked_s, device) for device_id, device in devices.items()})
