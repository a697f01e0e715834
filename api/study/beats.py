"""How far the runs in other processes are, and how they are asked to stop: by small files in one folder."""

import multiprocessing
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from optimizer.ports import CancelledError
from optimizer.season.records import RunRecord
from optimizer.season.run_policy import RunTask, run_policy

STOP_NAME = "stop"
BEAT_EVERY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatingRun:
    """A run that tells in a file how far it is; can be sent to another process."""

    task: RunTask
    beat_path: Path


def compute(run: BeatingRun) -> RunRecord:
    """The run's record.

    Raises
    ------
    CancelledError
        Within a simulated day of ``Beats.stop``.
    """
    if multiprocessing.parent_process() is not None:
        with suppress(ValueError):  # not in a process's main thread: nothing to be kept from it there
            # The terminal's interrupt is the parent's to handle; it stops the runs by the file.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    listener = _Listener(run.beat_path)
    record = run_policy(run.task, listen=listener)
    with suppress(OSError):
        run.beat_path.unlink(missing_ok=True)
    return record


class _Listener:
    """Writes the share of the days that are done, and looks whether to stop."""

    def __init__(self, path: Path) -> None:
        self._path, self._stop, self._last_s = path, path.with_name(STOP_NAME), 0.0

    def __call__(self, share: float) -> None:
        if self._stop.exists():
            raise CancelledError
        now_s = time.monotonic()
        if now_s - self._last_s >= BEAT_EVERY_S:
            self._last_s = now_s
            # On another machine the folder may be out of reach; then only finished runs are told.
            with suppress(OSError):
                self._path.write_text(f"{share:.6f}", encoding="ascii")


class Beats:
    """The folder as its owner sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for one in folder.iterdir():
            one.unlink()

    def path_of(self, name: str) -> Path:
        """Where a run tells."""
        return self.folder / f"{name}.share"

    def share_of(self, name: str) -> float:
        """What a run told last; 0 before it began and after it ended."""
        try:
            return min(max(float(self.path_of(name).read_text(encoding="ascii")), 0.0), 1.0)
        except (OSError, ValueError):
            return 0.0

    def stop(self) -> None:
        """Ask all runs to end."""
        with suppress(OSError):
            (self.folder / STOP_NAME).touch()

    def close(self) -> None:
        """Remove the folder."""
        with suppress(OSError):
            for one in self.folder.iterdir():
                one.unlink()
            self.folder.rmdir()
