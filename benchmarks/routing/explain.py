"""Explains the pairs of a map whose durations deviate from OSRM's with the same speeds, in a process of its own."""

import multiprocessing
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.differences import Differences, Explanation, Reason
from benchmarks.routing.inputs import read_inputs
from benchmarks.routing.our_paths import OurPaths
from benchmarks.routing.peer import Case
from benchmarks.routing.peers.osrm_files import OsrmFiles
from benchmarks.routing.peers.osrm_table import MATCHED_PROFILE
from benchmarks.routing.their_paths import TheirPaths

MAX_PAIRS = 2000
"""So many pairs are explained, evenly spread over all that deviate."""
_SHOWN = 4
"""Causes that are named of each reason."""
_CUT = 400

Pairs = Sequence[tuple[int, int]]


def differences_on(case: Case, lon_lat_deg: NDArray[np.float64]) -> Differences:
    """Open both engines on a map; what OSRM needs is made unless it is kept."""
    files = OsrmFiles(case=case, algorithm="MLD", profile_path=MATCHED_PROFILE)
    files.prepare()
    return Differences(
        ours=OurPaths.on(case.map_path, lon_lat_deg),
        theirs=TheirPaths(files.stem),
        lon_lat_deg=lon_lat_deg,
        map_path=case.map_path,
    )


def explain_pairs(case: Case, pairs: Pairs, table_s: Sequence[float]) -> list[Explanation]:
    """Explain some pairs of the places of this run; ``table_s`` is what OSRM's table said about each."""
    differences = differences_on(case, read_inputs(case.inputs_path).lon_lat_deg)
    return [differences.explain(*pair, table_s=one) for pair, one in zip(pairs, table_s, strict=True)]


def explain_apart(case: Case, pairs: Pairs, table_s: NDArray[np.float64], *, limit_s: float) -> list[Explanation] | str:
    """Explain pairs in a process of its own; a text when that fails, which says why."""
    chosen = [pairs[i] for i in np.linspace(0, len(pairs) - 1, min(len(pairs), MAX_PAIRS)).astype(int)]
    seconds = [float(table_s[pair]) for pair in chosen]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        try:
            return pool.apply_async(explain_pairs, (case, chosen, seconds)).get(limit_s)
        except multiprocessing.TimeoutError:
            return f"needs more than {limit_s:.0f} s"
        except Exception as error:  # noqa: BLE001 - whatever fails here must not spoil the run's figures
            return f"{type(error).__name__}: {error}"[:300]


def reason_lines(found: Sequence[Explanation]) -> Iterator[str]:
    """Each reason with its number of pairs and its most frequent causes; the last line counts what has none."""
    counts = Counter(one.reason for one in found)
    for reason, n in counts.most_common():
        if reason is Reason.UNEXPLAINED:
            continue
        yield f"  {n:,} pairs: {reason.value}"
        yield from _cause_lines([one for one in found if one.reason is reason])
    yield f"  {counts[Reason.UNEXPLAINED]:,} of {len(found):,} pairs are unexplained"
    yield from _cause_lines([one for one in found if one.reason is Reason.UNEXPLAINED])


def _cause_lines(found: Sequence[Explanation]) -> Iterator[str]:
    for where, n in Counter(one.where for one in found).most_common(_SHOWN):
        one = next(one for one in found if one.where == where)
        cut = where if len(where) <= _CUT else f"{where[:_CUT]} ..."
        yield f"    {n:,}, as {one.start} -> {one.end} ({one.ours_s:.0f} s, OSRM {one.theirs_s:.0f} s): {cut}"
