"""Words and figures of the report as people write them, in German and English."""

import json
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from optimizer.season.compare import Estimate

Language = Literal["de", "en"]
LANGUAGES: tuple[Language, ...] = ("de", "en")
MINUS = "\u2212"
THIN = "\u202f"


@lru_cache(maxsize=1)
def _words() -> dict[str, dict[str, str]]:
    document = files("api.study").joinpath("templates", "words.json").read_text(encoding="utf-8")
    words: dict[str, dict[str, str]] = json.loads(document)
    return words


def words(key: str, language: Language, **values: object) -> str:
    """One text with its values filled in."""
    return _words()[key][language].format(**values)


def number(value: float, decimals: int, language: Language, *, is_signed: bool = False) -> str:
    """A figure with the language's separators and a true minus sign; what rounds to zero has no sign."""
    shown = f"{abs(round(value, decimals)):,.{decimals}f}"
    if language == "de":
        shown = shown.replace(",", " ").replace(".", ",").replace(" ", ".")
    is_zero = not any(sign in "123456789" for sign in shown)
    sign = "" if is_zero else MINUS if value < 0 else "+" if is_signed else ""
    return sign + shown


def percent(fraction: float, language: Language, *, decimals: int = 0, is_signed: bool = False) -> str:
    """A fraction in per cent."""
    space = THIN if language == "de" else ""
    return f"{number(fraction * 100, decimals, language, is_signed=is_signed)}{space}%"


def span(one: Estimate, decimals: int, language: Language, *, is_signed: bool = False) -> str:
    """The interval, ``28 to 37``; empty where there is none."""
    if one.low is None or one.high is None:
        return ""
    low, high = (number(end, decimals, language, is_signed=is_signed) for end in (one.low, one.high))
    return words("span", language, low=low, high=high)


def percent_span(one: Estimate, language: Language, *, decimals: int = 0, is_signed: bool = False) -> str:
    """The interval of fractions in per cent; empty where there is none."""
    if one.low is None or one.high is None:
        return ""
    scaled = Estimate(value=one.value * 100, low=one.low * 100, high=one.high * 100)
    return f"{span(scaled, decimals, language, is_signed=is_signed)}{THIN if language == 'de' else ''}%"
