from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from routing.errors import BrokenMapError
from routing.osm.pbf import load_streets
from routing.streets import ATTRIBUTION, StreetGraph
from tests.unit.routing.town_sketch import Sketch


def test_helsinki_has_streets_restrictions_and_a_digest(helsinki: StreetGraph, helsinki_path: Path) -> None:
    assert helsinki.n_segments > 1000
    assert len(helsinki.restrictions) > 30
    assert {"Mannerheimintie", "Aleksanterinkatu"} <= set(helsinki.names)
    assert helsinki.info.source == "Helsinki.osm.pbf"
    assert helsinki.info.attribution == ATTRIBUTION
    assert helsinki.info.digest == load_streets(helsinki_path).info.digest
    west, south, east, north = helsinki.info.bounds_deg
    assert 24.9 < west < east < 25.0
    assert 60.1 < south < north < 60.2


def test_lengths_and_shapes_fit_together(helsinki: StreetGraph) -> None:
    assert helsinki.segment_length_mm.min() >= 1
    assert np.isfinite(helsinki.point_lon_deg).all()
    assert (helsinki.segment_last_point > helsinki.segment_first_point).all()
    for ends, points in (
        (helsinki.segment_tail, helsinki.segment_first_point),
        (helsinki.segment_head, helsinki.segment_last_point),
    ):
        assert np.array_equal(helsinki.node_lon_deg[ends], helsinki.point_lon_deg[points])
        assert np.array_equal(helsinki.node_lat_deg[ends], helsinki.point_lat_deg[points])
    along = helsinki.point_along_mm
    shape_mm = along[helsinki.segment_last_point] - along[helsinki.segment_first_point]
    assert np.array_equal(np.maximum(1, shape_mm), helsinki.segment_length_mm)


def test_arrays_cannot_be_changed(helsinki: StreetGraph) -> None:
    with pytest.raises(ValueError, match="read-only"):
        helsinki.segment_length_mm[0] = 1


def test_edge_lines_are_all_streets(helsinki: StreetGraph) -> None:
    lines = list(helsinki.edge_lines())
    assert len(lines) == helsinki.n_segments
    assert all(line.lon_deg.size == line.lat_deg.size >= 2 for line in lines)
    assert {"residential", "service"} <= {line.highway for line in lines}
    assert "Mannerheimintie" in {line.name for line in lines}


def test_box_cuts_the_streets(helsinki: StreetGraph, helsinki_path: Path) -> None:
    west, south, east, north = helsinki.info.bounds_deg
    box = (west, south, (west + east) / 2, (south + north) / 2)
    part = load_streets(helsinki_path, box_deg=box)
    assert 0 < part.n_segments < helsinki.n_segments / 2
    assert part.point_lon_deg.max() <= box[2]
    assert part.point_lat_deg.max() <= box[3]
    corners = np.array([(box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3])])
    outlined = load_streets(
        helsinki_path, polygon_deg=corners + np.array([[-1e-9, -1e-9], [0, -1e-9], [0, 0], [-1e-9, 0]])
    )
    assert outlined.info.digest == part.info.digest


def test_box_without_streets_is_refused(helsinki_path: Path) -> None:
    with pytest.raises(BrokenMapError, match="no streets in the area"):
        load_streets(helsinki_path, box_deg=(0, 0, 1, 1))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.osm.pbf", b""),
        ("text.osm.pbf", b"this is no map at all"),
        ("page.osm", b"<html><body>404</body></html>"),
        ("cut.osm", b'<osm version="0.6"><node id="1" lat="1"'),
        ("nothing.osm", b'<osm version="0.6"></osm>'),
        ("archive.zip", b"PK\x03\x04"),
    ],
)
def test_file_that_is_no_map_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BrokenMapError, match=name):
        load_streets(tmp_path / name)


@pytest.mark.parametrize("kept_fraction", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_truncated_file_is_refused(tmp_path: Path, helsinki_path: Path, kept_fraction: float) -> None:
    content = helsinki_path.read_bytes()
    path = tmp_path / "cut.osm.pbf"
    path.write_bytes(content[: int(len(content) * kept_fraction)])
    with pytest.raises(BrokenMapError, match="cut off or no OSM data"):
        load_streets(path)


def test_damaged_file_is_refused(tmp_path: Path, helsinki_path: Path) -> None:
    content = bytearray(helsinki_path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200] = bytes(200)
    path = tmp_path / "damaged.osm.pbf"
    path.write_bytes(content)
    with pytest.raises(BrokenMapError):
        load_streets(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenMapError, match="no such file"):
        load_streets(tmp_path / "town.osm.pbf")


def test_map_without_drivable_streets_is_refused(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0)).way(1, "a b", highway="footway")
    with pytest.raises(BrokenMapError, match="no streets"):
        sketch.streets()


@pytest.mark.shared
def test_age_of_the_map_comes_from_its_header(shared_data: Path) -> None:
    streets = load_streets(shared_data / "osm" / "heidelberg.osm.pbf")
    assert streets.info.data_at == datetime(2024, 9, 8, 20, 21, tzinfo=UTC)
    assert len(streets.restrictions) > 400
