"""Random generators that belong to one name each, so that adding a container changes no other container."""

import hashlib

import numpy as np


def generator_for(seed: int, *names: str) -> np.random.Generator:
    """The generator of this seed and these names; the same for the same, independent of all others."""
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    words = np.frombuffer(digest[:16], dtype="<u4").tolist()
    return np.random.default_rng([seed, *words])
