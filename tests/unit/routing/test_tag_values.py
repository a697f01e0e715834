from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.tag_values import length_cm, speed_kph, weight_kg


@pytest.mark.parametrize(
    ("text", "kg"),
    [
        ("3.5", 3500),
        ("3.5 t", 3500),
        ("3,5t", 3500),
        ("7.5 T", 7500),
        (".5", 500),
        ("16", 16_000),
        ("3500 kg", 3500),
        ("10 st", 9072),
        ("8000 lbs", 3629),
        ("7.5;12", 7500),  # several values: the first counts
        ("none", None),
        ("default", None),
        ("unsigned", None),
    ],
)
def test_weight_is_read_in_kilograms(text: str, kg: int | None) -> None:
    assert weight_kg(text) == kg


@pytest.mark.parametrize(
    ("text", "cm"),
    [
        ("3.8", 380),
        ("3,80 m", 380),
        ("380 cm", 380),
        ("12'6\"", 381),
        ("12'", 366),
        ("12 ft 6 in", 381),
        ("12ft", 366),
        ("6'7.5\"", 202),
        ("default", None),
        ("below_default", None),
        ("none", None),
    ],
)
def test_length_is_read_in_centimetres(text: str, cm: int | None) -> None:
    assert length_cm(text) == cm


@pytest.mark.parametrize(
    ("text", "kph"),
    [
        ("50", 50),
        ("30 mph", 48.28032),
        ("30mph", 48.28032),
        ("50 km/h", 50),
        ("DE:urban", 50),
        ("DE:rural", 100),
        ("DE:zone:30", 30),
        ("DE:zone30", 30),
        ("walk", 7),
        ("DE:living_street", 7),
        ("50|80", 50),
        ("none", None),
        ("signals", None),
        ("DE:motorway", None),
    ],
)
def test_speed_is_read_in_kilometres_per_hour(text: str, kph: float | None) -> None:
    assert speed_kph(text) == pytest.approx(kph)


@pytest.mark.parametrize("read", [weight_kg, length_cm, speed_kph])
@pytest.mark.parametrize("text", ["", "wide", "3.5 bananas", "-3", "0", "1e9", "3.5.5", "ꞏ"])
def test_nonsense_is_refused_with_the_value_in_the_message(read: Callable[[str], float | None], text: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be understood|not above zero|not between"):
        read(text)


@pytest.mark.parametrize("read", [weight_kg, length_cm, speed_kph])
@given(text=st.text(max_size=12))
def test_any_text_is_read_or_refused(read: Callable[[str], float | None], text: str) -> None:
    try:
        value = read(text)
    except ValueError:
        return
    assert value is None or value > 0
