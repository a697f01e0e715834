"""What crews note when they empty a container: how full it was, in quarters, as seen from above and not every time."""

import numpy as np
from numpy.typing import NDArray

from optimizer.simulation.seeds import generator_for

QUARTERS = 4
SEEN_SD = 0.05
"""How far an experienced eye is off before it rounds."""

Floats = NDArray[np.float64]


class CrewNotes:
    """The notes on one container; whether there is one on a day, and how wrong it is, was drawn before.

    Parameters
    ----------
    is_noted, error_fraction
        ``(d,)`` by day of the season.
    """

    def __init__(self, is_noted: NDArray[np.bool_], error_fraction: Floats) -> None:
        self._is_noted, self._error_fraction = is_noted, error_fraction
        self._at_s: list[int] = []
        self._seen: list[float] = []

    def look(self, at_s: int, level_fraction: float, *, day: int) -> None:
        """A crew empties the container, and notes how full it was, unless it does not."""
        if self._is_noted[day]:
            seen = round((level_fraction + float(self._error_fraction[day])) * QUARTERS) / QUARTERS
            self._at_s.append(at_s)
            self._seen.append(min(max(seen, 0.0), 1.0))

    def written(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Instants of the emptyings with a note, and the levels noted."""
        return np.array(self._at_s, dtype=np.int64), np.array(self._seen, dtype=np.float32)


def draw_notes(container_id: str, *, n_days: int, share: float, seed: int) -> CrewNotes:
    """Notes that are the same on the same day for every policy, as far as the levels are."""
    random = generator_for(seed, "crew notes", container_id)
    return CrewNotes(random.random(n_days) < share, random.normal(0.0, SEEN_SD, n_days))
