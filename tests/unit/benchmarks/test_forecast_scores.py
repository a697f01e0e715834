"""The benchmark's scores against slow obvious twins, and its windows against what may be known."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from api.town.fill_statistics import load_fill_statistics
from benchmarks.forecast import methods
from benchmarks.forecast.emptyings import count_matches, find_generated
from benchmarks.forecast.ours import forecast_windows
from benchmarks.forecast.scores import PROBABILITIES, Predictions, auc, calibration_error, crps, score
from benchmarks.forecast.series import Source, Span, generated
from benchmarks.forecast.windows import KINDS, Windows, draw_windows

STATISTICS = load_fill_statistics()


def test_crps_is_twice_the_mean_pinball_loss() -> None:
    random = np.random.default_rng(1)
    quantiles, truth = np.sort(random.random((40, 19)), axis=1), random.random(40)
    total = 0.0
    for row, actual in zip(quantiles, truth, strict=True):
        for probability, level in zip(PROBABILITIES, row, strict=True):
            total += probability * (actual - level) if actual >= level else (1 - probability) * (level - actual)
    assert crps(quantiles, truth) == pytest.approx(2 * total / (40 * 19))


def test_auc_is_that_of_scikit_learn_with_ties() -> None:
    random = np.random.default_rng(2)
    risk, happened = np.round(random.random(300), 1), random.random(300) < 0.4
    assert auc(risk, happened) == pytest.approx(roc_auc_score(happened, risk))


def test_the_calibration_error_is_the_distance_between_said_and_seen() -> None:
    risk = np.array([0.05] * 50 + [0.95] * 50)
    assert calibration_error(risk, np.array([False] * 50 + [True] * 50)) == pytest.approx(0.05)
    assert calibration_error(risk, np.array([True] * 50 + [False] * 50)) == pytest.approx(0.95)


def test_a_perfect_forecast_scores_perfectly_and_only_undecided_windows_count_for_the_risk() -> None:
    truth, reached = np.array([0.2, 0.95, 0.5, 0.97]), np.array([False, True, False, True])
    said = Predictions(middle=truth, quantiles=np.tile(truth[:, None], 19), risk=np.array([0.0, 1.0, 0.0, 0.0]))
    found = score(said, truth, reached, is_due=np.array([False, False, False, True]))
    assert (found.mae, found.crps, found.coverage) == (0, 0, 1)
    assert (found.bss, found.auc, found.ece) == (1, 1, 0)


def test_matches_use_each_true_emptying_once() -> None:
    hour_s = 3600
    assert count_matches([0, 100 * hour_s], [5 * hour_s, 6 * hour_s, 95 * hour_s, 60 * hour_s]) == 2
    assert count_matches([], [1]) == 0


@pytest.fixture(scope="module")
def source() -> Source:
    made = generated(STATISTICS, per_stream=4)
    start = datetime(2025, 1, 6, tzinfo=UTC)
    span = Span(
        start_at=start + timedelta(days=60),
        train_until=start + timedelta(days=90),
        calibrate_until=start + timedelta(days=110),
        test_until=start + timedelta(days=130),
    )
    return Source(name=made.name, zone=made.zone, is_holiday=made.is_holiday, span=span, by_stream=made.by_stream)


def windows_of(source: Source, start: datetime, until: datetime) -> Windows:
    return draw_windows(source.by_stream["paper"], is_fast=True, start_at=start, until=until, every_h=12)


def test_windows_know_nothing_of_what_comes(source: Source) -> None:
    found = windows_of(source, source.span.calibrate_until, source.span.test_until)
    assert len(found) > 100
    assert (found.read_s <= found.now_s).all()
    assert (found.origin_s <= found.now_s).all()
    assert (found.target_s > found.now_s).all()
    assert (found.target_s <= source.span.test_until.timestamp()).all()
    assert set(found.kind.tolist()) == set(range(len(KINDS)))


def test_our_forecast_and_the_simple_ones_are_scored_on_the_same_windows_and_ours_is_best(source: Source) -> None:
    span = source.span
    calibrate = windows_of(source, span.train_until, span.calibrate_until)
    test = windows_of(source, span.calibrate_until, span.test_until)
    ours = forecast_windows(source, "paper", test, STATISTICS, learns_once=True)
    at_visit = test.kind == len(KINDS) - 1
    error = np.abs(ours.middle - test.truth)[at_visit].mean()
    for name, method in methods.METHODS.items():
        said = methods.predict(method, calibrate, test)
        assert (np.diff(said.quantiles, axis=1) >= 0).all(), name
        assert error < np.abs(said.middle - test.truth)[at_visit].mean(), name
    assert 0.75 < np.mean((ours.quantiles[:, 0] <= test.truth) & (test.truth <= ours.quantiles[:, -1])) <= 1


@pytest.mark.parametrize(("stream", "least"), [("glass", 0.965), ("paper", 0.94)])
def test_emptyings_are_found_about_as_often_as_the_results_say(stream: str, least: float) -> None:
    found = find_generated(stream, STATISTICS, containers=15, seed=1)
    assert found.n_true > 50
    assert found.f1 > least
