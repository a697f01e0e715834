from typing import get_args

import pytest

from routing.location import Location
from routing.manoeuvre_texts import _TEXTS, Language, describe_distance, describe_manoeuvre
from routing.path import ArrivalSide, Manoeuvre, ManoeuvreKind

LANGUAGES: tuple[Language, ...] = get_args(Language)


def _manoeuvre(kind: str, street_name: str = "Brückenstraße", **changes: object) -> Manoeuvre:
    place = Location(lon_deg=8.7, lat_deg=49.4)
    given = {"at_m": 0, "location": place, "street_name": street_name, "bearing_deg": 44.0, **changes}
    return Manoeuvre(kind=ManoeuvreKind(kind), **given)  # type: ignore[arg-type]  # values by name


@pytest.mark.parametrize(
    ("manoeuvre", "german", "english"),
    [
        (_manoeuvre("left"), "Links abbiegen auf Brückenstraße", "Turn left onto Brückenstraße"),
        (_manoeuvre("right", ""), "Rechts abbiegen", "Turn right"),
        (_manoeuvre("continue"), "Weiterfahren auf Brückenstraße", "Continue onto Brückenstraße"),
        (_manoeuvre("continue", "B 37;B 45"), "Weiterfahren auf B 37 / B 45", "Continue onto B 37 / B 45"),
        (
            _manoeuvre("depart", "B 37;B 45"),
            "Auf B 37 / B 45 Richtung Nordosten losfahren",
            "Head northeast on B 37 / B 45",
        ),
        (_manoeuvre("u_turn", ""), "Wenden", "Make a U-turn"),
        (
            _manoeuvre("roundabout", exit_number=2),
            "Im Kreisverkehr die 2. Ausfahrt nehmen auf Brückenstraße",
            "At the roundabout, take the 2nd exit onto Brückenstraße",
        ),
        (_manoeuvre("roundabout", ""), "In den Kreisverkehr einfahren", "Enter the roundabout"),
        (
            _manoeuvre("slight_right", "A 656", is_ramp=True),
            "Leicht rechts halten auf die Rampe Richtung A 656",
            "Keep slightly right onto the ramp towards A 656",
        ),
        (_manoeuvre("left", "", is_ramp=True), "Links abbiegen auf die Rampe", "Turn left onto the ramp"),
        (
            _manoeuvre("depart"),
            "Auf Brückenstraße Richtung Nordosten losfahren",
            "Head northeast on Brückenstraße",
        ),
        (_manoeuvre("depart", "", bearing_deg=350.0), "Richtung Norden losfahren", "Head north"),
        (_manoeuvre("arrive", arrival_side=ArrivalSide.LEFT), "Ziel links", "Destination on the left"),
        (
            _manoeuvre("arrive", arrival_side=ArrivalSide.RIGHT, aside_m=42.0),
            "Ziel rechts, 40 m abseits der Straße",
            "Destination on the right, 40 m off the street",
        ),
    ],
)
def test_manoeuvre_is_told_in_both_languages(manoeuvre: Manoeuvre, german: str, english: str) -> None:
    assert describe_manoeuvre(manoeuvre, "de") == german
    assert describe_manoeuvre(manoeuvre, "en") == english


def test_distance_goes_before_the_manoeuvre() -> None:
    turn = _manoeuvre("right")
    assert describe_manoeuvre(turn, "de", after_m=118) == "Nach 100 m rechts abbiegen auf Brückenstraße"
    assert describe_manoeuvre(turn, "en", after_m=1234) == "In 1.2 km turn right onto Brückenstraße"


@pytest.mark.parametrize(
    ("distance_m", "german"),
    [(0, "10 m"), (44, "40 m"), (94, "90 m"), (95, "100 m"), (974, "950 m"), (975, "1,0 km"), (12_340, "12,3 km")],
)
def test_distance_is_rounded_as_people_say_it(distance_m: float, german: str) -> None:
    assert describe_distance(distance_m, "de") == german
    assert describe_distance(distance_m, "en") == german.replace(",", ".")


@pytest.mark.parametrize(
    ("number", "word"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st")]
)
def test_english_exits_are_ordinal_numbers(number: int, word: str) -> None:
    assert f"take the {word} exit" in describe_manoeuvre(_manoeuvre("roundabout", exit_number=number), "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", list(ManoeuvreKind))
@pytest.mark.parametrize("side", list(ArrivalSide))
def test_every_kind_has_words_without_gaps(kind: ManoeuvreKind, side: ArrivalSide, language: Language) -> None:
    for exit_number in (None, 1):
        told = describe_manoeuvre(_manoeuvre(kind, arrival_side=side, exit_number=exit_number), language)
        assert told[0].isupper()
        assert "{" not in told


def test_table_is_complete_in_every_language() -> None:
    for key, texts in _TEXTS.items():
        assert tuple(texts) == LANGUAGES, key
        assert all(texts.values()), key
