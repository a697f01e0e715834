"""A clock that the simulation sets and the service reads, through a file; it goes on by itself in between."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.files.atomic import write_atomically


class SetClock:
    """The machine's clock and an offset that is kept in a file; without the file the machine's clock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = -1
        self._offset = timedelta()
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type["SetClock"], tuple[Path]]:
        """Sent to another process, it is a clock of its own that reads the same file."""
        return SetClock, (self._path,)

    def __call__(self) -> datetime:
        """The instant that it is taken to be."""
        with self._lock:
            try:
                stamp = self._path.stat().st_mtime_ns
                if stamp != self._stamp:
                    self._offset = timedelta(seconds=float(self._path.read_text(encoding="ascii")))
                    self._stamp = stamp
            except FileNotFoundError:
                self._offset = timedelta()
            return datetime.now(UTC) + self._offset

    def set(self, instant: datetime) -> None:
        """Make it this instant, for everybody who reads the file."""
        offset_s = (instant - datetime.now(UTC)).total_seconds()
        write_atomically(self._path, f"{offset_s:.6f}".encode("ascii"))


def serve(folder: str, port: str, clock_path: str) -> None:
    """Run the service by such a clock until it is told to end; all values as on a command line."""
    from api.http.serve import run_server  # noqa: PLC0415 - the simulation itself needs no web framework

    run_server(Path(folder), port=int(port), now=SetClock(Path(clock_path)))
