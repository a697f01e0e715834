"""Which solvers there are, and how each is made in its own process."""

import importlib

from benchmarks.solver.peer import LeftOutError, SolverPeer

OTHERS = {
    "ortools_gls": ("benchmarks.solver.peers.ortools_plain", "OrtoolsGls"),
    "ortools_ils": ("benchmarks.solver.peers.ortools_plain", "OrtoolsIls"),
    "pyvrp": ("benchmarks.solver.peers.pyvrp_peer", "PyvrpPeer"),
    "vroom": ("benchmarks.solver.peers.vroom_case", "VroomPeer"),
    "hgs": ("benchmarks.solver.peers.hgs", "HgsPeer"),
}
OURS = ("sisr", "ortools")


def make_peer(name: str) -> SolverPeer:
    """The solver of a name: one of ours, one of the others, or ``module:Class`` of a solver behind our port.

    Raises
    ------
    LeftOutError
        When its library is not installed.
    """
    module, maker = OTHERS.get(name, ("benchmarks.solver.peers.ours", "OurPeer"))
    try:
        found = getattr(importlib.import_module(module), maker)
    except ImportError as error:
        raise LeftOutError(f"{error}") from error
    peer: SolverPeer = found() if name in OTHERS else found(name)
    return peer


def is_ours(name: str) -> bool:
    """Whether a solver is part of this project."""
    return name in OURS or ":" in name
