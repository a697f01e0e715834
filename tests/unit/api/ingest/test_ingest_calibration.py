import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ingest.calibration import SHAPES, Calibration, find_fault
from api.ingest.record import RefusedMessageError


def cut_area(shape: str) -> Callable[[float], float]:
    """Area of the cut at a relative height, up to a factor."""
    return {
        "box": lambda _: 1.0,
        "cone": lambda height: (1 - height) ** 2,
        "sphere": lambda height: 0.25 - (height - 0.5) ** 2,
        "cylinder_lying": lambda height: math.sqrt(max(0.0, 0.25 - (height - 0.5) ** 2)),
    }[shape]


def integrated(shape: str, height: float, steps: int = 4_000) -> float:
    area = cut_area(shape)
    total = sum(area((step + 0.5) / steps) for step in range(steps))
    return sum(area((step + 0.5) / steps * height) * height for step in range(steps)) / total


@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize("height", [0.0, 0.1, 0.25, 0.5, 0.8, 1.0])
def test_volume_below_a_height_is_the_integral_of_the_cuts(shape: str, height: float) -> None:
    calibration = Calibration(empty_mm=2_000, full_mm=400, shape=shape)
    assert calibration.fill_fraction(2_000 - 1_600 * height) == pytest.approx(integrated(shape, height), abs=2e-4)


@given(
    st.sampled_from(sorted(SHAPES)),
    st.floats(50, 15_000),
    st.floats(0, 0.99),
    st.floats(-1e5, 1e5),
    st.floats(0, 1e5),
)
def test_fill_never_falls_when_the_waste_comes_nearer(
    shape: str, empty_mm: float, share: float, distance_mm: float, nearer_mm: float
) -> None:
    calibration = Calibration(empty_mm=empty_mm, full_mm=empty_mm * share, shape=shape)
    far, near = calibration.fill_fraction(distance_mm), calibration.fill_fraction(distance_mm - nearer_mm)
    assert 0 <= far <= near + 1e-12 <= 1 + 1e-12


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_marks_are_empty_and_full(shape: str) -> None:
    calibration = Calibration(empty_mm=2_000, full_mm=400, shape=shape)
    levels = [calibration.fill_fraction(at) for at in (9_999, 2_000, 400, 0)]
    assert levels == pytest.approx([0, 0, 1, 1])


@pytest.mark.parametrize(
    ("empty_mm", "full_mm", "shape", "word"),
    [
        (2.35, 0.4, "box", "millimetres"),
        (400, 2_000, "box", "less than empty_mm"),
        (2_000, 2_000, "box", "less than empty_mm"),
        (2_000, -1, "box", "less than empty_mm"),
        (2_000, 400, "igloo", "cone"),
        (math.nan, 400, "box", "finite"),
        (math.inf, 400, "box", "finite"),
    ],
)
def test_impossible_calibration_is_refused_with_advice(empty_mm: float, full_mm: float, shape: str, word: str) -> None:
    assert word in find_fault(empty_mm, full_mm, shape)
    with pytest.raises(RefusedMessageError, match=word):
        Calibration(empty_mm=empty_mm, full_mm=full_mm, shape=shape)
