"""Each part of the forecaster recovers what was put into artificial data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from optimizer.forecasting import shifted_gamma
from optimizer.forecasting.demand import demand_of, demand_table, level_after
from optimizer.forecasting.level_history import Growth
from optimizer.forecasting.level_multiplier import learn_level_multiplier, multiplier_at
from optimizer.forecasting.priors import prior_for_unknown_stream
from optimizer.forecasting.profile import learn_profile
from optimizer.forecasting.rates import recent_paces, shrunk_rates
from optimizer.forecasting.reach_probability import NORMAL_SLOPE, ReachCurve, fit_own_offsets, fit_reach_curve
from optimizer.forecasting.residuals import (
    HORIZON_EDGES_S,
    OWN_SPANS,
    PROBABILITIES,
    own_shifts,
    residual_table,
    unknown_residuals,
)
from optimizer.simulation.statistics import LEVELS

PAPER_LIKE = np.array([0.95, 1.20, 1.25, 1.25, 1.20, 1.12, 1.03, 0.82, 0.57, 0.31, 0.03])


@pytest.mark.parametrize("mean", [0.01, 0.05, 0.3, 0.8])
@pytest.mark.parametrize(("linear", "square"), [(0.1, 0.0), (0.005, 0.2)])
def test_the_shifted_gamma_is_that_of_scipy(mean: float, linear: float, square: float) -> None:
    variance, noise_sd = 0.003 + linear * mean + square * mean**2, np.sqrt(0.003)
    shift = 2 * noise_sd
    shape = (mean + shift) ** 2 / variance
    exact = stats.gamma(shape, loc=-shift, scale=(mean + shift) / shape)
    growth = np.linspace(-0.05, 1.5, 40)
    arrays = (np.array(mean), np.array(variance), np.array(noise_sd))
    score = shifted_gamma.normal_score(growth, *arrays)
    assert np.abs(stats.norm.sf(score) - exact.sf(growth)).max() < 0.012
    for probability in (0.05, 0.5, 0.95):
        found = float(shifted_gamma.quantile(probability, *arrays))
        assert exact.cdf(found) == pytest.approx(probability, abs=0.012)


@given(st.floats(0, 1))
def test_demand_and_level_are_inverse(level: float) -> None:
    for multiplier in (None, PAPER_LIKE):
        table = demand_table(multiplier)
        assert float(level_after(demand_of(np.array(level), table), table)) == pytest.approx(level, abs=1e-9)


def test_the_demand_table_solves_the_growth_equation() -> None:
    table = demand_table(PAPER_LIKE)
    level, step = 0.1, 1e-4
    for _ in range(10_000):  # a demand of one container, thrown in little by little
        level += step * float(multiplier_at(np.array(level), PAPER_LIKE))
    assert float(level_after(demand_of(np.array(0.1), table) + 1.0, table)) == pytest.approx(level, abs=2e-3)


HALF = np.array(0.5)
"""A level at the start of which the reach curve adds nothing."""


def growth_of(rows: list[int], grown: list[float]) -> Growth:
    n = len(rows)
    return Growth(
        row=np.array(rows, dtype=np.int64),
        first_cell=np.zeros(n, dtype=np.int64),
        stop_cell=np.ones(n, dtype=np.int64),
        start_fraction=np.zeros(n),
        growth_fraction=np.array(grown),
        is_least=np.zeros(n, dtype=np.bool_),
    )


def test_rates_lie_between_the_own_and_the_siblings_and_a_container_without_data_is_like_its_siblings() -> None:
    growth = growth_of([0] * 200 + [1] * 200 + [2] * 2, [0.04] * 200 + [0.02] * 200 + [0.2] * 2)
    days = np.ones(402)
    rates, pool = shrunk_rates(growth, days, np.ones(402), n=4, prior_rate_per_day=0.03, prior_weight_days=10)
    assert rates[0] == pytest.approx(0.04, rel=0.05)
    assert rates[1] == pytest.approx(0.02, rel=0.05)
    assert pool < rates[2] < 0.2  # two days do not outweigh ten
    assert rates[3] == pytest.approx(pool)


def test_the_pool_is_the_prior_when_there_are_no_data() -> None:
    rates, pool = shrunk_rates(
        growth_of([], []), np.empty(0), np.empty(0), n=2, prior_rate_per_day=0.03, prior_weight_days=10
    )
    assert pool == pytest.approx(0.03)
    assert rates.tolist() == pytest.approx([0.03, 0.03])


def test_recent_paces_follow_the_last_weeks_and_are_usual_where_little_is_known() -> None:
    rows, growth = [0] * 300 + [1] * 300 + [2], [0.03] * 240 + [0.06] * 60 + [0.03] * 300 + [0.09]
    age_days = np.array([*np.arange(300)[::-1], *np.arange(300)[::-1], 1.0])
    paces = recent_paces(growth_of(rows, growth), np.full(601, 0.03), age_days, n=4)
    weight = 0.5 ** (np.arange(300)[::-1] / 30)
    grown, usual = float(weight @ np.array(growth[:300])), 0.03 * float(weight.sum())
    assert paces[0] == pytest.approx((grown + 0.5) / (usual + 0.5))
    assert paces[0] > 1.4
    assert paces[1] == pytest.approx(1)
    assert 1 < paces[2] < 1.15  # one step of three times the usual growth
    assert paces[3] == 1


def test_recent_paces_stay_within_half_and_twice_the_usual() -> None:
    steps = growth_of([0] * 400 + [1] * 400, [0.5] * 400 + [0.0] * 400)
    paces = recent_paces(steps, np.full(800, 0.05), np.zeros(800), n=2)
    assert paces.tolist() == [2.0, 0.5]


def test_the_profile_is_learnt_from_much_and_stays_the_prior_with_little() -> None:
    random = np.random.default_rng(2)
    true = random.gamma(4, 0.25, 56)
    true /= true.mean()
    slot = np.tile(np.arange(56), 3000)
    expected = np.full(slot.shape[0], 0.05)
    grown = random.gamma(2.0, expected * true[slot] / 2)
    learnt = learn_profile(slot, grown, expected, np.ones(56))
    assert np.abs(learnt - true).max() < 0.08
    assert learnt.mean() == pytest.approx(1)
    prior = np.repeat([0.5, 1.5], 28)
    untaught = learn_profile(slot[:56], grown[:56] * 1e-3, expected[:56] * 1e-3, prior)
    assert np.abs(untaught / prior - 1).max() < 0.05


def test_the_level_multiplier_is_learnt_from_much_and_stays_the_prior_with_little() -> None:
    random = np.random.default_rng(3)
    level = random.random(60_000)
    expected = np.full(level.shape[0], 0.06)
    grown = random.gamma(2.0, expected * np.interp(level, LEVELS, PAPER_LIKE) / 2)
    assert np.abs(learn_level_multiplier(level, grown, expected, np.ones(11)) - PAPER_LIKE).max() < 0.12
    none = np.empty(0)
    assert learn_level_multiplier(none, none, none, PAPER_LIKE).tolist() == pytest.approx(PAPER_LIKE.tolist())


def test_the_reach_curve_is_learnt_from_much_and_stays_normal_with_nothing() -> None:
    random = np.random.default_rng(4)
    score = random.normal(0.5, 1.5, 20_000)
    day = np.full(score.shape[0], 86_400)
    reached = random.random(score.shape[0]) < ReachCurve(offset=0.8, slope=1.1).probability(score, day, HALF)
    fitted = fit_reach_curve(score, day, np.full_like(score, 0.5), reached, independent_share=1.0)
    grid = np.array([-1.0, 0.0, 1.0, 2.0])
    true = ReachCurve(offset=0.8, slope=1.1).probability(grid, np.full(4, 86_400), HALF)
    assert fitted.probability(grid, np.full(4, 86_400), HALF) == pytest.approx(true, abs=0.02)
    untaught = fit_reach_curve(*[np.empty(0)] * 3, np.empty(0, dtype=np.bool_), independent_share=1.0)
    untaught_risk = untaught.probability(np.array([-1.0, 0.0, 1.0]), np.full(3, 86_400), HALF)
    assert untaught_risk == pytest.approx(stats.norm.sf([-1, 0, 1]), abs=0.011)


def test_the_reach_curve_learns_that_the_next_hours_are_safer_than_the_closed_form_says() -> None:
    random = np.random.default_rng(5)
    score = random.normal(0.5, 1.0, 20_000)
    horizon_s = random.choice([3 * 3600, 72 * 3600], 20_000)
    true = ReachCurve(offset=0.5, slope=1.3, ahead=2.0)
    reached = random.random(20_000) < true.probability(score, horizon_s, HALF)
    fitted = fit_reach_curve(score, horizon_s, np.full_like(score, 0.5), reached, independent_share=1.0)
    for one_s in (3 * 3600, 72 * 3600):
        here = horizon_s == one_s
        said = fitted.probability(score[here], horizon_s[here], HALF)
        assert said.mean() == pytest.approx(reached[here].mean(), abs=0.02)
    late = fit_reach_curve(score, horizon_s[::-1].copy(), np.full_like(score, 0.5), ~reached, independent_share=1.0)
    assert late.ahead >= 0  # a longer wait never makes an overflow less likely


def test_the_reach_curve_learns_that_nearly_full_containers_stop_and_that_the_unlikely_happens() -> None:
    random = np.random.default_rng(8)
    n = 60_000
    score, start = random.normal(0.5, 1.5, n), random.uniform(0, 0.9, n)
    day = np.full(n, 86_400)
    true = ReachCurve(offset=0.3, slope=1.8, bend=0.7, topped=-2.5)
    reached = random.random(n) < true.probability(score, day, start)
    fitted = fit_reach_curve(score, day, start, reached, independent_share=1.0)
    for here in (start < 0.75, start > 0.8, score > 1.5, score < -1.0):
        said = fitted.probability(score[here], day[here], start[here])
        assert said.mean() == pytest.approx(reached[here].mean(), abs=0.01)
    assert fitted.bend == pytest.approx(0.7, abs=0.1)
    assert fitted.topped == pytest.approx(-2.5, abs=0.3)


@given(seed=st.integers(0, 1_000))
def test_the_reach_curve_falls_with_the_growth_that_is_needed_whatever_happened(seed: int) -> None:
    random = np.random.default_rng(seed)
    score, start = random.normal(0, 2, 300), random.uniform(0, 0.9, 300)
    horizon_s = random.uniform(3600, 10 * 86_400, 300)
    reached = random.random(300) < random.uniform(0, 1)
    curve = fit_reach_curve(score, horizon_s, start, reached, independent_share=1.0)
    odds = curve.log_odds(np.linspace(-12, 12, 200), np.full(200, 86_400), np.full(200, 0.5))
    assert (np.diff(odds) < 0).all()


def test_own_offsets_tell_containers_that_never_report_the_top_and_shrink_those_that_say_little() -> None:
    random = np.random.default_rng(6)
    curve = ReachCurve()
    row = np.repeat([0, 1, 2], [2000, 2000, 3])
    score, horizon_s = random.normal(0, 1, row.shape[0]), np.full(row.shape[0], 86_400)
    reached = random.random(row.shape[0]) < curve.probability(score, horizon_s, HALF, np.array([-1.5, 0.0, 0.0])[row])
    reached[-3:] = True
    own = fit_own_offsets(curve, score, horizon_s, np.full_like(score, 0.5), reached, row, n=4, independent_share=0.5)
    assert own[0] == pytest.approx(-1.5, abs=0.2)
    assert own[1] == pytest.approx(0.0, abs=0.2)
    assert 0 < own[2] < 0.9  # three windows only
    assert own[3] == 0


@pytest.mark.parametrize("outcome", [True, False])
def test_the_reach_curve_stays_a_falling_curve_when_all_or_none_reached(outcome: bool) -> None:  # noqa: FBT001 - a pytest parameter
    score = np.linspace(-3, 3, 500)
    day = np.full(500, 86_400)
    curve = fit_reach_curve(score, day, np.full(500, 0.5), np.full(500, outcome), independent_share=0.1)
    probability = curve.probability(score, day, HALF)
    assert 0.2 <= curve.slope < 3 * NORMAL_SLOPE
    assert (np.diff(probability) < 0).all()


def test_residual_quantiles_cover_what_they_promise_by_horizon_and_expected_level() -> None:
    random = np.random.default_rng(6)

    def draw(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        horizon_s, expected = random.choice([6 * 3600, 60 * 3600], n), random.random(n)
        scale = np.where(horizon_s < 86_400, 1.0, 3.0) * np.where(expected > 0.75, 0.2, 1.0)
        return random.gamma(2, scale), horizon_s, expected

    table = residual_table(*draw(80_000))
    fresh, horizon_s, expected = draw(80_000)
    for cell_s in (6 * 3600, 60 * 3600):
        for is_high in (True, False):
            here = (horizon_s == cell_s) & ((expected > 0.76) == is_high)
            for probability in (0.05, 0.5, 0.95):
                below = fresh[here] <= table.quantile(probability, horizon_s[here], expected[here])
                assert below.mean() == pytest.approx(probability, abs=0.015)


def test_a_day_ahead_is_one_cell_whatever_the_age_of_the_last_reading() -> None:
    asked_s, oldest_s = 24 * 3600, 6 * 3600
    cells = np.searchsorted(HORIZON_EDGES_S, [asked_s - 2 * 3600, asked_s, asked_s + oldest_s])
    assert len(set(cells.tolist())) == 1
    random = np.random.default_rng(8)
    # Whoever mixed 24 h with 40 h would promise the wrong level for both.
    horizon_s = np.repeat([26 * 3600, 42 * 3600], 4_000)
    residual = random.normal(np.where(horizon_s < 31 * 3600, 1.0, -1.0), 0.1)
    table = residual_table(residual, horizon_s, random.random(8_000))
    middle = table.quantile(0.5, np.array([24, 30, 40]) * 3600, HALF)
    assert middle == pytest.approx([1.0, 1.0, -1.0], abs=0.02)


@given(seed=st.integers(0, 1_000))
def test_own_shifts_are_medians_shrunk_by_how_few_spans_there_are(seed: int) -> None:
    random = np.random.default_rng(seed)
    row = random.integers(0, 5, 40)
    residual, spans = random.normal(0, 1, 40), random.integers(0, 30, 6)
    expected = [
        float(np.median(residual[row == one]) * spans[one] / (spans[one] + OWN_SPANS)) if (row == one).any() else 0.0
        for one in range(6)
    ]
    assert own_shifts(residual, row, spans) == pytest.approx(expected)


def test_few_residuals_are_no_distribution() -> None:
    assert not unknown_residuals().is_known
    assert not residual_table(np.zeros(99), np.zeros(99, dtype=np.int64), np.zeros(99)).is_known
    # No cell has enough: the stream's residuals are used.
    thin = residual_table(np.linspace(0, 1, 150), np.arange(150) * 3600, np.linspace(0, 1, 150))
    assert thin.is_known
    assert np.abs(thin.quantiles - PROBABILITIES).max() < 0.2


def test_the_prior_of_an_unknown_stream_is_a_prior_of_its_speed() -> None:
    fast, slow = prior_for_unknown_stream(is_fast=True), prior_for_unknown_stream(is_fast=False)
    assert fast.rate_per_day > 5 * slow.rate_per_day
    assert fast.level_multiplier is not None
    assert slow.level_multiplier is None
    assert fast.profile.mean() == pytest.approx(1)
