import time
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.domain.reading import FillSeries, Quality
from optimizer.series.clean_series import clean_series

START_S = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
HOUR_S = 3600
DAY_S = 86_400


def make_series(levels: object, *, every_s: int = HOUR_S, emptied_at_s: tuple[int, ...] = ()) -> FillSeries:
    fill = np.asarray(levels, dtype=np.float32)
    return FillSeries(
        container_id="C",
        observed_at_s=START_S + every_s * np.arange(fill.shape[0], dtype=np.int64),
        fill_fraction=fill,
        quality=np.zeros(fill.shape[0], dtype=np.int8),
        emptied_at_s=np.asarray(emptied_at_s, dtype=np.int64),
    )


def sawtooth(days: int, *, per_day: float, every_days: float, every_s: int = HOUR_S) -> np.ndarray:
    elapsed_days = every_s * np.arange(days * DAY_S // every_s) / DAY_S
    return np.round(np.minimum((elapsed_days % every_days) * per_day, 1.0), 2)


def end_of(series: FillSeries) -> int:
    return int(series.observed_at_s[-1])


def test_cleaning_accepts_everything_and_finds_every_emptying_of_a_clean_slow_container() -> None:
    series = make_series(sawtooth(60, per_day=0.05, every_days=10))
    clean = clean_series(series, as_of_s=end_of(series))
    assert (clean.series.quality == Quality.ACCEPTED).all()
    assert clean.is_healthy
    assert ((clean.reset_at_s - START_S) / DAY_S).tolist() == [10, 20, 30, 40, 50]
    assert clean.reasons == ()


def test_cleaning_finds_every_emptying_of_a_fast_container_by_its_own_speed() -> None:
    series = make_series(sawtooth(20, per_day=0.4, every_days=2, every_s=3 * HOUR_S), every_s=3 * HOUR_S)
    clean = clean_series(series, as_of_s=end_of(series))
    assert ((clean.reset_at_s - START_S) / DAY_S).tolist() == [2, 4, 6, 8, 10, 12, 14, 16, 18]


@pytest.mark.parametrize("is_fast", [True, False])
def test_cleaning_flags_a_single_spike_and_keeps_its_neighbours(is_fast: bool) -> None:  # noqa: FBT001 - a pytest parameter
    series = FillSeries(
        container_id="C",
        observed_at_s=np.array([START_S, START_S + 300, START_S + 600], dtype=np.int64),
        fill_fraction=np.array([0.12, 0.97, 0.13], dtype=np.float32),
        quality=np.zeros(3, dtype=np.int8),
    )
    clean = clean_series(series, is_fast=is_fast, as_of_s=START_S + 700)
    assert clean.series.quality.tolist() == [Quality.ACCEPTED, Quality.PROBABLY_WRONG, Quality.ACCEPTED]
    assert clean.reset_at_s.size == 0
    assert "1 spike(s) or drop-out(s) of one reading" in clean.reasons


def test_cleaning_takes_a_drop_out_of_one_reading_for_no_emptying() -> None:
    levels = sawtooth(8, per_day=0.4, every_days=9)
    levels[40] = 0.0
    clean = clean_series(make_series(levels), is_fast=True, as_of_s=START_S + 8 * DAY_S)
    assert clean.series.quality[40] == Quality.PROBABLY_WRONG
    assert clean.reset_at_s.size == 0


def test_cleaning_flags_a_phantom_of_some_hours_in_a_slow_container() -> None:
    levels = sawtooth(20, per_day=0.03, every_days=30)
    levels[200:206] = 0.60
    clean = clean_series(make_series(levels), is_fast=False, as_of_s=START_S + 20 * DAY_S)
    assert (clean.series.quality[200:206] == Quality.PROBABLY_WRONG).all()
    assert np.count_nonzero(clean.series.quality == Quality.PROBABLY_WRONG) == 6
    assert clean.reset_at_s.size == 0


def test_cleaning_leaves_a_rise_at_the_end_undecided() -> None:
    levels = sawtooth(20, per_day=0.03, every_days=30)
    levels[-3:] = 0.95
    clean = clean_series(make_series(levels), is_fast=False, as_of_s=START_S + 20 * DAY_S)
    assert (clean.series.quality[-3:] == Quality.SUSPICIOUS).all()


def test_cleaning_rejects_impossible_levels_and_carries_readings_without_level() -> None:
    series = make_series([0.1, -1.3, 0.12, 2.5, float("nan"), float("inf"), 0.14, 0.15, -0.04])
    clean = clean_series(series, is_fast=True, as_of_s=end_of(series))
    rejected = [1, 3, 4, 5]
    assert np.flatnonzero(clean.series.quality == Quality.REJECTED).tolist() == rejected
    assert "3 impossible level(s) rejected" in clean.reasons


def test_cleaning_flags_a_stuck_sensor_within_a_day_of_a_logged_emptying() -> None:
    levels = np.concatenate([sawtooth(8, per_day=0.06, every_days=9), np.full(24 + 18, 0.48)])
    visit_s = START_S + 9 * DAY_S  # the level stays at 48 %
    series = make_series(levels, emptied_at_s=(visit_s,))
    clean = clean_series(series, is_fast=False, as_of_s=end_of(series))
    after = series.observed_at_s >= visit_s
    assert (clean.series.quality[after] == Quality.PROBABLY_WRONG).all()
    assert (clean.series.quality[~after] >= Quality.SUSPICIOUS).all()
    assert clean.reset_at_s.tolist() == [visit_s]
    assert any(reason.startswith("stuck at 48%") for reason in clean.reasons)


def test_cleaning_flags_a_run_far_longer_than_usual_and_keeps_its_first_reading() -> None:
    levels = np.concatenate([sawtooth(30, per_day=0.04, every_days=31), np.full(24 * 12, 0.9)])
    clean = clean_series(make_series(levels), is_fast=False, as_of_s=START_S + 42 * DAY_S)
    assert clean.series.quality[24 * 30] == Quality.ACCEPTED
    assert (clean.series.quality[24 * 30 + 1 :] == Quality.PROBABLY_WRONG).all()


def test_cleaning_does_not_take_an_idle_container_for_stuck() -> None:
    levels = np.repeat(np.round(np.arange(30) * 0.02, 2), 48)  # a deposit every other day
    levels[24 * 20 : 24 * 26] = levels[24 * 20]  # nobody came for six days
    clean = clean_series(make_series(levels), is_fast=False, as_of_s=START_S + 60 * DAY_S)
    assert not any("stuck" in reason for reason in clean.reasons)


def test_no_clean_series_raises_a_false_alarm_of_being_stuck() -> None:
    alarms = 0
    for seed in range(30):
        random = np.random.default_rng(seed)
        steps = np.where(random.random(90 * 24) < 0.06, random.exponential(0.025, 90 * 24), 0.0)
        levels = np.round(np.cumsum(steps) % 0.9, 2)
        clean = clean_series(make_series(levels), is_fast=False, as_of_s=START_S + 90 * DAY_S)
        alarms += any("stuck" in reason for reason in clean.reasons)
    assert alarms == 0


def test_cleaning_never_looks_at_readings_after_the_cut_off() -> None:
    levels = sawtooth(30, per_day=0.05, every_days=10)
    series = make_series(levels)
    as_of_s = START_S + 15 * DAY_S
    past = make_series(levels[: 15 * 24 + 1])
    whole, cut = clean_series(series, as_of_s=as_of_s), clean_series(past, as_of_s=as_of_s)
    n = len(past)
    assert np.array_equal(whole.series.quality[:n], cut.series.quality)
    assert np.array_equal(whole.reset_at_s, cut.reset_at_s)
    assert (whole.series.quality[n + 1 :] == Quality.REJECTED).all()


def test_a_reading_up_to_ten_minutes_ahead_stays_unchecked_and_a_later_one_is_rejected() -> None:
    series = make_series([0.1, 0.1, 0.1], every_s=400)
    clean = clean_series(series, as_of_s=START_S)
    assert clean.series.quality.tolist() == [Quality.ACCEPTED, Quality.UNCHECKED, Quality.REJECTED]


def test_readings_of_1970_are_rejected_and_said_so() -> None:
    series = FillSeries(
        container_id="C",
        observed_at_s=np.array([17, START_S], dtype=np.int64),
        fill_fraction=np.array([0.9, 0.2], dtype=np.float32),
        quality=np.zeros(2, dtype=np.int8),
    )
    clean = clean_series(series, as_of_s=START_S + 60)
    assert clean.series.quality.tolist() == [Quality.REJECTED, Quality.ACCEPTED]
    assert any("clock" in reason for reason in clean.reasons)


@pytest.mark.parametrize(
    ("levels", "reason"),
    [([], "no reading"), ([0.5], None), ([float("nan")] * 5, "no reading"), ([7.0] * 5, "no reading")],
)
def test_cleaning_survives_series_that_say_little(levels: list[float], reason: str | None) -> None:
    series = make_series(levels)
    clean = clean_series(series, as_of_s=START_S + DAY_S)
    assert clean.is_healthy
    assert clean.reset_at_s.size == 0
    assert reason is None or reason in clean.reasons


def test_silence_of_more_than_two_days_is_named() -> None:
    series = make_series([0.1] * 10)
    assert not clean_series(series, as_of_s=end_of(series) + 47 * HOUR_S).reasons
    assert "silent since 2026-03-02 09:00 UTC" in clean_series(series, as_of_s=end_of(series) + 49 * HOUR_S).reasons


def test_a_sensor_full_of_echoes_is_unhealthy() -> None:
    random = np.random.default_rng(5)
    levels = sawtooth(40, per_day=0.02, every_days=41)
    levels[random.random(levels.shape[0]) < 0.3] = 0.95
    clean = clean_series(make_series(levels), is_fast=False, as_of_s=START_S + 40 * DAY_S)
    assert not clean.is_healthy


def test_a_sensor_whose_emptyings_leave_much_is_unhealthy() -> None:
    levels = 0.3 + sawtooth(60, per_day=0.05, every_days=10)
    low = np.minimum(levels, 0.99)
    low[:24] = 0.0
    clean = clean_series(make_series(low), is_fast=True, as_of_s=START_S + 60 * DAY_S)
    assert clean.reset_at_s.size >= 4
    assert not clean.is_healthy


@given(
    st.lists(
        st.tuples(st.integers(-(10**9), 3 * 10**9), st.floats(width=32)),
        max_size=60,
    ),
    st.sampled_from([True, False, None]),
)
def test_cleaning_never_fails_and_keeps_its_promises(
    readings: list[tuple[int, float]],
    is_fast: bool | None,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    times = np.array([instant for instant, _ in readings], dtype=np.int64)
    fill = np.array([level for _, level in readings], dtype=np.float32)
    series = FillSeries(
        container_id="C", observed_at_s=times, fill_fraction=fill, quality=np.zeros(len(readings), np.int8)
    )
    as_of_s = 2 * 10**9
    clean = clean_series(series, is_fast=is_fast, as_of_s=as_of_s)
    assert (np.diff(clean.series.observed_at_s) > 0).all()
    trusted = clean.series.quality >= Quality.SUSPICIOUS
    assert (clean.series.observed_at_s[trusted] <= as_of_s).all()
    assert np.isfinite(clean.series.fill_fraction[trusted]).all()
    assert (np.diff(clean.reset_at_s) > 0).all()
    assert (clean.reset_at_s <= as_of_s).all()


@given(st.randoms(use_true_random=False), st.integers(0, 30))
def test_cleaning_does_not_depend_on_order_or_repetition(random: object, repeated: int) -> None:
    levels = sawtooth(20, per_day=0.05, every_days=7)
    levels[100:104] = 0.9
    series = make_series(levels)
    order = list(range(len(series))) + list(range(repeated))
    random.shuffle(order)  # type: ignore[attr-defined]  # hypothesis hands in a random.Random
    shuffled = FillSeries(
        container_id="C",
        observed_at_s=series.observed_at_s[order],
        fill_fraction=series.fill_fraction[order],
        quality=series.quality[order],
    )
    one, other = (clean_series(each, as_of_s=end_of(series)) for each in (series, shuffled))
    assert np.array_equal(one.series.observed_at_s, other.series.observed_at_s)
    assert np.array_equal(one.series.quality, other.series.quality)
    assert np.array_equal(one.reset_at_s, other.reset_at_s)
    assert one.reasons == other.reasons


def test_cleaning_a_hundred_containers_takes_a_fraction_of_a_second() -> None:
    random = np.random.default_rng(1)
    series = [
        make_series(np.clip(sawtooth(90, per_day=0.3, every_days=2) + random.normal(0, 0.01, 90 * 24), 0, 1))
        for _ in range(100)
    ]
    start = time.process_time()
    for each in series:
        clean_series(each, as_of_s=end_of(each))
    assert time.process_time() - start < 3  # 0.25 s on two old cores
