"""A real MQTT broker of this process, for tests."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from amqtt.broker import Broker


@contextmanager
def running_broker(**listener: Any) -> Iterator[tuple[int, Broker]]:
    """A broker on a free port of this machine; any user may enter, and keeps a session."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> tuple[Broker, int]:
        config = {
            "listeners": {"default": {"type": "tcp", "bind": "127.0.0.1:0", "max_connections": 50, **listener}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": False}},
        }
        broker = Broker(config)
        await broker.start()
        [server] = broker._servers.values()
        return broker, server.instance.sockets[0].getsockname()[1]

    broker, port = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield port, broker
    finally:
        asyncio.run_coroutine_threadsafe(broker.shutdown(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
