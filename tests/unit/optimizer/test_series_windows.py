import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from optimizer.series.windows import opening, range_minimum, window_bounds

LEVELS = st.lists(st.floats(0, 1), min_size=1, max_size=60)


def naive_opening(times: np.ndarray, levels: np.ndarray, half_s: int) -> np.ndarray:
    near = np.abs(times[:, None] - times[None, :]) <= half_s
    eroded = np.array([levels[row].min() for row in near])
    return np.array([eroded[row].max() for row in near])


@given(LEVELS, st.data())
def test_range_minimum_equals_the_minimum_of_each_slice(levels: list[float], data: st.DataObject) -> None:
    values = np.array(levels)
    first = np.array(data.draw(st.lists(st.integers(0, len(levels) - 1), min_size=1, max_size=20)))
    stop = np.array([data.draw(st.integers(a + 1, len(levels))) for a in first.tolist()])
    expected = [values[a:b].min() for a, b in zip(first, stop, strict=True)]
    assert range_minimum(values, first, stop).tolist() == expected


@given(LEVELS, st.data())
def test_opening_equals_erosion_then_dilation(levels: list[float], data: st.DataObject) -> None:
    steps = data.draw(st.lists(st.integers(1, 12 * 3600), min_size=len(levels), max_size=len(levels)))
    times, values = np.cumsum(np.array(steps, dtype=np.int64)), np.array(levels)
    assert np.array_equal(opening(times, values, 18 * 3600), naive_opening(times, values, 9 * 3600))


def test_opening_cuts_peaks_shorter_than_the_window_and_keeps_steps() -> None:
    times = 3600 * np.arange(72, dtype=np.int64)
    levels = np.where(times < 36 * 3600, 0.2, 0.5)
    with_echo = levels.copy()
    with_echo[10:16] = 0.9
    assert np.array_equal(opening(times, with_echo, 18 * 3600), levels)


def test_window_bounds_hold_the_reading_itself_when_it_is_alone() -> None:
    first, stop = window_bounds(np.array([0, 10**6], dtype=np.int64), 3600)
    assert (first.tolist(), stop.tolist()) == ([0, 1], [1, 2])
