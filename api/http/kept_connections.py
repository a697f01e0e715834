"""Lets a sender that was refused keep its connection, where all of its small body has come.

The gate refuses before it reads; what it leaves unread would end the connection, and with it the messages behind.
Guards against a sender that would have to connect again for each message: that costs more than the refusal.
"""

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALL_BYTES = 65_536
WAIT_S = 0.05
"""For the rest of a body; whoever takes longer connects again."""

_TOO_MANY = 429


class KeepsConnections:
    """ASGI middleware around everything."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not _has_small_body(scope):
            await self._app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == _TOO_MANY:
                headers = MutableHeaders(scope=message)
                if headers.get("connection") == "close" and await _is_all_there(receive):
                    del headers["connection"]
            await send(message)

        await self._app(scope, receive, sent)


def _has_small_body(scope: Scope) -> bool:
    length = Headers(scope=scope).get("content-length", "")
    return length.isdecimal() and 0 < int(length[:18]) <= SMALL_BYTES


async def _is_all_there(receive: Receive) -> bool:
    """Whether the body ends within a moment; it is read and dropped."""
    try:
        async with asyncio.timeout(WAIT_S):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return False
                if not message.get("more_body", False):
                    return True
    except TimeoutError:
        return False
