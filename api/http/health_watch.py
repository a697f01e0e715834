"""Looks after what the service stands on, every two seconds and apart from requests: health never hangs or lies."""

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from api.http.map_files import MapFiles
from api.store.errors import MovedDatabaseError, StoreError
from api.store.tenant_ports import TenantStores

LOOK_EVERY_S = 2.0
STALE_AFTER_S = 8.0
"""A look that takes longer has met something that hangs: the database, or the disk."""

MIN_FREE_BYTES = 50_000_000
_PROBE_BYTES = 65_536
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one part is; ``detail`` is for everybody, so it holds no path and no name.

    Attributes
    ----------
    has_warning
        It works, and somebody should look after it; ``detail`` says why.
    """

    name: Literal["database", "town", "disk", "map_files"]
    is_ready: bool
    detail: str = ""
    has_warning: bool = False


class HealthWatch:
    """Keeps the last findings.

    Parameters
    ----------
    data_folder
        Where the service writes; None where the database is on another machine.
    chore
        Done after each look, e.g. writing down counts.
    """

    def __init__(
        self,
        stores: TenantStores,
        *,
        data_folder: Path | None,
        maps: MapFiles,
        chore: Callable[[], None],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stores = stores
        self._data_folder = data_folder
        self._maps = maps
        self._chore = chore
        self._clock_s = clock_s
        self._findings: tuple[Finding, ...] = ()
        self._looked_at_s = clock_s()
        self._missed_file = ""
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="health-watch", daemon=True)

    def start(self) -> None:
        """Look once, then go on looking."""
        self.look()
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._is_stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)

    def findings(self) -> tuple[Finding, ...]:
        """What the last look found; every part is called not ready when that was too long ago."""
        if self._clock_s() - self._looked_at_s > STALE_AFTER_S:
            detail = "It has not answered for several seconds."
            return tuple(Finding(name=one.name, is_ready=False, detail=detail) for one in self._findings)
        return self._findings

    def look(self) -> None:
        """Look at every part now."""
        self._findings = (*self._stored_parts(), self._disk(), self._map_files())
        self._looked_at_s = self._clock_s()

    def _watch(self) -> None:
        while not self._is_stopping.wait(LOOK_EVERY_S):
            try:
                self.look()
                self._chore()
            except Exception:
                _LOGGER.exception("A look at the service's health failed.")

    def _stored_parts(self) -> tuple[Finding, Finding]:
        try:
            self._stores.ping()
            tenants = self._stores.tenants()
            # Without any tenant nobody can ask for plans; the service is ready to be given its first.
            has_town = not tenants or any(
                self._stores.store(tenant.tenant_id).town.version() > 0 for tenant in tenants if tenant.is_active
            )
        except MovedDatabaseError as error:
            self._tell_of(error.source)
            return _without_database(str(error))
        except StoreError:
            return _without_database("The database does not answer.")
        self._tell_of("")
        missing = "There is no tenant yet: see fuhre tenant add." if not tenants else ""
        missing = missing if has_town else "No town has been imported yet."
        return Finding(name="database", is_ready=True), Finding(name="town", is_ready=has_town, detail=missing)

    def _tell_of(self, missed_file: str) -> None:
        """Name the file where only the operator reads it, once."""
        if missed_file and missed_file != self._missed_file:
            _LOGGER.error("The database file %s was moved away or replaced while the service runs.", missed_file)
        elif self._missed_file and not missed_file:
            _LOGGER.info("The database file %s is back.", self._missed_file)
        self._missed_file = missed_file

    def _disk(self) -> Finding:
        if self._data_folder is None:
            return Finding(name="disk", is_ready=True)
        probe = self._data_folder / f".disk-probe-{os.getpid()}"
        try:
            descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                written = os.write(descriptor, b"\0" * _PROBE_BYTES)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
                probe.unlink(missing_ok=True)
            is_free = written == _PROBE_BYTES and shutil.disk_usage(self._data_folder).free >= MIN_FREE_BYTES
        except OSError:
            return Finding(name="disk", is_ready=False, detail="Nothing can be written to the disk.")
        return Finding(name="disk", is_ready=is_free, detail="" if is_free else "The disk is almost full.")

    def _map_files(self) -> Finding:
        maps = self._maps.look()
        dated = "" if maps.oldest_at is None else f"The oldest map is of {maps.oldest_at:%Y-%m-%d}."
        if maps.gone:
            detail = f"{maps.gone} of {maps.count} map files are gone; the service would not plan after a restart."
            return Finding(name="map_files", is_ready=False, detail=detail)
        if maps.stale:
            dated = f"{maps.stale} of {maps.count} maps are older than they should be. {dated} Get newer extracts."
        return Finding(name="map_files", is_ready=True, detail=dated, has_warning=maps.stale > 0)


def _without_database(detail: str) -> tuple[Finding, Finding]:
    return (
        Finding(name="database", is_ready=False, detail=detail),
        Finding(name="town", is_ready=False, detail=detail),
    )
