from pathlib import Path

import numpy as np
import pytest

from benchmarks.routing.draw_inputs import inputs_from
from benchmarks.routing.inputs import PROFILE, PROFILES_DIR, Inputs, read_inputs, write_inputs
from benchmarks.routing.oracle import true_durations
from benchmarks.routing.points import random_places, random_states, usable_segments
from routing.metric import Metric, build_metric
from routing.osm.pbf import load_streets
from routing.profile import load_profile
from routing.streets import StreetGraph
from routing.turns import TurnGraph, build_turns

_EAST_DEG = 0.002
"""Length of a block in degrees of longitude."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[StreetGraph, TurnGraph, Metric]:
    """Two blocks of streets, and a footpath that no car may use."""
    places = {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (0, 1), 5: (1, 1), 6: (2, 1), 7: (5, 5)}
    nodes = "".join(
        f'<node id="{node}" lon="{7 + x * _EAST_DEG}" lat="{51 + y * 0.001}" version="1"/>'
        for node, (x, y) in places.items()
    )
    streets = {10: (1, 2, 3, 6, 5, 4, 1), 11: (2, 5)}
    ways = "".join(
        f'<way id="{way}" version="1">{"".join(f"""<nd ref="{node}"/>""" for node in way_nodes)}'
        f'<tag k="highway" v="residential"/></way>'
        for way, way_nodes in streets.items()
    )
    footpath = '<way id="12" version="1"><nd ref="6"/><nd ref="7"/><tag k="highway" v="footway"/></way>'
    path = tmp_path_factory.mktemp("town") / "town.osm"
    path.write_text(f'<osm version="0.6">{nodes}{ways}{footpath}</osm>', encoding="utf-8")
    town = load_streets(path)
    turns = build_turns(town)
    return town, turns, build_metric(town, turns, load_profile(PROFILE, profiles_dir=PROFILES_DIR))


@pytest.fixture
def drawn(town: tuple[StreetGraph, TurnGraph, Metric]) -> Inputs:
    return inputs_from(*town, n=6)


def test_random_places_lie_on_usable_streets(town: tuple[StreetGraph, TurnGraph, Metric]) -> None:
    streets, _, metric = town
    places = random_places(streets, usable_segments(streets, metric), n=300)
    east, north = (places[:, 0] - 7) / _EAST_DEG, (places[:, 1] - 51) / 0.001
    is_along = np.minimum(np.abs(north), np.abs(north - 1)) < 1e-6
    is_across = np.abs(east - np.rint(east)) < 1e-6
    assert (is_along | is_across).all()
    assert east.max() <= 2 + 1e-6
    assert north.max() <= 1 + 1e-6


def test_random_places_spread_by_street_length(town: tuple[StreetGraph, TurnGraph, Metric]) -> None:
    streets, _, metric = town
    places = random_places(streets, usable_segments(streets, metric), n=4000)
    is_long_way = np.minimum(np.abs(places[:, 1] - 51), np.abs(places[:, 1] - 51.001)) < 1e-9
    block_m, side_m = _EAST_DEG * 111_320 * np.cos(np.radians(51)), 0.001 * 111_320
    assert is_long_way.mean() == pytest.approx(4 * block_m / (4 * block_m + 3 * side_m), abs=0.03)


def test_random_places_are_the_same_for_the_same_seed(town: tuple[StreetGraph, TurnGraph, Metric]) -> None:
    streets, _, metric = town
    segments = usable_segments(streets, metric)
    first = random_places(streets, segments, n=20)
    assert np.array_equal(first, random_places(streets, segments, n=20))
    assert not np.array_equal(first, random_places(streets, segments, n=20, seed=1))


def test_random_states_repeat_only_when_there_are_too_few() -> None:
    assert len(set(random_states(50, n=50).tolist())) == 50
    assert random_states(3, n=10).max() < 3


def test_inputs_keep_the_strongly_connected_part_only(
    town: tuple[StreetGraph, TurnGraph, Metric], drawn: Inputs
) -> None:
    assert drawn.n_states == int(town[2].is_main.sum())
    assert drawn.tail.max() < drawn.n_states
    assert drawn.head.max() < drawn.n_states
    assert (np.diff(drawn.tail) >= 0).all()
    everywhere = true_durations(drawn, drawn.weight_ms, n=6, n_rows=6)
    assert np.isfinite(everywhere).all()


def test_closing_a_street_changes_durations(drawn: Inputs) -> None:
    is_closed = drawn.closed_weight_ms != drawn.weight_ms
    assert 0 < is_closed.sum() < is_closed.size
    assert len(set(drawn.street[drawn.tail[is_closed]].tolist())) == 1
    before = true_durations(drawn, drawn.weight_ms, n=6, n_rows=6)
    after = true_durations(drawn, drawn.closed_weight_ms, n=6, n_rows=6)
    assert (after >= before).all()
    assert (after > before).any()


def test_inputs_survive_the_disk(drawn: Inputs, tmp_path: Path) -> None:
    write_inputs(tmp_path / "inputs.npz", drawn)
    again = read_inputs(tmp_path / "inputs.npz")
    assert np.array_equal(again.lon_lat_deg, drawn.lon_lat_deg)
    assert np.array_equal(again.closed_weight_ms, drawn.closed_weight_ms)
    assert again.n_states == drawn.n_states
