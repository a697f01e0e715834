"""The caller of an operation, as the gate has recognised it."""

from typing import Annotated

from fastapi import Depends, Request

from api.identity.principal import Principal

STATE_NAME = "principal"


# A coroutine, since the framework would take a thread for a plain function.
async def recognised_caller(request: Request) -> Principal:
    """The caller; every operation that touches a tenant's data asks for it."""
    principal = getattr(request.state, STATE_NAME, None)
    if not isinstance(principal, Principal):
        # Only an operation that the table of permissions calls public has none, and it must not ask.
        raise TypeError("A public operation asked for its caller.")
    return principal


Caller = Annotated[Principal, Depends(recognised_caller)]
