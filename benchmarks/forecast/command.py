"""Command line of the forecast benchmark: ``python -m benchmarks.forecast [--quick]``.

Prints scores beside simple methods of the same run, emptyings found, and what it costs; writes CSV and a picture; its
last line is ``name=value`` pairs.
"""

import argparse
import csv
import os
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from api.town.fill_statistics import load_fill_statistics
from benchmarks.forecast import blended, histgb, methods
from benchmarks.forecast.emptyings import TARGETS as RESET_TARGETS
from benchmarks.forecast.emptyings import find_generated
from benchmarks.forecast.ours import forecast_windows
from benchmarks.forecast.picture import COLOURS, draw
from benchmarks.forecast.scale import MOST_MB, measure
from benchmarks.forecast.scale import TARGETS as COST_TARGETS
from benchmarks.forecast.scores import Predictions, Score, score
from benchmarks.forecast.series import STREAMS, Source, load_source
from benchmarks.forecast.table import print_scores, written
from benchmarks.forecast.windows import DUE_FRACTION, KINDS, Windows, draw_windows
from optimizer.simulation.statistics import FillStatistics

OURS, OURS_BLENDED, OURS_ONCE, PEER = "fuhre", "fuhre, blended", "fuhre, learnt once", "HistGB"
RESULTS = Path("bench-results")
TEST_SEED = 7
"""No constant of the cleaning was chosen on generated series of this seed."""


def main() -> int:
    """Measure, print, and write CSV and picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="fewer generated containers, no run of 10,000, no trees blended in"
    )
    is_quick = parser.parse_args().quick
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # trees that wait for a busy core are slower than one thread
    began = time.perf_counter()
    statistics = load_fill_statistics()
    source = load_source(statistics)
    span = source.span
    print(f"Series: {source.name}")
    print(
        f"Split in time order: train until {span.train_until:%Y-%m-%d}, calibrate until "
        f"{span.calibrate_until:%Y-%m-%d}, test until {span.test_until:%Y-%m-%d}; asked every 12 h."
    )
    rows: dict[tuple[str, str, str], Score] = {}
    pictured: dict[str, tuple[NDArray[np.float64], NDArray[np.bool_]]] = {}
    for stream in STREAMS:
        test, said = _predict_all(source, stream, statistics, is_quick=is_quick)
        for name, one in said.items():
            rows |= {(stream, name, kind): result for kind, result in _scores(one, test).items()}
        sick = ~test.is_healthy
        if sick.any():
            healthy = _scores(_chosen(said[OURS], ~sick), test.where(~sick))
            rows |= {(stream, f"{OURS}, healthy sensors", kind): result for kind, result in healthy.items()}
        if stream == "paper":
            open_ = (test.kind == len(KINDS) - 1) & (test.level < DUE_FRACTION)
            pictured = {name: (said[name].risk[open_], test.reached[open_]) for name in COLOURS if name in said}
    print_scores(rows)
    _print_emptyings(statistics, containers=40 if is_quick else 150)
    _print_costs(statistics, sizes=(1_000,) if is_quick else (1_000, 10_000))
    RESULTS.mkdir(exist_ok=True)
    _write(RESULTS / "forecast.csv", rows)
    draw(
        RESULTS / "forecast_reliability.png",
        f"Paper, up to the next visit\n{source.name.partition(',')[0][:40]}, test span",
        pictured,
    )
    print(
        f"\nWritten: {RESULTS}/forecast.csv, {RESULTS}/forecast_reliability.png ({time.perf_counter() - began:.0f} s)"
    )
    paper, plastic = rows["paper", OURS, "visit"], rows["plastic", OURS, "visit"]
    print(
        f"mae_paper_visit={paper.mae:.2f} crps_paper_visit={paper.crps:.2f} bss_paper_visit={paper.bss:.2f} "
        f"coverage_paper={paper.coverage:.3f} mae_plastic_visit={plastic.mae:.2f}"
    )
    return 0


def _predict_all(
    source: Source, stream: str, statistics: dict[str, FillStatistics], *, is_quick: bool
) -> tuple[Windows, dict[str, Predictions]]:
    series, span, is_fast = source.by_stream[stream], source.span, statistics[stream].is_fast
    calibrate = draw_windows(series, is_fast=is_fast, start_at=span.train_until, until=span.calibrate_until, every_h=12)
    test = draw_windows(series, is_fast=is_fast, start_at=span.calibrate_until, until=span.test_until, every_h=12)
    said = {
        OURS: forecast_windows(source, stream, test, statistics, learns_once=False),
        OURS_ONCE: forecast_windows(source, stream, test, statistics, learns_once=True),
    }
    said |= {name: methods.predict(method, calibrate, test) for name, method in methods.METHODS.items()}
    if histgb.is_there():
        if not is_quick:  # its trees are trained anew each month
            said[OURS_BLENDED] = blended.forecast_windows(source, stream, test, said[OURS], statistics)
        every_h = 18 if is_quick else 12  # no divisor of a day only: all hours come up
        train = draw_windows(series, is_fast=is_fast, start_at=span.start_at, until=span.train_until, every_h=every_h)
        said[PEER] = histgb.predict(train, calibrate, test)
    else:
        print(f"{PEER} and {OURS_BLENDED} are left out: scikit-learn is not installed (pip install 'fuhre[ml]').")
    return test, said


def _scores(said: Predictions, windows: Windows) -> dict[str, Score]:
    scores = {}
    for index, kind in enumerate(KINDS):
        here = windows.kind == index
        is_due = windows.level[here] >= DUE_FRACTION
        scores[kind] = score(_chosen(said, here), windows.truth[here], windows.reached[here], is_due)
    return scores


def _chosen(said: Predictions, chosen: NDArray[np.bool_]) -> Predictions:
    return Predictions(middle=said.middle[chosen], quantiles=said.quantiles[chosen], risk=said.risk[chosen])


def _print_emptyings(statistics: dict[str, FillStatistics], *, containers: int) -> None:
    print(f"\nEmptyings found in generated series ({containers} containers, 90 days, truth known)")
    for stream, least in RESET_TARGETS.items():
        found = find_generated(stream, statistics, containers=containers, seed=TEST_SEED)
        print(
            f"  {stream:8} precision {found.precision:.3f}  recall {found.recall:.3f}  F1 {found.f1:.3f} "
            f"of {found.n_true} emptyings   target {least:.2f}: {_met(is_met=found.f1 >= least)}"
        )


def _print_costs(statistics: dict[str, FillStatistics], *, sizes: tuple[int, ...]) -> None:
    print("\nCost on one core (CPU seconds; half hourly glass, half paper; 90 days; forecasts of 14 days)")
    for size in sizes:
        cost = measure(size, statistics)
        most_rebuild_s, most_forecast_s = COST_TARGETS[size]
        is_met = cost.rebuild_s <= most_rebuild_s and cost.forecast_s <= most_forecast_s and cost.mb <= MOST_MB
        print(
            f"  {size:6} containers, {cost.readings / 1e6:.1f} M readings: clean {cost.clean_s:.1f} s + learn "
            f"{cost.learn_s:.1f} s, forecast {cost.forecast_s:.2f} s, {cost.mb:.0f} MB beside the readings   "
            f"targets {most_rebuild_s:.0f} s, {most_forecast_s:.1f} s, {MOST_MB:.0f} MB: {_met(is_met=is_met)}"
        )


def _met(*, is_met: bool) -> str:
    return "met" if is_met else "MISSED"


def _write(path: Path, rows: dict[tuple[str, str, str], Score]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["stream", "method", "window", "n", "mae", "crps", "bss", "auc", "ece", "coverage_90"])
        for (stream, name, kind), one in rows.items():
            figures = (one.mae, one.crps, one.bss, one.auc, one.ece, one.coverage)
            writer.writerow([stream, name, kind, one.n, *(written(figure) for figure in figures)])
