"""A book of overrides as the text of a TOML file, under a template that explains itself."""

import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime

from routing.override_book import OverrideBook, Withdrawal
from routing.overrides import AreaTarget, Override, StreetTarget, WayTarget

OVERRIDES_TEMPLATE = """\
# What this depot knows better than the map. Each [[override]] says one thing about some streets.
#
# [[override]]
# id = "baustelle-hauptstrasse"      # unique, also among withdrawn ones
# reason = "Burst pipe, carriageway closed"
# created_by = "dispatch"
# created_at = 2026-05-04T08:12:00+02:00
# from = 2026-05-04T07:00:00+02:00   # optional; without it, it has always held
# until = 2026-05-22T17:00:00+02:00  # optional, not included; without it, it holds until it is withdrawn
# hours = "Mo-Fr 07:30-08:15"        # optional: hours of the week, in OpenStreetMap's opening_hours syntax
# profiles = ["truck_26t"]           # optional: the vehicles it is about; without it, all
#
# Where - one of these three:
# ways = [4711, 4712]                # OSM way numbers; with direction = "forward" or "backward" one direction only
# street = "Hauptstraße"             # all streets of that name; box = [west, south, east, north] narrows it down
# polygon = [[8.67, 49.40], [8.68, 49.40], [8.68, 49.41]]   # every street that touches it
#
# What - one of these:
# change = "close"
# change = "limit"                   # with weight_kg, axle_load_kg, height_cm, width_cm, length_cm: one or several
# change = "speed"                   # with kph, the speed really driven
# change = "direction"               # with open = "forward", "backward" or "both", in the way's node order
# change = "allow_private"           # private ways, residents' streets and their gates are open to the fleet
# change = "allow_access"            # no access sign or barrier keeps the fleet out, as by a written exemption
# change = "forbid_reversing"
#
# To take an override back, leave it in and add:
#
# [[withdrawal]]
# id = "baustelle-hauptstrasse"
# by = "dispatch"
# at = 2026-05-15T16:00:00+02:00
"""
"""The comment at the top of every file; on its own it is a valid file without overrides."""


def overrides_text(book: OverrideBook) -> str:
    """The whole file."""
    tables = [
        *("\n".join(["[[override]]", *_override_lines(item)]) for item in book.overrides),
        *("\n".join(["[[withdrawal]]", *_withdrawal_lines(item)]) for item in book.withdrawals),
    ]
    return "\n\n".join([OVERRIDES_TEMPLATE.rstrip("\n"), *tables]) + "\n"


def _override_lines(override: Override) -> Iterator[str]:
    yield f"id = {_text(override.override_id)}"
    yield f"reason = {_text(override.reason)}"
    yield f"created_by = {_text(override.created_by)}"
    yield f"created_at = {_instant(override.created_at)}"
    if override.valid_from_at is not None:
        yield f"from = {_instant(override.valid_from_at)}"
    if override.valid_until_at is not None:
        yield f"until = {_instant(override.valid_until_at)}"
    if override.hours:
        yield f"hours = {_text(override.hours)}"
    if override.profiles:
        yield f"profiles = [{', '.join(_text(name) for name in override.profiles)}]"
    yield from _target_lines(override.target)
    yield f"change = {_text(override.change.kind)}"
    for field in fields(override.change):
        value = getattr(override.change, field.name)
        if value is not None:
            key = "open" if field.name == "open_to" else field.name
            yield f"{key} = {_text(value) if isinstance(value, str) else value}"


def _target_lines(target: WayTarget | AreaTarget | StreetTarget) -> Iterator[str]:
    match target:
        case WayTarget():
            yield f"ways = {list(target.way_ids)}"
            if target.direction is not None:
                yield f"direction = {_text(target.direction)}"
        case AreaTarget():
            yield f"polygon = {[list(corner) for corner in target.outline_deg]}"
        case StreetTarget():
            yield f"street = {_text(target.name)}"
            if target.box_deg is not None:
                yield f"box = {list(target.box_deg)}"


def _withdrawal_lines(withdrawal: Withdrawal) -> Iterator[str]:
    yield f"id = {_text(withdrawal.override_id)}"
    yield f"by = {_text(withdrawal.withdrawn_by)}"
    yield f"at = {_instant(withdrawal.withdrawn_at)}"


def _text(value: str) -> str:
    # A JSON text is a TOML text, except for the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _instant(at: datetime) -> str:
    return at.isoformat()
