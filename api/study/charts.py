"""The report's charts, one function each, from the comparison."""

from collections.abc import Callable
from statistics import fmean

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from api.study.comparison import Comparison, VariantRow
from api.study.lineup import POLICIES
from api.study.pictures import INK, LINE, PART_COLOURS, POLICY_COLOURS, SOFT, drawing, picture
from api.study.run_study import Variant
from api.study.written import Language, number, percent, words
from optimizer.season.compare import Estimate
from optimizer.season.records import DECILES, Effort, RunRecord

PARTS: tuple[tuple[str, Callable[[Effort], float]], ...] = (
    ("driving", lambda effort: effort.driving_co2e_kg),
    ("idling", lambda effort: effort.idling_co2e_kg),
    ("lifting", lambda effort: effort.lifting_co2e_kg),
    ("auxiliary", lambda effort: effort.auxiliary_co2e_kg),
)
STYLES = dict(zip(POLICIES, ("-", (0, (5, 2)), "-", (0, (1, 1.5))), strict=True))
MARKERS = dict(zip(POLICIES, ("s", "^", "o", "D"), strict=True))
WIDTH_IN, ROW_IN = 7.6, 0.34
WIDE_SCALE = 8.0
"""Beyond that, an axis has whole numbers only."""


def variant_name(variant: Variant, language: Language) -> str:
    """As people call it."""
    policy = words(f"policy_{variant.policy}", language)
    if variant.sensor_share is None:
        return policy
    return words("variant", language, policy=policy, share=percent(variant.sensor_share, language))


def leading_rows(comparison: Comparison) -> list[VariantRow]:
    """One line for each policy: with the largest share of sensors."""
    best: dict[str, VariantRow] = {}
    for row in comparison.rows:
        kept = best.get(row.variant.policy)
        if kept is None or (row.variant.sensor_share or 0) > (kept.variant.sensor_share or 0):
            best[row.variant.policy] = row
    return list(best.values())


def full_weeks_km(run: RunRecord) -> list[float]:
    """Kilometres of each full week."""
    metres = [one.effort.distance_m for one in run.days]
    return [sum(metres[start : start + 7]) / 1000 for start in range(0, len(metres) // 7 * 7, 7)]


def weeks_chart(comparison: Comparison, language: Language) -> str | None:
    """Kilometres a week; None for a season without two full weeks."""
    if comparison.record.n_days < 14:
        return None
    figure, (axes,) = drawing(WIDTH_IN, 3.3)
    for row in leading_rows(comparison):
        weeks = [full_weeks_km(run) for run in comparison.record.runs_of(row.variant.key)]
        mean = [fmean(column) for column in zip(*weeks, strict=True)]
        at = range(1, len(mean) + 1)
        policy = row.variant.policy
        colour = POLICY_COLOURS[policy]
        low, high = (list(map(edge, zip(*weeks, strict=True))) for edge in (min, max))
        axes.fill_between(at, low, high, color=colour, alpha=0.13, linewidth=0)
        axes.plot(
            at,
            mean,
            color=colour,
            linewidth=2,
            linestyle=STYLES[policy],
            marker=MARKERS[policy],
            markersize=4,
            label=variant_name(row.variant, language),
        )
    axes.set_ylim(bottom=0)
    axes.set_xlabel(words("axis_week", language))
    axes.set_ylabel(words("axis_km_week", language))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _at: number(value, 0, language)))
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    _legend(axes)
    return picture(figure, name=f"weeks-{language}", label=words("section_weeks", language))


def overflow_chart(comparison: Comparison, language: Language) -> str:
    """Overfull container-days a day, with intervals."""
    rows = comparison.rows
    figure, (axes,) = drawing(WIDTH_IN, 0.75 + ROW_IN * len(rows))
    for at, row in enumerate(rows):
        _whisker(axes, row.figure("overflows").per_day, at, row.variant.policy, language)
    _named_rows(axes, rows, language)
    axes.set_xlim(left=0)
    axes.set_xlabel(words("section_overflows", language))
    decimals = 0 if axes.get_xlim()[1] > WIDE_SCALE else 1
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _at: number(value, decimals, language)))
    return picture(figure, name=f"overflows-{language}", label=words("section_overflows", language))


def decile_chart(comparison: Comparison, language: Language) -> str | None:
    """Levels at emptying; None when nothing was emptied."""
    rows = [row for row in leading_rows(comparison) if row.fill_deciles]
    if not rows:
        return None
    figure, (axes,) = drawing(WIDTH_IN, 3.1)
    for row in rows:
        policy = row.variant.policy
        axes.plot(
            [decile / 100 for decile in DECILES],
            row.fill_deciles,
            color=POLICY_COLOURS[policy],
            linewidth=2,
            linestyle=STYLES[policy],
            marker=MARKERS[policy],
            markersize=5,
            label=variant_name(row.variant, language),
        )
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(words("axis_decile", language))
    axes.set_ylabel(words("axis_fill", language))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _at: percent(value, language)))
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    _legend(axes)
    return picture(figure, name=f"deciles-{language}", label=words("section_deciles", language))


def co2e_chart(comparison: Comparison, language: Language) -> str:
    """Emissions a day by cause, stacked."""
    rows = comparison.rows
    figure, (axes,) = drawing(WIDTH_IN, 1.15 + ROW_IN * len(rows))
    left = [0.0] * len(rows)
    for (part, amount), colour, hatch in zip(PARTS, PART_COLOURS, ("", "//", "", ".."), strict=True):
        sizes = [co2e_part(comparison, row, amount) for row in rows]
        axes.barh(
            range(len(rows)),
            sizes,
            left=left,
            height=0.62,
            color=colour,
            hatch=hatch,
            edgecolor=INK,
            linewidth=0.4,
            label=words(f"part_{part}", language),
        )
        left = [one + size for one, size in zip(left, sizes, strict=True)]
    for at, total in enumerate(left):
        axes.annotate(
            number(total, 1, language), (total, at), (5, 0), textcoords="offset points", va="center", color=INK, size=10
        )
    _named_rows(axes, rows, language)
    axes.set_xlim(0, max(left, default=1.0) * 1.12 or 1.0)
    axes.set_xlabel(words("axis_co2e", language))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10], integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _at: number(value, 0, language)))
    _legend(axes)
    return picture(figure, name=f"co2e-{language}", label=words("section_co2e", language))


def co2e_part(comparison: Comparison, row: VariantRow, amount: Callable[[Effort], float]) -> float:
    """Kilograms a day of one cause, mean over the runs."""
    return fmean(amount(run.total) / max(len(run.days), 1) for run in comparison.record.runs_of(row.variant.key))


def _whisker(axes: Axes, one: Estimate, at: int, policy: str, language: Language) -> None:
    colour = POLICY_COLOURS[policy]
    right = one.value
    if one.low is not None and one.high is not None:
        axes.plot([max(one.low, 0.0), one.high], [at, at], color=colour, linewidth=2.2, solid_capstyle="butt")
        right = one.high
    axes.plot([one.value], [at], color=colour, marker=MARKERS[policy], markersize=7)
    axes.annotate(
        number(one.value, 2, language), (right, at), (7, 0), textcoords="offset points", va="center", color=INK, size=10
    )


def _named_rows(axes: Axes, rows: tuple[VariantRow, ...], language: Language) -> None:
    axes.set_yticks(range(len(rows)), [variant_name(row.variant, language) for row in rows])
    axes.tick_params(axis="y", labelcolor=INK, length=0)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(axis="x", color=LINE, linewidth=0.8)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.12)


def _legend(axes: Axes) -> None:
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=2 if len(axes.get_legend_handles_labels()[0]) < 5 else 3,
        frameon=False,
        fontsize=10,
        labelcolor=SOFT,
        handlelength=2.6,
        borderaxespad=0.2,
    )
