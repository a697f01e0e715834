"""Read the values of OSM tags: weights, lengths and speeds in the units that mappers write.

Each reader returns the value in the unit of its name, ``None`` for a value that states no limit ("none", "default"),
and raises ``ValueError`` for what cannot be understood.
"""

import re

_NO_LIMIT = frozenset({"none", "default", "unsigned", "below_default", "no_sign", "no_indications", "unlimited", "no"})
_NUMBER = r"(\d+(?:[.,]\d+)?|[.,]\d+)"
_WITH_UNIT = re.compile(rf"^{_NUMBER}\s*([a-z'\".]*)$")
_FEET_INCHES = re.compile(rf"^(\d+)\s*(?:'|ft)\s*(?:{_NUMBER}\s*(?:\"|''|in)?)?$")
_KG_PER_UNIT = {
    "": 1000.0,
    "t": 1000.0,
    "to": 1000.0,
    "ton": 1000.0,
    "tons": 1000.0,
    "tonnes": 1000.0,
    "mt": 1000.0,
    "kg": 1.0,
    "st": 907.185,
    "lt": 1016.047,
    "lb": 0.453592,
    "lbs": 0.453592,
}
_CM_PER_UNIT = {"": 100.0, "m": 100.0, "cm": 1.0, "ft": 30.48, "'": 30.48, "in": 2.54, '"': 2.54}
_KPH_PER_UNIT = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}
_WALKING_KPH = 7.0
_NAMED_SPEEDS_KPH = {
    "walk": _WALKING_KPH,
    "urban": 50.0,
    "rural": 100.0,
    "bicycle_road": 30.0,
    "living_street": _WALKING_KPH,
}


def weight_kg(text: str) -> int | None:
    """Kilograms of ``maxweight`` and its kin: "3.5", "3.5 t", "7,5t", "3500 kg", "10 st", "8000 lbs"."""
    return _scaled(text, _KG_PER_UNIT, what="weight")


def length_cm(text: str) -> int | None:
    """Centimetres of ``maxheight`` and its kin: "3.8", "3,80 m", 12'6, "12 ft 6 in", "380 cm"."""
    feet = _FEET_INCHES.match(_first(text))
    if feet:
        return round(int(feet.group(1)) * 30.48 + float((feet.group(2) or "0").replace(",", ".")) * 2.54)
    return _scaled(text, _CM_PER_UNIT, what="length")


def speed_kph(text: str) -> float | None:
    """Kilometres per hour of ``maxspeed``: "50", "30 mph", "DE:urban", "walk", "none"."""
    first = _first(text)
    if first in _NO_LIMIT or first in {"signals", "variable"}:
        return None
    country_less = first.rpartition(":")[2]
    if country_less in _NAMED_SPEEDS_KPH:
        return _NAMED_SPEEDS_KPH[country_less]
    if first.count(":") == 1 and country_less in {"motorway", "trunk", "nsl_single", "nsl_dual", "nsl_restricted"}:
        return None
    zone = re.match(r"^(?:[a-z]{2}:)?(?:zone:?)?(\d+)$", first)
    if zone:
        value = float(zone.group(1))
    else:
        match = re.match(rf"^{_NUMBER}\s*([a-z/]*)$", first)
        if match is None or match.group(2) not in _KPH_PER_UNIT:
            raise ValueError(f"the speed '{text}' cannot be understood")
        value = float(match.group(1).replace(",", ".")) * _KPH_PER_UNIT[match.group(2)]
    if not 1 <= value <= 300:
        raise ValueError(f"the speed '{text}' is not between 1 and 300 km/h")
    return value


def _first(text: str) -> str:
    """The first of several values, lower case."""
    return re.split(r"[;|]", text, maxsplit=1)[0].strip().lower()


def _scaled(text: str, factors: dict[str, float], *, what: str) -> int | None:
    first = _first(text)
    if first in _NO_LIMIT:
        return None
    match = _WITH_UNIT.match(first)
    unit = match.group(2).rstrip(".") if match else ""
    if match is None or unit not in factors:
        raise ValueError(f"the {what} '{text}' cannot be understood")
    value = round(float(match.group(1).replace(",", ".")) * factors[unit])
    if value <= 0:
        raise ValueError(f"the {what} '{text}' is not above zero")
    return value
