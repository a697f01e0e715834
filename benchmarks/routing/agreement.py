"""Compares our durations with OSRM's when both drive with the same speeds, and names where they differ.

Both are asked for the same places with the same costs (``profiles/``). What remains are differences in reading the map
and in snapping; a place that deviates towards nearly all others is named, since the cause lies at the place itself.
Why single pairs deviate is found out by ``benchmarks.routing.differences``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 0.10
MIN_S = 120.0
"""Shorter trips are left out of ratios: whole seconds would make them coarse."""
_PERCENTS = (1, 5, 25, 50, 75, 95, 99)


@dataclass(frozen=True, slots=True, kw_only=True)
class OddPlace:
    """A place that takes part in many deviating pairs."""

    index: int
    n_pairs: int
    median_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How our durations compare with a peer's.

    Attributes
    ----------
    n_pairs, n_outside
        Pairs that were compared, and those outside the tolerance.
    percentiles
        Ratio ours : theirs at 1, 5, 25, 50, 75, 95 and 99 percent of the pairs.
    odd_places
        Places that explain deviating pairs, the one with most pairs first; pairs are counted once.
    outside
        The pairs outside the tolerance, from and to.
    n_only_ours, n_only_theirs
        Pairs for which only one of both has a path.
    """

    n_pairs: int
    n_outside: int
    percentiles: tuple[float, ...]
    odd_places: tuple[OddPlace, ...]
    outside: tuple[tuple[int, int], ...]
    n_only_ours: int
    n_only_theirs: int


def compare_durations(ours_s: NDArray[np.float64], theirs_s: NDArray[np.float64]) -> Agreement:
    """Compare two matrices over the same places."""
    has_ours, has_theirs = np.isfinite(ours_s), np.isfinite(theirs_s)
    is_compared = has_ours & has_theirs & (np.nan_to_num(theirs_s) >= MIN_S)
    ratios = np.full(ours_s.shape, np.nan)
    np.divide(ours_s, theirs_s, out=ratios, where=is_compared)
    is_outside = is_compared & (np.abs(np.nan_to_num(ratios, nan=1.0) - 1.0) > TOLERANCE)
    n_outside = int(is_outside.sum())
    odd_places = _odd_places(is_outside, is_compared, ratios)
    percentiles = (
        np.percentile(ratios[is_compared], _PERCENTS) if is_compared.any() else np.full(len(_PERCENTS), np.nan)
    )
    return Agreement(
        n_pairs=int(is_compared.sum()),
        n_outside=n_outside,
        percentiles=tuple(float(value) for value in percentiles),
        odd_places=odd_places,
        outside=tuple((int(start), int(end)) for start, end in np.argwhere(is_outside)),
        n_only_ours=int((has_ours & ~has_theirs).sum()),
        n_only_theirs=int((has_theirs & ~has_ours).sum()),
    )


def _odd_places(
    is_outside: NDArray[np.bool_], is_compared: NDArray[np.bool_], ratios: NDArray[np.float64]
) -> tuple[OddPlace, ...]:
    """Places for which more than half of the outgoing or of the incoming pairs deviate, greedily."""
    left = is_outside.copy()
    odd: list[OddPlace] = []
    while left.any():
        going = left.sum(axis=1) / np.maximum(1, is_compared.sum(axis=1))
        coming = left.sum(axis=0) / np.maximum(1, is_compared.sum(axis=0))
        index = int(np.argmax(np.maximum(going, coming)))
        if max(going[index], coming[index]) <= 0.5:
            break
        involved = np.concatenate((ratios[index, left[index]], ratios[left[:, index], index]))
        n_pairs = int(left[index].sum() + left[:, index].sum() - left[index, index])
        odd.append(OddPlace(index=index, n_pairs=n_pairs, median_ratio=float(np.median(involved))))
        left[index, :] = False
        left[:, index] = False
    return tuple(odd)


def agreement_lines(found: Agreement, lon_lat_deg: NDArray[np.float64], *, map_name: str) -> list[str]:
    """What people read about it."""
    spread = ", ".join(f"{percent} %: {value:.3f}" for percent, value in zip(_PERCENTS, found.percentiles, strict=True))
    inside = 100 * (1 - found.n_outside / max(1, found.n_pairs))
    n_odd = sum(place.n_pairs for place in found.odd_places)
    lines = [
        f"{map_name}: our durations and OSRM's with the same speeds, {found.n_pairs:,} pairs of {MIN_S:.0f} s or more",
        f"  ratio ours : OSRM at {spread}",
        f"  {inside:.2f} % of the pairs are within {TOLERANCE:.0%}, {found.n_outside:,} are outside",
    ]
    if found.odd_places:
        lines.append(f"  {n_odd:,} of these belong to {len(found.odd_places)} places that deviate towards most others:")
    for place in found.odd_places[:8]:
        lon, lat = lon_lat_deg[place.index]
        lines.append(f"    {lat:.5f} N {lon:.5f} E: {place.n_pairs:,} pairs, median ratio {place.median_ratio:.2f}")
    if found.n_only_ours or found.n_only_theirs:
        lines.append(f"  pairs with a path only in ours {found.n_only_ours:,}, only in OSRM {found.n_only_theirs:,}")
    return lines
