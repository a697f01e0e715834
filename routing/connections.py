"""Who reaches a hub of the street network, and whom the hub reaches, before and after some turns changed."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from routing.kernels.reverse import reversed_arcs
from routing.kernels.search import SearchGraph
from routing.kernels.tree_search import reached_after, search_tree

_Turns = tuple[NDArray[np.int32], NDArray[np.int32]]
_Tree = tuple[NDArray[np.bool_], NDArray[np.int32]]


class Connections:
    """Ways from and to one state, for turns given by the state that they start from.

    Parameters
    ----------
    first_out, head
        Turns of state ``s`` lead to ``head[first_out[s]:first_out[s + 1]]``.
    hub
        The state.
    """

    def __init__(self, first_out: NDArray[np.int32], head: NDArray[np.int32], hub: int) -> None:
        self.hub = hub
        self._turns: _Turns = first_out, head

    def after(
        self, removed: NDArray[np.int64], added: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Per state: the hub reaches it, and it reaches the hub, after changes of turns ``from * n + to``, rising."""
        is_reached = reached_after(self._turns, self._backwards, self._tree, removed, added)
        gone, come = (np.sort(self._turned_round(keys)) for keys in (removed, added))
        return is_reached, reached_after(self._backwards, self._turns, self._tree_back, gone, come)

    @cached_property
    def _backwards(self) -> _Turns:
        return reversed_arcs(*self._turns)

    @cached_property
    def _tree(self) -> _Tree:
        return search_tree(*self._turns, self.hub)

    @cached_property
    def _tree_back(self) -> _Tree:
        return search_tree(*self._backwards, self.hub)

    def _turned_round(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        n = self._turns[0].size - 1
        return keys % n * n + keys // n


def connections_of_most(graph: SearchGraph, is_main: NDArray[np.bool_]) -> Connections | None:
    """Connections of a graph around a state of its main part, ``None`` where it has none."""
    main = np.flatnonzero(is_main)
    return Connections(graph.first_out, graph.head, int(main[main.size // 2])) if main.size else None
