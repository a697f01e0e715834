"""The sentences that say why a pickup is in no tour, German and English."""

from optimizer.domain.relaxation import Text
from optimizer.problem.problem import Pickup

NOTHING = Text(en="", de="")


def load_message(pickup: Pickup) -> Text:
    """Its load finds no room."""
    return Text(
        en=f"No vehicle has room left for its {pickup.demand_kg} kg and {pickup.demand_l} l, "
        "and none has time for one more trip.",
        de=f"Kein Fahrzeug hat noch Platz für seine {pickup.demand_kg} kg und {pickup.demand_l} l, "
        "und für eine weitere Fahrt reicht keinem die Zeit.",
    )


def day_load_message(pickup: Pickup) -> Text:
    """Whoever could serve it may collect no more today."""
    return Text(
        en=f"With its {pickup.demand_kg} kg every vehicle that has room and time would collect more than it may in a "
        "day.",
        de=f"Mit seinen {pickup.demand_kg} kg würde jedes Fahrzeug, das Platz und Zeit hat, mehr sammeln, als es an "
        "einem Tag darf.",
    )


def day_load_remedy(vehicle_id: str, missing_kg: int) -> Text:
    """Kilograms a day on one vehicle."""
    return Text(
        en=f"+{missing_kg} kg a day for {vehicle_id} (max_day_kg in fleet.toml) would serve it.",
        de=f"+{missing_kg} kg am Tag für {vehicle_id} (max_day_kg in fleet.toml) würden reichen.",
    )


MORE_ROOM = Text(
    en="Use another or a larger vehicle, or allow one more trip.",
    de="Ein weiteres oder größeres Fahrzeug einsetzen oder eine Fahrt mehr erlauben.",
)
WINDOW = Text(
    en="No vehicle can be there within its hours; at another time of the day one could.",
    de="Kein Fahrzeug kann in seinen Zeiten dort sein; zu einer anderen Tageszeit ginge es.",
)
WIDER_WINDOW = Text(
    en="Widen the container's hours, or start a shift earlier.",
    de="Die Zeiten des Behälters erweitern oder eine Schicht früher beginnen.",
)
NO_WORKING_TIME = Text(
    en="No vehicle has enough working time left today.",
    de="Kein Fahrzeug hat heute noch genug Arbeitszeit.",
)
TOO_LONG_ALONE = Text(
    en="Even a vehicle that does nothing else cannot collect it and tip within its shift and hours.",
    de="Auch ein Fahrzeug, das nichts anderes tut, kann ihn in Schicht und Öffnungszeiten nicht leeren und entladen.",
)
LONGER_DAY = Text(
    en="Lengthen the shift, or find a disposal site that is nearer or open longer.",
    de="Die Schicht verlängern oder eine nähere oder länger offene Entladestelle finden.",
)
ALL_BUSY = Text(
    en="All vehicles that may serve it are busy until the end of their shifts.",
    de="Alle Fahrzeuge, die ihn leeren dürfen, sind bis zum Ende ihrer Schicht ausgelastet.",
)
SEARCH_ENDED = Text(en="The search ended before it was placed.", de="Die Suche endete, bevor er eingeplant war.")


def overtime_remedy(vehicle_id: str, minutes: int) -> Text:
    """Minutes on one vehicle."""
    return Text(
        en=f"+{minutes} min on {vehicle_id} would serve it.",
        de=f"+{minutes} min für {vehicle_id} würden reichen.",
    )


def another_vehicle(stream: str) -> Text:
    """One more, or another day."""
    return Text(
        en=f"Use one more vehicle that collects {stream}, or serve it another day.",
        de=f"Ein weiteres Fahrzeug für {stream} einsetzen oder ihn an einem anderen Tag leeren.",
    )


def no_vehicle(stream: str) -> tuple[Text, Text]:
    """Nobody may serve it: what is wrong and what to do."""
    return (
        Text(
            en=f"No vehicle that may serve it collects {stream} today.",
            de=f"Kein Fahrzeug, das ihn leeren darf, sammelt heute {stream}.",
        ),
        Text(
            en=f"Make a vehicle available that collects {stream}.",
            de=f"Ein Fahrzeug bereitstellen, das {stream} sammelt.",
        ),
    )


def too_large(pickup: Pickup) -> tuple[Text, Text]:
    """It is more than a vehicle loads."""
    return (
        Text(
            en=f"Its {pickup.demand_kg} kg and {pickup.demand_l} l are more than any suitable vehicle loads.",
            de=f"Seine {pickup.demand_kg} kg und {pickup.demand_l} l sind mehr, als ein passendes Fahrzeug lädt.",
        ),
        Text(
            en="Use a larger vehicle, or serve its containers in two stops.",
            de="Ein größeres Fahrzeug einsetzen oder seine Behälter in zwei Halten leeren.",
        ),
    )


def no_disposal(stream: str) -> tuple[Text, Text]:
    """Nowhere to tip."""
    return (
        Text(
            en=f"No disposal site that takes {stream} can be reached today.",
            de=f"Keine Entladestelle, die {stream} annimmt, ist heute erreichbar.",
        ),
        Text(en=f"Open a disposal site for {stream}.", de=f"Eine Entladestelle für {stream} öffnen."),
    )


def longer_search(detour_eur: float) -> Text:
    """The search may find it."""
    return Text(
        en=f"Plan again with a longer time limit: serving it would add {detour_eur:.2f} EUR.",
        de=f"Mit mehr Rechenzeit neu planen: Ihn zu leeren kostet {_german(detour_eur)} EUR mehr.",
    )


def cheaper_to_wait(detour_eur: float, waiting_eur: float) -> Text:
    """Serving it costs more than it saves."""
    return Text(
        en=f"Serving it today would add {detour_eur:.2f} EUR; waiting for the next visit costs {waiting_eur:.2f} EUR.",
        de=f"Ihn heute zu leeren kostet {_german(detour_eur)} EUR mehr; bis zum nächsten Besuch zu warten kostet "
        f"{_german(waiting_eur)} EUR.",
    )


def _german(eur: float) -> str:
    return f"{eur:.2f}".replace(".", ",")
