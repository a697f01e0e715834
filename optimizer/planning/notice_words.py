"""A plan's warnings and gaps in German: they are written in one language, and this file translates what was written.

Guards that a notice nobody has translated is shown in English rather than not at all; a test reads the code that writes
notices and misses none.
"""

import re

from optimizer.domain.plan import Plan
from optimizer.domain.relaxation import Text
from optimizer.domain.sentence_book import SentenceBook

NOTICES: tuple[tuple[str, str], ...] = (
    # What the plan does without.
    (
        "1 sensor silent for more than two days: forecast from older readings",
        "1 Sensor schweigt seit mehr als zwei Tagen: Prognose aus älteren Messwerten",
    ),
    (
        "{n} sensors silent for more than two days: forecast from older readings",
        "{n} Sensoren schweigen seit mehr als zwei Tagen: Prognose aus älteren Messwerten",
    ),
    (
        "1 sensor without a usable reading: usual filling of the stream assumed",
        "1 Sensor ohne brauchbaren Messwert: übliche Füllung des Stoffstroms angenommen",
    ),
    (
        "{n} sensors without a usable reading: usual filling of the stream assumed",
        "{n} Sensoren ohne brauchbaren Messwert: übliche Füllung des Stoffstroms angenommen",
    ),
    (
        "1 sensor unhealthy: their readings are left out of what is learnt",
        "1 Sensor gestört: aus seinen Messwerten wird nicht gelernt",
    ),
    (
        "{n} sensors unhealthy: their readings are left out of what is learnt",
        "{n} Sensoren gestört: aus ihren Messwerten wird nicht gelernt",
    ),
    (
        "1 container without a sensor: usual filling of the stream assumed",
        "1 Behälter ohne Sensor: übliche Füllung des Stoffstroms angenommen",
    ),
    (
        "{n} containers without a sensor: usual filling of the stream assumed",
        "{n} Behälter ohne Sensor: übliche Füllung des Stoffstroms angenommen",
    ),
    (
        "planned without {reason}; lost saving about {saved} EUR, the mean of {n} joint days",
        "geplant ohne {reason}; entgangene Ersparnis etwa {saved} EUR, das Mittel aus {n} gemeinsamen Tagen",
    ),
    (
        "planned without {reason}; lost saving unknown: there has been no joint day yet",
        "geplant ohne {reason}; entgangene Ersparnis unbekannt: es gab noch keinen gemeinsamen Tag",
    ),
    # What somebody should look after.
    (
        "nothing_due: no container needs emptying on this day",
        "nothing_due: an diesem Tag muss kein Behälter geleert werden",
    ),
    (
        "no_vehicle: no vehicle works on {day}; change a shift or the day",
        "no_vehicle: am {day} fährt kein Fahrzeug; eine Schicht oder den Tag ändern",
    ),
    (
        "no_readings: there are no readings before the cut-off; the usual filling is assumed",
        "no_readings: vor dem Stichzeitpunkt gibt es keine Messwerte; angenommen wird die übliche Füllung",
    ),
    (
        "stale_map: the map is of {date}, {n} days before this day; {what}",
        "stale_map: die Karte ist vom {date}, {n} Tage vor diesem Tag; {what}",
    ),
    (
        "overtime: {vehicle} cannot be back within its shift, its breaks and its hours",
        "overtime: {vehicle} kann innerhalb von Schicht, Pausen und Arbeitszeit nicht zurück sein",
    ),
    (
        "load_left: {vehicle} can tip its {load} nowhere today and comes home with it",
        "load_left: {vehicle} kann seine Ladung ({load}) heute nirgends entladen und kommt mit ihr zurück",
    ),
    (
        "breakdown: {vehicle} stands at {place} with {kg} kg on board",
        "breakdown: {vehicle} steht mit {kg} kg an Bord bei {place}",
    ),
    (
        "emptied_twice: two vehicles report container {container}; the first counts",
        "emptied_twice: zwei Fahrzeuge melden Behälter {container}; der erste zählt",
    ),
    (
        "shared: with {others}; the share is {pays} EUR, alone it would be {alone} EUR",
        "shared: mit {others}; der Anteil beträgt {pays} EUR, allein wären es {alone} EUR",
    ),
    (
        "closed_street: {street} is closed to {profile} (override {why}); no other street serves {places}",
        "closed_street: {street} ist für {profile} gesperrt (Sperrung {why}); keine andere Straße führt zu {places}",
    ),
    (
        "closed_street: {street} is closed to {profile} (override {why}); {places} is served from {rest}",
        "closed_street: {street} ist für {profile} gesperrt (Sperrung {why}); {places} wird bedient von {rest}",
    ),
    (
        "closed_street: {street} is closed to {profile} (override {why}); {places} are served from {rest}",
        "closed_street: {street} ist für {profile} gesperrt (Sperrung {why}); {places} werden bedient von {rest}",
    ),
)

_PARTS = (
    (re.compile(r"^[A-Z][a-z]+day (\d{4}-\d{2}-\d{2})$"), r"\1"),
    (re.compile(r"^[Aa] street without a name\b"), "eine Straße ohne Namen"),
    (re.compile(r", (\S+) m away$"), r", \1 m entfernt"),
    (re.compile(r", up to (\S+) m away$"), r", bis zu \1 m entfernt"),
    (
        re.compile(r"^what was built or closed since is not in it. Get a newer extract.$"),
        "was seither gebaut oder gesperrt wurde, fehlt darin. Einen neueren Auszug besorgen.",
    ),
    (re.compile(r" and (\d+) more$"), r" und \1 weitere"),
    (re.compile(r", until (\d{4}-\d{2}-\d{2} \d{2}:\d{2})$"), r", bis \1"),
    (re.compile(r"^the partners$"), "die Partner"),
    (re.compile(r": its data cannot be used at the moment$"), ": die Daten sind zurzeit nicht nutzbar"),
    (re.compile(r": it has sent no readings$"), ": es kamen keine Messwerte"),
    (re.compile(r": no agreement$"), ": keine Vereinbarung"),
)


_CODE = re.compile(r"^[a-z]+(_[a-z]+)*: (?=\S)")
"""What programs tell notices by, before the sentence that people read."""


def notices_of(plan: Plan) -> tuple[Text, ...]:
    """The plan's warnings, then its gaps, in both languages, as people read them: without the code in front."""
    return tuple(notice_to_read(notice) for notice in (*plan.warnings, *plan.degraded))


def notice_to_read(notice: str) -> Text:
    """The sentence of a notice in both languages."""
    return Text(en=_CODE.sub("", notice), de=_CODE.sub("", notice_in_german(notice)))


def notice_in_german(notice: str) -> str:
    """The notice in German; as it is, if nobody has translated it."""
    return _BOOK.translated(notice) or notice


def _part(value: str) -> str:
    for pattern, german in _PARTS:
        value = pattern.sub(german, value)
    return value


_BOOK = SentenceBook(NOTICES, _part)
