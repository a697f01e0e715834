"""Solomon's and Gehring and Homberger's instances with time windows, in the convention of the DIMACS challenge.

Distances and times are ten times the Euclidean ones, cut off; the published cost is in tenths likewise, written with a
point. Only distance counts; the number of vehicles is the file's.
"""

import csv
from pathlib import Path

import numpy as np

from benchmarks.solver.case import Case, CaseVehicle, euclidean
from benchmarks.solver.families.cvrplib import BadFileError

TENTHS = 10
BEST_KNOWN_FILE = "dimacs_vrptw_bks.csv"


def read_vrptw(path: Path) -> Case:
    """One ``.txt`` file; best known costs lie beside it in one table."""
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    fleet = [row for row in rows if len(row) == 2 and all(word.isdigit() for word in row)]
    table = np.array([[float(word) for word in row] for row in rows if len(row) == 7 and row[0].isdigit()])
    if len(fleet) != 1 or not len(table):
        raise BadFileError(f"{path.name}: a line with vehicles and capacity, and rows of seven numbers are expected.")
    coordinates = table[:, 1:3]
    count, capacity = (int(word) for word in fleet[0])
    tenths = (table[:, 4:7] * TENTHS).astype(np.int64)
    return Case(
        name=path.stem,
        family="vrptw",
        coordinates=coordinates,
        distance=np.floor(euclidean(coordinates) * TENTHS).astype(np.int64),
        demand=table[:, 3].astype(np.int64),
        service=tenths[:, 2],
        opens=tenths[:, 0],
        closes=tenths[:, 1],
        prize=np.zeros(len(table), dtype=np.int64),
        n_depots=1,
        vehicles=(CaseVehicle(count=count, capacity=capacity),),
        has_times=True,
        per_unit=TENTHS,
        best_known=_best_known(path),
    )


def _best_known(path: Path) -> float | None:
    table = path.parent / BEST_KNOWN_FILE
    if not table.is_file():
        return None
    with table.open(encoding="utf-8", newline="") as lines:
        known = {row[0]: float(row[1]) for row in csv.reader(lines) if len(row) >= 2}
    return known.get(path.stem)
