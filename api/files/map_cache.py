"""A cache folder of the user's for maps that belong to no town's folder, kept small without anybody's care.

Files are named after their map's content and appear in one step, so that several processes may share the folder.
Guards that a missing, full or read-only folder costs time and never a plan.
"""

import contextlib
import logging
import os
import re
import sys
import time
from pathlib import Path

_log = logging.getLogger(__name__)

MAX_BYTES = 4_000_000_000
MAX_UNUSED_DAYS = 60
_IN_USE_S = 2 * 24 * 3600.0
"""What was used lately is never removed, whatever its size. Systems note the reading of a file once a day."""

_NAME = re.compile(r"[a-z_]+-[0-9a-f]{24}\S*-v\d+\.bin(\S*\.part)?")


def user_cache_folder() -> Path | None:
    """Where the system keeps such files for this user; None where the user has no home."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "fuhre"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", "")
        return (Path(local) if local else home / "AppData" / "Local") / "fuhre" / "cache"
    # The XDG specification: a relative path there counts as not set.
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (chosen if chosen.is_absolute() else home / ".cache") / "fuhre"


def usable(folder: Path) -> Path | None:
    """The folder, made where it is missing; None, with a line in the log, when nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _log.warning("The cache folder %s cannot be used (%s); streets are prepared again each time.", folder, error)
        return None
    if not os.access(folder, os.W_OK | os.X_OK):
        _log.warning("The cache folder %s is read-only; streets are prepared again each time.", folder)
        return None
    return folder


def tidy(folder: Path, *, max_bytes: int = MAX_BYTES, max_unused_days: float = MAX_UNUSED_DAYS) -> None:
    """Remove what was not used for long, what was half written, and beyond a size what was not used for longest.

    Only files named as the router names them are touched, whatever else lies in the folder.
    """
    now_s = time.time()
    found: list[tuple[float, Path, int]] = []
    for path in folder.iterdir():
        if _NAME.fullmatch(path.name):
            with contextlib.suppress(OSError):  # another process has removed it just now
                status = path.stat()
                # Where the system does not note reading, what is old is made again now and then.
                found.append((max(status.st_atime, status.st_mtime), path, status.st_size))
    kept_bytes = 0
    for used_at_s, path, size in sorted(found, reverse=True):
        unused_s = now_s - used_at_s
        is_too_much = kept_bytes + size > max_bytes or unused_s > max_unused_days * 24 * 3600
        if (is_too_much or path.suffix == ".part") and unused_s > _IN_USE_S:
            # On some systems a file that is mapped into memory cannot be removed: it stays until next time.
            with contextlib.suppress(OSError):
                path.unlink()
        else:
            kept_bytes += size
