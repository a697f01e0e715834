"""Compiled min-plus product of labels: the cheapest meeting point of every pair among their common ancestors.

Pairs whose places in the elimination tree part at one ancestor have the same common ancestors. For a few rows at a
time the columns fall into ranges with the same common ancestors, and each range is one small dense product.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

LANES = 16
"""Ranges are rounded up to whole vectors; what is written beyond a range is overwritten by the next one."""


@njit(cache=True, nogil=True)
def four_rows(
    forward: NDArray, row: int, backward: NDArray, begin: int, end: int, n_depths: int, out: NDArray
) -> None:
    """``out[i, c] = min over depth of forward[depth, row + i] + backward[depth, c]`` for four rows."""
    out0, out1 = out[0, begin:end], out[1, begin:end]
    out2, out3 = out[2, begin:end], out[3, begin:end]
    depth = 0
    while depth < n_depths:
        is_first = depth == 0
        if depth + 4 > n_depths:
            depth = max(0, n_depths - 4)  # the last four once more: a minimum may be taken twice
        if depth + 4 <= n_depths:
            b0, b1 = backward[depth, begin:end], backward[depth + 1, begin:end]
            b2, b3 = backward[depth + 2, begin:end], backward[depth + 3, begin:end]
            f = forward[depth:depth + 4, row:row + 4]
            f00, f01, f02, f03 = f[0, 0], f[0, 1], f[0, 2], f[0, 3]
            f10, f11, f12, f13 = f[1, 0], f[1, 1], f[1, 2], f[1, 3]
            f20, f21, f22, f23 = f[2, 0], f[2, 1], f[2, 2], f[2, 3]
            f30, f31, f32, f33 = f[3, 0], f[3, 1], f[3, 2], f[3, 3]
            if is_first:
                for c in range(out0.size):
                    x0, x1, x2, x3 = b0[c], b1[c], b2[c], b3[c]
                    out0[c] = min(min(x0 + f00, x1 + f10), min(x2 + f20, x3 + f30))
                    out1[c] = min(min(x0 + f01, x1 + f11), min(x2 + f21, x3 + f31))
                    out2[c] = min(min(x0 + f02, x1 + f12), min(x2 + f22, x3 + f32))
                    out3[c] = min(min(x0 + f03, x1 + f13), min(x2 + f23, x3 + f33))
            else:
                for c in range(out0.size):
                    x0, x1, x2, x3 = b0[c], b1[c], b2[c], b3[c]
                    out0[c] = min(out0[c], min(min(x0 + f00, x1 + f10), min(x2 + f20, x3 + f30)))
                    out1[c] = min(out1[c], min(min(x0 + f01, x1 + f11), min(x2 + f21, x3 + f31)))
                    out2[c] = min(out2[c], min(min(x0 + f02, x1 + f12), min(x2 + f22, x3 + f32)))
                    out3[c] = min(out3[c], min(min(x0 + f03, x1 + f13), min(x2 + f23, x3 + f33)))
        depth += 4
