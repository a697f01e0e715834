"""A worker's router with the closures that hold for a job; apart, as it loads the streets."""

from collections.abc import Sequence
from dataclasses import replace

from optimizer.ports import Ports
from routing.overrides import Override
from routing.street_router import RoadRouter


def with_closures(ports: Ports, closures: Sequence[Override]) -> Ports:
    """The ports with a router that keeps out of closed streets; straight lines know no streets."""
    router = ports.router
    if not closures or not isinstance(router, RoadRouter):
        return ports
    book = router.overrides
    known = {one.override_id for one in book.overrides}
    for override in closures:
        if override.override_id not in known:
            book = book.add(override)
    return replace(ports, router=router.with_overrides(book))
