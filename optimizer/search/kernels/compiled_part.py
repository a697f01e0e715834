"""How the inner parts of the search are compiled: with their callers, and without doors to Python.

They are not cached on their own: numba notices changes of a file only in the kernels that it holds, so only the two
entry points of ``ruin_recreate`` are, which guard themselves by ``PARTS_DIGEST``.

They create no arrays, and so need none of numba's counting of references (``_nrt=False``): with days and plans of
dozens of arrays, that counting took half of the time, on plain days nine tenths.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

Part = TypeVar("Part", bound=Callable[..., object])


def compiled_part(function: Part) -> Part:
    """The function for kernels alone to call; it is compiled when they are."""
    # The wrappers would take longer to compile than the functions.
    options: dict[str, Any] = {"nogil": True, "_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    part: Part = njit(**options)(function)
    return part


def inlined_part(function: Part) -> Part:
    """The same, and put into its callers: passing dozens of arrays to a function took a third of the time."""
    options: dict[str, Any] = {"nogil": True, "_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    part: Part = njit(forceinline=True, **options)(function)
    return part


def compiled_entry(function: Part) -> Part:
    """The same for those that Python calls; they are cached."""
    options: dict[str, Any] = {"nogil": True, "_nrt": False, "cache": True}
    entry: Part = njit(**options)(function)
    return entry
