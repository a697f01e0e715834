import itertools

import numpy as np
from hypothesis import given as examples
from hypothesis import strategies as st

from benchmarks.routing.inputs import Inputs
from benchmarks.routing.oracle import compare, true_durations


def _inputs(n_states: int, arcs: dict[tuple[int, int], int]) -> Inputs:
    ordered = sorted(arcs)
    nothing = np.zeros(n_states)
    weights = np.array([arcs[arc] for arc in ordered], dtype=np.int64)
    return Inputs(
        lon_lat_deg=np.zeros((n_states, 2)),
        tail=np.array([tail for tail, _ in ordered], dtype=np.int32),
        head=np.array([head for _, head in ordered], dtype=np.int32),
        weight_ms=weights,
        length_mm=weights,
        closed_weight_ms=weights,
        state_lon_deg=nothing,
        state_lat_deg=nothing,
        street=np.arange(n_states, dtype=np.int32),
        states=np.arange(n_states, dtype=np.int32),
        closed_osm_nodes=np.array([1, 2]),
    )


@examples(st.dictionaries(st.tuples(st.integers(0, 5), st.integers(0, 5)), st.integers(1, 1000), min_size=1))
def test_true_durations_equal_enumeration(arcs: dict[tuple[int, int], int]) -> None:
    found = true_durations(_inputs(6, arcs), np.array([arcs[arc] for arc in sorted(arcs)]), n=6, n_rows=6)
    for source, target in itertools.product(range(6), repeat=2):
        assert found[source, target] == _cheapest(arcs, source, target)


def test_true_durations_gives_the_rows_asked_for() -> None:
    given = _inputs(300, {(state, (state + 1) % 300): 7 for state in range(300)})
    found = true_durations(given, given.weight_ms, n=300, n_rows=250)
    assert found.shape == (250, 300)
    assert found[249, 0] == 51 * 7


def test_compare_counts_every_difference() -> None:
    truth = np.arange(12.0).reshape(3, 4)
    answer = truth.copy()
    answer[0, 1] += 1
    answer[2, 2] = np.nan
    assert compare(answer, truth).n_mismatches == 2
    assert compare(answer[:2], truth).n_pairs == 8


def _cheapest(arcs: dict[tuple[int, int], int], source: int, target: int) -> float:
    """The cheapest simple path, by trying all of them."""
    best = 0.0 if source == target else np.inf
    others = [state for state in range(6) if state not in {source, target}]
    for length in range(len(others) + 1):
        for between in itertools.permutations(others, length):
            legs = list(itertools.pairwise((source, *between, target)))
            if source != target and all(leg in arcs for leg in legs):
                best = min(best, sum(arcs[leg] for leg in legs))
    return best
