"""Sentences with places to fill, and what they are in another language."""

import re
from collections.abc import Callable, Iterable

_SLOT = re.compile(r"\\\{(\w+)\\\}")


class SentenceBook:
    """Recognises sentences that were made of the ones it knows.

    Parameters
    ----------
    sentences
        Pairs such as ``("{name} is full", "{name} ist voll")``; the first that fits is used.
    fill
        What becomes of the words in a place, e.g. their own translation.
    """

    def __init__(self, sentences: Iterable[tuple[str, str]], fill: Callable[[str], str]) -> None:
        self._patterns = [
            (re.compile(_SLOT.sub(r"(?P<\1>.+)", re.escape(known)), re.DOTALL), other) for known, other in sentences
        ]
        self._fill = fill

    def translated(self, sentence: str) -> str | None:
        """The sentence in the other language; None when nobody has translated it."""
        for pattern, other in self._patterns:
            found = pattern.fullmatch(sentence)
            if found:
                return other.format(**{name: self._fill(words) for name, words in found.groupdict().items()})
        return None
