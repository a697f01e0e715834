"""Headings of a plan on the terminal, German and English; the sentences within come from the plan itself."""

from datetime import date

from api.export.summary import Figure
from api.export.texts import Language
from optimizer.domain.plan import Unserved
from optimizer.domain.relaxation import Text

WORDS: dict[str, dict[Language, str]] = {
    "no_tours": {"en": "No vehicle drives.", "de": "Kein Fahrzeug fährt."},
    "tours": {"en": "Tours", "de": "Touren"},
    "vehicle": {"en": "vehicle", "de": "Fahrzeug"},
    "from_to": {"en": "from - to", "de": "von - bis"},
    "streams": {"en": "streams", "de": "Abfallarten"},
    "trips": {"en": "trips", "de": "Fahrten"},
    "stops": {"en": "stops", "de": "Halte"},
    "emptied": {"en": "emptied", "de": "geleert"},
    "hours": {"en": "hours", "de": "Std."},
    "out": {"en": "out", "de": "unterwegs"},
    "overtime": {
        "en": "{vehicle}: {hours} of the working hours are overtime.",
        "de": "{vehicle}: {hours} der Arbeitsstunden sind Überstunden.",
    },
    "toll": {"en": "{vehicle}: {eur} of the cost are toll.", "de": "{vehicle}: {eur} der Kosten sind Maut."},
    "diesel_l": {"en": "diesel l", "de": "Diesel l"},
    "shortage": {"en": "What is short, and what would serve it", "de": "Was fehlt und was hilft"},
    "no_remedy": {
        "en": "No single change that was tried serves any of them.",
        "de": "Keine einzelne Änderung, die versucht wurde, hilft auch nur einem davon.",
    },
    "tried": {
        "en": "Each change was tried on this plan and judged by the checker.",
        "de": "Jede Änderung wurde an diesem Plan erprobt und vom Prüfer für gültig befunden.",
    },
    "due": {"en": "Due, but not collected: {n}", "de": "Fällig, aber nicht geleert: {n}"},
    "waiting": {
        "en": "May wait: {n}, the most pressing first",
        "de": "Dürfen warten: {n}, die dringendsten zuerst",
    },
    "container": {"en": "container", "de": "Behälter"},
    "fill": {"en": "fill", "de": "Füllung"},
    "overflow": {"en": "overflow", "de": "Überlauf"},
    "why": {"en": "why", "de": "warum"},
    "remedy": {"en": "what would change it", "de": "was hilft"},
    "on_each_vehicle": {"en": "On each vehicle", "de": "Auf jedem Fahrzeug"},
    "remedies": {"en": "What would change it", "de": "Was daran etwas ändert"},
    "handed_over": {
        "en": "{moved} of {left} ({percent}%) handed over by vehicles that go on driving",
        "de": "{moved} von {left} ({percent} %) abgegeben von Fahrzeugen, die weiterfahren",
    },
    "map": {"en": "Map: {source}, of {date}", "de": "Karte: {source}, vom {date}"},
    "undated_map": {"en": "Map: {source}", "de": "Karte: {source}"},
    "written_to": {
        "en": "\nWritten to [bold]{folder}[/bold]: plan.json, plan.geojson, gpx/, [bold]map.html[/bold]",
        "de": "\nGeschrieben nach [bold]{folder}[/bold]: plan.json, plan.geojson, gpx/, [bold]map.html[/bold]",
    },
    "old_readings": {
        "en": "The newest reading is {days} days old ({at}). To plan as if it were then: {option}",
        "de": "Der neueste Messwert ist {days} Tage alt ({at}). So planen, als wäre es damals: {option}",
    },
    "figures": {"en": "Figures", "de": "Zahlen"},
    "this_plan": {"en": "this plan", "de": "dieser Plan"},
    "all": {"en": "emptying all", "de": "alle leeren"},
    "change": {"en": "change", "de": "Unterschied"},
    "all_fit": {
        "en": "Emptying all: {fit} of {n} containers fit into the day.",
        "de": "Alle leeren: {fit} von {n} Behältern passen in den Tag.",
    },
}

FIGURES: dict[Figure, tuple[Text, str]] = {
    Figure.DISTANCE_KM: (Text(en="kilometres", de="Kilometer"), "{:.1f} km"),
    Figure.WORKING_H: (Text(en="working hours", de="Arbeitsstunden"), "{:.1f} h"),
    Figure.CONTAINERS: (Text(en="containers emptied", de="Behälter geleert"), "{:.0f}"),
    Figure.DIESEL_L: (Text(en="diesel", de="Diesel"), "{:.1f} l"),
    Figure.CO2E_KG: (Text(en="CO2e", de="CO2e"), "{:.1f} kg"),
    Figure.COST_EUR: (Text(en="cost", de="Kosten"), "{:.2f} EUR"),
    Figure.OVERTIME_H: (Text(en="overtime", de="Überstunden"), "{:.1f} h"),
    Figure.TOLL_EUR: (Text(en="toll in the cost", de="Maut in den Kosten"), "{:.2f} EUR"),
}
"""Rows of the comparison, in this order."""

RARE_FIGURES = frozenset({Figure.OVERTIME_H, Figure.TOLL_EUR})
"""Rows that are left out where there is nothing to state."""

_WEEKDAYS_DE = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")


def word(key: str, language: Language, **values: object) -> str:
    """One heading with its values."""
    return WORDS[key][language].format(**values)


def figure(value: float, form: str, language: Language) -> str:
    """A number with its unit, with the decimal sign of the language."""
    written = form.format(value)
    return written.replace(".", ",") if language == "de" else written


def written_day(day: date, language: Language) -> str:
    """Weekday and date."""
    if language == "de":
        return f"{_WEEKDAYS_DE[day.weekday()]} {day:%d.%m.%Y}"
    return f"{day:%A %Y-%m-%d}"


def in_language(text: Text, language: Language) -> str:
    """The sentence in the language."""
    return text.de if language == "de" else text.en


def why(one: Unserved, language: Language) -> str:
    """Why a container is left; in English where a plan has no German for it."""
    return (one.message_de if language == "de" else "") or one.message


def remedy(one: Unserved, language: Language) -> str:
    """What would serve it, likewise."""
    return (one.what_would_change_it_de if language == "de" else "") or one.what_would_change_it
