import itertools

from hypothesis import given
from hypothesis import strategies as st

from optimizer.problem.elapsed_windows import has_room, intersection, merged
from optimizer.problem.problem import Window

spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 10)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=6
)


def seconds(windows: tuple[Window, ...] | list[Window]) -> set[int]:
    return {second for start, end in windows for second in range(start, end)}


@given(spans)
def test_merged_windows_hold_the_same_seconds_and_do_not_touch(given_spans: list[Window]) -> None:
    windows = merged(given_spans)
    assert seconds(windows) == seconds(given_spans)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(windows))


@given(spans, spans)
def test_intersection_holds_the_seconds_of_both(ours: list[Window], theirs: list[Window]) -> None:
    assert seconds(intersection(merged(ours), merged(theirs))) == seconds(ours) & seconds(theirs)


def test_room_is_what_window_and_shift_share() -> None:
    assert has_room(((0, 100),), (50, 200), work_s=50)
    assert not has_room(((0, 100),), (50, 200), work_s=51)
    assert not has_room((), (0, 100), work_s=0)
