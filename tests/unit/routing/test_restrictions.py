"""Every kind of turn restriction on one crossing: south to north and west to east, with a detour around it."""

from itertools import pairwise

import pytest

from routing.profile import load_profile
from routing.query import QueryEngine
from routing.streets import StreetGraph
from tests.unit.routing.town_sketch import Sketch, engine_on

RELATION_PROBLEMS = [
    ({"kind": "no_flying"}, "is unknown"),
    ({"via": ""}, "lacks its via"),
    ({"to_role": "exit"}, "lacks its from or to way"),
]


@pytest.fixture
def crossing(sketch: Sketch) -> Sketch:
    sketch.nodes(south=(0, -100), mid=(0, 0), north=(0, 100), west=(-100, 0), east=(100, 0))
    sketch.way(1, "south mid").way(2, "mid north").way(3, "west mid").way(4, "mid east")
    return sketch


def _arc(streets: StreetGraph, tail: int, head: int) -> int:
    pairs = list(zip(streets.node_osm_id[streets.arc_tail], streets.node_osm_id[streets.arc_head], strict=True))
    return pairs.index((tail, head))


SOUTH, MID, NORTH, WEST, EAST = 1, 2, 3, 4, 5


def _may(engine: QueryEngine, *osm_nodes: int) -> bool:
    """Whether the exact sequence of arcs can be driven."""
    streets, graph, turns = engine.streets, engine.metric.graph, engine.turns
    arcs = [_arc(streets, a, b) for a, b in pairwise(osm_nodes)]
    states = {arcs[0]}
    for arc in arcs[1:]:
        heads = {int(h) for s in states for h in graph.head[graph.first_out[s] : graph.first_out[s + 1]]}
        states = {state for state in heads if turns.state_arc[state] == arc}
    return bool(states)


@pytest.mark.parametrize(
    ("kind", "to_way", "forbidden", "allowed"),
    [
        ("no_left_turn", 3, [WEST], [NORTH, EAST]),
        ("no_right_turn", 4, [EAST], [NORTH, WEST]),
        ("no_straight_on", 2, [NORTH], [WEST, EAST]),
        ("only_left_turn", 3, [NORTH, EAST], [WEST]),
        ("only_right_turn", 4, [NORTH, WEST], [EAST]),
        ("only_straight_on", 2, [WEST, EAST], [NORTH]),
        ("no_entry", 2, [NORTH], [WEST, EAST]),
        ("no_exit", 2, [NORTH], [WEST, EAST]),
    ],
)
def test_restriction_at_a_node_forbids_its_turns_only(
    crossing: Sketch,
    kind: str,
    to_way: int,
    forbidden: list[int],
    allowed: list[int],
) -> None:
    engine = engine_on(crossing.restrict(kind, 1, "mid", to_way).streets())
    assert not any(_may(engine, SOUTH, MID, end) for end in forbidden)
    assert all(_may(engine, SOUTH, MID, end) for end in allowed)
    assert all(_may(engine, WEST, MID, end) for end in (SOUTH, NORTH, EAST))


def test_no_u_turn_forbids_turning_round_where_it_is_usual(crossing: Sketch) -> None:
    van = load_profile("van_3_5t")  # may turn round at junctions
    assert _may(engine_on(crossing.streets(), van), SOUTH, MID, SOUTH)
    engine = engine_on(crossing.restrict("no_u_turn", 1, "mid", 1).streets(), van)
    assert not _may(engine, SOUTH, MID, SOUTH)
    assert _may(engine, WEST, MID, WEST)


def test_only_restriction_also_forbids_the_u_turn(crossing: Sketch) -> None:
    engine = engine_on(crossing.restrict("only_straight_on", 1, "mid", 2).streets(), "van_3_5t")
    assert not _may(engine, SOUTH, MID, SOUTH)


@pytest.mark.parametrize(
    ("tags", "binds_truck", "binds_van"),
    [
        ({}, True, True),
        ({"except": "hgv"}, False, True),
        ({"except": "psv;bicycle"}, True, True),
        ({"except": "goods; psv"}, True, False),
        ({"except": "motor_vehicle"}, False, False),
    ],
)
def test_exempt_vehicles_may_turn(
    crossing: Sketch, tags: dict[str, str], *, binds_truck: bool, binds_van: bool
) -> None:
    streets = crossing.restrict("no_left_turn", 1, "mid", 3, **tags).streets()
    assert _may(engine_on(streets, "truck_26t"), SOUTH, MID, WEST) != binds_truck
    assert _may(engine_on(streets, "van_3_5t"), SOUTH, MID, WEST) != binds_van


def test_restriction_for_goods_vehicles_leaves_the_van_alone(crossing: Sketch) -> None:
    members = [("way", 1, "from"), ("node", MID, "via"), ("way", 3, "to")]
    crossing.relation(members, {"type": "restriction", "restriction:hgv": "no_left_turn"})
    streets = crossing.streets()
    assert not _may(engine_on(streets, "truck_26t"), SOUTH, MID, WEST)
    assert _may(engine_on(streets, "van_3_5t"), SOUTH, MID, WEST)


def test_conditional_restriction_is_kept_with_its_condition_and_not_applied(crossing: Sketch) -> None:
    members = [("way", 1, "from"), ("node", MID, "via"), ("way", 3, "to")]
    crossing.relation(members, {"type": "restriction", "restriction:conditional": "no_left_turn @ (Mo-Fr 07:00-09:00)"})
    streets = crossing.streets()
    assert [item.condition for item in streets.restrictions] == ["Mo-Fr 07:00-09:00"]
    assert _may(engine_on(streets), SOUTH, MID, WEST)


def test_no_entry_from_several_ways_forbids_each(crossing: Sketch) -> None:
    members = [("way", 1, "from"), ("way", 3, "from"), ("node", MID, "via"), ("way", 2, "to")]
    crossing.relation(members, {"type": "restriction", "restriction": "no_entry"})
    engine = engine_on(crossing.streets())
    assert not _may(engine, SOUTH, MID, NORTH)
    assert not _may(engine, WEST, MID, NORTH)
    assert _may(engine, EAST, MID, NORTH)


@pytest.mark.parametrize(("change", "detail"), RELATION_PROBLEMS)
def test_contradictory_restriction_becomes_an_issue(crossing: Sketch, change: dict[str, str], detail: str) -> None:
    members = [("way", 1, "from"), ("node", MID, change.get("via", "via")), ("way", 3, change.get("to_role", "to"))]
    crossing.relation(members, {"type": "restriction", "restriction": change.get("kind", "no_left_turn")})
    streets = crossing.streets()
    assert streets.restrictions == ()
    assert [detail in issue.detail for issue in streets.issues] == [True]


def test_restriction_whose_ways_do_not_meet_becomes_an_issue(crossing: Sketch) -> None:
    streets = crossing.restrict("no_left_turn", 1, "north", 3).streets()
    assert streets.restrictions == ()
    assert "do not meet" in streets.issues[0].detail


def test_restriction_with_ways_outside_the_map_is_left_out(crossing: Sketch) -> None:
    streets = crossing.restrict("no_left_turn", 77, "mid", 3).streets()
    assert (streets.restrictions, streets.issues) == ((), ())


def test_ambiguous_only_restriction_becomes_an_issue(sketch: Sketch) -> None:
    sketch.nodes(south=(0, -100), mid=(0, 0), west=(-100, 0), east=(100, 0))
    sketch.way(1, "south mid").way(2, "west mid east").restrict("only_left_turn", 1, "mid", 2)
    streets = sketch.streets()
    assert streets.restrictions == ()
    assert "more than one turn" in streets.issues[0].detail


@pytest.fixture
def dual_road(sketch: Sketch) -> Sketch:
    """Two carriageways, a link between them: the classic no-U-turn over a via way."""
    sketch.nodes(a=(-100, 0), b=(0, 0), c=(100, 0), d=(100, 20), e=(0, 20), f=(-100, 20), g=(0, 60))
    sketch.way(1, "a b", oneway="yes").way(2, "b c", oneway="yes").way(3, "d e", oneway="yes")
    sketch.way(4, "e f", oneway="yes").way(5, "b e").way(6, "e g").way(7, "c d").way(8, "f a")
    return sketch


A, B, C, D, E, F, G = range(1, 8)


def test_restriction_over_a_via_way_forbids_the_whole_sequence_only(dual_road: Sketch) -> None:
    engine = engine_on(dual_road.restrict("no_u_turn", 1, [5], 4).streets())
    assert not _may(engine, A, B, E, F)
    assert _may(engine, A, B, E, G)
    assert _may(engine, B, E, F)  # who starts on the link may turn
    assert _may(engine, D, E, F)


def test_mandatory_turn_over_a_via_way_binds_who_came_the_whole_way(dual_road: Sketch) -> None:
    engine = engine_on(dual_road.restrict("only_straight_on", 1, [5], 6).streets())
    assert _may(engine, A, B, E, G)
    assert not _may(engine, A, B, E, F)
    assert _may(engine, B, E, F)
    assert _may(engine, A, B, C)


def test_restriction_over_two_via_ways_is_followed(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0), d=(300, 0), e=(300, 100), f=(400, 0), x=(100, 100), y=(200, 100))
    sketch.way(1, "a b").way(2, "b c").way(3, "c d").way(4, "d e").way(5, "d f").way(6, "b x").way(7, "c y")
    engine = engine_on(sketch.restrict("no_left_turn", 1, [2, 3], 4).streets())
    a, b, c, d, e, f, x, y = range(1, 9)
    assert not _may(engine, a, b, c, d, e)
    assert _may(engine, x, b, c, d, e)
    assert _may(engine, y, c, d, e)
    assert _may(engine, a, b, c, d, f)
    assert _may(engine, a, b, c, y)


def test_via_way_of_several_segments_and_overlapping_restrictions_are_followed(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0), d=(300, 0), e=(300, 100), f=(300, -100), g=(200, 100), h=(0, 100))
    sketch.way(1, "a b").way(2, "b c d").way(3, "d e").way(4, "d f").way(5, "c g").way(6, "h b")
    sketch.restrict("no_left_turn", 1, [2], 3).restrict("no_right_turn", 1, [2], 4).restrict("no_right_turn", 6, [2], 4)
    engine = engine_on(sketch.streets())
    a, b, c, d, e, f, g, h = range(1, 9)
    assert not _may(engine, a, b, c, d, e)
    assert not _may(engine, a, b, c, d, f)
    assert not _may(engine, h, b, c, d, f)
    assert _may(engine, h, b, c, d, e)
    assert _may(engine, g, c, d, e)
    assert _may(engine, g, c, d, f)
