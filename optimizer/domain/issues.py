"""Collects everything that is wrong with an input before it is refused, so that people mend it in one go."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from optimizer.domain.sendable_error import SendableError


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One thing that is wrong, where, and what to do.

    Attributes
    ----------
    where
        What a person would look for: ``"container G-017"`` or ``"containers.csv, line 12, column lon"``.
    code
        Stable, machine-readable name of the kind of issue.
    message
        A sentence that says what is wrong and what to do.
    """

    where: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class InvalidInputError(SendableError, ValueError):
    """The input cannot be used; every issue found is in ``issues``."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(issues)
        shown = "\n".join(f"- {issue}" for issue in self.issues[:20])
        more = f"\n- and {len(self.issues) - 20} more" if len(self.issues) > 20 else ""
        super().__init__(f"{len(self.issues)} issue(s) in the input:\n{shown}{more}")


@dataclass(slots=True)
class IssueCollector:
    """Gathers issues of one thing; ``raise_if_any`` ends the gathering."""

    where: str
    issues: list[Issue] = field(default_factory=list)

    def add(self, code: str, message: str) -> None:
        """Note an issue."""
        self.issues.append(Issue(where=self.where, code=code, message=message))

    def require(self, condition: bool, code: str, message: str) -> None:  # noqa: FBT001 - reads as a sentence
        """Note an issue unless the condition holds."""
        if not condition:
            self.add(code, message)

    def require_number(self, name: str, value: float, *, low: float = 0.0, high: float = math.inf) -> None:
        """Note an issue unless the value is a finite number within ``[low, high]``."""
        if not math.isfinite(value) or not low <= value <= high:
            span = f"between {low:g} and {high:g}" if math.isfinite(high) else f"of at least {low:g}"
            self.add("number_out_of_range", f"{name} is {value:g}; give a number {span}.")

    def raise_if_any(self) -> None:
        """Refuse the input when anything was noted.

        Raises
        ------
        InvalidInputError
            With all issues noted so far.
        """
        if self.issues:
            raise InvalidInputError(self.issues)
