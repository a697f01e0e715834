"""The reliability diagram: how often 90 % was reached, by how likely it was said to be."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.forecast.scores import reliability

Floats = NDArray[np.float64]
COLOURS = {"fuhre": "#0b6e4f", "container's mean rate": "#c8553d", "HistGB": "#3d5a98"}


def draw(path: Path, title: str, said: dict[str, tuple[Floats, NDArray[np.bool_]]]) -> None:
    """One line per method, points as large as they are frequent."""
    import matplotlib as mpl  # noqa: PLC0415 - costs a second

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the backend is chosen

    figure, (axis, below) = plt.subplots(
        2, 1, figsize=(6.4, 7.6), height_ratios=(4, 1), sharex=True, layout="constrained"
    )
    axis.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle="--", label="perfect")
    width = 0.08 / max(len(said), 1)
    for place, (name, (risk, happened)) in enumerate(said.items()):
        mean, seen, count = reliability(risk, happened)
        colour = COLOURS.get(name)
        error = 1.96 * np.sqrt(seen * (1 - seen) / np.maximum(count, 1))
        axis.errorbar(
            mean, seen, yerr=error, color=colour, marker="o", markersize=5, capsize=2, linewidth=1.4, label=name
        )
        below.bar(np.arange(10) / 10 + 0.05 + (place - (len(said) - 1) / 2) * width, count, width=width, color=colour)
    axis.set(ylabel="share in which 90 % was reached", title=title, xlim=(0, 1), ylim=(0, 1), aspect="equal")
    below.set(xlabel="probability that was said", ylabel="windows")
    axis.legend(loc="upper left", frameon=False)
    figure.savefig(path)
    plt.close(figure)
