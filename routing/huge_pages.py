"""Fresh memory for answers, asked of the system in huge pages where it has them."""

import numpy as np
from numpy.typing import NDArray

HUGE_PAGE_BYTES = 2**21


def in_huge_pages(size: int) -> NDArray[np.int32]:
    """An array that starts where a huge page does, when it fills one.

    Fresh memory comes page by page on first touch; for a thousand places that takes as long as half the search. Numpy
    asks Linux for huge pages from 4 MiB on, which the room before and behind brings about for smaller arrays, too.
    """
    if 4 * size < HUGE_PAGE_BYTES:
        return np.empty(size, dtype=np.int32)
    room = np.empty(size + HUGE_PAGE_BYTES // 2, dtype=np.int32)
    skipped = -room.ctypes.data % HUGE_PAGE_BYTES // 4
    return room[skipped : skipped + size]
