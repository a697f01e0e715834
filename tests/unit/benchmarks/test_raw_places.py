from pathlib import Path

import numpy as np
import pytest

from benchmarks.solver.raw_places import raw_places

_MAP = """<?xml version="1.0"?>
<osm version="0.6">
  <node id="1" lon="8.0000000" lat="49.0000000"/> <node id="2" lon="8.0300000" lat="49.0000000"/>
  <node id="3" lon="8.0000000" lat="49.1000000"/> <node id="4" lon="8.0100000" lat="49.1000000"/>
  <node id="5" lon="9.0000000" lat="49.0000000"/> <node id="6" lon="9.5000000" lat="49.0000000"/>
  <way id="10"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way>
  <way id="11"><nd ref="3"/><nd ref="4"/><tag k="highway" v="tertiary"/></way>
  <way id="12"><nd ref="5"/><nd ref="6"/><tag k="highway" v="motorway"/></way>
  <way id="13"><nd ref="5"/><nd ref="6"/><tag k="highway" v="residential"/><tag k="access" v="private"/></way>
</osm>
"""


@pytest.fixture
def map_path(tmp_path: Path) -> Path:
    path = tmp_path / "two_streets.osm"
    path.write_text(_MAP)
    return path


def test_raw_places_lie_on_open_streets_in_proportion_to_their_length(map_path: Path) -> None:
    places = raw_places(map_path, n=4000, seed=1)
    is_long, is_short = places[:, 1] == 49.0, places[:, 1] == 49.1
    assert np.all(is_long | is_short)
    assert places[:, 0].max() <= 8.03
    assert is_long.mean() == pytest.approx(0.75, abs=0.03)


def test_raw_places_depend_on_the_seed_alone(map_path: Path) -> None:
    np.testing.assert_array_equal(raw_places(map_path, n=50, seed=3), raw_places(map_path, n=50, seed=3))
    assert not np.array_equal(raw_places(map_path, n=50, seed=3), raw_places(map_path, n=50, seed=4))
