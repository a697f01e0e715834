"""Command line of the routing benchmark: ``python -m benchmarks.routing [--quick]``.

Prints a table for each map and track, what was left out and why, and as its last line ``name=value`` pairs.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from benchmarks.routing import lineup
from benchmarks.routing.agreement import agreement_lines, compare_durations
from benchmarks.routing.draw_inputs import make_inputs
from benchmarks.routing.extracts import DEFAULT_NAMES, NoExtractError, find_maps, make_case
from benchmarks.routing.figures import Figures, write_csv
from benchmarks.routing.inputs import write_inputs
from benchmarks.routing.peer import Case, Track
from benchmarks.routing.plan import FULL, Plan, quick
from benchmarks.routing.plot import draw
from benchmarks.routing.rounds import Rounds
from benchmarks.routing.table import RATIO_N, last_line, left_out_lines, summary, track_table
from benchmarks.routing.worker import ONE_THREAD

QUICK_S = 45.0
"""A quick run ends within 50 s; the rest is for starting and ending."""

_MIN_QUICK_S = 25.0
_BEGIN = time.perf_counter()


def main() -> int:
    """Measure, print, and write CSV and picture."""
    os.environ.update(ONE_THREAD)
    asked = _arguments()
    plan = quick(max(_MIN_QUICK_S, QUICK_S - max(0.0, time.time() - asked.started))) if asked.quick else FULL
    names = tuple(asked.maps.split(",")) if asked.maps else DEFAULT_NAMES[: 1 if asked.quick else None]
    try:
        maps, remarks = find_maps(names)
    except NoExtractError as error:
        print(error, file=sys.stderr)
        return 1
    figures = Figures()
    blocks: list[str] = [f"remark: {remark}" for remark in remarks]
    for name, map_path in maps.items():
        blocks += _measure(make_case(name, map_path, out_dir=asked.out), plan, figures)
    write_csv(asked.out / "routing.csv", figures)
    draw(asked.out / "routing.png", figures)
    print("\n".join(["", *blocks, *left_out_lines(figures)]))
    print(f"\nwritten: {asked.out / 'routing.csv'}, {asked.out / 'routing.png'}")
    print(last_line(summary(figures, map_name=next(iter(maps)))))
    return 0


def _measure(case: Case, plan: Plan, figures: Figures) -> list[str]:
    """Both tracks on one map; returns what to print about it."""
    _say(f"{case.name}: reading the map and drawing {plan.n_points} places")
    given = make_inputs(case.map_path, n=plan.n_points)
    write_inputs(case.inputs_path, given)
    blocks = [f"\n{case.name}: {given.n_states:,} states, {given.head.size:,} turns in the strongly connected part"]
    places = Rounds(case, track=Track.PLACES, plan=plan, figures=figures, say=_say)
    Rounds(case, track=Track.GRAPH, plan=plan, figures=figures, say=_say).run(lineup.GRAPH, given=given)
    answers = places.run(lineup.PLACES, given=given, wanted_n=RATIO_N)
    for track, names, ours in ((Track.PLACES, lineup.PLACES, "ours"), (Track.GRAPH, lineup.GRAPH, "ours_bare")):
        table = track_table(figures, map_name=case.name, track=track, names=names, sizes=plan.sizes, ours=ours)
        blocks += [f"\n{case.name}, {track} (cpu ms, in brackets times ours):", table]
    # Comparing durations is no race: it runs on its own, after everything that is timed.
    answers |= places.answers(lineup.MATCHED, n=RATIO_N)
    matched = next((answers[name] for name in lineup.MATCHED if name in answers), None)
    if matched is not None and "ours" in answers:
        blocks += [
            "",
            *agreement_lines(compare_durations(answers["ours"], matched), given.lon_lat_deg, map_name=case.name),
        ]
    return blocks


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routing", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one map, 1000 points, at most 50 s")
    parser.add_argument("--maps", default="", help="names of extracts, separated by commas")
    parser.add_argument("--out", type=Path, default=Path("bench-results"), help="folder for results and kept data")
    parser.add_argument("--started", type=float, default=time.time(), help="when the run began, seconds since 1970")
    return parser.parse_args()


def _say(line: str) -> None:
    print(f"{time.perf_counter() - _BEGIN:6.1f} s  {line}", file=sys.stderr, flush=True)
