"""Which streets are tolled: the shipped rule, what single streets say, and road numbers that survive every reader."""

from pathlib import Path

import numpy as np
import pytest

from routing.osm.networkx_io import from_networkx, to_networkx
from routing.streets import StreetGraph
from routing.streets_file import read_streets, write_streets
from routing.toll_rules import ONLY_SIGNED, toll_rule_of_zone, toll_segments
from tests.unit.routing.town_sketch import Sketch

GERMANY = toll_rule_of_zone("Europe/Berlin")


@pytest.mark.parametrize(
    ("tags", "number", "is_tolled"),
    [
        ({"highway": "motorway"}, "", True),
        ({"highway": "motorway"}, "A 656", True),
        ({"highway": "motorway_link"}, "", False),
        ({"highway": "trunk"}, "B 37", True),
        ({"highway": "trunk"}, "L 700", False),  # built like one, but the state's
        ({"highway": "primary"}, "B 3;B 37", True),
        ({"highway": "primary"}, "L 598; B 3", True),
        ({"highway": "primary"}, "B3a", True),
        ({"highway": "secondary"}, "K 9702", False),
        ({"highway": "secondary"}, "BAB", False),
        ({"highway": "residential"}, "", False),
        ({"highway": "motorway", "toll:hgv": "no"}, "A 5", False),  # section 1(3) exempts some sections
        ({"highway": "secondary", "toll:hgv": "yes"}, "L 1", True),
        ({"highway": "motorway", "toll:hgv": "perhaps"}, "A 5", True),
        ({"highway": "primary", "toll": "yes"}, "L 1", False),  # another toll, at another rate
    ],
)
def test_rule_of_germany_covers(tags: dict[str, str], number: str, is_tolled: bool) -> None:  # noqa: FBT001 - a table
    assert GERMANY.covers(tags, number) is is_tolled


def test_where_no_rule_is_known_only_what_streets_say_counts() -> None:
    assert toll_rule_of_zone("America/Sao_Paulo") is ONLY_SIGNED
    assert not ONLY_SIGNED.covers({"highway": "motorway"}, "BR-116")
    assert ONLY_SIGNED.covers({"highway": "primary", "toll:hgv": "yes"}, "")


@pytest.fixture
def numbered(sketch: Sketch) -> Sketch:
    """A named street of the federal road, one without a name, one of the county and one without a number."""
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0), d=(300, 0), e=(400, 0))
    sketch.way(1, "a b", highway="primary", ref="B 4", name="Bergstraße").way(2, "b c", highway="primary", ref="B 4")
    return sketch.way(3, "c d", ref="K 1", name="Kreisstraße").way(4, "d e", name="Gasse")


def _numbers(streets: StreetGraph) -> dict[int, tuple[str, str]]:
    return {
        int(way): (streets.names[name], streets.road_numbers[number])
        for way, name, number in zip(streets.way_osm_id, streets.way_name_index, streets.way_number_index, strict=True)
    }


def test_road_numbers_are_kept_beside_names(numbered: Sketch, tmp_path: Path) -> None:
    streets = numbered.streets()
    expected = {1: ("Bergstraße", "B 4"), 2: ("B 4", "B 4"), 3: ("Kreisstraße", "K 1"), 4: ("Gasse", "")}
    assert _numbers(streets) == expected
    write_streets(tmp_path / "streets.bin", streets)
    assert _numbers(read_streets(tmp_path / "streets.bin")) == expected
    assert _numbers(from_networkx(to_networkx(streets))) == expected
    is_toll = toll_segments(streets, GERMANY)
    assert np.unique(streets.way_osm_id[streets.segment_way[is_toll]]).tolist() == [1, 2]


def test_digest_tells_road_numbers_apart(numbered: Sketch) -> None:
    before = numbered.streets().content_digest()
    way_id, nodes, tags = numbered._ways[0]
    numbered._ways[0] = (way_id, nodes, {**tags, "ref": "L 4"})
    assert numbered.streets().content_digest() != before
