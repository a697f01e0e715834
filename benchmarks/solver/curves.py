"""Draws the cost over time of every solver: a panel for each instance."""

import importlib
from collections.abc import Sequence
from pathlib import Path

from benchmarks.solver.runner import Outcome

MOST_PANELS = 12
COLUMNS = 3
WORST_SHOWN = 1.25
"""Times the best cost; what lies above is the first moments."""


def draw_curves(path: Path, outcomes: Sequence[Outcome]) -> bool:
    """Write a picture of the valid answers; False where matplotlib is missing or nothing can be drawn."""
    try:
        matplotlib = importlib.import_module("matplotlib")
    except ImportError:
        return False
    valid = [one for one in outcomes if one.record.valid and one.record.cost is not None]
    names = list(dict.fromkeys(one.record.instance for one in valid))[:MOST_PANELS]
    if not names:
        return False
    matplotlib.use("Agg")
    pyplot = importlib.import_module("matplotlib.pyplot")
    rows = -(-len(names) // COLUMNS)
    figure, axes = pyplot.subplots(
        rows, COLUMNS, figsize=(5 * COLUMNS, 3.4 * rows), squeeze=False, layout="constrained"
    )
    solvers = list(dict.fromkeys(one.record.solver for one in valid))
    colour = {solver: f"C{at}" for at, solver in enumerate(solvers)}
    for panel in axes.flat[len(names) :]:
        panel.set_visible(False)
    for panel, name in zip(axes.flat, names, strict=False):
        here = [one for one in valid if one.record.instance == name]
        best = min(one.record.cost for one in here if one.record.cost is not None)
        seen = set()
        for one in here:
            times, costs = _points(one)
            label = one.record.solver if one.record.solver not in seen else None
            seen.add(one.record.solver)
            marker = "o" if len(times) == 1 else None
            panel.step(times, costs, where="post", label=label, color=colour[one.record.solver], marker=marker)
        panel.set(title=name, xlabel="s", ylabel="cost", ylim=(best * 0.995, None))
        panel.set_ylim(top=min(panel.get_ylim()[1], best * WORST_SHOWN))
        panel.grid(visible=True, alpha=0.25)
        panel.legend(fontsize="small")
    figure.suptitle("Cost over time, one thread; a dot: the solver tells only its last cost")
    figure.savefig(path)
    pyplot.close(figure)
    return True


def _points(one: Outcome) -> tuple[list[float], list[float]]:
    """The curve, ended by what the judge made of the answer."""
    assert one.record.cost is not None
    end_s = one.record.wall_s or one.record.time_limit_s
    points = [*one.curve, (end_s, one.record.cost)]
    return [at_s for at_s, _ in points], [cost for _, cost in points]
