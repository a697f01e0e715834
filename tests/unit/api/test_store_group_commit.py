import asyncio
import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from api.store import group_commit
from api.store.errors import StoreBusyError, StoreError, StoreFullError, StoreUnavailableError
from api.store.fair_lock import FairLock
from api.store.group_commit import GroupCommit


class Disk:
    """Doubles numbers, as slowly as the gate lets it."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()

    def write(self, items: Sequence[int]) -> list[int]:
        self.gate.wait()
        self.groups.append(list(items))
        if 13 in items:
            raise ArithmeticError("13")
        if 99 in items:
            raise StoreFullError
        return [2 * item for item in items]


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def writer(disk: Disk) -> Iterator[GroupCommit[int, int]]:
    made = GroupCommit(disk.write, name="test-writer", size_of=lambda _: 1, most_waiting=20, most_at_once=8)
    yield made
    disk.gate.set()
    made.close()


def submit_all(writer: GroupCommit[int, int], items: Sequence[int]) -> tuple[list[threading.Thread], dict[int, object]]:
    answers: dict[int, object] = {}

    def work(item: int) -> None:
        try:
            answers[item] = writer.submit(item)
        except (ArithmeticError, StoreError) as error:
            answers[item] = error

    threads = [threading.Thread(target=work, args=(item,)) for item in items]
    for thread in threads:
        thread.start()
    return threads, answers


def wait_until(condition: object) -> None:
    end_s = time.monotonic() + 10
    while not condition():  # type: ignore[operator]  # callers pass functions
        assert time.monotonic() < end_s
        time.sleep(0.005)


def test_what_waits_is_written_together_and_answered_one_by_one(disk: Disk, writer: GroupCommit[int, int]) -> None:
    disk.gate.clear()
    first, told = submit_all(writer, [0])
    wait_until(lambda: not writer._waiting)
    threads, answers = submit_all(writer, range(1, 13))
    wait_until(lambda: len(writer._waiting) == 12)
    assert not told
    assert not answers
    disk.gate.set()
    for thread in first + threads:
        thread.join()
    assert answers == {item: 2 * item for item in range(1, 13)}
    assert [len(group) for group in disk.groups] == [1, 8, 4]


def test_one_bad_item_does_not_spoil_the_others(disk: Disk, writer: GroupCommit[int, int]) -> None:
    disk.gate.clear()
    threads, answers = submit_all(writer, [1])
    wait_until(lambda: not writer._waiting)
    more, more_answers = submit_all(writer, [12, 13, 14])
    wait_until(lambda: len(writer._waiting) == 3)
    disk.gate.set()
    for thread in threads + more:
        thread.join()
    assert answers == {1: 2}
    assert more_answers[12] == 24
    assert more_answers[14] == 28
    assert isinstance(more_answers[13], ArithmeticError)


def test_full_disk_is_told_to_everyone_in_the_group_and_the_writer_lives_on(
    disk: Disk, writer: GroupCommit[int, int]
) -> None:
    disk.gate.clear()
    submit_all(writer, [1])
    wait_until(lambda: not writer._waiting)
    threads, answers = submit_all(writer, [98, 99])
    wait_until(lambda: len(writer._waiting) == 2)
    disk.gate.set()
    for thread in threads:
        thread.join()
    assert all(isinstance(answer, StoreFullError) for answer in answers.values())
    assert writer.submit(5) == 10


def test_too_much_waiting_is_refused_at_once(disk: Disk, writer: GroupCommit[int, int]) -> None:
    disk.gate.clear()
    threads, _ = submit_all(writer, [0])
    wait_until(lambda: not writer._waiting)
    threads += submit_all(writer, range(1, 21))[0]
    wait_until(lambda: len(writer._waiting) == 20)
    started_s = time.monotonic()
    with pytest.raises(StoreBusyError):
        writer.submit(50)
    assert time.monotonic() - started_s < 1
    disk.gate.set()
    for thread in threads:
        thread.join()
    assert 50 not in [item for group in disk.groups for item in group]


def test_hanging_database_is_told_in_time_and_what_was_given_up_is_not_written(
    disk: Disk, writer: GroupCommit[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "ANSWER_WITHIN_S", 0.2)
    disk.gate.clear()
    threads, answers = submit_all(writer, [1])
    wait_until(lambda: not writer._waiting)
    with pytest.raises(StoreUnavailableError):
        writer.submit(2)
    for thread in threads:
        thread.join()
    assert isinstance(answers[1], StoreUnavailableError)
    disk.gate.set()
    assert writer.submit(3) == 6
    assert [2] not in disk.groups


def test_closing_writes_what_waits_and_refuses_more(disk: Disk, writer: GroupCommit[int, int]) -> None:
    disk.gate.clear()
    threads, _ = submit_all(writer, [0])
    wait_until(lambda: not writer._waiting)
    more, answers = submit_all(writer, range(1, 5))
    wait_until(lambda: len(writer._waiting) == 4)
    closing = threading.Thread(target=writer.close)
    closing.start()
    disk.gate.set()
    closing.join()
    for thread in threads + more:
        thread.join()
    assert answers == {item: 2 * item for item in range(1, 5)}
    with pytest.raises(StoreUnavailableError):
        writer.submit(9)


def test_fair_lock_is_handed_over_in_the_order_of_asking() -> None:
    lock = FairLock()
    order: list[int] = []

    def work(number: int) -> None:
        with lock.held(timeout_s=10):
            order.append(number)

    threads = []
    with lock.held(timeout_s=1):
        for number in range(6):
            threads.append(threading.Thread(target=work, args=(number,)))
            threads[-1].start()
            wait_until(lambda wanted=number + 1: len(lock._waiting) == wanted)
    for thread in threads:
        thread.join()
    assert order == list(range(6))


def test_fair_lock_given_up_in_time_is_free_for_the_next() -> None:
    lock = FairLock()
    with lock.held(timeout_s=1), pytest.raises(TimeoutError), lock.held(timeout_s=0.05):
        pass
    with lock.held(timeout_s=0.05):
        assert lock._is_held
    assert not lock._is_held


def test_fair_lock_lets_one_in_at_a_time() -> None:
    lock = FairLock()
    inside = 0
    most = 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(200):
            with lock.held(timeout_s=10):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_coroutines_are_told_together_while_their_loop_serves_others(disk: Disk, writer: GroupCommit[int, int]) -> None:
    async def write_all() -> tuple[list[int], int]:
        disk.gate.clear()
        tasks = [asyncio.create_task(writer.written(item)) for item in range(8)]
        turns = 0
        while turns < 50:
            await asyncio.sleep(0.001)  # the loop goes on although the disk does not
            turns += 1
        assert not any(task.done() for task in tasks)
        disk.gate.set()
        return await asyncio.gather(*tasks), turns

    assert asyncio.run(write_all()) == ([2 * item for item in range(8)], 50)


def test_failures_of_a_group_reach_the_coroutines_that_caused_them(disk: Disk, writer: GroupCommit[int, int]) -> None:
    async def write_all() -> list[object]:
        disk.gate.clear()
        tasks = [asyncio.create_task(writer.written(item)) for item in (1, 13, 2)]
        await asyncio.sleep(0.05)
        disk.gate.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, second, third = asyncio.run(write_all())
    assert (first, third) == (2, 4)
    assert isinstance(second, ArithmeticError)


def test_coroutine_hears_in_time_that_the_disk_hangs_and_is_written_once_at_most(
    disk: Disk, writer: GroupCommit[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "ANSWER_WITHIN_S", 0.1)

    async def write_some() -> None:
        disk.gate.clear()
        hanging = asyncio.create_task(writer.written(1))
        await asyncio.sleep(0.02)
        late = asyncio.create_task(writer.written(2))
        for task in (hanging, late):
            with pytest.raises(StoreUnavailableError):
                await task
        disk.gate.set()
        assert await writer.written(3) == 6

    asyncio.run(write_some())
    assert disk.groups == [[1], [3]]  # nobody waited for 2 any more when its turn came


def test_answers_for_a_loop_that_has_ended_do_no_harm(disk: Disk, writer: GroupCommit[int, int]) -> None:
    async def leave() -> None:
        disk.gate.clear()
        task = asyncio.create_task(writer.written(1))
        await asyncio.sleep(0.02)
        task.cancel()

    asyncio.run(leave())
    disk.gate.set()
    assert writer.submit(4) == 8


def test_coroutines_are_refused_like_threads_when_too_much_waits(disk: Disk, writer: GroupCommit[int, int]) -> None:
    async def write_many() -> int:
        disk.gate.clear()
        tasks = [asyncio.create_task(writer.written(item)) for item in range(30)]
        await asyncio.sleep(0.05)
        disk.gate.set()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        return sum(isinstance(answer, StoreBusyError) for answer in answers)

    assert asyncio.run(write_many()) >= 2


def test_what_coroutines_hand_over_in_one_turn_of_their_loop_is_written_together(
    disk: Disk, writer: GroupCommit[int, int]
) -> None:
    async def three_times() -> list[list[int]]:
        return [await asyncio.gather(*(writer.written(item) for item in range(turn, turn + 5))) for turn in (0, 20, 40)]

    assert asyncio.run(three_times()) == [[2 * item for item in range(turn, turn + 5)] for turn in (0, 20, 40)]
    assert disk.groups == [list(range(turn, turn + 5)) for turn in (0, 20, 40)]


def test_closing_writes_what_no_turn_of_a_loop_followed(disk: Disk, writer: GroupCommit[int, int]) -> None:
    async def hand_over_and_leave() -> None:
        task = asyncio.ensure_future(writer.written(7))
        await asyncio.sleep(0)
        writer.close()
        assert disk.groups == [[7]]
        assert await task == 14

    asyncio.run(hand_over_and_leave())
