"""Asks the database once for the devices of all bodies that an event loop takes in at the same time.

Senders that were never registered are asked for with every body, so that a new device counts at once. One question for
several bodies costs little more than for one; and bodies whose answers come together are stored together.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping

from anyio.to_thread import run_sync

from api.store.tenant_ports import Device


class JointLookup:
    """Looks devices up in a thread, for all who ask in the same turn of the event loop.

    Parameters
    ----------
    find
        Those of these ids that there are; it may wait for the database.
    """

    def __init__(self, find: Callable[[Collection[str]], Mapping[str, Device]]) -> None:
        self._find = find
        self._wanted: set[str] = set()
        self._next: asyncio.Task[Mapping[str, Device]] | None = None

    async def find(self, device_ids: Collection[str]) -> Mapping[str, Device]:
        """At least those of these ids that there are now, perhaps others' too.

        Raises
        ------
        StoreError
            When the database does not answer.
        """
        if self._next is None or self._next.done():
            self._wanted = set()
            self._next = asyncio.get_running_loop().create_task(self._ask())
        self._wanted.update(device_ids)
        return await asyncio.shield(self._next)  # who gives up must not end it for the others

    async def _ask(self) -> Mapping[str, Device]:
        wanted, self._next = self._wanted, None  # who asks from now on is not heard any more
        return await run_sync(self._find, wanted)
