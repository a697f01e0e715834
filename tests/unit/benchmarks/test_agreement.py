import numpy as np
import pytest

from benchmarks.routing.agreement import agreement_lines, compare_durations


def _matrix(n: int) -> np.ndarray:
    matrix = 200.0 + np.abs(np.subtract.outer(np.arange(n), np.arange(n))) * 10.0
    np.fill_diagonal(matrix, 0.0)
    return matrix


def test_equal_durations_agree_everywhere() -> None:
    found = compare_durations(_matrix(20), _matrix(20))
    assert found.n_pairs == 20 * 19
    assert found.n_outside == 0
    assert found.percentiles == (1.0,) * 7
    assert found.odd_places == ()


def test_short_trips_are_not_compared() -> None:
    theirs = _matrix(5)
    theirs[0, 1] = 119.0
    assert compare_durations(_matrix(5), theirs).n_pairs == 19


def test_an_odd_place_explains_its_pairs_once() -> None:
    ours = _matrix(20)
    ours[4, :] *= 1.5
    ours[:, 4] *= 1.5
    found = compare_durations(ours, _matrix(20))
    assert found.n_outside == 2 * 19
    assert [(place.index, place.n_pairs) for place in found.odd_places] == [(4, 38)]
    assert found.odd_places[0].median_ratio == pytest.approx(1.5)
    assert set(found.outside) == {(4, i) for i in range(20) if i != 4} | {(i, 4) for i in range(20) if i != 4}


def test_a_single_odd_pair_makes_no_odd_place() -> None:
    ours = _matrix(20)
    ours[2, 9] *= 1.2
    found = compare_durations(ours, _matrix(20))
    assert (found.n_outside, found.outside, found.odd_places) == (1, ((2, 9),), ())


def test_pairs_without_a_path_are_counted_apart() -> None:
    ours, theirs = _matrix(4), _matrix(4)
    ours[0, 1] = np.nan
    theirs[2, 3] = theirs[3, 2] = np.nan
    found = compare_durations(ours, theirs)
    assert (found.n_only_theirs, found.n_only_ours, found.n_pairs) == (1, 2, 9)


def test_agreement_lines_give_coordinates_of_odd_places() -> None:
    ours = _matrix(20)
    ours[4, :] *= 2
    places = np.column_stack((np.linspace(8.6, 8.7, 20), np.full(20, 49.4)))
    text = "\n".join(agreement_lines(compare_durations(ours, _matrix(20)), places, map_name="town"))
    assert "49.40000 N 8.62105 E: 19 pairs, median ratio 2.00" in text
