"""Everything that is learnt of a stream: rates, weekly profile, level multiplier, and how far forecasts are off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from optimizer.domain.reading import CleanSeries
from optimizer.forecasting.calibration import Calibration, Knowledge, calibrate
from optimizer.forecasting.demand import demand_table
from optimizer.forecasting.glances import glance_steps, joined_growth
from optimizer.forecasting.level_history import Growth, growth_steps, level_history
from optimizer.forecasting.level_multiplier import learn_level_multiplier, multiplier_at
from optimizer.forecasting.noted_growth import with_hidden_growth
from optimizer.forecasting.priors import StreamPrior
from optimizer.forecasting.profile import learn_profile
from optimizer.forecasting.public_holidays import IsHoliday
from optimizer.forecasting.rates import recent_paces, shrunk_rates
from optimizer.forecasting.reach_probability import ReachCurve
from optimizer.forecasting.residuals import unknown_residuals
from optimizer.forecasting.slots import DAY_S, SlotGrid, slot_grid

Floats = NDArray[np.float64]

LONGEST_HISTORY_DAYS = 400
CALIBRATION_DAYS = 90
CALIBRATION_SHARE = 0.5
RENEWED_CELLS = 80
ROUNDS = 2
"""Rates, profile and multiplier explain the same growth; two rounds settle who explains what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamModel:
    """A stream's learnt state.

    Attributes
    ----------
    rates_per_day
        By container id; a container that is not in it grows at ``pool_rate_per_day``.
    rate_doubts
        By container id, for those without a sensor: variance of the rate as a share of its square. That of a container
        which is not in ``rates_per_day`` is the prior's; with a sensor it is in the calibration.
    own_offsets
        By container id: how much more, or less, often than its siblings it reaches the top; see the reach curve.
    own_shifts
        By container id: how much it fills beyond, or below, its expected level, again and again; see the residuals.
    profile
        ``(56,)`` relative activity.
    demand
        ``(201,)`` demand from empty by level.
    """

    prior: StreamPrior
    rates_per_day: Mapping[str, float]
    rate_doubts: Mapping[str, float]
    own_offsets: Mapping[str, float]
    own_shifts: Mapping[str, float]
    pool_rate_per_day: float
    profile: Floats
    demand: Floats
    calibration: Calibration

    def rate_doubt(self, container_id: str) -> float:
        """Variance of a container's rate, as a share of its square, beyond what the calibration holds."""
        unknown = 0.0 if container_id in self.rates_per_day else float(self.prior.rate_doubt(np.zeros(())))
        return self.rate_doubts.get(container_id, unknown)


def fit_stream(
    series: Mapping[str, CleanSeries],
    prior: StreamPrior,
    *,
    zone: ZoneInfo,
    is_holiday: IsHoliday,
    as_of_s: int,
    overflow_fraction: float,
) -> StreamModel:
    """The model of the stream to which these series belong; the prior alone when there are none."""
    ids = sorted(series)
    members = [series[one_id] for one_id in ids]
    starts = [start_s for clean in members if (start_s := _first_s(clean)) is not None]
    if not starts:
        return _untaught(prior)
    start_s = max(min(starts), as_of_s - LONGEST_HISTORY_DAYS * DAY_S)
    grid = slot_grid(min(start_s, as_of_s - DAY_S), as_of_s, zone, is_holiday)
    return _fit(ids, members, prior, grid, as_of_s, overflow_fraction)


def _first_s(clean: CleanSeries) -> int | None:
    if len(clean.series):
        return int(clean.series.observed_at_s[0])
    # Notes count where no sensor tells anything; what was seen first had grown since the emptying before.
    known = [*clean.series.glanced_at_s[:1].tolist(), *clean.reset_at_s[:1].tolist()]
    return min(known) if clean.series.glanced_at_s.size else None


def _untaught(prior: StreamPrior) -> StreamModel:
    return StreamModel(
        prior=prior,
        rates_per_day={},
        rate_doubts={},
        own_offsets={},
        own_shifts={},
        pool_rate_per_day=prior.rate_per_day,
        profile=prior.profile,
        demand=demand_table(prior.level_multiplier),
        calibration=Calibration(level=unknown_residuals(), reach=ReachCurve()),
    )


def _fit(
    ids: Sequence[str],
    members: Sequence[CleanSeries],
    prior: StreamPrior,
    grid: SlotGrid,
    as_of_s: int,
    overflow_fraction: float,
) -> StreamModel:
    # The last edge may lie after the cut-off: nothing is known there.
    history = level_history(members, grid)
    history.level_fraction[:, grid.edge_at_s > as_of_s] = np.nan
    sensed = growth_steps(history)
    growth = joined_growth(sensed, glance_steps(members, grid, prior.level_multiplier))
    is_sensed = np.arange(growth.row.shape[0]) < sensed.row.shape[0]
    age_days = (as_of_s - grid.edge_at_s[growth.stop_cell]) / DAY_S
    weight = 0.5 ** (age_days / prior.half_life_days)
    is_single = (growth.stop_cell - growth.first_cell == 1) & is_sensed
    slot = grid.slot[np.minimum(growth.first_cell, len(grid) - 1)]
    profile, multiplier = prior.profile, prior.level_multiplier
    rates, pool = np.full(len(ids), prior.rate_per_day), prior.rate_per_day
    exposure = grid.exposure_days(profile)
    told = growth
    for _ in range(ROUNDS):
        effect = multiplier_at(growth.start_fraction, multiplier)
        step_days = (exposure[growth.stop_cell] - exposure[growth.first_cell]) * effect
        growth = with_hidden_growth(told, rates[told.row] * step_days, prior)
        rates, pool = _rates(growth, step_days, weight, len(ids), prior)
        flat = (
            weight * rates[growth.row] * effect * (grid.edge_at_s[growth.stop_cell] - grid.edge_at_s[growth.first_cell])
        )
        flat /= DAY_S
        grown = weight * growth.growth_fraction
        profile = learn_profile(slot[is_single], grown[is_single], flat[is_single], prior.profile)
        exposure = grid.exposure_days(profile)
        if prior.level_multiplier is not None:
            step_days = exposure[growth.stop_cell] - exposure[growth.first_cell]
            plain = weight * rates[growth.row] * step_days
            multiplier = learn_level_multiplier(
                growth.start_fraction[is_sensed], grown[is_sensed], plain[is_sensed], prior.level_multiplier
            )
    demand = demand_table(multiplier)
    step_days = (exposure[growth.stop_cell] - exposure[growth.first_cell]) * multiplier_at(
        growth.start_fraction, multiplier
    )
    growth = with_hidden_growth(told, rates[told.row] * step_days, prior)
    rates, pool = _rates(growth, step_days, weight, len(ids), prior)
    known_days = np.bincount(growth.row, weights=weight * step_days, minlength=len(ids)).astype(np.float64)
    doubts = prior.rate_doubt(known_days)
    is_blind = ~np.isin(np.arange(len(ids)), sensed.row)
    paced = np.where(is_blind, rates, _paced(growth, step_days, rates, age_days, prior))
    n_cells = len(grid)
    first_cell = n_cells - min(CALIBRATION_DAYS * 8, int(n_cells * CALIBRATION_SHARE))
    past_rates = _past_rates(growth, step_days, grid, first_cell, len(ids), prior)
    knowledge = Knowledge(
        prior=prior,
        edge_at_s=grid.edge_at_s,
        exposure_days=exposure,
        rates_per_day=past_rates,
        table=demand,
        overflow_fraction=overflow_fraction,
    )
    calibration = calibrate(history, knowledge, first_cell=first_cell)
    return StreamModel(
        prior=prior,
        rates_per_day=dict(zip(ids, paced.tolist(), strict=True)),
        rate_doubts={ids[row]: float(doubts[row]) for row in np.flatnonzero(is_blind).tolist()},
        own_offsets=dict(zip(ids, calibration.own_offset.tolist(), strict=True)),
        own_shifts=dict(zip(ids, calibration.own_shift.tolist(), strict=True)),
        pool_rate_per_day=pool,
        profile=profile,
        demand=demand,
        calibration=calibration,
    )


def _past_rates(
    growth: Growth, step_days: Floats, grid: SlotGrid, first_cell: int, n: int, prior: StreamPrior
) -> Floats:
    """``(n, m)`` rates as they were known at each edge since ``first_cell``, renewed every ten days.

    Forecasts of the past must not know what came after them.
    """
    rates = np.empty((n, grid.edge_at_s.shape[0]))
    for first in range(first_cell, rates.shape[1], RENEWED_CELLS):
        past = growth.stop_cell <= first
        earlier = Growth(**{one.name: getattr(growth, one.name)[past] for one in fields(Growth)})
        age_days = (grid.edge_at_s[first] - grid.edge_at_s[earlier.stop_cell]) / DAY_S
        known, _ = _rates(earlier, step_days[past], 0.5 ** (age_days / prior.half_life_days), n, prior)
        known = _paced(earlier, step_days[past], known, age_days, prior)
        rates[:, first : first + RENEWED_CELLS] = known[:, None]
    return rates


def _rates(growth: Growth, step_days: Floats, weight: Floats, n: int, prior: StreamPrior) -> tuple[Floats, float]:
    return shrunk_rates(
        growth, step_days, weight, n=n, prior_rate_per_day=prior.rate_per_day, prior_weight_days=prior.weight_days
    )


def _paced(growth: Growth, step_days: Floats, rates: Floats, age_days: Floats, prior: StreamPrior) -> Floats:
    """The rates at the pace of the last weeks; those of fast containers are recent enough by their half-life."""
    if prior.level_multiplier is not None:
        return rates
    return rates * recent_paces(growth, step_days * rates[growth.row], age_days, n=rates.shape[0])
