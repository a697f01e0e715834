"""Overrides for tests, with everything filled in that a test does not speak of."""

from datetime import datetime
from zoneinfo import ZoneInfo

from routing.override_book import OverrideBook
from routing.overrides import Change, CloseStreet, Override, Target, WayTarget

BERLIN = ZoneInfo("Europe/Berlin")
NOTED_AT = datetime(2026, 5, 4, 6, tzinfo=BERLIN)


def note(change: Change | None = None, target: Target | int = 1, **fields: object) -> Override:
    values: dict[str, object] = {
        "override_id": "note-1",
        "change": change or CloseStreet(),
        "target": WayTarget(way_ids=(target,)) if isinstance(target, int) else target,
        "reason": "burst pipe",
        "created_by": "dispatch",
        "created_at": NOTED_AT,
    }
    return Override(**(values | fields))  # type: ignore[arg-type]  # by name


def book_of(*overrides: Override) -> OverrideBook:
    return OverrideBook(overrides=overrides)
