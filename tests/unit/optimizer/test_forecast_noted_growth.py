"""Containers without a sensor: what "full" says of their rate, and how sure forecasts from notes may be."""

from datetime import timedelta

import numpy as np
import pytest

from optimizer.domain.forecast import Forecast
from optimizer.forecasting.level_history import Growth
from optimizer.forecasting.noted_growth import with_hidden_growth
from optimizer.forecasting.priors import prior_from_statistics
from optimizer.series.clean_series import clean_series
from tests.unit.optimizer.test_forecast_glances import FORECASTER, START_AT, STATISTICS, make_series, make_town

GAP_DAYS = 7.0


def forecast_from_notes(seen: float, *, n_visits: int, ahead_days: float = GAP_DAYS) -> Forecast:
    """Of a glass container that was emptied every week and always noted like this, right after the last emptying."""
    days = tuple(GAP_DAYS * at for at in range(n_visits + 1))
    series = make_series("one", emptied_days=days, seen=dict.fromkeys((day - 0.01 for day in days[1:]), seen))
    as_of = START_AT + timedelta(days=days[-1] + 0.01)
    clean = clean_series(series, is_fast=False, as_of_s=int(as_of.timestamp()))
    return FORECASTER.forecast(
        make_town("one").containers,
        {"one": clean},
        town=make_town("one"),
        as_of=as_of,
        until=as_of + timedelta(days=ahead_days),
    )["one"]


@pytest.mark.parametrize("expected", [0.2, 0.6, 1.2])
def test_hidden_growth_is_the_mean_beyond_what_was_seen(expected: float) -> None:
    prior = prior_from_statistics(STATISTICS["glass"])
    steps = Growth(
        row=np.array([0, 0]),
        first_cell=np.array([0, 0]),
        stop_cell=np.array([9, 9]),
        start_fraction=np.zeros(2),
        growth_fraction=np.array([0.85, 0.5]),
        is_least=np.array([True, False]),
    )
    found = with_hidden_growth(steps, np.full(2, expected), prior).growth_fraction
    variance = float(prior.variance(np.array(expected))) - prior.variance_constant
    drawn = np.random.default_rng(7).gamma(expected**2 / variance, variance / expected, 2_000_000)
    assert found[0] == pytest.approx(drawn[drawn >= 0.85].mean(), rel=0.02)
    assert found[1] == 0.5


def test_hidden_growth_is_what_was_seen_where_more_could_not_be_expected() -> None:
    prior = prior_from_statistics(STATISTICS["plastic"])
    one = np.array([0])
    steps = Growth(
        row=one,
        first_cell=one,
        stop_cell=one + 1,
        start_fraction=np.zeros(1),
        growth_fraction=np.array([0.85]),
        is_least=np.array([True]),
    )
    assert with_hidden_growth(steps, np.array([1e-9]), prior).growth_fraction.tolist() == [0.85]


def test_a_container_that_is_always_noted_as_full_is_taken_to_fill_faster_than_that() -> None:
    full, nearly = (forecast_from_notes(seen, n_visits=10).rate_per_day for seen in (1.0, 0.75))
    assert full * GAP_DAYS > 0.95
    assert full > 1.25 * nearly


def test_the_first_note_teaches_when_the_emptying_before_is_known() -> None:
    busy, usual = (forecast_from_notes(seen, n_visits=1).rate_per_day for seen in (1.0, 0.25))
    assert busy > 1.2 * usual


def test_forecasts_are_surer_after_more_notes() -> None:
    few, many = (forecast_from_notes(0.25, n_visits=n, ahead_days=14) for n in (1, 16))
    widths = [one.upper_fraction[-1] - one.lower_fraction[-1] for one in (few, many)]
    assert widths[0] > 1.1 * widths[1]
    assert few.overflow_probability[-1] > 1.5 * many.overflow_probability[-1]
