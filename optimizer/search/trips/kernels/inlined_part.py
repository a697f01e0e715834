"""How the innermost parts of the search are compiled: into their callers.

A call hands over every array of the day and of the plan by value, dozens of words, which takes longer than what these
functions do.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

Part = TypeVar("Part", bound=Callable[..., object])


def inlined_part(function: Part) -> Part:
    """The function for kernels alone to call, copied to wherever it is called."""
    options: dict[str, Any] = {"nogil": True, "_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    part: Part = njit(forceinline=True, **options)(function)
    return part
