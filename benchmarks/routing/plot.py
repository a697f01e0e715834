"""Draws matrix times over the number of points, a panel for each map and track."""

import importlib
import math
from pathlib import Path

from benchmarks.routing.figures import Figures


def draw(path: Path, figures: Figures) -> None:
    """Write a picture in PNG format."""
    matplotlib = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    pyplot = importlib.import_module("matplotlib.pyplot")
    points = [item for item in figures.notes("matrix_cpu_ms") if not math.isnan(item.value)]
    maps = list(dict.fromkeys(item.map_name for item in points))
    tracks = list(dict.fromkeys(item.track for item in points))
    if not points:
        return
    figure, axes = pyplot.subplots(
        len(maps), len(tracks), figsize=(6 * len(tracks), 4.2 * len(maps)), squeeze=False, layout="constrained"
    )
    for row, map_name in enumerate(maps):
        for column, track in enumerate(tracks):
            panel = axes[row][column]
            here = [item for item in points if (item.map_name, item.track) == (map_name, track)]
            for peer in dict.fromkeys(item.peer for item in here):
                series = [(item.n, item.value) for item in here if item.peer == peer]
                is_ours = peer.startswith("ours")
                panel.plot(*zip(*series, strict=True), marker="o", label=peer, linewidth=3 if is_ours else 1.2)
            panel.set(xscale="log", yscale="log", title=f"{map_name}, {track}", xlabel="points", ylabel="cpu ms")
            panel.grid(visible=True, which="both", alpha=0.25)
            panel.legend(fontsize="small")
    figure.suptitle("N x N travel times, one thread, medians of one run")
    figure.savefig(path, dpi=130)
    pyplot.close(figure)
