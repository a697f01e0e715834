"""What the solver is to reach, beside what was measured: ``python -m benchmarks.solver.targets [solver.csv]``."""

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from benchmarks.solver.quick import mean_ratio
from benchmarks.solver.records import Record, read_records
from benchmarks.solver.table import mean_gap

OURS = "sisr"
LONG_S, SHORT_S = 30.0, 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One target.

    Attributes
    ----------
    measured
        As text; ``-`` for what was not measured.
    """

    what: str
    target: str
    measured: str
    is_reached: bool | None


def target_rows(records: Sequence[Record]) -> list[Row]:
    """The targets that this benchmark measures, at their own time limits."""
    rows = []
    for family, title, most in (("cvrp_x", "CVRP X", 0.35), ("vrptw", "VRPTW", 0.40)):
        at = _at(records, LONG_S)
        ours, peer = mean_gap(at, family=family, solver=OURS), mean_gap(at, family=family, solver="pyvrp")
        rows.append(_row(f"{title}, 30 s: mean gap", f"<= {most:.2f} %", ours, "{:.3f} %", lambda x, m=most: x <= m))
        ratio = ours / peer if ours is not None and peer else None
        rows.append(_row(f"{title}, 30 s: gap beside PyVRP's", "<= 0.7x", ratio, "{:.2f}x", lambda x: x <= 0.7))
    for family, title in (
        ("mtvrptw", "several trips"),
        ("pcvrptw", "prizes"),
        ("mdvrptw", "several depots"),
        ("hfvrp", "unlike vehicles"),
    ):
        value = mean_ratio(_at(records, LONG_S), family=family, ours=OURS, peer="pyvrp")
        rows.append(_row(f"{title}, 30 s: PyVRP's cost : ours", "> 1", value, "{:.4f}", lambda x: x > 1))
    for limit_s, ortools, pyvrp in ((10.0, 9, 2), (60.0, 11, 3)):
        for peer, least in (("ortools", ortools), ("pyvrp", pyvrp)):
            saved = _cheaper_percent(records, peer=peer, ours_s=limit_s, peer_s=60.0)
            what = f"waste days, ours {limit_s:.0f} s, {peer} 60 s: ours cheaper by"
            rows.append(_row(what, f">= {least} %", saved, "{:.2f} %", lambda x, m=least: x >= m))
    mine = [one for one in records if one.solver == OURS and one.cost is not None]
    wrong = float(sum(not one.valid for one in mine)) if mine else None
    rows.append(_row(f"answers that are not valid, of {len(mine)}", "0", wrong, "{:.0f}", lambda x: x == 0))
    return rows


def as_markdown(rows: Sequence[Row]) -> str:
    """A table for RESULTS.md."""
    lines = ["| what | target | measured | reached |", "| --- | --- | --- | --- |"]
    for row in rows:
        reached = "-" if row.is_reached is None else "yes" if row.is_reached else "no"
        lines.append(f"| {row.what} | {row.target} | {row.measured} | {reached} |")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    path = Path(arguments[0]) if arguments else Path("bench-results/solver.csv")
    if not path.is_file():
        print(f"There is no {path}. Run 'make bench-solver' first.")
        return 1
    print(as_markdown(target_rows(read_records(path))))
    return 0


def _at(records: Sequence[Record], time_limit_s: float) -> list[Record]:
    return [one for one in records if one.time_limit_s == time_limit_s]


def _row(what: str, target: str, value: float | None, shown: str, reaches: Callable[[float], bool]) -> Row:
    if value is None or math.isnan(value):
        return Row(what=what, target=target, measured="-", is_reached=None)
    return Row(what=what, target=target, measured=shown.format(value), is_reached=reaches(value))


def _cheaper_percent(records: Sequence[Record], *, peer: str, ours_s: float, peer_s: float) -> float | None:
    def costs(solver: str, limit_s: float) -> dict[tuple[str, int], float]:
        return {
            (one.instance, one.seed): one.cost
            for one in _at(records, limit_s)
            if one.family == "waste_day" and one.solver == solver and one.valid and one.cost is not None
        }

    ours, theirs = costs(OURS, ours_s), costs(peer, peer_s)
    both = ours.keys() & theirs.keys()
    return fmean(100 * (1 - ours[key] / theirs[key]) for key in both) if both else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
