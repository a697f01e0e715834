"""Manoeuvres in words, German and English, from one table."""

from typing import Literal

from routing.path import ArrivalSide, Manoeuvre, ManoeuvreKind

Language = Literal["de", "en"]

_ASIDE_WORTH_SAYING_M = 15.0
"""A place nearer to the street than this is seen from the cab."""

_TEXTS: dict[str, dict[Language, str]] = {
    "depart": {"de": "Richtung {compass} losfahren", "en": "head {compass}"},
    "depart_on": {"de": "auf {street} Richtung {compass} losfahren", "en": "head {compass} on {street}"},
    "continue": {"de": "weiterfahren", "en": "continue"},
    "slight_left": {"de": "leicht links halten", "en": "keep slightly left"},
    "left": {"de": "links abbiegen", "en": "turn left"},
    "sharp_left": {"de": "scharf links abbiegen", "en": "turn sharp left"},
    "slight_right": {"de": "leicht rechts halten", "en": "keep slightly right"},
    "right": {"de": "rechts abbiegen", "en": "turn right"},
    "sharp_right": {"de": "scharf rechts abbiegen", "en": "turn sharp right"},
    "u_turn": {"de": "wenden", "en": "make a U-turn"},
    "roundabout": {
        "de": "im Kreisverkehr die {exit}. Ausfahrt nehmen",
        "en": "at the roundabout, take the {exit} exit",
    },
    "roundabout_inside": {"de": "in den Kreisverkehr einfahren", "en": "enter the roundabout"},
    "arrive_left": {"de": "Ziel links", "en": "destination on the left"},
    "arrive_right": {"de": "Ziel rechts", "en": "destination on the right"},
    "arrive_straight": {"de": "Ziel voraus", "en": "destination ahead"},
    "aside": {"de": "{text}, {distance} abseits der Straße", "en": "{text}, {distance} off the street"},
    "onto": {"de": "{text}", "en": "{text}"},
    "onto_named": {"de": "{text} auf {street}", "en": "{text} onto {street}"},
    "ramp": {"de": "{text} auf die Rampe", "en": "{text} onto the ramp"},
    "ramp_named": {"de": "{text} auf die Rampe Richtung {street}", "en": "{text} onto the ramp towards {street}"},
    "after": {"de": "nach {distance} {text}", "en": "in {distance} {text}"},
}
_COMPASS: dict[Language, tuple[str, ...]] = {
    "de": ("Norden", "Nordosten", "Osten", "Südosten", "Süden", "Südwesten", "Westen", "Nordwesten"),
    "en": ("north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"),
}


def describe_manoeuvre(manoeuvre: Manoeuvre, language: Language, *, after_m: float | None = None) -> str:
    """One sentence for the driver, without its full stop.

    Parameters
    ----------
    after_m
        Metres still to drive before it; left out of the sentence when not given.
    """
    text = _what(manoeuvre, language)
    if after_m is not None:
        text = _TEXTS["after"][language].format(distance=describe_distance(after_m, language), text=text)
    return text[0].upper() + text[1:]


def describe_distance(distance_m: float, language: Language) -> str:
    """A distance as people say it: ``80 m``, ``450 m``, ``1,2 km``."""
    if distance_m < 95:
        return f"{round(distance_m / 10) * 10 or 10} m"
    if distance_m < 975:
        return f"{round(distance_m / 50) * 50} m"
    kilometres = f"{distance_m / 1000:.1f} km"
    return kilometres.replace(".", ",") if language == "de" else kilometres


def _what(manoeuvre: Manoeuvre, language: Language) -> str:
    kind = manoeuvre.kind
    street = manoeuvre.street_name.replace(";", " / ")  # several road numbers share a street
    if kind is ManoeuvreKind.ARRIVE:
        side = manoeuvre.arrival_side or ArrivalSide.STRAIGHT
        text = _TEXTS[f"arrive_{side.value}"][language]
        if manoeuvre.aside_m < _ASIDE_WORTH_SAYING_M:
            return text
        return _TEXTS["aside"][language].format(text=text, distance=describe_distance(manoeuvre.aside_m, language))
    if kind is ManoeuvreKind.DEPART:
        template = _TEXTS["depart_on" if street else "depart"][language]
        return template.format(compass=_compass(manoeuvre.bearing_deg, language), street=street)
    if kind is ManoeuvreKind.ROUNDABOUT and manoeuvre.exit_number is None:
        return _TEXTS["roundabout_inside"][language]
    text = _TEXTS[kind.value][language].format(exit=_exit(manoeuvre.exit_number or 0, language))
    goal = "ramp" if manoeuvre.is_ramp else "onto"
    goal += "_named" if street else ""
    return _TEXTS[goal][language].format(text=text, street=street)


def _exit(number: int, language: Language) -> str:
    if language == "de":
        return str(number)
    is_teen = number % 100 in {11, 12, 13}
    return f"{number}{'th' if is_teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _compass(deg: float, language: Language) -> str:
    return _COMPASS[language][round(deg / 45.0) % 8]
