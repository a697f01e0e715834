"""Which OSM tags matter to a vehicle: everything else is dropped at the import."""

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

NODE_HIGHWAY_VALUES = frozenset({"turning_circle", "turning_loop", "traffic_signals", "stop", "give_way"})
"""Values of ``highway`` on nodes that matter; crossings, lamps and bus stops do not."""
