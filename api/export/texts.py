"""Words of the page and the sheets in German and English, read from one file that the page carries too."""

import json
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Literal

Language = Literal["de", "en"]
Texts = dict[str, dict[str, str]]

_MONTHS = {
    "de": (
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}


@lru_cache(maxsize=1)
def load_texts() -> Texts:
    """Every text by key, then by language; ``{name}`` stands for a value."""
    document = files("api.export").joinpath("templates", "texts.json").read_text(encoding="utf-8")
    texts: Texts = json.loads(document)
    return texts


def text(key: str, language: Language, **values: object) -> str:
    """One text with its values filled in."""
    return load_texts()[key][language].format(**values)


def written_date(day: date, language: Language) -> str:
    """The date as people write it: ``2. März 2026``, ``2 March 2026``."""
    dot = "." if language == "de" else ""
    return f"{day.day}{dot} {_MONTHS[language][day.month - 1]} {day.year}"
