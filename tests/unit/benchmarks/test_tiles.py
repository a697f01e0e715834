from pathlib import Path

import numpy as np
import osmium
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from benchmarks.routing.tiles import GATES_PER_BORDER, read_extract, write_tiles
from routing.osm.pbf import load_streets

_SIDE = 4


def _town(path: Path, *, oneway: bool = False) -> Path:
    """A grid of streets with large ids, a forbidden turn, a restriction beyond the extract, a house and a signal."""
    middle = 5_000_000_000
    ids = {(row, column): middle + row * _SIDE + column for row in range(_SIDE) for column in range(_SIDE)}
    nodes = "".join(
        f'<node id="{ids[row, column]}" lat="{50 + row / 1000}" lon="{8 + column / 1000}">'
        + ('<tag k="highway" v="traffic_signals"/>' if (row, column) == (1, 1) else "")
        + "</node>"
        for row in range(_SIDE)
        for column in range(_SIDE)
    )
    lines = [[ids[index, other] for other in range(_SIDE)] for index in range(_SIDE)]
    lines += [[ids[other, index] for other in range(_SIDE)] for index in range(_SIDE)]
    tag = '<tag k="oneway" v="yes"/>' if oneway else ""
    ways = "".join(
        f'<way id="{9_000 + index}">{"".join(f"<nd ref={chr(34)}{node}{chr(34)}/>" for node in line)}'
        f'<tag k="highway" v="residential"/>{tag}</way>'
        for index, line in enumerate(lines)
    )
    house = f'<way id="9999"><nd ref="{ids[0, 0]}"/><nd ref="{ids[0, 1]}"/><tag k="building" v="yes"/></way>'
    relations = "".join(
        f'<relation id="{7_000 + to}"><member type="way" ref="9000" role="from"/>'
        f'<member type="node" ref="{ids[0, 0]}" role="via"/><member type="way" ref="{to}" role="to"/>'
        '<tag k="type" v="restriction"/><tag k="restriction" v="no_left_turn"/></relation>'
        for to in (9004, 123)
    )
    text = f'<?xml version="1.0"?><osm version="0.6">{nodes}{ways}{house}{relations}</osm>'
    path.write_text(text, encoding="utf-8")
    return path


def test_read_extract_keeps_streets_and_whole_restrictions_only(tmp_path: Path) -> None:
    extract = read_extract(_town(tmp_path / "town.osm"))
    assert len(extract.ways) == 2 * _SIDE
    assert len(extract.lon_lat_deg) == _SIDE**2
    assert extract.node_tags == {6: {"highway": "traffic_signals"}}
    assert [members for members, _ in extract.restrictions] == [[("w", 1, "from"), ("n", 1, "via"), ("w", 5, "to")]]


@pytest.mark.parametrize("k", [1, 2, 3])
def test_write_tiles_copies_everything_and_joins_neighbours(tmp_path: Path, k: int) -> None:
    path = tmp_path / "tiles.osm.pbf"
    write_tiles(_town(tmp_path / "town.osm"), path, k=k)
    n_borders = 2 * k * (k - 1)
    ids: dict[str, list[int]] = {"n": [], "w": [], "r": []}
    n_joins = 0
    for item in osmium.FileProcessor(str(path)):
        ids[item.type_str()].append(item.id)
        n_joins += item.is_way() and item.tags.get("name", "").startswith("Join")
    assert ids["n"] == list(range(1, k * k * _SIDE**2 + 1))
    assert ids["w"] == list(range(1, len(ids["w"]) + 1))
    assert len(ids["w"]) == k * k * 2 * _SIDE + n_joins
    assert len(ids["r"]) == k * k
    # Four rows of nodes fill four of the bands along a border.
    assert n_joins == n_borders * min(GATES_PER_BORDER, _SIDE)


def test_write_tiles_makes_one_connected_map_with_every_restriction(tmp_path: Path) -> None:
    path = tmp_path / "tiles.osm.pbf"
    write_tiles(_town(tmp_path / "town.osm"), path, k=3)
    streets = load_streets(path)
    n = streets.n_nodes
    ends = (streets.segment_tail, streets.segment_head)
    n_parts, _ = connected_components(coo_matrix((np.ones(streets.n_segments), ends), shape=(n, n)), directed=False)
    assert n_parts == 1
    assert len(streets.restrictions) == 9
    assert not streets.issues
    # Joins lead from one copy to the next and not across it.
    joins = [streets.segment_name(index).startswith("Join") for index in range(streets.n_segments)]
    copy_length_mm = streets.segment_length_mm[~np.array(joins)].sum() // 9 // (2 * _SIDE)
    assert streets.segment_length_mm[joins].max() < copy_length_mm


def test_write_tiles_gives_one_output_for_one_input(tmp_path: Path) -> None:
    town = _town(tmp_path / "town.osm")
    for name in ("one.osm.pbf", "two.osm.pbf"):
        write_tiles(town, tmp_path / name, k=2)
    assert (tmp_path / "one.osm.pbf").read_bytes() == (tmp_path / "two.osm.pbf").read_bytes()


def test_write_tiles_refuses_an_extract_without_two_way_streets(tmp_path: Path) -> None:
    town = _town(tmp_path / "town.osm", oneway=True)
    with pytest.raises(ValueError, match="No street leads both ways"):
        write_tiles(town, tmp_path / "tiles.osm.pbf", k=2)
    assert not (tmp_path / "tiles.osm.pbf").exists()
