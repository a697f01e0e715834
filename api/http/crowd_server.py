"""The server, made so that a crowd of connections cannot use up the files that the system lets it have.

A server without files left tries and fails to let the next connection in, over and over, and answers nobody meanwhile.
This one lets few in at once and sends away those beyond its limit, before anything is read of them; they may wait in
the system's line as before.

Guards the end of the service, too: connections that are just being let in when it begins to stop are told to end.
"""

import asyncio
import os
import socket

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

ACCEPTED_AT_ONCE = 16
"""Connections that are let in before those beyond the limit are sent away again."""

WAITING_CONNECTIONS = 2_048
"""In the system's line, before they are let in."""

BEYOND_LIMIT = 16
"""Connections above the limit that are answered 503 when they ask; further ones are not answered at all."""


TELL_AGAIN_S = 0.05
"""How often open connections are told that the service stops."""


class CrowdServer(uvicorn.Server):
    """Runs with a configuration whose ``backlog`` is ``ACCEPTED_AT_ONCE``, which it would take for the line, too."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and make the line as long as it should be."""
        await super().startup(sockets=sockets)
        for server in self.servers:
            for line in server.sockets:
                with socket.socket(fileno=os.dup(line.fileno())) as own:
                    own.listen(WAITING_CONNECTIONS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, with every connection ending after the answer it is about to get."""
        telling = asyncio.create_task(self._tell_late_connections())
        try:
            await super().shutdown(sockets=sockets)
        finally:
            telling.cancel()

    async def _tell_late_connections(self) -> None:
        """Tell those, too, that were let in but not known yet: their senders could keep them busy for ever."""
        while True:
            await asyncio.sleep(TELL_AGAIN_S)
            for connection in list(self.server_state.connections):
                if isinstance(connection, H11Protocol) and not connection.transport.is_closing():
                    connection.shutdown()
