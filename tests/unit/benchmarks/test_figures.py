import csv
import math
from pathlib import Path

import pytest

from benchmarks.routing.figures import Figure, Figures, median_ms, ratio, read_csv, write_csv


def _figure(what: str, value: float, *, peer: str = "ours", n: int = 0) -> Figure:
    return Figure(map_name="town", track="places", peer=peer, what=what, n=n, value=value)


def test_ratio_is_theirs_over_ours() -> None:
    assert ratio(200.0, 8.0) == 25.0


@pytest.mark.parametrize(("theirs", "ours"), [(math.nan, 1.0), (1.0, math.nan), (1.0, 0.0)])
def test_ratio_is_nan_when_a_side_is_missing(theirs: float, ours: float) -> None:
    assert math.isnan(ratio(theirs, ours))


def test_median_ms_ignores_one_slow_run() -> None:
    assert median_ms([0.001, 5.0, 0.002]) == 2.0


def test_median_ms_scales_a_sample_of_rows() -> None:
    assert median_ms([0.5], scale=10) == 5000.0


def test_value_is_nan_when_nothing_was_measured() -> None:
    figures = Figures()
    figures.add(_figure("matrix_cpu_ms", 3.0, n=100))
    assert figures.value(map_name="town", track="places", peer="ours", what="matrix_cpu_ms", n=100) == 3.0
    assert math.isnan(figures.value(map_name="town", track="places", peer="ours", what="matrix_cpu_ms", n=500))


def test_total_adds_one_peer_only() -> None:
    figures = Figures()
    for value in (10.0, 20.0):
        figures.add(_figure("exact_pairs", value))
    figures.add(_figure("exact_pairs", 99.0, peer="other"))
    assert figures.total("exact_pairs", peer="ours") == 30.0
    assert math.isnan(figures.total("mismatches", peer="ours"))


def test_write_csv_has_one_line_a_figure(tmp_path: Path) -> None:
    figures = Figures()
    figures.add(_figure("left_out", math.nan, peer="valhalla"))
    figures.add(_figure("matrix_cpu_ms", 1.5, n=100))
    write_csv(tmp_path / "new" / "routing.csv", figures)
    with (tmp_path / "new" / "routing.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["peer"] for row in rows] == ["valhalla", "ours"]
    assert rows[0]["value"] == "nan"
    assert (rows[1]["n"], rows[1]["value"]) == ("100", "1.5")


def test_read_csv_gives_back_what_write_csv_left(tmp_path: Path) -> None:
    figures = Figures([_figure("matrix_cpu_ms", 8.5, n=1000), _figure("left_out", math.nan)])
    write_csv(tmp_path / "routing.csv", figures)
    found = read_csv(tmp_path / "routing.csv").items
    assert found[0] == figures.items[0]
    assert math.isnan(found[1].value)


def test_read_csv_is_empty_without_a_file(tmp_path: Path) -> None:
    assert read_csv(tmp_path / "routing.csv").items == []


def test_with_older_keeps_only_tracks_that_were_not_measured_again() -> None:
    def figure(map_name: str, track: str, value: float) -> Figure:
        return Figure(map_name=map_name, track=track, peer="ours", what="matrix_cpu_ms", value=value)

    older = Figures([figure("town", "places", 1.0), figure("town", "graph", 2.0), figure("city", "places", 3.0)])
    merged = Figures([figure("town", "places", 9.0)]).with_older(older)
    assert [item.value for item in merged.items] == [2.0, 3.0, 9.0]
