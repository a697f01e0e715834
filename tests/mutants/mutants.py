"""The list of faults made by hand, and how one is put into a file."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class StaleMutantError(ValueError):
    """The text that a mutant changes does not stand exactly once in its file: bring the list up to date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A fault: ``old`` becomes ``new`` in ``file``, and one of ``tests`` must turn red.

    Attributes
    ----------
    breaks
        The promise that it breaks, with the row of the fault catalogue where there is one.
    """

    name: str
    breaks: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def applied_to(self, text: str) -> str:
        """The file's text with the fault.

        Raises
        ------
        StaleMutantError
            When it cannot be put in.
        """
        count = text.count(self.old)
        if count != 1:
            raise StaleMutantError(f"'{self.name}': its text stands {count} times in {self.file}")
        return text.replace(self.old, self.new)


def read_mutants() -> tuple[Mutant, ...]:
    """All of them, in the order of the file."""
    document = tomllib.loads(Path(__file__).with_name("mutants.toml").read_text(encoding="utf-8"))
    return tuple(Mutant(**{**one, "tests": tuple(one["tests"])}) for one in document["mutant"])
