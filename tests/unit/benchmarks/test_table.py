import math

import pytest

from benchmarks.routing.figures import Figure, Figures
from benchmarks.routing.table import (
    LAST_LINE,
    format_table,
    format_value,
    last_line,
    left_out_lines,
    summary,
    track_table,
)


def _figures() -> Figures:
    figures = Figures()

    def add(track: str, peer: str, what: str, value: float, n: int = 0) -> None:
        figures.add(Figure(map_name="town", track=track, peer=peer, what=what, n=n, value=value))

    add("places", "ours", "matrix_cpu_ms", 8.0, 1000)
    add("places", "osrm_ch", "matrix_cpu_ms", 200.0, 1000)
    add("places", "ours", "warm_start_s", 0.25)
    add("graph", "ours_bare", "matrix_cpu_ms", 5.0, 1000)
    add("graph", "routingkit_cch", "matrix_cpu_ms", 400.0, 1000)
    add("graph", "ours_bare", "change_ms", 6.25)
    add("graph", "ours_bare", "exact_pairs", 1_000_000.0, 1000)
    add("graph", "ours_bare", "exact_pairs", 10_000.0, 100)
    add("graph", "ours_bare", "mismatches", 0.0, 1000)
    add("graph", "routingkit_cch", "mismatches", 7.0, 1000)
    return figures


@pytest.mark.parametrize(
    ("value", "text"),
    [(math.nan, "-"), (0.0, "0"), (0.01234, "0.0123"), (8.126, "8.13"), (202.4, "202"), (15434.0, "15,434")],
)
def test_format_value_keeps_three_digits(value: float, text: str) -> None:
    assert format_value(value) == text


def test_format_table_aligns_columns() -> None:
    lines = format_table([["peer", "ms"], ["ours", "8.00"], ["osrm_ch", "200"]]).splitlines()
    assert lines[0] == "peer       ms"
    assert lines[2:] == ["ours     8.00", "osrm_ch   200"]


def test_track_table_puts_each_time_beside_its_ratio() -> None:
    text = track_table(
        _figures(), map_name="town", track="places", names=["ours", "osrm_ch"], sizes=(1000,), ours="ours"
    )
    assert "8.00 (1.00x)" in text
    assert "200 (25.0x)" in text


def test_track_table_shows_times_without_ratio_when_ours_is_missing() -> None:
    figures = Figures()
    figures.add(Figure(map_name="town", track="places", peer="osrm_ch", what="matrix_cpu_ms", n=100, value=11.0))
    text = track_table(figures, map_name="town", track="places", names=["ours", "osrm_ch"], sizes=(100,), ours="ours")
    assert text.splitlines()[-1].endswith(" 11.0")


def test_last_line_has_all_names_in_their_order() -> None:
    line = last_line(summary(_figures(), map_name="town"))
    assert [pair.split("=")[0] for pair in line.split(" ")] == list(LAST_LINE)
    values = dict(pair.split("=") for pair in line.split(" "))
    assert values == {
        "ratio_osrm_ch": "25",
        "ratio_osrm_mld": "nan",
        "ratio_routingkit": "80",
        "customize_ms": "6.25",
        "warm_start_s": "0.25",
        "exact_pairs": "1010000",
        "mismatches": "0",
    }


def test_last_line_is_all_nan_when_nothing_could_be_measured() -> None:
    assert last_line(summary(Figures(), map_name="town")).count("=nan") == len(LAST_LINE)


def test_left_out_lines_name_peer_size_maps_and_reason() -> None:
    figures = Figures()
    for map_name in ("town", "village"):
        figures.add(Figure(map_name=map_name, track="places", peer="osrm_ch", what="left_out", note="no wheel"))
    figures.add(Figure(map_name="town", track="places", peer="valhalla", what="left_out", n=500, note="too slow"))
    assert left_out_lines(figures) == [
        "left out: osrm_ch (town, village): no wheel",
        "left out: valhalla at 500 x 500 (town): too slow",
    ]
