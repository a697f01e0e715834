"""Which OSM tags matter to a vehicle: everything else is dropped at the import."""

from collections.abc import Iterable

HIGHWAY_CLASSES = (
    "motorway",
    "motorway_link",
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
    "tertiary",
    "tertiary_link",
    "unclassified",
    "residential",
    "living_street",
    "service",
    "track",
    "road",
    "pedestrian",
)
"""Values of ``highway`` on which some vehicle may drive."""

VEHICLE_CLASSES = ("access", "vehicle", "motor_vehicle", "motorcar", "goods", "hgv")
"""Access keys from the most general to the most particular."""

LIMIT_KEYS = ("maxweight", "maxweightrating", "maxaxleload", "maxheight", "maxwidth", "maxlength")
"""Limits that a sign puts on ways and on nodes."""

_QUALIFIERS = ("forward", "backward", "hgv", "motor_vehicle", "goods")

_QUALIFIED = tuple(
    f"{key}{qualifier}"
    for key in (*VEHICLE_CLASSES, *LIMIT_KEYS, "maxspeed", "oneway")
    for qualifier in (
        *(f":{one}" for one in _QUALIFIERS),
        ":conditional",
        *(f":{one}:conditional" for one in _QUALIFIERS),
    )
)

WAY_KEYS = frozenset(
    {
        "highway",
        "area",
        "oneway",
        "junction",
        "service",
        "surface",
        "smoothness",
        "tracktype",
        "maxspeed",
        "maxspeed:hgv:forward",
        "maxspeed:hgv:backward",
        "maxspeed:hgv:forward:conditional",
        "maxspeed:hgv:backward:conditional",
        "width",
        "est_width",
        "lanes",
        "bridge",
        "tunnel",
        "toll",
        "toll:hgv",
        "noexit",
        "construction",
        "motorroad",
        *VEHICLE_CLASSES,
        *LIMIT_KEYS,
        *_QUALIFIED,
    }
)
"""Tags of ways that are kept."""

NODE_KEYS = frozenset(
    {
        "highway",
        "barrier",
        "noexit",
        "locked",
        *VEHICLE_CLASSES,
        *LIMIT_KEYS,
        *(f"{key}:conditional" for key in (*VEHICLE_CLASSES, *LIMIT_KEYS)),
    }
)
"""Tags of nodes that are kept; a node that has only ``highway`` needs one of ``NODE_HIGHWAY_VALUES``."""

TURNING_VALUES = frozenset({"turning_circle", "turning_loop"})
"""Values of ``highway`` on nodes where vehicles can turn round."""

TURNING_SIZE_KEYS = frozenset({"diameter", "width"})
"""Tags that tell how large a turning circle is; on other nodes they mean other things and are dropped."""

NODE_HIGHWAY_VALUES = TURNING_VALUES | {"traffic_signals", "stop", "give_way"}
"""Values of ``highway`` on nodes that matter; crossings, lamps and bus stops do not."""


def kept_node_tags(tags: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Those of a node's tags that matter, sorted by key."""
    given = dict(tags)
    keys = NODE_KEYS | TURNING_SIZE_KEYS if given.get("highway") in TURNING_VALUES else NODE_KEYS
    kept = {key: value for key, value in given.items() if key in keys}
    if kept.get("highway", "stop") not in NODE_HIGHWAY_VALUES:
        del kept["highway"]
    return tuple(sorted(kept.items()))
