"""The figures of a run in one flat list, as they stand in the CSV file."""

import csv
import math
import statistics
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value.

    Attributes
    ----------
    map_name, track, peer
        Where it belongs.
    what
        ``matrix_cpu_ms``, ``matrix_wall_ms``, ``prepare_s``, ``warm_start_s``, ``change_ms``, ``peak_mb``,
        ``closed_matrix_ms``, ``exact_pairs``, ``mismatches``, ``load``, ``idle_fraction``, ``differs``, ``settings``,
        ``left_out`` or a chore's.
    n
        Number of points, 0 where that plays no part.
    value
        NaN for what could not be measured.
    note
        What has to be known about the value, or the reason.
    """

    map_name: str
    track: str
    peer: str
    what: str
    n: int = 0
    value: float = math.nan
    note: str = ""


@dataclass(slots=True)
class Figures:
    """Collects figures and finds them again."""

    items: list[Figure] = field(default_factory=list)

    def add(self, figure: Figure) -> None:
        """Note a figure."""
        self.items.append(figure)

    def value(self, *, map_name: str, track: str, peer: str, what: str, n: int = 0) -> float:
        """The value, NaN when there is none."""
        return next(
            (
                item.value
                for item in self.items
                if (item.map_name, item.track, item.peer, item.what, item.n) == (map_name, track, peer, what, n)
            ),
            math.nan,
        )

    def with_older(self, older: "Figures") -> "Figures":
        """These and what an earlier run measured in tracks and maps that this one did not run."""
        measured = {(item.map_name, item.track) for item in self.items}
        return Figures([*(item for item in older.items if (item.map_name, item.track) not in measured), *self.items])

    def total(self, what: str, *, peer: str) -> float:
        """Sum of all values of one kind of a peer, NaN when there are none."""
        values = [item.value for item in self.items if item.what == what and item.peer == peer]
        return math.fsum(values) if values else math.nan

    def notes(self, what: str) -> list[Figure]:
        """All figures of one kind, in the order in which they were noted."""
        return [item for item in self.items if item.what == what]


def median_ms(seconds: Iterable[float], *, scale: float = 1.0) -> float:
    """Median of several runs in milliseconds, scaled from a sample of rows to all rows."""
    return statistics.median(seconds) * 1000 * scale


def ratio(theirs: float, ours: float) -> float:
    """How many times ours they need; NaN when one of them is missing."""
    return theirs / ours if ours > 0 else math.nan


def read_csv(path: Path) -> Figures:
    """Figures as ``write_csv`` left them; none where there is no file."""
    if not path.is_file():
        return Figures()
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return Figures(
        [
            Figure(
                map_name=row["map_name"],
                track=row["track"],
                peer=row["peer"],
                what=row["what"],
                n=int(row["n"]),
                value=float(row["value"]),
                note=row["note"],
            )
            for row in rows
        ]
    )


def write_csv(path: Path, figures: Figures) -> None:
    """All figures, one a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(item.name for item in fields(Figure))
        writer.writerows(astuple(item) for item in figures.items)
