"""Who takes part, and who cannot and why."""

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.routing.peer import LeftOutError, Peer


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """A peer that may take part.

    Attributes
    ----------
    make
        Makes the peer; heavy imports happen here and not before.
    module
        What must be importable.
    needs_python
        The first Python version for which the wheel is published.
    """

    make: Callable[[], Peer]
    module: str
    needs_python: tuple[int, int] = (3, 11)


def _ours_places(*, has_metres: bool = False) -> Peer:
    from benchmarks.routing.peers.ours_places import OursPlaces  # noqa: PLC0415 - imported in its own process only

    return OursPlaces(has_metres=has_metres)


def _ours_graph(*, has_metres: bool = False) -> Peer:
    from benchmarks.routing.peers.ours_graph import OursGraph  # noqa: PLC0415 - as above

    return OursGraph(has_metres=has_metres)


def _osrm(algorithm: str, *, is_matched: bool = False) -> Peer:
    from benchmarks.routing.peers.osrm_table import MATCHED_PROFILE, OsrmTable  # noqa: PLC0415 - as above

    return OsrmTable(algorithm, profile_path=MATCHED_PROFILE if is_matched else None)


def _valhalla() -> Peer:
    from benchmarks.routing.peers.valhalla_matrix import ValhallaMatrix  # noqa: PLC0415 - as above

    return ValhallaMatrix()


def _osmnx() -> Peer:
    from benchmarks.routing.peers.osmnx_rows import OsmnxRows  # noqa: PLC0415 - as above

    return OsmnxRows()


def _routingkit() -> Peer:
    from benchmarks.routing.peers.routingkit_rows import RoutingKitRows  # noqa: PLC0415 - as above

    return RoutingKitRows()


def _scipy() -> Peer:
    from benchmarks.routing.peers.dijkstra_rows import ScipyRows  # noqa: PLC0415 - as above

    return ScipyRows()


def _igraph() -> Peer:
    from benchmarks.routing.peers.dijkstra_rows import IgraphRows  # noqa: PLC0415 - as above

    return IgraphRows()


PLACES = {
    "ours": Entrant(make=_ours_places, module="routing.street_router"),
    "osrm_ch": Entrant(make=lambda: _osrm("CH"), module="osrm", needs_python=(3, 12)),
    "osrm_mld": Entrant(make=lambda: _osrm("MLD"), module="osrm", needs_python=(3, 12)),
    "valhalla": Entrant(make=_valhalla, module="valhalla", needs_python=(3, 12)),
    "osmnx": Entrant(make=_osmnx, module="osmnx"),
    "ours_both": Entrant(make=lambda: _ours_places(has_metres=True), module="routing.street_router"),
}
"""Engines that are asked for durations between coordinates; ``ours_both`` adds the metres of the same paths.

They are prepared in this order: a run whose time is short has ours first and then the peers of its last line.
"""

GRAPH = {
    "ours_bare": Entrant(make=_ours_graph, module="routing.cch.many_to_many"),
    "ours_with_metres": Entrant(make=lambda: _ours_graph(has_metres=True), module="routing.cch.many_to_many"),
    "routingkit_cch": Entrant(make=_routingkit, module="routingkit_cch"),
    "scipy": Entrant(make=_scipy, module="scipy"),
    "igraph": Entrant(make=_igraph, module="igraph"),
}
"""Engines that are asked for durations between states of our turn-aware graph."""

MATCHED = {"osrm_mld_matched": Entrant(make=lambda: _osrm("MLD", is_matched=True), module="osrm", needs_python=(3, 12))}
"""OSRM with our car's costs, for comparing durations and not for speed."""

ENTRANTS = PLACES | GRAPH | MATCHED


def reason_against(name: str) -> str:
    """Why a peer cannot take part here, empty when it can."""
    entrant = ENTRANTS[name]
    if sys.version_info[:2] < entrant.needs_python:
        needed = ".".join(map(str, entrant.needs_python))
        return f"its wheel needs Python {needed} or later and this is {sys.version_info[0]}.{sys.version_info[1]}"
    try:
        found = importlib.util.find_spec(entrant.module)
    except ModuleNotFoundError:
        found = None
    return "" if found else f"the module {entrant.module} is not installed (extra 'bench')"


def make_peer(name: str) -> Peer:
    """A new peer by its name.

    Raises
    ------
    LeftOutError
        When it cannot take part here.
    """
    reason = reason_against(name)
    if reason:
        raise LeftOutError(reason)
    return ENTRANTS[name].make()
