"""Reads the keyword-and-section files of CVRPLIB and of PyVRP's dialect, and their solutions."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.solver.case import CaseRoute

_COST = re.compile(r"Cost:?\s+([0-9.]+)")
_ROUTE = re.compile(r"Route #(\d+):(.*)")


class BadFileError(Exception):
    """A file that is not what its family says; the message names the file and what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """Keywords and tables of a file; every row of a table as it stands, its leading number included."""

    path: Path
    keywords: dict[str, str] = field(default_factory=dict)
    tables: dict[str, list[list[str]]] = field(default_factory=dict)

    def number(self, key: str, default: float | None = None) -> float:
        """A keyword's value."""
        if key in self.keywords:
            return float(self.keywords[key])
        if default is None:
            raise BadFileError(f"{self.path.name}: the keyword {key} is missing.")
        return default

    def column(self, name: str, at: int = 1) -> NDArray[np.float64]:
        """One column of a table; column 0 numbers the rows."""
        if name not in self.tables:
            raise BadFileError(f"{self.path.name}: the section {name} is missing.")
        return np.array([float(row[at]) for row in self.tables[name]])

    def column_or(self, name: str, default: NDArray[np.float64], at: int = 1) -> NDArray[np.float64]:
        """One column of a table, or a default where the file has no such table."""
        return self.column(name, at) if name in self.tables else default

    def coordinates(self) -> NDArray[np.float64]:
        """Rows of x and y."""
        return np.stack([self.column("NODE_COORD", 1), self.column("NODE_COORD", 2)], axis=1)

    def depots(self) -> list[int]:
        """Depot rows from 0; a ``-1`` ends them."""
        return [int(row[0]) - 1 for row in self.tables.get("DEPOT", [["1"]]) if row[0] != "-1"]


def read_sections(path: Path) -> Sections:
    """Take a file apart."""
    sections = Sections(path=path)
    rows: list[list[str]] | None = None
    for raw in path.read_text(encoding="utf-8").splitlines():
        line = raw.strip()
        if not line or line == "EOF":
            continue
        if line.endswith("_SECTION"):
            rows = sections.tables.setdefault(line.removesuffix("_SECTION"), [])
        elif ":" in line:
            key, value = line.split(":", 1)
            sections.keywords[key.strip()] = value.strip()
            rows = None
        elif rows is not None:
            rows.append(line.split())
        else:
            raise BadFileError(f"{path.name}: '{line}' stands outside any section.")
    if sections.keywords.get("EDGE_WEIGHT_TYPE", "EUC_2D") != "EUC_2D":
        raise BadFileError(f"{path.name}: only EUC_2D distances are read.")
    return sections


def published_cost(path: Path) -> float | None:
    """Cost line of the solution beside an instance, where there is one."""
    solution = path.with_suffix(".sol")
    if not solution.is_file():
        return None
    found = _COST.search(solution.read_text(encoding="utf-8"))
    return float(found[1]) if found else None


def published_routes(path: Path) -> list[CaseRoute]:
    """Routes of the solution beside a single-depot instance; ``0`` inside a route is a reload."""
    text = path.with_suffix(".sol").read_text(encoding="utf-8")
    return [
        CaseRoute(vehicle=int(number) - 1, stops=tuple(int(word) - 1 for word in stops.split()))
        for number, stops in _ROUTE.findall(text)
        if stops.strip()
    ]
