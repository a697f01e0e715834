"""What the checker says when an answer must not be published."""

from collections.abc import Iterable
from dataclasses import dataclass

from optimizer.domain.sendable_error import SendableError


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One rule that an answer breaks.

    Attributes
    ----------
    code
        Stable name of the rule.
    where
        Vehicle, pickup or ``"solution"``.
    sentence
        What is wrong, in words and figures.
    """

    code: str
    where: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}"


class InvalidSolutionError(SendableError):
    """A solver's answer breaks rules; ``violations`` names them, and nothing of it may be published."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        shown = "\n".join(f"- {violation}" for violation in self.violations[:20])
        super().__init__(
            f"The solver's answer breaks {len(self.violations)} rule(s) and must not be used. "
            f"Plan again with another solver and report this:\n{shown}"
        )
