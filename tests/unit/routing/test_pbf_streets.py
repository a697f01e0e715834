from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.errors import BrokenMapError
from routing.osm.osmium_streets import read_with_osmium
from routing.osm.pbf import load_streets
from routing.osm.pbf_streets import read_plain_pbf
from routing.osm.raw import RawStreets
from tests.unit.routing.pbf_sketch import FEATURES, PbfSketch

_EXTRACTS = ("heidelberg", "bad_hersfeld", "dortmund_aplerbeck", "porto_alegre", "testfeld_niedersachsen")
_ROAD = {"highway": "residential"}
_PLACES = ((1, 100_000_000, 500_000_000, {}), (5, 100_010_000, 500_000_000, {}), (9, 100_010_000, 500_010_000, {}))


def _assert_equal(found: RawStreets | None, expected: RawStreets) -> None:
    assert found is not None
    for field in fields(RawStreets):
        if field.name not in {"point_deg", "point_node", "node_id", "data_at"}:
            assert getattr(found, field.name) == getattr(expected, field.name), field.name
    is_known = np.isfinite(expected.point_deg[:, 0])
    node_ids = (raw.node_id[raw.point_node[is_known]] for raw in (found, expected))
    assert np.array_equal(*node_ids)
    assert (found.point_node[~is_known] == -1).all()
    assert np.array_equal(found.point_deg, expected.point_deg, equal_nan=True)


def _assert_read_as_by_osmium(path: Path) -> RawStreets:
    expected = read_with_osmium(path)
    _assert_equal(read_plain_pbf(path), expected)
    return expected


def _assert_left_to_osmium(path: Path) -> None:
    assert read_plain_pbf(path) is None
    assert load_streets(path).n_segments > 0


def _town(**options: object) -> PbfSketch:
    town = PbfSketch(**options)  # type: ignore[arg-type]  # options of the sketch
    return town.nodes(*_PLACES).ways((7, [1, 5, 9], _ROAD))


def test_helsinki_is_read_as_by_osmium(helsinki_path: Path) -> None:
    raw = _assert_read_as_by_osmium(helsinki_path)
    assert raw.node_tags
    assert raw.restrictions
    assert raw.point_node.size > 1000


@pytest.mark.shared
@pytest.mark.parametrize("name", _EXTRACTS)
def test_extract_is_read_as_by_osmium(shared_data: Path, name: str) -> None:
    _assert_read_as_by_osmium(shared_data / "osm" / f"{name}.osm.pbf")


@pytest.mark.parametrize("is_packed", [True, False])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"granularity": 1000, "lon_offset": -50_000_000_037, "lat_offset": 12_345_678_949},
        {"granularity": 1, "lon_offset": -3_000_000_001, "lat_offset": -51},
    ],
    ids=["usual", "coarse with offsets", "fine with offsets"],
)
def test_coordinates_are_those_of_osmium(tmp_path: Path, options: dict[str, int], *, is_packed: bool) -> None:
    town = PbfSketch(is_packed=is_packed, **options)
    town.nodes((3, -123_456_789, 45_000_123, {}), (4, -123_999_950, -45_000_051, {}), (2**40, 150, -50, {}))
    town.ways((7, [4, 3, 2**40], _ROAD), (8, [2**40, 17, 3], _ROAD))
    raw = _assert_read_as_by_osmium(town.write(tmp_path / "town.osm.pbf"))
    assert np.isnan(raw.point_deg).any(axis=1).tolist() == [False, False, False, False, True, False]


def test_tags_names_and_issues_are_those_of_osmium(tmp_path: Path) -> None:
    town = PbfSketch().nodes(
        (1, 0, 0, {"highway": "turning_circle", "diameter": "12", "note": "x"}),
        (2, 10, 0, {}),
        (3, 20, 0, {"highway": "street_lamp"}),
        (4, 30, 0, {"barrier": "gate", "access": "private", "name": "Tor"}),
    )
    town.ways(
        (11, [1, 2, 3], {"highway": "service", "name": "Große Straße", "ref": "K 1", "surface": "asphalt"}),
        (12, [3, 4], {"surface": "asphalt", "ref": "K 2", "highway": "service", "name": ""}),
        (13, [1, 2, 4, 1], {"highway": "pedestrian", "area": "yes"}),
        (14, [2], {"highway": "track"}),
        (15, [1, 2], {"highway": "footway"}),
        (16, [1, 2], {"building": "residential"}),
        (17, [1, 2], {}),
        (18, [], {"highway": "road"}),
    )
    town.relations(
        (
            21,
            [("w", 11, "from"), ("n", 3, "via"), ("w", 12, "to")],
            {"type": "restriction", "restriction": "no_u_turn"},
        ),
        (22, [("w", 11, "from"), ("r", 5, ""), ("w", 12, "to")], {"type": "restriction", "restriction": "no_joke"}),
        (23, [("w", 11, "outer")], {"type": "multipolygon"}),
        (24, [("w", 12, "from")], {"type": "restriction", "restriction:conditional": "no_exit @ (mumble)"}),
        (25, [], {}),
    )
    raw = _assert_read_as_by_osmium(town.write(tmp_path / "town.osm.pbf"))
    assert raw.way_name == ["Große Straße", "K 2"]
    assert set(raw.node_tags) == {1, 4}
    assert [issue.element for issue in raw.issues][:2] == ["way 14", "way 18"]
    assert len(raw.restrictions) == 2


def test_identities_may_fall_within_a_way_and_blocks_may_be_many(tmp_path: Path) -> None:
    town = PbfSketch().nodes(*_PLACES[:1]).nodes(*_PLACES[1:])
    town.ways((9, [9, 1, 5, 1, 9], _ROAD)).ways((3, [5, 9], _ROAD), (2, [1, 5], _ROAD))
    raw = _assert_read_as_by_osmium(town.write(tmp_path / "town.osm.pbf"))
    assert raw.way_osm_id == [9, 3, 2]


def test_usual_features_are_plain(tmp_path: Path) -> None:
    town = _town(optional_features=("Sort.Type_then_ID", "Has_Metadata"))
    _assert_read_as_by_osmium(town.write(tmp_path / "town.osm.pbf"))


@pytest.mark.parametrize(
    "town",
    [
        PbfSketch().single_nodes(*_PLACES).ways((7, [1, 5, 9], _ROAD)),
        PbfSketch().nodes(*_PLACES[::-1]).ways((7, [1, 5, 9], _ROAD)),
        PbfSketch().nodes(*_PLACES, _PLACES[0]).ways((7, [1, 5, 9], _ROAD)),
        PbfSketch().nodes(*_PLACES).ways((7, [1, 5], _ROAD)).nodes((10, 0, 0, {})),
        PbfSketch().nodes((-1, 5, 5, {}), *_PLACES).ways((7, [-1, 1, 5], _ROAD)),
        PbfSketch().nodes(*_PLACES).ways((-7, [1, 5], _ROAD)),
        PbfSketch().nodes(*_PLACES, (10, 1_900_000_000, 0, {})).ways((7, [1, 5, 10], _ROAD)),
        _town(features=(*FEATURES, "HistoricalInformation")),
        _town(optional_features=("LocationsOnWays",)),
    ],
    ids=[
        "single nodes",
        "falling identities",
        "a node twice",
        "nodes behind ways",
        "negative node",
        "negative way",
        "off the globe",
        "history",
        "places on ways",
    ],
)
def test_unusual_file_is_left_to_osmium(tmp_path: Path, town: PbfSketch) -> None:
    _assert_left_to_osmium(town.write(tmp_path / "town.osm.pbf"))


def test_file_compressed_otherwise_is_left_to_osmium(tmp_path: Path) -> None:
    osmium = pytest.importorskip("osmium")
    path = tmp_path / "town.osm.pbf"
    town = _town().write(tmp_path / "plain.osm.pbf")
    with osmium.SimpleWriter(osmium.io.File(str(path), "pbf,pbf_compression=none"), overwrite=True) as writer:
        for element in osmium.FileProcessor(str(town)):
            writer.add(element)
    _assert_read_as_by_osmium(path)


@pytest.mark.parametrize("n_bytes", [1, 3, 4, 20, -60, -1])
def test_cut_file_is_refused_as_by_osmium(tmp_path: Path, n_bytes: int) -> None:
    path = _town().write(tmp_path / "town.osm.pbf")
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(RuntimeError) as expected:
        read_with_osmium(path)
    assert read_plain_pbf(path) is None
    with pytest.raises(BrokenMapError) as refused:
        load_streets(path)
    assert refused.value.detail == f"it is cut off or no OSM data ({expected.value})"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damaged_block_never_ends_in_another_error(tmp_path: Path, data: st.DataObject) -> None:
    town = PbfSketch(is_packed=False).nodes(*_PLACES, (12, 7, 8, {"barrier": "gate"})).ways((7, [1, 5, 9], _ROAD))
    members = [("w", 7, "from"), ("n", 5, "via"), ("w", 7, "to")]
    town.relations((3, members, {"type": "restriction", "restriction": "no_u_turn"}))
    block = data.draw(st.integers(0, 2))
    content = bytearray(town.blocks[block])
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    town.blocks[block] = bytes(content)
    path = town.write(tmp_path / "town.osm.pbf")
    raw = read_plain_pbf(path)
    if raw is not None:
        assert sum(raw.way_size) == raw.point_node.size == len(raw.point_deg)
        assert len(raw.way_osm_id) == len(raw.way_size) == len(raw.way_tags) == len(raw.way_name)
