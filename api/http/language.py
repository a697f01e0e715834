"""The language of what is made for people: as the address says, else as the browser prefers, else German."""

from typing import Annotated

from fastapi import Query

from api.export.texts import Language

SpokenLanguage = Annotated[Language | None, Query(description="`Accept-Language` decides when it is left out.")]
_KNOWN: tuple[Language, ...] = ("de", "en")
_DEFAULT: Language = "de"


def language_of(asked: Language | None, accept_language: str | None) -> Language:
    """The language to speak (RFC 9110, section 12.5.4)."""
    if asked is not None:
        return asked
    best: Language = _DEFAULT
    best_weight = 0.0
    for part in (accept_language or "")[:200].split(","):
        name, _, weight = part.partition(";q=")
        tag = name.strip().lower().split("-")[0]
        try:
            value = float(weight) if weight else 1.0
        except ValueError:
            continue
        for known in _KNOWN:
            if tag in {known, "*"} and value > best_weight:
                best, best_weight = known, value
    return best
