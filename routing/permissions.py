"""What a vehicle profile makes of the tags of a way or node: a speed or a reason why not."""

from collections.abc import Mapping
from dataclasses import dataclass

from routing import rules
from routing.profile import VehicleProfile

_LIMITED = {
    "maxweight": ("weight_kg", "kg"),
    "maxweightrating": ("weight_kg", "kg"),
    "maxaxleload": ("axle_load_kg", "kg"),
    "maxheight": ("height_cm", "cm"),
    "maxwidth": ("width_cm", "cm"),
    "maxlength": ("length_cm", "cm"),
}
PRIVATE_VALUES = frozenset({"private", "permit", "residents"})


@dataclass(frozen=True, slots=True)
class Passage:
    """A speed, or zero and the reason."""

    kph: float
    reason: str = ""


def way_passage(tags: Mapping[str, str], profile: VehicleProfile, *, direction: str) -> Passage:
    """How fast the vehicle drives on a way in one direction (``forward`` or ``backward``)."""
    reason = closing_reason(tags, profile, direction=direction)
    return Passage(0.0, reason) if reason else driven_speed(tags, profile, direction=direction)


def closing_reason(tags: Mapping[str, str], profile: VehicleProfile, *, direction: str) -> str:
    """What keeps the vehicle out of a way in one direction, empty when nothing does."""
    return one_way_reason(tags, profile, direction=direction) or sign_reason(tags, profile, direction=direction)


def one_way_reason(tags: Mapping[str, str], profile: VehicleProfile, *, direction: str) -> str:
    """Whether a way is closed in one direction because it is open in the other, as a clause."""
    allowed = rules.directions(tags, vehicle_keys=profile.access_keys[1:])
    return "" if (allowed.may_forward if direction == "forward" else allowed.may_backward) else "it is one-way"


def sign_reason(tags: Mapping[str, str], profile: VehicleProfile, *, direction: str) -> str:
    """Which access tag or limit keeps the vehicle out of a way in one direction, empty when none does."""
    return _closing_access(tags, profile, direction=direction) or _exceeded_limit(tags, profile, direction=direction)


def node_reason(tags: Mapping[str, str], profile: VehicleProfile) -> str:
    """Why the vehicle cannot pass a node, empty when it can."""
    value, source = rules.access(tags, vehicle_keys=profile.access_keys)
    reason = _closing_access(tags, profile, direction="") or _exceeded_limit(tags, profile, direction="")
    if reason:
        return reason
    barrier = tags.get("barrier", "")
    if barrier in profile.closed_barriers and source in {"", "access"} and value not in {"yes", "permissive"}:
        return f"barrier={barrier}"
    if barrier and tags.get("locked") == "yes" and not profile.may_use_private and not value:
        return f"barrier={barrier} is locked"
    return ""


def _closing_access(tags: Mapping[str, str], profile: VehicleProfile, *, direction: str) -> str:
    value, source = rules.access(tags, vehicle_keys=profile.access_keys, direction=direction)
    is_closed = value in profile.denied_access or (value in PRIVATE_VALUES and not profile.may_use_private)
    return f"{source}={value}" if is_closed else ""


def _exceeded_limit(tags: Mapping[str, str], profile: VehicleProfile, *, direction: str) -> str:
    for key, limit in rules.limits(tags, direction=direction, is_heavy=profile.is_heavy).items():
        attribute, unit = _LIMITED[key]
        own = getattr(profile, attribute)
        if own > limit:
            return f"{key} is {limit} {unit} and the vehicle has {own} {unit}"
    return ""


def driven_speed(tags: Mapping[str, str], profile: VehicleProfile, *, direction: str) -> Passage:
    """How fast the vehicle drives on a way that no sign closes, or why it does not use such ways."""
    highway = tags.get("highway", "")
    kph = profile.class_kph.get(highway, 0.0)
    if highway == "track":
        kph = profile.track_kph.get(tags.get("tracktype", ""), 0.0)
    service = tags.get("service", "")
    if highway == "service" and service in profile.service_kph:
        kph = profile.service_kph[service]
    if kph == 0:
        kind = f"{highway}, service={service}" if service else f"{highway} {tags.get('tracktype', '')}".strip()
        return Passage(0.0, f"the vehicle does not use highway={kind}")
    signed_kph = rules.max_speed_kph(tags, direction=direction, is_heavy=profile.is_heavy)
    if signed_kph is not None:
        driven_kph = signed_kph * profile.signed_fraction
        kph = min(kph, driven_kph) if highway in profile.slow_classes else driven_kph
    surface_kph = profile.surface_max_kph.get(tags.get("surface", ""))
    if surface_kph is not None:
        kph = min(kph, surface_kph)
    if kph == 0:
        return Passage(0.0, f"surface={tags.get('surface')}")
    if tags.get("smoothness") == "impassable":
        return Passage(0.0, "smoothness=impassable")
    return Passage(min(kph, profile.max_kph))
