"""Rows of the comparison and the file they are kept in."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One solver on one instance.

    Attributes
    ----------
    cost
        By the judge; None when nothing was answered.
    gap
        In percent above the best known; None without a best known, and for an answer that is not valid.
    wall_s
        The search as the clock saw it.
    note
        Iterations, the first violation, or why the solver was left out.
    """

    instance: str
    n: int
    solver: str
    seed: int
    time_limit_s: float
    cost: float | None
    best_known: float | None
    gap: float | None
    vehicles: int | None
    valid: bool
    family: str
    wall_s: float | None
    note: str = ""


COLUMNS = tuple(field.name for field in fields(Record))


def percent_above(cost: float, best_known: float | None) -> float | None:
    """The gap."""
    return None if not best_known else 100 * (cost - best_known) / best_known


def write_records(path: Path, records: Iterable[Record]) -> None:
    """All rows, in the order in which they were measured."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for record in records:
            row = asdict(record)
            row.update({key: f"{value:.10g}" for key, value in row.items() if isinstance(value, float)})
            writer.writerow(row)


def read_records(path: Path) -> list[Record]:
    """Rows that an earlier run wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_record(row) for row in csv.DictReader(file)]


def _record(row: dict[str, str]) -> Record:
    def number(key: str) -> float | None:
        return float(row[key]) if row[key] else None

    vehicles = number("vehicles")
    return Record(
        instance=row["instance"],
        n=int(row["n"]),
        solver=row["solver"],
        seed=int(row["seed"]),
        time_limit_s=float(row["time_limit_s"]),
        cost=number("cost"),
        best_known=number("best_known"),
        gap=number("gap"),
        vehicles=None if vehicles is None else int(vehicles),
        valid=row["valid"] == "True",
        family=row["family"],
        wall_s=number("wall_s"),
        note=row["note"],
    )


def merged(old: Sequence[Record], new: Sequence[Record]) -> list[Record]:
    """New rows in place of old ones of the same instance, solver, seed and time limit."""
    rows = {(one.family, one.instance, one.solver, one.seed, one.time_limit_s): one for one in [*old, *new]}
    return list(rows.values())
