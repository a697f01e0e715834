import dataclasses

import numpy as np
import pytest

from routing.metric import MS_SHIFT
from routing.profile import load_profile
from tests.unit.routing.town_sketch import Sketch, engine_on

TRUCK = load_profile("truck_26t")


def _seconds(sketch: Sketch, start: tuple[float, float], end: tuple[float, float], **changes: float) -> float:
    profile = dataclasses.replace(TRUCK, **changes)
    engine = engine_on(sketch.streets(), profile)
    from routing.snapping import SnapIndex

    snaps = SnapIndex(engine.streets).place([sketch.at(*start), sketch.at(*end)], engine.metric)
    return float(engine.packed_costs(snaps)[0, 1] >> MS_SHIFT) / 1000


@pytest.fixture
def crossing(sketch: Sketch) -> Sketch:
    sketch.nodes(south=(0, -100), mid=(0, 0), north=(0, 100), west=(-100, 0), east=(100, 0))
    return sketch.way(1, "south mid").way(2, "mid north").way(3, "west mid").way(4, "mid east")


DRIVING_S = 150 * 3.6 / 25
"""150 m of residential street at 25 km/h."""


@pytest.mark.parametrize(("end", "turn_s"), [((0, 100), 0), ((100, 0), 4), ((-100, 0), 7)])
def test_turns_cost_by_their_side(crossing: Sketch, end: tuple[float, float], turn_s: float) -> None:
    assert _seconds(crossing, (0, -50), end) == pytest.approx(DRIVING_S + turn_s, abs=0.02)


def test_sharp_turn_costs_more(sketch: Sketch) -> None:
    sketch.nodes(a=(0, -100), b=(0, 0), c=(0, 100), d=(40, -100))
    sketch.way(1, "a b").way(2, "b c").way(3, "b d")
    straight = _seconds(sketch, (0, -50), (0, 50))
    sharp = _seconds(sketch, (0, -50), (40 * 0.46424, -46.424))  # the same 50 m behind the turn
    assert sharp - straight == pytest.approx(TRUCK.right_s + TRUCK.sharp_s, abs=0.05)


def test_bend_between_two_ways_costs_nothing(sketch: Sketch) -> None:
    sketch.nodes(a=(0, -100), b=(0, 0), c=(100, 0))
    sketch.way(1, "a b").way(2, "b c", surface="asphalt")
    assert _seconds(sketch, (0, -100), (50, 0)) == pytest.approx(DRIVING_S, abs=0.02)


@pytest.mark.parametrize(
    ("tags", "extra_s"), [({"highway": "traffic_signals"}, 10), ({"barrier": "gate"}, 10), ({"highway": "stop"}, 0)]
)
def test_signals_and_gates_cost_time(sketch: Sketch, tags: dict[str, str], extra_s: float) -> None:
    sketch.nodes(a=(0, -100), b=(0, 0), c=(0, 50)).tag("b", **tags)
    sketch.way(1, "a b c")
    assert _seconds(sketch, (0, -100), (0, 50)) == pytest.approx(DRIVING_S + extra_s, abs=0.02)


def _turn_round_s(sketch: Sketch, **changes: float) -> float | None:
    """Seconds for turning round at the end of a one-way pair of stops on a dead end, ``None`` when impossible."""
    engine = engine_on(sketch.streets(), dataclasses.replace(TRUCK, **changes))
    turns, graph = engine.turns, engine.metric.graph
    found = []
    for state in range(turns.n_states):
        for out in range(graph.first_out[state], graph.first_out[state + 1]):
            if turns.state_arc[graph.head[out]] == turns.state_arc[state] ^ 1:
                arc = int(turns.state_arc[state])
                found.append((int(engine.streets.arc_head[arc]), int(graph.weight[out] >> MS_SHIFT), arc))
    at_b = [ms - int(engine.metric.arc_ms[arc]) for node, ms, arc in found if engine.streets.node_osm_id[node] == 2]
    return at_b[0] / 1000 if at_b else None


def test_dead_end_lets_a_vehicle_turn_round_at_a_price(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0)).way(1, "a b")
    assert _turn_round_s(sketch) == TRUCK.dead_end_s
    assert _turn_round_s(sketch, dead_end_s=-1) is None


@pytest.mark.parametrize("value", ["turning_circle", "turning_loop"])
def test_turning_place_is_cheaper_than_a_dead_end(sketch: Sketch, value: str) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0)).tag("b", highway=value).way(1, "a b")
    assert _turn_round_s(sketch) == TRUCK.turning_circle_s
    assert _turn_round_s(sketch, dead_end_s=-1) == TRUCK.turning_circle_s


def test_junction_forbids_turning_round_unless_the_profile_may(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0), d=(100, 100)).way(1, "a b c").way(2, "b d")
    assert _turn_round_s(sketch) is None
    assert _turn_round_s(sketch, junction_u_turn_s=30) == 30


def test_barrier_makes_a_dead_end_of_a_through_street(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0)).tag("b", barrier="bollard").way(1, "a b c")
    assert _turn_round_s(sketch) == TRUCK.dead_end_s


def test_one_way_street_into_a_closed_street_is_no_dead_end_to_turn_in(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0))
    sketch.way(1, "a b", oneway="yes").way(2, "b c", access="no")
    assert _turn_round_s(sketch) is None


def test_self_loop_turns_are_kept_apart(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(150, 50), d=(150, -50), e=(0, 100))
    sketch.way(1, "a b").way(2, "b c d b", name="Loop").way(3, "b e")
    engine = engine_on(sketch.streets())
    streets, graph = engine.streets, engine.metric.graph
    [loop] = np.flatnonzero(streets.segment_tail == streets.segment_head)
    for arc in (2 * loop, 2 * loop + 1):
        heads = graph.head[graph.first_out[arc] : graph.first_out[arc + 1]].tolist()
        leaving = set(np.flatnonzero(streets.arc_tail == streets.segment_tail[loop]).tolist())
        assert sorted(heads) == sorted(leaving - {arc ^ 1})  # onto itself too, but not turning round in the junction
        assert engine.metric.is_main[arc]
