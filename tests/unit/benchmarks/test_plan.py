import time

import pytest

from benchmarks.routing.plan import FULL, NOT_ASKED, growth, n_repeats_within, n_rows_within, narrowed, quick


@pytest.mark.parametrize(
    ("smaller", "larger", "exponent"),
    [
        ((100, 0.1), (200, 0.4), 2.0),
        ((100, 0.1), (200, 0.2), 1.0),
        ((100, 0.1), (200, 0.05), 1.0),
        ((100, 0.1), (200, 9.0), 2.0),
        ((100, 0.1), (100, 0.1), 2.0),
        ((100, 0.0), (200, 0.1), 2.0),
    ],
)
def test_growth_lies_between_linear_and_quadratic(
    smaller: tuple[int, float], larger: tuple[int, float], exponent: float
) -> None:
    assert growth(smaller, larger) == pytest.approx(exponent)


def test_n_rows_within_takes_at_least_ten_rows_and_at_most_all() -> None:
    assert n_rows_within(1.0, n=1000, limit_s=0.5) == 10
    assert n_rows_within(0.001, n=1000, limit_s=0.5) == 500
    assert n_rows_within(0.000_001, n=1000, limit_s=0.5) == 1000
    assert n_rows_within(1.0, n=4, limit_s=0.5) == 4


def test_n_repeats_within_takes_at_least_one_and_at_most_all() -> None:
    assert n_repeats_within(9.0, repeats=7, limit_s=3) == 1
    assert n_repeats_within(1.0, repeats=7, limit_s=3) == 3
    assert n_repeats_within(0.001, repeats=7, limit_s=3) == 7


def test_quick_plan_never_grants_more_than_is_left() -> None:
    plan = quick(10.0)
    assert plan.left_s(1800) <= 10.0
    assert plan.ends_at <= time.monotonic() + 10.0
    assert FULL.left_s(1800) == 1800


def test_narrowed_plan_takes_over_what_is_not_named() -> None:
    assert narrowed(FULL, sizes=(), parts=(), left_out=()) == FULL
    plan = narrowed(FULL, sizes=(2000, 100), parts=("graph",), left_out=("igraph",))
    assert (plan.sizes, plan.parts, plan.left_out) == ((100, 2000), ("graph",), {"igraph": NOT_ASKED})
    assert plan.repeats == FULL.repeats
    assert narrowed(quick(9.0), sizes=(), parts=(), left_out=("scipy",)).left_out["scipy"] != NOT_ASKED
