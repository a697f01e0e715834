"""The checker's sentences in German: the judge writes one language, and this file translates what it wrote.

The judge stays small because no second language stands in it. Guards that a sentence nobody has translated is shown in
English rather than not at all; a test reads the judge's own code and misses no sentence.
"""

import re

from optimizer.checking.errors import Violation
from optimizer.domain.sentence_book import SentenceBook

SENTENCES: tuple[tuple[str, str], ...] = (
    # The arithmetic of the document.
    (
        "It is emptied {times} times and listed as unserved {others} times.",
        "Er wird {times}-mal geleert und {others}-mal als nicht geleert aufgeführt.",
    ),
    (
        "It states {name} = {stated}, but the tours give {counted}.",
        "Angegeben ist {name} = {stated}, die Touren ergeben {counted}.",
    ),
    (
        "It states {name} = {stated}, but its stops give {counted}.",
        "Angegeben ist {name} = {stated}, die Halte ergeben {counted}.",
    ),
    (
        "It states {name} = {stated}, but its legs give {counted}.",
        "Angegeben ist {name} = {stated}, die Fahrten ergeben {counted}.",
    ),
    (
        "It costs {stated} EUR, less than its toll of {toll} EUR.",
        "Angegeben sind Kosten von {stated} EUR, weniger als die Maut von {toll} EUR.",
    ),
    (
        "The leg to stop {stop} states {stated} s, but the clock says {counted} s.",
        "Für die Fahrt zu Halt {stop} sind {stated} s angegeben, nach der Uhr dauert sie {counted} s.",
    ),
    (
        "The leg to stop {stop} states {stated} m; the map says {counted} m.",
        "Für die Fahrt zu Halt {stop} sind {stated} m angegeben, nach der Karte sind es {counted} m.",
    ),
    (
        "The leg to stop {stop} states {stated} m of toll; the map says {counted} m.",
        "Für die Fahrt zu Halt {stop} sind {stated} m Mautstrecke angegeben, nach der Karte sind es {counted} m.",
    ),
    # The document itself.
    (
        "It must begin with its only start and end with its only end.",
        "Die Tour muss mit ihrer einzigen Abfahrt beginnen und mit ihrer einzigen Rückkehr enden.",
    ),
    (
        "{done} of its {n} stops cannot be done; a position is one of the done stops.",
        "{done} von {n} Halten können nicht erledigt sein; ein Standort gehört zu den erledigten Halten.",
    ),
    ("Stop {stop} ({kind}) lists {n} containers.", "Halt {stop} ({kind}) nennt {n} Behälter."),
    (
        "{town} has no such {kind}. Correct the id, or check against the town it was made for.",
        "In {town} gibt es das nicht. Die Kennung berichtigen, oder gegen die Stadt prüfen, für die geplant wurde.",
    ),
    (
        "{town} has no such {kind}. Perhaps {near} is meant.",
        "In {town} gibt es das nicht. Vielleicht ist {near} gemeint.",
    ),
    ("{town} has no such {kind}.", "In {town} gibt es das nicht."),
    (
        "Its containers do not stand at one site or are not of the stop's stream.",
        "Die Behälter stehen nicht an einem Standort oder sind nicht von der Abfallart des Halts.",
    ),
    # What the day refuses.
    (
        "It is closed all day, takes none of the streams, or cannot be reached.",
        "Sie ist ganztägig geschlossen, nimmt keine der Abfallarten an oder ist nicht erreichbar.",
    ),
    (
        "It cannot be used: closed on this day (its hours: {hours}), not for these streams, or cut off.",
        "Sie ist nicht nutzbar: heute geschlossen (Zeiten: {hours}), nicht für diese Abfallarten oder abgeschnitten.",
    ),
    ("It does not collect any of the plan's streams.", "Es sammelt keine der Abfallarten des Plans."),
    ("It cannot drive on this day.", "Es kann an diesem Tag nicht fahren."),
    (
        "It does not collect {stream}, so it cannot empty {container}.",
        "Es sammelt {stream} nicht und kann {container} daher nicht leeren.",
    ),
    (
        "It has no lifting system '{system}', so it cannot empty {container}.",
        "Es hat kein Hebesystem „{system}“ und kann {container} daher nicht leeren.",
    ),
    (
        "No disposal site takes {stream} from a suitable vehicle during its shift.",
        "Keine Entladestelle nimmt {stream} von einem geeigneten Fahrzeug während der Schicht an.",
    ),
    (
        "Its {kg} kg and {l} l of {stream} are more than any suitable vehicle can load.",
        "Seine {kg} kg und {l} l {stream} sind mehr, als ein geeignetes Fahrzeug laden kann.",
    ),
    (
        "Its hours '{hours}' leave no {s} s during the shift of a suitable vehicle.",
        "Seine Zeiten „{hours}“ lassen während der Schicht eines geeigneten Fahrzeugs keine {s} s frei.",
    ),
    (
        "No vehicle that collects {stream} with the lifting system '{system}' can drive.",
        "Kein Fahrzeug, das {stream} mit dem Hebesystem „{system}“ sammelt, kann fahren.",
    ),
    (
        "Vehicle {vehicle} is not available: it is in the workshop or has no crew.",
        "Fahrzeug {vehicle} ist nicht verfügbar: Es steht in der Werkstatt oder hat keine Besatzung.",
    ),
    ("Vehicle {vehicle} has no shift on {day}s.", "Fahrzeug {vehicle} hat an diesem Wochentag keine Schicht."),
    (
        "Vehicle {vehicle} collects none of the streams that are due.",
        "Fahrzeug {vehicle} sammelt keine der fälligen Abfallarten.",
    ),
    (
        "Vehicle {vehicle} has the profile '{profile}', which the map does not know; use {known}.",
        "Fahrzeug {vehicle} hat das Profil „{profile}“, das die Karte nicht kennt; möglich sind {known}.",
    ),
    ("{label} ({lon} E, {lat} N) is outside the map.", "{label} ({lon} O, {lat} N) liegt außerhalb der Karte."),
    (
        "{label} is {m} m from the nearest usable street; the limit is {limit} m.",
        "{label} ist {m} m von der nächsten nutzbaren Straße entfernt; erlaubt sind {limit} m.",
    ),
    (
        "{label} is {m} m from the nearest usable street, {street}; the limit is {limit} m.",
        "{label} ist {m} m von der nächsten nutzbaren Straße ({street}) entfernt; erlaubt sind {limit} m.",
    ),
    (
        "{label} cannot be reached by this vehicle: {detail}.",
        "{label} ist für dieses Fahrzeug nicht erreichbar ({detail}).",
    ),
    (
        (
            "{label} lies in a dead end without a turning place: the vehicle would have to reverse {m} m and may "
            "reverse {limit} m."
        ),
        "{label} liegt in einer Sackgasse ohne Wendeplatz: {m} m müsste es zurücksetzen, erlaubt sind {limit} m.",
    ),
    # The tour, lived through again.
    ("Vehicle {index} drives {n} tours at once.", "Fahrzeug {index} fährt {n} Touren zugleich."),
    (
        "It has no tour, but {kg} kg of {stream} on board.",
        "Es hat keine Tour, aber {kg} kg {stream} an Bord.",
    ),
    ("It drives without visiting anything.", "Es fährt, ohne irgendwo zu halten."),
    (
        "Halt {halt} does not arrive, start and depart in this order.",
        "Bei Aufenthalt {halt} folgen Ankunft, Beginn und Abfahrt nicht aufeinander.",
    ),
    (
        "It reaches {what} at {at}, but the drive ends at {due}.",
        "Ankunft bei {what} um {at} angegeben, die Fahrt endet um {due}.",
    ),
    (
        "The work at {what} takes {took} s instead of {due} s.",
        "Die Arbeit bei {what} dauert {took} s statt {due} s.",
    ),
    (
        "{what} is worked at from {begin} to {end}: not open.",
        "Bei {what} wird von {begin} bis {end} gearbeitet: nicht geöffnet.",
    ),
    ("It may not serve {what}.", "Es darf {what} nicht bedienen."),
    (
        "{stream} is loaded onto {loaded}: tip first.",
        "{stream} wird auf {loaded} geladen: erst entladen.",
    ),
    ("{load} kg after {what}; {room} kg fit.", "{load} kg nach {what}; {room} kg passen hinein."),
    (
        "{load} l of {stream} after {what}; {room} l fit.",
        "{load} l {stream} nach {what}; {room} l passen hinein.",
    ),
    ("It may not drive to {what}.", "Es darf {what} nicht anfahren."),
    ("{what} does not accept {stream}.", "{what} nimmt {stream} nicht an."),
    (
        "Break {n} does not begin where and when the halt before it ended.",
        "Pause {n} beginnt nicht dort und dann, wo und wann der Halt davor endete.",
    ),
    ("The day begins with a break.", "Der Tag beginnt mit einer Pause."),
    (
        "Break {n} is shorter than {s} s and does not count.",
        "Pause {n} ist kürzer als {s} s und zählt nicht.",
    ),
    (
        "It returns with a load of {n} pickups and {kg} kg.",
        "Es kehrt mit der Ladung von {n} Abholungen und {kg} kg zurück.",
    ),
    (
        "{stretch} of work without a break up to {until}; {limit} are allowed.",
        "{stretch} Arbeit ohne Pause bis {until}; erlaubt sind {limit}.",
    ),
    (
        "It is out from {begin} to {end}, but its shift is {opens} to {closes}.",
        "Es ist von {begin} bis {end} unterwegs, die Schicht geht von {opens} bis {closes}.",
    ),
    (
        "It is out already at {at}; its tour must go on from there.",
        "Es ist um {at} schon unterwegs; die Tour muss dort weitergehen.",
    ),
    ("It is out for {out}; {limit} are allowed.", "Es ist {out} unterwegs; erlaubt sind {limit}."),
    ("{work} of work; {limit} are allowed.", "{work} Arbeit; erlaubt sind {limit}."),
    (
        "{break} s of break in {work} s of work; {due} s are due above {above} s of work.",
        "{break} s Pause bei {work} s Arbeit; {due} s sind ab mehr als {above} s Arbeit fällig.",
    ),
    ("{n} trips; {limit} allowed.", "{n} Fahrten; erlaubt sind {limit}."),
    (
        "It collects {kg} kg in all its trips, {over} kg more than it may in a day.",
        "Es sammelt in allen Fahrten {kg} kg, {over} kg mehr, als es an einem Tag darf.",
    ),
    (
        "{what} is stated for {at}; it cannot be there before {possible}.",
        "{what} ist für {at} angegeben; vor {possible} kann das Fahrzeug nicht dort sein.",
    ),
    # What was worked out for a plan made by hand.
    (
        "{vehicle}: no tipping was given; {n} laid in.",
        "{vehicle}: Es war keine Entladung angegeben; {n} eingefügt.",
    ),
    (
        "{vehicle}: times and breaks were worked out.",
        "{vehicle}: Zeiten und Pausen wurden berechnet.",
    ),
)
"""Each sentence in English and in German, the more particular one first where two could fit."""

_PLACES: tuple[tuple[str, str], ...] = (
    ("vehicle ", "Fahrzeug "),
    ("container site ", "Standort "),
    ("container ", "Behälter "),
    ("disposal site ", "Entladestelle "),
    ("disposal_site ", "Entladestelle "),
    ("depot ", "Betriebshof "),
)
_STOP = re.compile(r"stop (\d+) at (.*)", re.DOTALL)
_END = re.compile(r"(?<=\.) (?=[A-Z])")


def in_german(violation: Violation) -> Violation:
    """The violation with its place and sentence in German."""
    return Violation(
        code=violation.code, where=place_in_german(violation.where), sentence=sentence_in_german(violation.sentence)
    )


def sentence_in_german(sentence: str) -> str:
    """The sentence in German; as it is, if nobody has translated it."""
    parts = [_BOOK.translated(part) for part in _END.split(sentence)]
    if None not in parts:
        return " ".join(part for part in parts if part is not None)
    return _BOOK.translated(sentence) or sentence


def place_in_german(where: str) -> str:
    """What a violation speaks of; names stay as they are."""
    stop = _STOP.fullmatch(where)
    if stop:
        return f"Halt {stop[1]} bei {stop[2]}"
    for english, german in _PLACES:
        if where.startswith(english):
            return german + where.removeprefix(english)
    return "Plan" if where == "plan" else where


_BOOK = SentenceBook(SENTENCES, place_in_german)
