"""Shortages and their remedies in the words of a dispatcher, German and English, with figures as each writes them."""

from optimizer.domain.plan import ReasonCode
from optimizer.domain.relaxation import RelaxationKind, Text
from optimizer.problem.problem import MICRO_EUR_PER_EUR

SHORTAGES = {
    ReasonCode.CAPACITY: Text(
        en="the vehicles are full and have no time or no trip left to tip once more",
        de="die Fahrzeuge sind voll und haben weder Zeit noch eine Fahrt übrig, um noch einmal zu entladen",
    ),
    ReasonCode.CHEAPER_TO_WAIT: Text(en="waiting is cheaper", de="Warten ist günstiger"),
    ReasonCode.DISPOSAL_CLOSED: Text(
        en="no disposal site that takes it is open and within reach",
        de="keine Entladestelle dafür ist offen und erreichbar",
    ),
    ReasonCode.EXCEEDS_VEHICLE: Text(
        en="more than any suitable vehicle loads", de="mehr, als ein passendes Fahrzeug lädt"
    ),
    ReasonCode.EXCLUDED: Text(en="kept out by the request", de="von Hand ausgeschlossen"),
    ReasonCode.LOW_RISK: Text(en="waiting bears little risk", de="Warten birgt wenig Risiko"),
    ReasonCode.NO_VEHICLE: Text(en="no suitable vehicle drives", de="es fährt kein passendes Fahrzeug"),
    ReasonCode.OUTSIDE_MAP: Text(en="outside the map", de="außerhalb der Karte"),
    ReasonCode.REVERSING: Text(
        en="the vehicles would have to reverse too far", de="die Fahrzeuge müssten zu weit rückwärts fahren"
    ),
    ReasonCode.TIME: Text(en="the shifts leave no time", de="die Schichten lassen keine Zeit mehr"),
    ReasonCode.TIME_WINDOW: Text(
        en="no vehicle can be there within the hours allowed",
        de="kein Fahrzeug kann in den erlaubten Zeiten dort sein",
    ),
    ReasonCode.TOO_FAR_FROM_ROAD: Text(
        en="too far from any road that the vehicles may use",
        de="zu weit von jeder Straße, die die Fahrzeuge befahren dürfen",
    ),
    ReasonCode.UNREACHABLE: Text(
        en="no suitable vehicle may drive there", de="kein passendes Fahrzeug darf dorthin fahren"
    ),
}
"""Why containers are left, to be read after "14 containers of paper are due and in no tour:"."""


def shortage_text(reason: ReasonCode, stream: str, count: int) -> Text:
    """What is short, in one sentence."""
    why = SHORTAGES[reason]
    if count == 1:
        en, de = f"1 container of {stream} is", f"1 Behälter ({stream}) ist"
    else:
        en, de = f"{count} containers of {stream} are", f"{count} Behälter ({stream}) sind"
    return Text(en=f"{en} due and in no tour: {why.en}.", de=f"{de} fällig und in keiner Tour: {why.de}.")


def relaxation_text(
    kind: RelaxationKind, subject: str, *, amount: int, since: int, serves: int, out_of: int, added_micro_eur: int
) -> Text:
    """What to change, how many containers that serves, and what the day then costs more or less."""
    what = _WORDS[kind]
    values = {"subject": subject, "amount": amount, "until": _clock(amount), "since": _clock(since)}
    number = "one" if amount == 1 else "more"
    verb = "serve" if kind is RelaxationKind.EXTRA_VEHICLE and amount > 1 else "serves"
    return Text(
        en=f"{what[number].en.format(**values)} {verb} {_served_en(serves, out_of)}, {_euros_en(added_micro_eur)}.",
        de=f"{what[number].de.format(**values)}: {_served_de(serves, out_of)}, {_euros_de(added_micro_eur)}.",
    )


def euros_de(eur: float) -> str:
    """An amount as German readers write it: 1.234,50 EUR."""
    return f"{eur:,.2f}".translate(str.maketrans(",.", ".,")) + " EUR"


def euros_en(eur: float) -> str:
    """The same for English readers: 1,234.50 EUR."""
    return f"{eur:,.2f} EUR"


def _same(en: str, de: str) -> dict[str, Text]:
    return {"one": Text(en=en, de=de), "more": Text(en=en, de=de)}


_WORDS = {
    RelaxationKind.OVERTIME: _same("+{amount} min overtime on {subject}", "+{amount} min Überstunden für {subject}"),
    RelaxationKind.EXTRA_TRIP: _same("One more trip of {subject}", "Eine Fahrt mehr für {subject}"),
    RelaxationKind.CONTAINER_HOURS: _same(
        "Emptying {subject} outside the hours allowed, between {since} and {until},",
        "{subject} außerhalb der erlaubten Zeiten leeren, zwischen {since} und {until} Uhr",
    ),
    RelaxationKind.DISPOSAL_HOURS: _same("Opening {subject} until {until}", "{subject} bis {until} Uhr öffnen"),
    RelaxationKind.OPEN_DISPOSAL: _same(
        "Opening {subject} from {since} to {until}", "{subject} von {since} bis {until} Uhr öffnen"
    ),
    RelaxationKind.EXTRA_VEHICLE: {
        "one": Text(en="One more vehicle like {subject}", de="Ein weiteres Fahrzeug wie {subject}"),
        "more": Text(en="{amount} more vehicles like {subject}", de="{amount} weitere Fahrzeuge wie {subject}"),
    },
    RelaxationKind.RELEASED_VEHICLE: _same("Letting {subject} drive too", "{subject} auch fahren lassen"),
    RelaxationKind.OTHER_PROFILE: _same(
        "A vehicle with the profile {subject}, which may drive there,",
        "Ein Fahrzeug mit dem Profil {subject}, das dorthin darf",
    ),
    RelaxationKind.STREET_ACCESS: _same(
        "An exemption from the access sign for {subject},", "Eine Ausnahme vom Zufahrtsverbot für {subject}"
    ),
    RelaxationKind.STREET_WEIGHT: _same(
        "An exemption from the weight limit for {subject},", "Eine Ausnahme von der Gewichtsbeschränkung für {subject}"
    ),
    RelaxationKind.STREET_WIDTH: _same(
        "An exemption from the width limit for {subject},", "Eine Ausnahme von der Breitenbeschränkung für {subject}"
    ),
}


def _served_en(serves: int, out_of: int) -> str:
    if serves < out_of:
        return f"{serves} of {out_of}"
    return "it" if out_of == 1 else f"all {out_of}"


def _served_de(serves: int, out_of: int) -> str:
    if serves < out_of:
        return f"{serves} von {out_of} {'wird' if serves == 1 else 'werden'} geleert"
    return "er wird geleert" if out_of == 1 else f"alle {out_of} werden geleert"


def _euros_en(micro_eur: int) -> str:
    eur = micro_eur / MICRO_EUR_PER_EUR
    return f"for {euros_en(eur)} more" if eur >= 0 else f"and saves {euros_en(-eur)}"


def _euros_de(micro_eur: int) -> str:
    eur = micro_eur / MICRO_EUR_PER_EUR
    return f"kostet {euros_de(eur)} mehr" if eur >= 0 else f"spart {euros_de(-eur)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
