import asyncio
import threading
from collections.abc import Collection

import pytest

from api.ingest.joint_lookup import JointLookup
from api.store.errors import StoreUnavailableError
from api.store.tenant_ports import Device
from tests.unit.api.ingest.intake_setup import device


class AskedDevices:
    """Notes what is asked; answers once the gate lets it, and fails for ``"broken"``."""

    def __init__(self, *names: str) -> None:
        self.known = {name: device(name) for name in names}
        self.asked: list[set[str]] = []
        self.begun = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()

    def find(self, device_ids: Collection[str]) -> dict[str, Device]:
        wanted = set(device_ids)
        self.asked.append(wanted)
        self.begun.release()
        self.gate.wait(10)
        if "broken" in wanted:
            raise StoreUnavailableError
        return {name: one for name, one in self.known.items() if name in wanted}


def test_all_who_ask_in_one_turn_are_asked_for_once() -> None:
    devices = AskedDevices("a", "b", "c")
    lookup = JointLookup(devices.find)

    async def ask() -> None:
        for turn in (1, 2):
            told = await asyncio.gather(*(lookup.find(names) for names in ({"a", "x"}, {"b"}, {"a", "b", "y"})))
            assert [one["a"] for one in told] == [devices.known["a"]] * 3
            assert all(set(one) == {"a", "b"} for one in told)
            assert devices.asked == [{"a", "b", "x", "y"}] * turn

    asyncio.run(ask())


def test_who_asks_while_others_wait_for_their_answer_is_asked_for_anew() -> None:
    devices = AskedDevices()
    lookup = JointLookup(devices.find)

    async def ask() -> None:
        devices.gate.clear()
        first = asyncio.ensure_future(lookup.find({"a"}))
        assert await asyncio.to_thread(devices.begun.acquire, timeout=10)
        second = asyncio.ensure_future(lookup.find({"a"}))
        assert await asyncio.to_thread(devices.begun.acquire, timeout=10)
        devices.gate.set()
        assert await asyncio.gather(first, second) == [{}, {}]

    asyncio.run(ask())
    assert devices.asked == [{"a"}, {"a"}]


def test_who_gives_up_does_not_take_the_answer_from_others() -> None:
    devices = AskedDevices("a")
    lookup = JointLookup(devices.find)

    async def ask() -> None:
        hasty = asyncio.ensure_future(lookup.find({"x"}))
        patient = asyncio.ensure_future(lookup.find({"a"}))
        await asyncio.sleep(0)
        hasty.cancel()
        assert await patient == devices.known
        assert hasty.cancelled()

    asyncio.run(ask())


def test_failure_reaches_all_who_asked_and_nobody_after_them() -> None:
    devices = AskedDevices("a")
    lookup = JointLookup(devices.find)

    async def ask() -> None:
        told = await asyncio.gather(lookup.find({"a"}), lookup.find({"broken"}), return_exceptions=True)
        assert [type(one) for one in told] == [StoreUnavailableError] * 2
        assert await lookup.find({"a"}) == devices.known

    asyncio.run(ask())


def test_lookup_outlives_an_event_loop_that_ended_in_the_middle() -> None:
    devices = AskedDevices("a")
    lookup = JointLookup(devices.find)

    async def ask_and_leave() -> None:
        asking = asyncio.ensure_future(lookup.find({"x"}))
        asyncio.get_running_loop().call_soon(asking.cancel)
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(ask_and_leave())
    assert asyncio.run(_found(lookup, "a")) == devices.known


async def _found(lookup: JointLookup, name: str) -> object:
    return await lookup.find({name})
