"""The map files of the towns: whether they are there, and how old their data are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from optimizer.domain.map_age import map_age_days


@dataclass(frozen=True, slots=True, kw_only=True)
class MapState:
    """How many maps there are, how many are gone, and of when the oldest one is, where it says so."""

    count: int
    gone: int
    oldest_at: datetime | None
    stale: int


class MapFiles:
    """Looks at map files; each header is read once for each version of the file.

    Parameters
    ----------
    paths
        The map files of the towns that have one, as they were when the service started.
    """

    def __init__(self, paths: Mapping[str, Path], *, max_age_days: int, now: Callable[[], datetime]) -> None:
        self._paths = paths
        self._max_age_days = max_age_days
        self._now = now
        self._dates: dict[Path, tuple[int, datetime | None]] = {}

    def look(self) -> MapState:
        """How the files are now."""
        gone = 0
        dates = []
        for path in self._paths.values():
            try:
                at = self._date_of(path)
            except FileNotFoundError:
                gone += 1
                continue
            if at is not None:
                dates.append(at)
        now = self._now()
        return MapState(
            count=len(self._paths),
            gone=gone,
            oldest_at=min(dates, default=None),
            stale=sum(map_age_days(at, at=now) > self._max_age_days for at in dates),
        )

    def _date_of(self, path: Path) -> datetime | None:
        changed_ns = path.stat().st_mtime_ns
        known_ns, at = self._dates.get(path, (None, None))
        if known_ns != changed_ns:
            at = _read_date(path)
            self._dates[path] = (changed_ns, at)
        return at


def _read_date(path: Path) -> datetime | None:
    from routing.osm.osmium_streets import data_at  # noqa: PLC0415 - needed only where there are maps

    try:
        return data_at(path)
    except (RuntimeError, ValueError, OSError):
        return None  # whoever opens the map tells what is wrong with it
