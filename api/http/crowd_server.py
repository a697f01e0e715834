"""The server, made so that a crowd of connections cannot use up the files that the system lets it have.

A server without files left tries and fails to let the next connection in, over and over, and answers nobody meanwhile.
This one lets few in at once and sends away those beyond its limit, before anything is read of them; they may wait in
the system's line as before.
"""

import os
import socket

import uvicorn

ACCEPTED_AT_ONCE = 16
"""Connections that are let in before those beyond the limit are sent away again."""

WAITING_CONNECTIONS = 2_048
"""In the system's line, before they are let in."""

BEYOND_LIMIT = 16
"""Connections above the limit that are answered 503 when they ask; further ones are not answered at all."""


class CrowdServer(uvicorn.Server):
    """Runs with a configuration whose ``backlog`` is ``ACCEPTED_AT_ONCE``, which it would take for the line, too."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and make the line as long as it should be."""
        await super().startup(sockets=sockets)
        for server in self.servers:
            for line in server.sockets:
                with socket.socket(fileno=os.dup(line.fileno())) as own:
                    own.listen(WAITING_CONNECTIONS)
