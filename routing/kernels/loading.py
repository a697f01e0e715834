"""The parts of Numba that it imports at the first call of a compiled function, imported with everything else instead.

They take longer than all that a router reads from disk; SciPy's linear algebra takes most of it. Guards that a service
pays for its libraries when it starts and not with its first answer. Nothing else depends on this.
"""

from numba.core import inline_closurecall
from numba.cpython import cmathimpl, heapq, numbers, setobj, tupleobj
from numba.experimental.jitclass import base
from numba.np import arraymath, npdatetime, npyimpl
from numba.np.polynomial import polynomial_functions
from numba.np.random import generator_methods
from numba.typed import typeddict, typedlist, typedset

LOADED_PARTS = (
    *(arraymath, npdatetime, npyimpl, polynomial_functions, generator_methods),
    *(typeddict, typedlist, typedset, base, inline_closurecall, cmathimpl, heapq, numbers, setobj, tupleobj),
)
"""They are in memory when this module is."""
