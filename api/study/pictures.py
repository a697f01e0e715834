"""Turns a matplotlib figure into SVG that lives inside the report: its colours, its font, and ids of its own.

Guards dark mode and print: a figure is drawn with stand-in colours that become the page's variables, so that one
picture serves both. No pyplot, no state between figures.
"""

import io
import re
from collections.abc import Mapping

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, SOFT, LINE = "#010101", "#020202", "#030303"
POLICY_COLOURS: Mapping[str, str] = {
    "fixed_schedule": "#0a0a01",
    "threshold": "#0a0a02",
    "rolling_prize": "#0a0a03",
    "clairvoyant": "#0a0a04",
}
PART_COLOURS = ("#0b0b01", "#0b0b02", "#0b0b03", "#0b0b04")
_VARIABLES = {
    INK: "--ink",
    SOFT: "--ink-soft",
    LINE: "--line",
    "#0a0a01": "--tour-6",
    "#0a0a02": "--tour-1",
    "#0a0a03": "--tour-2",
    "#0a0a04": "--tour-3",
    "#0b0b01": "--tour-0",
    "#0b0b02": "--tour-4",
    "#0b0b03": "--tour-6",
    "#0b0b04": "--tour-under-0",
}
_HEAD = re.compile(r"^.*?(?=<svg)|<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)
_SIZE = re.compile(r'(<svg [^>]*?)width="[^"]*" height="[^"]*" ')
_ID = re.compile(r'(\bid="|url\(#|href="#)')
_COLOUR = re.compile("|".join(_VARIABLES))
_FONT = re.compile(r"font-family: [^;\"]*;? ?|font: ([0-9.]+px) [^;\"]*")


def drawing(width_in: float, height_in: float, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure with transparent ground and plain axes."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    figure.patch.set_alpha(0.0)
    axes = [figure.add_subplot(1, columns, at + 1) for at in range(columns)]
    for one in axes:
        one.patch.set_alpha(0.0)
        for side in ("top", "right"):
            one.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            one.spines[side].set_color(SOFT)
        one.tick_params(colors=SOFT, labelsize=10, length=3)
        one.xaxis.label.set_color(SOFT)
        one.yaxis.label.set_color(SOFT)
        one.set_axisbelow(True)
    return figure, axes


def picture(figure: Figure, *, name: str, label: str) -> str:
    """The figure as an ``svg`` element.

    Parameters
    ----------
    name
        Unique on the page; goes before all ids.
    label
        What a screen reader says; must be safe inside an attribute.
    """
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = _HEAD.sub("", buffer.getvalue().decode())
    svg = _SIZE.sub(rf'\1role="img" aria-label="{label}" class="chart" ', svg, count=1)
    svg = _ID.sub(rf"\g<1>{name}-", svg)
    svg = _FONT.sub(lambda found: f"font-size: {found[1]}" if found[1] else "", svg)
    return _COLOUR.sub(lambda found: f"var({_VARIABLES[found[0]]})", svg)
