"""Plans that people write, as JSON: ``{"day": "2026-03-04", "tours": {"truck-1": ["G-001", "G-002", "north"]}}``."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any

from optimizer.domain.issues import InvalidInputError, IssueCollector
from optimizer.planning.handmade_plan import BREAK, Entry, HandmadePlan, HandmadeTour

MOST_ENTRIES = 5_000


def is_handmade(document: bytes) -> bool:
    """Whether the tours are a table by vehicle, as people write them, and not the list of a whole plan."""
    try:
        value = json.loads(document)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("tours"), dict)


def load_handmade(document: bytes, *, source: str, usual_day: date) -> HandmadePlan:
    """The plan in a JSON document; ``usual_day`` is meant where it names none.

    Raises
    ------
    InvalidInputError
        With everything in it that cannot be understood.
    """
    issues = IssueCollector(source)
    value: Mapping[str, Any] = json.loads(document)
    day = _day(value["day"], issues) if "day" in value else usual_day
    tours = {vehicle_id: _tour(vehicle_id, one, issues) for vehicle_id, one in value["tours"].items()}
    issues.require(bool(tours), "no_tours", 'Write at least one tour: "tours": {"truck-1": ["G-017"]}.')
    for unknown in sorted(set(value) - {"day", "tours", "note"}):
        issues.add("unknown_key", f"'{unknown}' is not understood here. Known are day, tours and note.")
    issues.raise_if_any()
    if day is None:
        raise InvalidInputError(issues.issues)
    return HandmadePlan(day=day, tours=tours)


def _day(text: object, issues: IssueCollector) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        issues.add("day", f'\'{text}\' is no calendar day. Write "day": "2026-03-04".')
        return None


def _tour(vehicle_id: str, value: object, issues: IssueCollector) -> HandmadeTour:
    departs: time | None = None
    if isinstance(value, dict):
        departs = _clock(value.get("departs"), f"{vehicle_id}: departs", issues)
        value = value.get("stops")
    if not isinstance(value, list) or len(value) > MOST_ENTRIES:
        issues.add(
            "tour",
            f'{vehicle_id}: write a list of ids in the order of the tour, or a table with "departs" and "stops".',
        )
        return HandmadeTour(vehicle_id=vehicle_id, entries=())
    return HandmadeTour(
        vehicle_id=vehicle_id, departs_local=departs, entries=tuple(_entries(vehicle_id, value, issues))
    )


def _entries(vehicle_id: str, values: list[object], issues: IssueCollector) -> Iterator[Entry]:
    for number, value in enumerate(values, start=1):
        where = f"{vehicle_id}, entry {number}"
        if isinstance(value, str) and value.strip():
            yield Entry(place=value.strip())
        elif isinstance(value, dict) and isinstance(value.get("id"), str) and set(value) <= {"id", "at", "minutes"}:
            minutes = value.get("minutes", 0)
            is_number = isinstance(minutes, int) and not isinstance(minutes, bool) and 0 <= minutes <= 240
            issues.require(is_number, "minutes", f"{where}: minutes of a break are a whole number from 0 to 240.")
            is_break = value["id"] == BREAK
            issues.require(is_break or not minutes, "minutes", f"{where}: minutes are only for a break.")
            yield Entry(
                place=value["id"],
                at_local=_clock(value.get("at"), f"{where}: at", issues),
                break_s=60 * minutes if is_number else 0,
            )
        else:
            issues.add("entry", f'{where}: write an id, or {{"id": "G-017", "at": "08:10"}}, or "{BREAK}".')


def _clock(text: object, where: str, issues: IssueCollector) -> time | None:
    if text is None:
        return None
    try:
        return time.fromisoformat(str(text)).replace(tzinfo=None)
    except ValueError:
        issues.add("clock", f"{where}: '{text}' is no time of day. Write it as 08:10.")
        return None
