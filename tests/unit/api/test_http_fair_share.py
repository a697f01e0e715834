"""Who floods waits, and nobody else does."""

import asyncio
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.fair_share import CALM_S, LEAST_BEGUN, MOST_BEGUN, OWN_PLACES, PATIENCE_S, TURN_S, FairShare, Room


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def press(share: FairShare, stack: ExitStack, town: str, *, most: int = 1_000) -> int:
    """Take places until there is none for this town, or so many; how many it got."""
    for taken in range(most):
        if share.room_for(town) is Room.NONE:
            return taken
        stack.enter_context(share.place(town))
    return most


def worn_out(share: FairShare, clock: Clock, *towns: str, places: int) -> None:
    """Let the patience with these towns end while they hold nothing any more."""
    with ExitStack() as stack:
        for town in towns:
            press(share, stack, town, most=places)
        for _ in range(3):
            for town in towns:
                assert share.room_for(town) is Room.SOON
            clock.now_s += 0.4 * PATIENCE_S
        for town in towns:
            assert share.room_for(town) is Room.NONE


def test_town_may_fill_half_and_one_more_is_too_many() -> None:
    clock = Clock()
    share = FairShare(places=40, clock_s=clock)
    worn_out(share, clock, "a", places=20)
    with ExitStack() as stack:
        assert press(share, stack, "a") == 20
        assert share.room_for("b") is Room.FREE
    assert share.room_for("a") is Room.FREE


def test_two_floods_leave_a_third_free_for_whoever_comes() -> None:
    clock = Clock()
    share = FairShare(places=60, clock_s=clock)
    worn_out(share, clock, "a", "b", places=30)
    with ExitStack() as stack:
        for _ in range(30):  # in turn, as they come
            for town in ("a", "b"):
                if share.room_for(town) is Room.FREE:
                    stack.enter_context(share.place(town))
        assert press(share, stack, "c") >= 10


def test_crowd_of_a_moment_is_let_in() -> None:
    clock = Clock()
    share = FairShare(places=20, clock_s=clock)
    with ExitStack() as stack:
        assert press(share, stack, "a", most=500) == 500
        clock.now_s += 0.9 * PATIENCE_S
        assert share.room_for("a") is Room.SOON
        clock.now_s += 0.2 * PATIENCE_S
        assert share.room_for("a") is Room.NONE


def test_patience_begins_anew_after_a_calm() -> None:
    clock = Clock()
    share = FairShare(places=20, clock_s=clock)
    worn_out(share, clock, "a", places=10)
    clock.now_s += CALM_S + 0.1
    with ExitStack() as stack:
        assert press(share, stack, "a", most=50) == 50


@given(
    st.lists(st.integers(min_value=0, max_value=5), min_size=1, max_size=200), st.integers(min_value=1, max_value=90)
)
def test_town_with_little_under_way_is_never_refused(floods: list[int], places: int) -> None:
    clock = Clock()
    share = FairShare(places=places, clock_s=clock)
    with ExitStack() as stack:
        for flooding in floods:
            clock.now_s += 0.05
            if share.room_for(f"flood {flooding}") is Room.FREE:
                stack.enter_context(share.place(f"flood {flooding}"))
            with ExitStack() as own:
                assert press(share, own, "quiet", most=OWN_PLACES) == OWN_PLACES


async def begun_in_a_turn(share: FairShare, clock: Clock, *, turn_s: float) -> int:
    """How many of a crowd may be begun, in a turn that takes so long."""
    await asyncio.sleep(0)  # what was expected before has come
    begun = 0
    while share.room_for("a") is Room.FREE:
        share.expect("a")
        begun += 1
    await asyncio.sleep(0)
    clock.now_s += turn_s
    await asyncio.sleep(0)
    return begun


def test_fewer_are_begun_where_turns_take_long_and_more_again_later() -> None:
    async def work() -> None:
        clock = Clock()
        share = FairShare(places=1_000, clock_s=clock)
        slow = [await begun_in_a_turn(share, clock, turn_s=2 * TURN_S) for _ in range(12)]
        quick = [await begun_in_a_turn(share, clock, turn_s=0.5 * TURN_S) for _ in range(20)]
        assert slow[0] == MOST_BEGUN
        assert slow == sorted(slow, reverse=True)
        assert slow[-1] == quick[0] == LEAST_BEGUN
        assert quick == sorted(quick)
        assert quick[-1] == MOST_BEGUN

    asyncio.run(work())


def test_place_is_given_back_when_the_work_fails() -> None:
    clock = Clock()
    share = FairShare(places=20, clock_s=clock)
    worn_out(share, clock, "a", places=10)
    for _ in range(30):
        with pytest.raises(ZeroDivisionError), share.place("a"):
            raise ZeroDivisionError
    assert share.room_for("a") is Room.FREE
