"""Judges the replayed past: how far levels were off, and how often the top was reached."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.forecasting import shifted_gamma
from optimizer.forecasting.demand import demand_of, level_after
from optimizer.forecasting.level_history import LevelHistory
from optimizer.forecasting.priors import StreamPrior
from optimizer.forecasting.reach_probability import ReachCurve, fit_own_offsets, fit_reach_curve
from optimizer.forecasting.replay import Outcomes, replay
from optimizer.forecasting.residuals import ResidualTable, own_shifts, residual_table

Floats = NDArray[np.float64]

FEWEST_OVERFLOWS = 200
"""Windows to the next emptying with an overflow from which on they alone tell how often there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Residuals of the level, and the curve for the probability of an overflow.

    Attributes
    ----------
    own_offset
        ``(n,)`` what each container adds to the curve's offset.
    own_shift
        ``(n,)`` what each container adds to the residuals' quantiles.
    """

    level: ResidualTable
    reach: ReachCurve
    own_offset: Floats = field(default_factory=lambda: np.empty(0))
    own_shift: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What forecasts of the past are made with.

    Attributes
    ----------
    edge_at_s, exposure_days
        ``(m,)``: the grid's edges, and the exposure up to each.
    rates_per_day
        ``(n, m)``, of each container as it was known at each edge.
    table
        Demand from empty by level.
    """

    prior: StreamPrior
    edge_at_s: NDArray[np.int64]
    exposure_days: Floats
    rates_per_day: Floats
    table: Floats
    overflow_fraction: float


def calibrate(history: LevelHistory, knowledge: Knowledge, *, first_cell: int) -> Calibration:
    """Calibration by the windows since ``first_cell``."""
    fixed, visits = replay(history, first_cell=first_cell)
    every = Outcomes.joined([fixed, visits])
    n_overflows = np.count_nonzero(
        (visits.start < knowledge.overflow_fraction) & (visits.peak >= knowledge.overflow_fraction)
    )
    curve, own_offset = _reach(visits if n_overflows >= FEWEST_OVERFLOWS else every, history, knowledge)
    table, own_shift = _residuals(every, history, knowledge)
    return Calibration(level=table, reach=curve, own_offset=own_offset, own_shift=own_shift)


def _residuals(past: Outcomes, history: LevelHistory, knowledge: Knowledge) -> tuple[ResidualTable, Floats]:
    demand = _demand(past, knowledge)
    expected = level_after(demand_of(past.start, knowledge.table) + demand, knowledge.table)
    residual = (past.level - expected) / np.sqrt(knowledge.prior.variance(demand))
    n_spans = np.bincount(_span_rows(past, history.segment), minlength=history.segment.shape[0])
    shift = own_shifts(residual, past.row, n_spans)
    return residual_table(residual - shift[past.row], _horizon_s(past, knowledge), expected), shift


def _reach(past: Outcomes, history: LevelHistory, knowledge: Knowledge) -> tuple[ReachCurve, Floats]:
    past = past.where(past.start < knowledge.overflow_fraction)
    demand = _demand(past, knowledge)
    top = float(demand_of(np.asarray(knowledge.overflow_fraction), knowledge.table))
    score = shifted_gamma.normal_score(
        top - demand_of(past.start, knowledge.table),
        demand,
        knowledge.prior.variance(demand),
        np.asarray(np.sqrt(knowledge.prior.variance_constant)),
    )
    has_reached = past.peak >= knowledge.overflow_fraction
    horizon_s = _horizon_s(past, knowledge)
    share = _independent_share(past, history.segment)
    curve = fit_reach_curve(score, horizon_s, past.start, has_reached, independent_share=share)
    own = fit_own_offsets(
        curve, score, horizon_s, past.start, has_reached, past.row, n=history.segment.shape[0], independent_share=share
    )
    return curve, own


def _demand(past: Outcomes, knowledge: Knowledge) -> Floats:
    span_days = knowledge.exposure_days[past.target] - knowledge.exposure_days[past.origin]
    return np.asarray(knowledge.rates_per_day[past.row, past.origin] * span_days, dtype=np.float64)


def _horizon_s(past: Outcomes, knowledge: Knowledge) -> NDArray[np.int64]:
    return np.asarray(knowledge.edge_at_s[past.target] - knowledge.edge_at_s[past.origin], dtype=np.int64)


def _independent_share(past: Outcomes, segment: NDArray[np.int32]) -> float:
    """Spans between two emptyings per window: windows of one span tell the same thing again and again."""
    return float(_span_rows(past, segment).shape[0]) / max(len(past), 1)


def _span_rows(past: Outcomes, segment: NDArray[np.int32]) -> NDArray[np.int64]:
    """Container of every span between two emptyings in which a window begins."""
    n_segments = int(segment.max(initial=0)) + 1
    return np.unique(past.row * n_segments + segment[past.row, past.origin]) // n_segments
