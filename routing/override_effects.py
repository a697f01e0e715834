"""What overrides make of one street: the map's tags are read as if they said what the depot knows.

Guards that a closure always closes, whatever else is allowed, and that a message names the override behind it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from routing.osm.tag_keys import VEHICLE_CLASSES
from routing.overrides import (
    AllowAccess,
    AllowPrivate,
    CloseStreet,
    Override,
    SetDirection,
    SetLimit,
    SetSpeed,
)
from routing.permissions import Passage, closing_reason, node_reason, way_passage
from routing.profile import VehicleProfile

_LIMIT_KEYS = {
    "weight_kg": ("maxweight", "maxweightrating"),
    "axle_load_kg": ("maxaxleload",),
    "height_cm": ("maxheight",),
    "width_cm": ("maxwidth",),
    "length_cm": ("maxlength",),
}
_ONEWAY = {"forward": "yes", "backward": "-1", "both": "no"}


def overridden_passage(
    tags: Mapping[str, str], profile: VehicleProfile, *, direction: str, overrides: Sequence[Override]
) -> tuple[Passage, bool]:
    """How fast a vehicle drives on a way in one direction, and whether an override says so."""
    for item in overrides:
        if isinstance(item.change, CloseStreet):
            return Passage(0.0, f"closed by override '{item.override_id}': {item.reason}"), False
    changed, permitted = _as_known(tags, profile, overrides)
    reason = closing_reason(changed, permitted, direction=direction)
    if reason:
        permits = [item for item in overrides if not isinstance(item.change, SetLimit | SetDirection)]
        signed, permitted = _as_known(tags, profile, permits)
        if reason != closing_reason(signed, permitted, direction=direction):
            last_id = [item.override_id for item in overrides if item not in permits][-1]
            reason = f"{reason}, says override '{last_id}'"
        return Passage(0.0, reason), False
    passage = way_passage(changed, permitted, direction=direction)
    speeds = [item.change.kph for item in overrides if isinstance(item.change, SetSpeed)]
    is_allowed = any(isinstance(item.change, AllowAccess) for item in overrides)
    if speeds and (passage.kph > 0 or is_allowed):
        return Passage(min(speeds[-1], profile.max_kph)), True
    return passage, False


def overridden_node_reason(tags: Mapping[str, str], profile: VehicleProfile, overrides: Sequence[Override]) -> str:
    """Why a vehicle cannot pass a node on streets with overrides, empty when it can.

    Limits of the node are replaced where it has one; a gate or bollard is open where access is allowed.
    """
    changed, permitted = _as_known(tags, profile, overrides, is_node=True)
    if any(isinstance(item.change, AllowAccess) for item in overrides):
        changed = {key: value for key, value in changed.items() if key not in {"barrier", "locked"}}
    elif any(isinstance(item.change, AllowPrivate) for item in overrides):
        changed.pop("locked", None)
    return node_reason(changed, permitted)


def _as_known(
    tags: Mapping[str, str], profile: VehicleProfile, overrides: Sequence[Override], *, is_node: bool = False
) -> tuple[dict[str, str], VehicleProfile]:
    changed = dict(tags)
    for item in overrides:
        match item.change:
            case SetLimit() as limit:
                _set_limits(changed, limit, is_node=is_node)
            case SetDirection(open_to=open_to):
                for key in [key for key in changed if _is_key(key, "oneway")]:
                    del changed[key]
                changed["oneway"] = _ONEWAY[open_to]
            case AllowPrivate():
                profile = replace(profile, may_use_private=True)
            case AllowAccess():
                for key in [key for key in changed if any(_is_key(key, access) for access in VEHICLE_CLASSES)]:
                    del changed[key]
            case _:
                pass
    return changed, profile


def _set_limits(tags: dict[str, str], limit: SetLimit, *, is_node: bool) -> None:
    for field in fields(limit):
        value = getattr(limit, field.name)
        keys = _LIMIT_KEYS[field.name]
        stated = [key for key in tags if any(_is_key(key, limit_key) for limit_key in keys)]
        if value is None or (is_node and not stated):
            continue
        for key in stated:
            del tags[key]
        tags[keys[0]] = f"{value} {field.name.rpartition('_')[2]}"


def _is_key(key: str, base: str) -> bool:
    return key == base or key.startswith(f"{base}:")
