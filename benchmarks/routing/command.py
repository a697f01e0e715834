"""Command line of the routing benchmark: ``python -m benchmarks.routing [--quick]``.

Prints a table for each map and track, what was left out and why, and as its last line ``name=value`` pairs.
"""

import argparse
import math
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing import lineup
from benchmarks.routing.agreement import agreement_lines, compare_durations
from benchmarks.routing.ahead import are_kernels_compiled, prepare_ahead
from benchmarks.routing.chores import run_chores
from benchmarks.routing.differences import Reason
from benchmarks.routing.draw_inputs import make_inputs
from benchmarks.routing.explain import explain_apart, reason_lines
from benchmarks.routing.extracts import DEFAULT_NAMES, NoExtractError, find_maps, make_case
from benchmarks.routing.figures import Figure, Figures, read_csv, write_csv
from benchmarks.routing.inputs import Inputs, write_inputs
from benchmarks.routing.peer import Case, Track
from benchmarks.routing.plan import FULL, Plan, narrowed, quick
from benchmarks.routing.plot import draw
from benchmarks.routing.rounds import Rounds
from benchmarks.routing.table import RATIO_N, last_line, left_out_lines, summary, track_table
from benchmarks.routing.targets import target_table
from benchmarks.routing.worker import ONE_THREAD

QUICK_S = 45.0
"""A quick run ends within 50 s; the rest is for starting and ending."""

COMPILING_S = 60.0
"""The first run in a fresh checkout compiles for at most so long: 15 s on two idle cores."""

EXPLAINING_S = 8.0
"""With less time than this, pairs that deviate from OSRM's are counted and not explained."""

AFTERWARDS_S = 2.0
"""What writing the results may take."""

_MIN_QUICK_S = 25.0
"""What is left for measuring at least."""

_FIRST_QUICK_S = 75.0
"""The same for the first run in a fresh checkout, which prepares every peer: rather complete than quick."""

_BEGIN = time.perf_counter()


def main() -> int:
    """Measure, print, and write CSV and picture."""
    os.environ.update(ONE_THREAD)
    asked = _arguments()
    plan = narrowed(
        quick(max(_MIN_QUICK_S, QUICK_S - max(0.0, time.time() - asked.started))) if asked.quick else FULL,
        sizes=tuple(map(int, _split(asked.sizes))),
        parts=_split(asked.parts),
        left_out=tuple(name for name in lineup.ENTRANTS if asked.peers and name not in _split(asked.peers)),
    )
    names = _split(asked.maps) or DEFAULT_NAMES[: 1 if asked.quick else None]
    try:
        maps, remarks = find_maps(names, out_dir=asked.out)
    except NoExtractError as error:
        print(error, file=sys.stderr)
        return 1
    figures = Figures()
    blocks: list[str] = [f"remark: {remark}" for remark in remarks]
    for name, map_path in maps.items():
        blocks += _measure(make_case(name, map_path, out_dir=asked.out), plan, figures)
    print("\n".join(["", *blocks, *left_out_lines(figures)]))
    _write(asked.out, figures, is_quick=asked.quick)
    print(last_line(summary(figures, map_name=next(iter(maps)))))
    return 0


def _write(out_dir: Path, figures: Figures, *, is_quick: bool) -> None:
    """Figures, picture, and the table of targets; a quick run leaves what a full one wrote as it is."""
    stem = out_dir / ("routing_quick" if is_quick else "routing")
    csv_path, png_path = stem.with_suffix(".csv"), stem.with_suffix(".png")
    known = figures if is_quick else figures.with_older(read_csv(csv_path))
    write_csv(csv_path, known)
    draw(png_path, known)
    print(f"\nwritten: {csv_path}, {png_path}")
    if not is_quick:
        table = target_table(known, city=DEFAULT_NAMES[0], large=DEFAULT_NAMES[1])
        stem.with_name("routing_targets.md").write_text(table + "\n", encoding="utf-8")
        print(f"{table}\n")


def _measure(case: Case, plan: Plan, figures: Figures) -> list[str]:
    """Both tracks on one map; returns what to print about it."""
    if plan.ahead_s:
        _say(f"{case.name}: OSRM's contraction, and compiling in a fresh checkout")
        is_first = not are_kernels_compiled()
        prepare_ahead(case, limit_s=COMPILING_S if is_first else plan.ahead_s)
        plan = plan.with_at_least(_FIRST_QUICK_S if is_first else _MIN_QUICK_S)
    _say(f"{case.name}: reading the map and drawing {plan.n_points} places")
    given = make_inputs(case.map_path, n=plan.n_points)
    write_inputs(case.inputs_path, given)
    blocks = [f"\n{case.name}: {given.n_states:,} states, {given.head.size:,} turns in the strongly connected part"]
    places = Rounds(case, track=Track.PLACES, plan=plan, figures=figures, say=_say)
    answers: dict[str, NDArray[np.float64]] = {}
    for track in plan.parts:
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else math.nan
        note = f"load of the machine when it began, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        figures.add(Figure(map_name=case.name, track=track, peer="run", what="load", value=load, note=note))
        if track == Track.GRAPH:
            Rounds(case, track=Track.GRAPH, plan=plan, figures=figures, say=_say).run(lineup.GRAPH, given=given)
        elif track == Track.PLACES:
            answers = places.run(lineup.PLACES, given=given, wanted_n=RATIO_N)
        else:
            run_chores(case, sizes=plan.sizes, figures=figures, say=_say)
    for track, names, ours in ((Track.PLACES, lineup.PLACES, "ours"), (Track.GRAPH, lineup.GRAPH, "ours_bare")):
        table = track_table(figures, map_name=case.name, track=track, names=names, sizes=plan.sizes, ours=ours)
        if track in plan.parts:
            blocks += [f"\n{case.name}, {track} (cpu ms, in brackets times ours):", table]
    # Comparing durations is no race: it runs on its own, after everything that is timed.
    if "ours" in answers:
        answers |= places.answers(lineup.MATCHED, n=RATIO_N)
    matched = next((answers[name] for name in lineup.MATCHED if name in answers), None)
    if matched is not None:
        blocks += ["", *_agreement(case, plan, answers["ours"], matched, given, figures)]
    return blocks


def _agreement(
    case: Case,
    plan: Plan,
    ours_s: NDArray[np.float64],
    theirs_s: NDArray[np.float64],
    given: Inputs,
    figures: Figures,
) -> list[str]:
    """How our durations compare with OSRM's, and why those that deviate do."""
    found = compare_durations(ours_s, theirs_s)
    lines = agreement_lines(found, given.lon_lat_deg, map_name=case.name)
    if not found.outside:
        return lines
    limit_s = plan.left_s(plan.prepare_limit_s) - AFTERWARDS_S
    if limit_s < EXPLAINING_S:
        return [*lines, "  why they are was not looked at for lack of time"]
    _say(f"{case.name}: laying {found.n_outside} pairs beside OSRM's paths")
    explained = explain_apart(case, found.outside, theirs_s, limit_s=limit_s)
    if isinstance(explained, str):
        return [*lines, f"  why they are could not be looked at: {explained}"]
    for reason in Reason:
        n = sum(one.reason is reason for one in explained)
        value = Figure(
            map_name=case.name, track=Track.PLACES, peer="osrm_mld_matched", what="differs", value=n, note=reason.value
        )
        figures.add(value)
    return [*lines, *reason_lines(explained)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routing", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one map, 1000 points, at most 50 s")
    parser.add_argument("--maps", default="", help="names of extracts, separated by commas")
    parser.add_argument("--parts", default="", help="places, graph, chores, separated by commas")
    parser.add_argument("--sizes", default="", help="numbers of points, separated by commas")
    parser.add_argument("--peers", default="", help="only these peers, separated by commas")
    parser.add_argument("--out", type=Path, default=Path("bench-results"), help="folder for results and kept data")
    parser.add_argument("--started", type=float, default=time.time(), help="when the run began, seconds since 1970")
    return parser.parse_args()


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def _say(line: str) -> None:
    print(f"{time.perf_counter() - _BEGIN:6.1f} s  {line}", file=sys.stderr, flush=True)
