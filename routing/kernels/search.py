"""Open turns as arrays, as the compiled searches over them take them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class SearchGraph(NamedTuple):
    """Open turns: those of state ``s`` are ``first_out[s]`` to ``first_out[s + 1]``; weights are packed costs."""

    first_out: NDArray[np.int32]
    head: NDArray[np.int32]
    weight: NDArray[np.int64]
