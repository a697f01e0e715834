"""Writes what a season measured into RESULTS.md: one section for each length, share of sensors and kind of failures.

Guards the text against figures copied by hand: a section is replaced as a whole, between its marks, and everything
outside of the marks is left alone.
"""

from pathlib import Path
from statistics import fmean

from benchmarks.season.report import COLUMNS, OURS, distance_km, overflow_days, shown
from optimizer.season.compare import Figure, ratio
from optimizer.season.records import SeasonRecord

RESULTS = Path(__file__).with_name("RESULTS.md")

TARGETS: tuple[tuple[str, str, Figure, float], ...] = (
    ("km, to fixed tours", "fixed_schedule", distance_km, 0.65),
    ("km, to the threshold", "threshold", distance_km, 0.85),
    ("km, to the clairvoyant", "clairvoyant", distance_km, 1.12),
    ("overflows, to fixed tours", "fixed_schedule", overflow_days, 1.0),
)


def write_section(path: Path, record: SeasonRecord, *, kind: str, how: str) -> None:
    """Put the section of this kind where it was, or at the end of the file.

    Parameters
    ----------
    kind
        One word or a few that tell the sections apart, as in ``"91 days, all sensors"``.
    how
        A sentence on how it was run.
    """
    begins, ends = f"<!-- measured: {kind} -->", f"<!-- end of {kind} -->"
    section = "\n".join([begins, f"## Measured: {kind}", "", how, "", *_lines(record), "", ends])
    text = path.read_text("utf-8") if path.exists() else "# Results of the season benchmark\n"
    before, mark, rest = text.partition(begins)
    if not mark:
        path.write_text(f"{text.rstrip()}\n\n{section}\n", "utf-8")
        return
    _, _, after = rest.partition(ends)
    path.write_text(before + section + after, "utf-8")


def _lines(record: SeasonRecord) -> list[str]:
    names = [name for name, _ in COLUMNS]
    lines = [
        "| policy | " + " | ".join([*names, "overflow share", "fill at emptying"]) + " |",
        "|---" * (len(names) + 3) + "|",
    ]
    for policy in record.policies:
        runs = record.runs_of(policy)
        fills = [run.mean_fill_fraction for run in runs if run.mean_fill_fraction is not None]
        cells = [
            f"**{policy}**" if policy == OURS else policy,
            *(shown(record, policy, figure) for _, figure in COLUMNS),
            f"{fmean(run.overflow_share for run in runs):.2%}",
            f"{fmean(fills):.0%}" if fills else "-",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "| | measured | 95 % interval | target |", "|---|---|---|---|"]
    for name, other, figure, target in TARGETS:
        found = ratio(record, OURS, other, figure) if {OURS, other} <= set(record.policies) else None
        if found is None:
            continue
        interval = "one seed" if found.low is None or found.high is None else f"{found.low:.3f} to {found.high:.3f}"
        verdict = "met" if found.value <= target else "**missed**"
        lines.append(f"| {name} | {found.value:.3f} | {interval} | {target:g} at most: {verdict} |")
    return lines
