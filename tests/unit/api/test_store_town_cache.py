"""Many who look up the town at once share a question, see every change made before they asked, and hear of failures."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from api.store.errors import StoreUnavailableError
from api.store.town_cache import TownCache
from api.store.town_document import TownRecord
from tests.flow.http_samples import small_record


class SlowTown:
    """A stored town whose version takes as long to read as the test wants."""

    def __init__(self) -> None:
        self.record = small_record()
        self.number = 1
        self.asked = 0
        self.is_away = False
        self.is_held = False
        self.begun = threading.Semaphore(0)
        self.may_go_on = threading.Semaphore(0)

    def version(self) -> int:
        self.asked += 1
        number, is_away = self.number, self.is_away  # as they are when the question is put
        if self.is_held:
            self.begun.release()
            assert self.may_go_on.acquire(timeout=10)
        if is_away:
            raise StoreUnavailableError
        return number

    def load(self) -> TownRecord:
        return self.record

    def rename(self, name: str) -> None:
        self.record = replace(self.record, town=replace(self.record.town, name=name))
        self.number += 1


def cache_of(store: Any) -> TownCache:
    return TownCache(store)


def name_of(asked: "Future[TownRecord | None]") -> str:
    record = asked.result(timeout=10)
    assert record is not None
    return record.town.name


def wait_until_asked(cache: TownCache, crowd: int) -> None:
    """Until so many stand in line for the next question."""
    for _ in range(2_000):
        if cache.waiting == crowd:
            return
        threading.Event().wait(0.005)
    raise AssertionError("they do not wait")


def test_crowd_shares_one_question_that_is_put_after_all_of_them_asked() -> None:
    store = SlowTown()
    cache = cache_of(store)
    store.is_held = True
    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(cache.load)
        assert store.begun.acquire(timeout=10)
        store.rename("Changed meanwhile")
        crowd = [pool.submit(cache.load) for _ in range(19)]
        wait_until_asked(cache, 19)
        store.is_held = False
        store.may_go_on.release()
        assert {name_of(one) for one in crowd} == {"Changed meanwhile"}
        name_of(first)
    assert store.asked == 2


def test_each_caller_in_turn_sees_the_change_before_it() -> None:
    store = SlowTown()
    cache = cache_of(store)
    for name in ("One", "Two", "Three"):
        store.rename(name)
        record = cache.load()
        assert record is not None
        assert record.town.name == name
    assert store.asked == 3


def test_crowd_hears_at_once_when_the_database_does_not_answer_and_asks_again_later() -> None:
    store = SlowTown()
    cache = cache_of(store)
    store.is_held = store.is_away = True
    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(cache.load)
        assert store.begun.acquire(timeout=10)
        crowd = [pool.submit(cache.load) for _ in range(19)]
        wait_until_asked(cache, 19)
        store.may_go_on.release()
        for one in [first, *crowd]:
            with pytest.raises(StoreUnavailableError):
                one.result(timeout=10)
    assert store.asked == 1
    store.is_held = store.is_away = False
    record = cache.load()
    assert record is not None
    assert record.town.name == store.record.town.name
