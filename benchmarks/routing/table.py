"""What people read at the end of a run: a table a map and track, what was left out, and one line for machines."""

import math
from collections.abc import Iterable

from benchmarks.routing.figures import Figures, ratio
from benchmarks.routing.plan import NOT_ASKED

LAST_LINE = (
    "ratio_osrm_ch",
    "ratio_osrm_mld",
    "ratio_routingkit",
    "customize_ms",
    "warm_start_s",
    "exact_pairs",
    "mismatches",
)
"""Names on the last line, in their order."""

RATIO_N = 1000
"""The size of which the last line speaks."""


def format_value(value: float, *, digits: int = 3) -> str:
    """A number with so many digits that count, a dash for NaN."""
    if math.isnan(value):
        return "-"
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{decimals}f}"


def format_table(rows: list[list[str]]) -> str:
    """Columns of equal width; the first is flush left, the others flush right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    lines.insert(1, "-" * len(lines[0]))
    return "\n".join(lines)


def track_table(
    figures: Figures, *, map_name: str, track: str, names: Iterable[str], sizes: tuple[int, ...], ours: str
) -> str:
    """CPU milliseconds of each peer and how many times ours that is."""
    rows = [["peer", "prepare s", "warm start s", "closure ms", "peak MB (points)", *(f"{n} x {n} ms" for n in sizes)]]
    for name in names:

        def figure(what: str, n: int = 0, *, peer: str = name) -> float:
            return figures.value(map_name=map_name, track=track, peer=peer, what=what, n=n)

        row = [name, *(format_value(figure(what)) for what in ("prepare_s", "warm_start_s", "change_ms"))]
        peaks = [(n, figure("peak_mb", n)) for n in sizes]
        row.append(next((f"{format_value(mb)} ({n})" for n, mb in reversed(peaks) if not math.isnan(mb)), "-"))
        for n in sizes:
            cpu_ms = figure("matrix_cpu_ms", n)
            times = ratio(cpu_ms, figure("matrix_cpu_ms", n, peer=ours))
            row.append(format_value(cpu_ms) + ("" if math.isnan(times) else f" ({format_value(times)}x)"))
        rows.append(row)
    return format_table(rows)


def left_out_lines(figures: Figures) -> list[str]:
    """Each thing that was not measured, and why; what holds for several maps is said once."""
    places: dict[tuple[str, int, str], list[str]] = {}
    for item in figures.notes("left_out"):
        if item.note == NOT_ASKED:
            continue
        places.setdefault((item.peer, item.n, item.note), []).append(item.map_name)
    lines = []
    for (peer, n, note), maps in places.items():
        size = f" at {n} x {n}" if n else ""
        lines.append(f"left out: {peer}{size} ({', '.join(dict.fromkeys(maps))}): {note}")
    return lines


def summary(figures: Figures, *, map_name: str) -> dict[str, float]:
    """The values of the last line: ratios for one map, exactness over all maps."""

    def places_ms(peer: str) -> float:
        return figures.value(map_name=map_name, track="places", peer=peer, what="matrix_cpu_ms", n=RATIO_N)

    def graph(peer: str, what: str, n: int = 0) -> float:
        return figures.value(map_name=map_name, track="graph", peer=peer, what=what, n=n)

    own_graph_ms = graph("ours_bare", "matrix_cpu_ms", RATIO_N)
    return {
        "ratio_osrm_ch": ratio(places_ms("osrm_ch"), places_ms("ours")),
        "ratio_osrm_mld": ratio(places_ms("osrm_mld"), places_ms("ours")),
        "ratio_routingkit": ratio(graph("routingkit_cch", "matrix_cpu_ms", RATIO_N), own_graph_ms),
        "customize_ms": graph("ours_bare", "change_ms"),
        "warm_start_s": figures.value(map_name=map_name, track="places", peer="ours", what="warm_start_s"),
        "exact_pairs": figures.total("exact_pairs", peer="ours_bare"),
        "mismatches": figures.total("mismatches", peer="ours_bare"),
    }


def last_line(values: dict[str, float]) -> str:
    """``name=value`` pairs in a fixed order; ``nan`` for what could not be run."""
    return " ".join(f"{name}={_plain(values[name])}" for name in LAST_LINE)


def _plain(value: float) -> str:
    if math.isnan(value):
        return "nan"
    if value == int(value):
        return str(int(value))
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"
