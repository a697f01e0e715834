"""The table that every promise writes its figures into: what was promised, what was measured, and was it kept."""

from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    MET = "met"
    MISSED = "MISSED"
    UNKNOWN = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure beside its target."""

    promise: str
    what: str
    target: str
    measured: str
    verdict: Verdict


@dataclass(slots=True)
class Table:
    """Figures in the order in which they were measured, and what the reader should look at besides."""

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def at_most(self, promise: str, what: str, value: float, most: float, unit: str = "", *, digits: int = 0) -> None:
        """A figure that must not be larger than its target."""
        self._figure(promise, what, value, f"<= {_number(most, digits=0 if most == int(most) else 1)}", unit, digits)
        self._judge(is_met=value <= most)

    def at_least(self, promise: str, what: str, value: float, least: float, unit: str = "") -> None:
        """A figure that must not be smaller than its target."""
        self._figure(promise, what, value, f">= {_number(least)}", unit, 0)
        self._judge(is_met=value >= least)

    def none_of(self, promise: str, what: str, bad: int, asked: int, unit: str) -> None:
        """How many of those asked were bad: none may be, and somebody must have been asked."""
        self.says(promise, what, f"0 of {unit}", f"{bad:,} of {asked:,}", is_met=bad == 0 and asked > 0)

    def says(self, promise: str, what: str, target: str, measured: str, *, is_met: bool) -> None:
        """A figure of any other form, with the judgement of who measured it."""
        self.rows.append(Row(promise=promise, what=what, target=target, measured=measured, verdict=Verdict.MET))
        self._judge(is_met=is_met)

    def unknown(self, promise: str, what: str, target: str, why: str) -> None:
        """What cannot be measured here, which neither keeps nor breaks the promise."""
        self.rows.append(Row(promise=promise, what=what, target=target, measured=why, verdict=Verdict.UNKNOWN))

    @property
    def missed(self) -> list[Row]:
        """Figures beyond their targets."""
        return [row for row in self.rows if row.verdict is Verdict.MISSED]

    def markdown(self) -> str:
        """The table as text that reads well by itself, too."""
        head = ("promise", "what", "target", "measured", "")
        lines = [(row.promise, row.what, row.target, row.measured, row.verdict.value) for row in self.rows]
        return "\n".join([aligned([head, *lines]), *(f"\n{note}" for note in self.notes)])

    def _figure(self, promise: str, what: str, value: float, target: str, unit: str, digits: int) -> None:
        shown = f"{_number(value, digits)} {unit}".strip()
        wanted = f"{target} {unit}".strip()
        self.rows.append(Row(promise=promise, what=what, target=wanted, measured=shown, verdict=Verdict.MET))

    def _judge(self, *, is_met: bool) -> None:
        if not is_met:
            last = self.rows[-1]
            self.rows[-1] = Row(
                promise=last.promise,
                what=last.what,
                target=last.target,
                measured=last.measured,
                verdict=Verdict.MISSED,
            )


def aligned(lines: list[tuple[str, ...]]) -> str:
    """A table in Markdown; the first line is its head."""
    cells = [[_safe(cell) for cell in line] for line in lines]
    widths = [max(3, *(len(line[column]) for line in cells)) for column in range(len(cells[0]))]
    rows = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in cells
    ]
    return "\n".join([rows[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *rows[1:]])


def _safe(cell: str) -> str:
    return " ".join(cell.replace("|", "/").split())


def _number(value: float, digits: int = 0) -> str:
    return f"{value:,.{digits}f}"
