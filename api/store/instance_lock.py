"""One service per database file: a lock that the operating system lifts when its holder dies."""

import os
import sys
from pathlib import Path

from api.store.errors import InUseError


class InstanceLock:
    """Held from its making to ``release``.

    Where the operating system has no such lock (Windows) it is a mere file and holds nothing off.
    """

    def __init__(self, path: Path, *, source: str) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if sys.platform != "win32":
            import fcntl  # noqa: PLC0415 - exists on POSIX only

            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(self._descriptor)
                raise InUseError(source=source) from error

    def release(self) -> None:
        """Let others in; the file stays, for removing it would let two in at once."""
        os.close(self._descriptor)
