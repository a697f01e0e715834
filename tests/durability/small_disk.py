"""A file system of its own that can be filled without harm."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NOBODY = 65534


@contextmanager
def small_disk(size: str) -> Iterator[Path | None]:
    """A disk in memory of this size, e.g. ``6m``; None where it cannot be made, which takes an administrator.

    It lies where everybody may go: a PostgreSQL that root starts runs as nobody, and owns it.
    """
    folder = Path(tempfile.mkdtemp(prefix="fuhre-disk-"))
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        is_mounted = os.geteuid() == 0 and subprocess.run(words, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        is_mounted = False
    try:
        if is_mounted:
            os.chown(folder, _NOBODY, _NOBODY)
        yield folder if is_mounted else None
    finally:
        if is_mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()
