import networkx as nx
import numpy as np
import osmnx
import pytest
import shapely

from routing.errors import BrokenMapError
from routing.osm.networkx_io import from_networkx, to_networkx
from routing.snapping import Snap, SnapIndex
from routing.streets import StreetGraph
from tests.unit.routing.town_sketch import Sketch, engine_on


def _costs(streets: StreetGraph, waypoints: list, profile: str = "truck_26t") -> np.ndarray:
    engine = engine_on(streets, profile)
    snaps = [snap for snap in SnapIndex(streets).place(waypoints, engine.metric) if isinstance(snap, Snap)]
    return engine.packed_costs(snaps)


@pytest.fixture
def town(sketch: Sketch) -> Sketch:
    """One-way streets in both spellings, a bend, a restriction over a node and one over a way, a barrier."""
    sketch.nodes(a=(0, 0), b=(200, 0), c=(400, 0), d=(0, 200), e=(200, 200), f=(400, 200), bend=(300, 50), g=(500, 0))
    sketch.tag("g", barrier="bollard")
    sketch.way(1, "a b bend c", name="Bend Road").way(2, "a d", oneway="yes").way(3, "b e", oneway="-1", maxweight="40")
    sketch.way(4, "c f", highway="tertiary", maxspeed="50").way(5, "d e f").way(6, "c g")
    return sketch.restrict("no_left_turn", 1, "c", 4).restrict("no_right_turn", 4, [5], 3)


def test_graph_is_valid_for_osmnx(town: Sketch) -> None:
    graph = to_networkx(town.streets())
    osmnx.convert.validate_graph(graph)
    assert osmnx.basic_stats(graph)["m"] == 14
    node, data = next(iter(graph.nodes(data=True)))
    assert isinstance(node, int)
    assert {"x", "y", "street_count"} <= set(data)


def test_one_way_streets_have_one_edge_in_their_direction(town: Sketch) -> None:
    graph = to_networkx(town.streets())
    by_way = {}
    for tail, head, data in graph.edges(data=True):
        by_way.setdefault(data["osmid"], []).append((tail, head, data["oneway"], data["reversed"]))
    assert by_way[2] == [(1, 4, True, False)]
    assert by_way[3] == [(5, 2, True, False)]
    assert sorted(by_way[6]) == [(3, 8, False, False), (8, 3, False, True)]


def test_round_trip_keeps_every_travel_time(town: Sketch) -> None:
    streets = town.streets()
    again = from_networkx(to_networkx(streets))
    waypoints = [town.at(x, y) for x, y in ((50, 0), (300, 50), (200, 100), (0, 100), (400, 100), (100, 200), (450, 0))]
    assert np.array_equal(_costs(streets, waypoints), _costs(again, waypoints))
    assert (again.n_nodes, again.n_segments) == (streets.n_nodes, streets.n_segments)
    assert len(again.restrictions) == len(streets.restrictions) > 1


def test_round_trip_keeps_helsinki(helsinki: StreetGraph) -> None:
    again = from_networkx(to_networkx(helsinki))
    assert again.n_segments == helsinki.n_segments
    assert len(again.restrictions) == len(helsinki.restrictions)
    assert sorted(again.segment_length_mm.tolist()) == pytest.approx(sorted(helsinki.segment_length_mm.tolist()), abs=2)
    assert set(again.names) == set(helsinki.names)
    one, other = to_networkx(helsinki), to_networkx(again)
    assert {(u, v, d["osmid"]) for u, v, d in one.edges(data=True)} == {
        (u, v, d["osmid"]) for u, v, d in other.edges(data=True)
    }


def test_unsimplified_osmnx_graph_gives_the_same_streets(town: Sketch) -> None:
    path = town.write()
    graph = osmnx.graph_from_xml(path, bidirectional=False, simplify=False, retain_all=True)
    streets = from_networkx(graph)
    assert streets.n_segments == town.streets().n_segments
    lengths = sorted(streets.segment_length_mm.tolist())
    assert lengths == pytest.approx(sorted(town.streets().segment_length_mm.tolist()), abs=2)


def test_simplified_osmnx_graph_keeps_shapes_and_the_strictest_limit() -> None:
    graph = nx.MultiDiGraph(crs="epsg:4326")
    graph.add_node("west", x=10.0, y=50.0)
    graph.add_node("east", x=10.01, y=50.0)
    shape = shapely.LineString([(10.0, 50.0), (10.005, 50.003), (10.01, 50.0)])
    attributes = {"osmid": [7, 8], "highway": ["residential", "service"], "maxweight": ["12", "7.5"], "name": "Mixed"}
    graph.add_edge("west", "east", geometry=shape, oneway=False, **attributes)
    graph.add_edge("east", "west", geometry=shape.reverse(), oneway=False, reversed=True, **attributes)
    streets = from_networkx(graph)
    assert streets.n_segments == 1
    assert streets.segment_tags(0) == {"highway": "residential", "maxweight": "7.5"}
    assert streets.segment_last_point[0] - streets.segment_first_point[0] == 2
    assert streets.segment_name(0) == "Mixed"


def test_edge_without_its_opposite_is_one_way() -> None:
    graph = nx.MultiDiGraph(crs="epsg:4326")
    graph.add_node(1, x=10.0, y=50.0)
    graph.add_node(2, x=10.01, y=50.0)
    graph.add_edge(2, 1, osmid=5, highway="residential")
    streets = from_networkx(graph)
    assert streets.segment_tags(0)["oneway"] == "yes"
    assert streets.node_osm_id[streets.segment_tail[0]] == 2


@pytest.mark.parametrize(
    ("crs", "edge", "match"),
    [
        ("epsg:25832", {"osmid": 1, "highway": "residential"}, "degrees"),
        ("epsg:4326", {"highway": "residential"}, "osmid"),
    ],
)
def test_graph_that_cannot_be_used_is_refused(crs: str, edge: dict[str, object], match: str) -> None:
    graph = nx.MultiDiGraph(crs=crs)
    graph.add_node(1, x=10.0, y=50.0)
    graph.add_node(2, x=10.01, y=50.0)
    graph.add_edge(1, 2, **edge)
    with pytest.raises(BrokenMapError, match=match):
        from_networkx(graph)


def test_graph_without_places_is_refused() -> None:
    graph = nx.MultiDiGraph()
    graph.add_edge(1, 2, osmid=1, highway="residential")
    with pytest.raises(BrokenMapError, match="x"):
        from_networkx(graph)
