"""A sensor's script, drawn before the truth is known: the same readings piece by piece, and failures put in later."""

import numpy as np
import pytest

from api.town.fill_statistics import load_fill_statistics
from optimizer.simulation.sensors import SensorScript, draw_script

DAYS = 200
END_S = DAYS * 86_400


@pytest.fixture(scope="module")
def script() -> SensorScript:
    return draw_script("g-1", load_fill_statistics()["glass"].sensor, 0, END_S, 5)


@pytest.fixture(scope="module")
def levels(script: SensorScript) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return (script.observed_at_s % (10 * 86_400)) / (10 * 86_400)


def test_script_tells_the_same_in_pieces(
    script: SensorScript, levels: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> None:
    whole = script.told(script.measured(levels))
    measured, told = np.empty(0), []
    for first in range(0, len(script), 97):
        part = script.measured(levels[first : first + 97], first=first)
        measured = np.concatenate([measured, part])
        told.append(script.told(measured, first=first))
    np.testing.assert_array_equal(np.concatenate(told), whole)
    assert np.median(np.abs(whole - levels)) < 0.02


def test_script_stuck_from_an_instant_repeats_its_first_level(
    script: SensorScript, levels: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> None:
    begin_s = END_S // 2
    stuck = script.stuck_from(begin_s)
    told, usual = stuck.told(stuck.measured(levels)), script.told(script.measured(levels))
    is_before = script.observed_at_s < begin_s
    np.testing.assert_array_equal(told[is_before], usual[is_before])
    assert np.unique(told[~is_before & ~script.is_impossible]).size == 1
    assert np.unique(usual[~is_before]).size > 10
    assert script.stuck_from(END_S) is script


def test_script_silenced_keeps_what_the_other_reports_tell(
    script: SensorScript, levels: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> None:
    is_silent = (script.observed_at_s > END_S // 3) & (script.observed_at_s < END_S // 2)
    cut = script.silenced(is_silent)
    assert len(cut) == len(script) - int(is_silent.sum())
    told, usual = cut.told(cut.measured(levels[~is_silent])), script.told(script.measured(levels))[~is_silent]
    is_moving = script.repeats[~is_silent] == np.flatnonzero(~is_silent)
    np.testing.assert_array_equal(told[is_moving], usual[is_moving])
    assert (cut.repeats <= np.arange(len(cut))).all()
    assert is_moving.mean() > 0.9
