from collections.abc import Callable

import numpy as np

from routing.streets import StreetGraph
from tests.unit.routing.town_sketch import Sketch


def _lengths_m(streets: StreetGraph) -> list[float]:
    return sorted((streets.segment_length_mm / 1000).tolist())


def test_ways_are_cut_at_junctions_and_keep_their_shape(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0), d=(300, 0), e=(200, 100))
    sketch.way(1, "a b c d", name="Long Road").way(2, "c e", ref="K 7")
    streets = sketch.streets()
    assert streets.n_segments == 3
    assert np.allclose(_lengths_m(streets), [100, 100, 200], atol=0.02)
    assert sorted(streets.segment_name(i) for i in range(3)) == ["K 7", "Long Road", "Long Road"]
    assert sorted((streets.segment_last_point - streets.segment_first_point).tolist()) == [1, 1, 2]


def test_ways_are_cut_at_nodes_with_tags_that_matter(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0), d=(300, 0))
    sketch.tag("b", barrier="gate").tag("c", highway="street_lamp")
    sketch.way(1, "a b c d")
    assert np.allclose(_lengths_m(sketch.streets()), [100, 200], atol=0.02)


def test_ring_way_keeps_its_loop(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(100, 100))
    sketch.way(1, "a b c a")
    streets = sketch.streets()
    assert streets.n_segments == 1
    assert streets.segment_tail[0] == streets.segment_head[0]


def test_way_that_touches_itself_is_cut_there(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0), d=(200, 100))
    sketch.way(1, "a b c d b")
    streets = sketch.streets()
    assert streets.n_segments == 2
    assert streets.n_nodes == 2


def test_way_with_a_missing_node_falls_apart(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0), d=(300, 0))
    sketch.way(1, "a b missing c d")
    streets = sketch.streets()
    assert np.allclose(_lengths_m(streets), [100, 100], atol=0.02)


def test_repeated_node_adds_no_length(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0))
    sketch.way(1, "a b b c")
    streets = sketch.streets()
    assert np.isclose(streets.segment_length_mm.sum(), 200_000, atol=20)


def test_two_nodes_at_one_place_keep_a_street_of_one_millimetre(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(0, 0), c=(100, 0))
    sketch.way(1, "a b").way(2, "b c")
    assert sketch.streets().segment_length_mm.min() == 1


def test_areas_and_one_node_ways_are_left_out(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(0, 100))
    sketch.way(1, "a b").way(2, "a b c a", area="yes", highway="pedestrian").way(3, "c")
    streets = sketch.streets()
    assert streets.n_segments == 1
    assert [issue.element for issue in streets.issues] == ["way 3"]


def test_crossing_without_a_common_node_is_no_junction(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(200, 0), c=(100, -100), d=(100, 100))
    sketch.way(1, "a b").way(2, "c d", bridge="yes")
    assert sketch.streets().n_segments == 2


def test_digest_changes_with_the_content(new_sketch: Callable[[], Sketch]) -> None:
    digests = set()
    for speed in ("30", "50", "50"):
        town = new_sketch().nodes(a=(0, 0), b=(100, 0)).way(1, "a b", maxspeed=speed)
        digests.add(town.streets().info.digest)
    assert len(digests) == 2
