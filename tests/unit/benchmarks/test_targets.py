import math

import pytest

from benchmarks.routing.figures import Figure, Figures
from benchmarks.routing.targets import Target, target_table, targets


def _figures() -> Figures:
    figures = Figures()

    def add(map_name: str, track: str, peer: str, what: str, value: float, n: int = 0) -> None:
        figures.add(Figure(map_name=map_name, track=track, peer=peer, what=what, n=n, value=value))

    add("town", "places", "ours", "matrix_cpu_ms", 8.0, 1000)
    add("town", "places", "osrm_ch", "matrix_cpu_ms", 240.0, 1000)
    add("city", "places", "ours", "matrix_cpu_ms", 400.0, 5000)
    add("city", "places", "osrm_ch", "matrix_cpu_ms", 4000.0, 5000)
    add("town", "chores", "ours", "closed_matrix_ms", 12.5, 1000)
    add("city", "chores", "ours", "closed_matrix_ms", 260.0, 1000)
    add("town", "chores", "ours", "wall_1_threads_ms", 10.0, 1000)
    add("town", "chores", "ours", "wall_2_threads_ms", 5.0, 1000)
    add("town", "chores", "ours", "two_threads_ratio", 1.95, 1000)
    add("town", "chores", "ours", "others_fraction", 0.03, 1000)
    add("town", "places", "ours_both", "matrix_cpu_ms", 12.0, 1000)
    add("town", "graph", "ours_bare", "exact_pairs", 1_000_000.0, 1000)
    add("town", "graph", "ours_bare", "mismatches", 0.0, 1000)
    add("town", "graph", "routingkit_cch", "mismatches", 3.0, 1000)
    return figures


def _found(part: str) -> Target:
    return next(target for target in targets(_figures(), city="town", large="city") if part in target.what)


@pytest.mark.parametrize(
    ("what", "measured", "verdict"),
    [
        ("town: 1000 x 1000 vs OSRM CH", 30.0, "ships"),
        ("city: 5000 x 5000 vs OSRM CH", 10.0, "missed"),
        ("town: close a street, then exact 1000 x 1000 (RoadRouter", 12.5, "goal"),
        ("city: close a street, then exact 1000 x 1000 (RoadRouter", 260.0, "missed"),
        ("town: 1000 x 1000, two threads vs one (wall, others took 3%", 1.95, "goal"),
        ("town: 1000 x 1000 durations and metres vs durations alone (the router", 1.5, "ships"),
    ],
)
def test_targets_compare_what_was_measured(what: str, measured: float, verdict: str) -> None:
    target = _found(what)
    assert target.measured == pytest.approx(measured)
    assert target.verdict == verdict


def test_targets_count_only_our_own_mismatches() -> None:
    assert _found("differ from SciPy").measured == 0
    assert _found("differ from SciPy").ours == "1,000,000 equal"


def test_targets_say_what_was_not_measured() -> None:
    assert _found("town: 100 x 100 vs Valhalla").verdict == "not measured"
    assert all(target.verdict == "not measured" for target in targets(Figures(), city="town", large="city"))


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [(1.3, "goal"), (1.31, "ships"), (1.6, "ships"), (1.61, "missed"), (math.nan, "not measured")],
)
def test_target_is_met_at_its_limit(measured: float, verdict: str) -> None:
    target = Target(what="", ours="", peer="", measured=measured, to_ship=1.6, goal=1.3, is_upper=True)
    assert target.verdict == verdict


def test_target_table_shows_both_figures_the_ratio_and_the_targets() -> None:
    table = target_table(_figures(), city="town", large="city")
    assert "| town: 1000 x 1000 vs OSRM CH table | 8.00 ms | 240 ms | 30.0x | 25x | 50x | ships |" in table
    assert len({line.count("|") for line in table.splitlines()}) == 1
