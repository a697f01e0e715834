"""Compiled search for many identities in a sorted list of them, when one is often near the one before."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def positions(sorted_ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position of each wanted identity in a strictly rising list, -1 where it is missing.

    Each search starts where the one before ended and widens in both directions: streets are drawn node by node, so
    most identities are next to the last one, and a plain binary search would touch far memory for each.
    """
    n = sorted_ids.size
    found = np.full(wanted.size, -1, np.int64)
    if n == 0:
        return found
    near = 0
    for index in range(wanted.size):
        one = wanted[index]
        step = 1
        if sorted_ids[near] < one:
            low = near
            while low + step < n and sorted_ids[low + step] < one:
                low += step
                step *= 2
            high = min(n, low + step)
        else:
            high = near
            while high - step >= 0 and sorted_ids[high - step] >= one:
                high -= step
                step *= 2
            low = max(-1, high - step)
        # Everything up to low is less, everything from high on is not.
        while high - low > 1:
            middle = (low + high) // 2
            if sorted_ids[middle] < one:
                low = middle
            else:
                high = middle
        if high < n and sorted_ids[high] == one:
            found[index] = high
        near = min(high, n - 1)
    return found
