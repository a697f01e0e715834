"""Chance for compiled code: the same numbers for the same seed on every machine."""

import numpy as np
from numpy.typing import NDArray

from optimizer.search.kernels.compiled_part import compiled_part


@compiled_part
def draw(chance: NDArray[np.uint64]) -> float:
    """A number from 0 up to 1 (xorshift64*)."""
    x = chance[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    chance[0] = x
    return float((x * np.uint64(2685821657736338717)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@compiled_part
def below(chance: NDArray[np.uint64], end: int) -> int:
    """A whole number from 0 up to ``end - 1``."""
    return int(draw(chance) * end)
