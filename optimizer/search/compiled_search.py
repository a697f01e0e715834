"""What the solver asks of a compiled search, whichever one fits the day."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Orders = Sequence[tuple[int, Sequence[int]]]


class Search(Protocol):
    """One chain of plans, each made from the one before."""

    steps: int

    @property
    def best_micro_eur(self) -> int:
        """Objective of the best plan so far."""
        ...

    @property
    def most_steps(self) -> int:
        """Iterations after which more time is hardly worth it."""
        ...

    @property
    def block_steps(self) -> int:
        """Iterations between looks at the clock: some milliseconds."""
        ...

    def best_orders(self) -> list[tuple[int, list[int]]]:
        """Vehicle and order of every tour of the best plan."""
        ...

    def adopt(self, orders: Orders) -> None:
        """Go on from these tours; the best plan stays, unless these are better."""
        ...

    def run(self, temperatures_micro_eur: NDArray[np.float64]) -> None:
        """One iteration per temperature."""
        ...

    def temperatures_micro_eur(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Falling from share 0 to share 1 of the search."""
        ...
