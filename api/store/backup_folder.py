"""A folder of archives: each is named by its instant, and the oldest beyond a number are removed."""

import re
from datetime import UTC, datetime
from pathlib import Path

_NAME = re.compile(r"fuhre-\d{8}T\d{6}Z\.zip")


def dated_archive(folder: Path, now: datetime) -> Path:
    """The archive of this instant in the folder; the names rise with time."""
    return folder / f"fuhre-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.zip"


def remove_oldest(folder: Path, *, keep: int) -> list[Path]:
    """Remove all dated archives but the newest so many, and name them; other files stay as they are."""
    assert keep >= 1, "the archive that was just made is kept"
    dated = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    oldest = dated[:-keep]
    for path in oldest:
        path.unlink()
    return oldest
