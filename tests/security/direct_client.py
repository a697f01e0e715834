"""The application called without a network in between, so that thousands of requests are no burden."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI


class DirectClient:
    """Sends requests to the application, as from one address."""

    def __init__(self, app: FastAPI, *, address: str = "192.0.2.1") -> None:
        self._transport = httpx.ASGITransport(app=app, client=(address, 40_000))

    def request(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        content: bytes | None = None,
        json: object = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """The answer."""
        sent = dict(headers or {})
        if key is not None:
            sent["authorization"] = f"Bearer {key}"

        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://town.example") as client:
                return await client.request(method, path, content=content, json=json, headers=sent)

        return self._call(send)  # type: ignore[no-any-return]  # the portal's types are lost on the way

    @contextmanager
    def opened(self) -> Iterator["DirectClient"]:
        """The client, with one event loop for all its requests."""
        with start_blocking_portal() as portal:
            self._call = portal.call
            yield self
