"""Dead ends and turning places on drawn streets, against networkx on a real city, and what more places can do."""

import dataclasses
import re
from importlib.resources import files
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from routing.conditions import NO_SITUATION, Conditions
from routing.errors import ReversingError
from routing.metric import Metric, MetricTable, build_metric
from routing.overrides import ForbidReversing, WayTarget
from routing.places import Places, Snap
from routing.profile import load_profile
from routing.reversing_rule import ReversingRule
from routing.snapping import SnapIndex
from routing.streets import StreetGraph
from routing.turning_ground import TurningPlace
from routing.turning_places import TurningPlaces
from routing.turns import TurnGraph, build_turns
from tests.unit.routing.depot_notes import NOTED_AT, book_of, note
from tests.unit.routing.town_sketch import Sketch

RULE = ReversingRule()


def _analysis(
    streets: StreetGraph, profile: str = "truck_26t", rule: ReversingRule = RULE, length_m: float = 10.0
) -> tuple[TurningPlaces, TurnGraph, Metric]:
    turns = build_turns(streets)
    metric = build_metric(streets, turns, load_profile(profile))
    return TurningPlaces(streets, turns, metric, rule=rule, vehicle_length_m=length_m), turns, metric


def _snaps(sketch: Sketch, *places: tuple[float, float], profile: str = "truck_26t") -> tuple[TurningPlaces, Places]:
    streets = sketch.streets()
    analysis, _, metric = _analysis(streets, profile)
    placement = SnapIndex(streets).locate([sketch.at(*place) for place in places], metric)
    assert not placement.errors
    return analysis, placement.places


def _reversing_m(sketch: Sketch, *places: tuple[float, float], profile: str = "truck_26t") -> list[float]:
    analysis, placed = _snaps(sketch, *places, profile=profile)
    return [round(metres, 1) for metres in analysis.reversing_m(placed).tolist()]


@pytest.fixture
def town(sketch: Sketch) -> Sketch:
    """A block to drive around, with a mouth in its eastern side from which streets lead on."""
    sketch.nodes(sw=(0, 0), se=(200, 0), mouth=(200, 100), ne=(200, 200), nw=(0, 200))
    return sketch.way(1, "sw se mouth ne nw sw", name="Block")


def test_streets_around_a_block_are_driven_forward(town: Sketch) -> None:
    assert _reversing_m(town, (100, 0), (200, 150), (0, 50)) == [0, 0, 0]


def test_dead_end_is_reversed_from_its_mouth(town: Sketch) -> None:
    town.nodes(end=(500, 100)).way(2, "mouth end", name="Blind Alley")
    assert _reversing_m(town, (260, 100), (400, 103), (500, 100)) == [60, 200, 300]


@pytest.mark.parametrize("value", ["turning_circle", "turning_loop"])
@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ({}, 0),
        ({"diameter": "22"}, 0),
        ({"diameter": "24 m"}, 0),
        ({"diameter": "18"}, 250),
        ({"width": "12 m"}, 250),
        ({"diameter": "wide"}, 0),
    ],
)
def test_turning_circle_serves_when_it_is_large_enough(
    town: Sketch, value: str, size: dict[str, str], expected: float
) -> None:
    town.nodes(end=(500, 100)).way(2, "mouth end").tag("end", highway=value, **size)
    assert _reversing_m(town, (450, 100)) == [expected]


def test_turning_circle_half_way_shortens_the_way_back(town: Sketch) -> None:
    town.nodes(half=(350, 100), end=(500, 100)).way(2, "mouth half end").tag("half", highway="turning_circle")
    assert _reversing_m(town, (300, 100), (450, 100)) == [0, 100]


def test_vehicle_turns_at_a_junction_by_backing_into_a_side_street(town: Sketch) -> None:
    town.nodes(tee=(350, 100), end=(500, 100), side=(350, 130)).way(2, "mouth tee end").way(3, "tee side")
    assert _reversing_m(town, (300, 100), (450, 100), (350, 120)) == [0, 100, 20]


@pytest.mark.parametrize(
    ("side", "tags"),
    [((350, 106), {}), ((350, 150), {"highway": "service", "service": "driveway"}), ((350, 150), {"hgv": "no"})],
)
def test_side_street_without_room_or_right_is_no_turning_place(
    town: Sketch, side: tuple[float, float], tags: dict[str, str]
) -> None:
    town.nodes(tee=(350, 100), end=(500, 100), side=side).way(2, "mouth tee end").way(3, "tee side", **tags)
    assert _reversing_m(town, (450, 100)) == [250]


@pytest.mark.parametrize("tags", [{}, {"oneway": "yes"}])
def test_loop_at_the_end_is_driven_round(town: Sketch, tags: dict[str, str]) -> None:
    town.nodes(neck=(300, 100), a=(350, 60), b=(400, 100), c=(350, 140)).way(2, "mouth neck")
    town.way(3, "neck a b c neck", **tags)
    assert _reversing_m(town, (250, 100), (400, 100), (350, 60)) == [0, 0, 0]


def test_barrier_makes_two_dead_ends_of_a_street(town: Sketch) -> None:
    town.nodes(post=(350, 100), back=(500, 100), far=(500, 300)).tag("post", barrier="bollard")
    town.way(2, "mouth post back far ne")
    assert _reversing_m(town, (320, 100), (500, 100)) == [120, pytest.approx(516.2, abs=0.2)]


@pytest.mark.parametrize(("highway", "expected"), [("tertiary", 0), ("primary", 0), ("unclassified", 200)])
def test_main_road_that_ends_goes_on_beyond_the_map(town: Sketch, highway: str, expected: float) -> None:
    town.nodes(end=(500, 100)).way(2, "mouth end", highway=highway)
    assert _reversing_m(town, (400, 100)) == [expected]


def test_weight_limit_makes_a_dead_end_for_trucks_only(town: Sketch) -> None:
    town.nodes(bridge=(400, 100), far=(400, 200)).way(2, "mouth bridge").way(3, "bridge far ne", maxweight="7.5")
    assert _reversing_m(town, (300, 100)) == [100]
    assert _reversing_m(town, (300, 100), profile="van_3_5t") == [0]


def test_place_that_cannot_be_reached_is_left_to_others(town: Sketch) -> None:
    town.nodes(a=(1000, 0), b=(1100, 0)).way(2, "a b")
    analysis, placed = _snaps(town, (1050, 0))
    assert analysis.reversing_m(placed).tolist() == [np.inf]
    assert analysis.served_from(placed.snap(0), label="far away") == placed.snap(0)


@pytest.fixture
def alley(town: Sketch) -> Sketch:
    return town.nodes(end=(500, 100)).way(2, "mouth end", name="Blind Alley")


def _served(sketch: Sketch, x_m: float, **limits: float) -> tuple[Snap, Snap | ReversingError, TurningPlaces]:
    streets = sketch.streets()
    analysis, _, metric = _analysis(streets, rule=ReversingRule(**limits))
    snap = SnapIndex(streets).locate([sketch.at(x_m, 104)], metric).places.snap(0)
    return snap, analysis.served_from(snap, label="container G-1"), analysis


def test_place_within_the_limit_is_served_where_it_is(alley: Sketch) -> None:
    snap, served, _ = _served(alley, 349)
    assert served == snap


def test_place_beyond_the_limit_is_rejected_by_name(alley: Sketch) -> None:
    _, error, _ = _served(alley, 351)
    assert isinstance(error, ReversingError)
    assert (error.code, error.street_name, error.limit_m) == ("reversing", "Blind Alley", 150)
    assert error.reversing_m == pytest.approx(151, abs=0.1)
    assert re.search(r"container G-1 on Blind Alley .* reverse 151 m and may reverse 150 m", str(error))


def test_crew_of_one_never_reverses(alley: Sketch) -> None:
    _, error, _ = _served(alley, 230, max_reversing_m=0)
    assert isinstance(error, ReversingError)


def test_container_is_rolled_to_the_last_turning_place_where_that_is_allowed(alley: Sketch) -> None:
    snap, served, analysis = _served(alley, 280, max_reversing_m=50, max_rolling_m=80)
    assert isinstance(served, Snap)
    assert served.distance_m == pytest.approx(snap.distance_m + 80, abs=0.1)
    assert analysis.reversing_m(Places.of([served])).tolist() == [0]
    streets = analysis._streets
    end = streets.segment_tail if served.offset_mm == 0 else streets.segment_head
    assert streets.node_osm_id[end[served.segment]] == alley._ids["mouth"]
    _, error, _ = _served(alley, 281, max_reversing_m=50, max_rolling_m=80)
    assert isinstance(error, ReversingError)


def test_dead_ends_are_listed_with_their_depth(alley: Sketch) -> None:
    alley.nodes(x=(0, -40)).way(3, "sw x", name="Stub")
    alley.nodes(y=(500, 160)).way(4, "end y", name="Hook")
    analysis, _, _ = _analysis(alley.streets())
    found = [(item.street_name, round(item.reversing_m), len(item.segments)) for item in analysis.dead_ends()]
    assert found == [("Blind Alley", 360, 2), ("Stub", 40, 1)]
    assert analysis._streets.node_osm_id[analysis.dead_ends()[0].turning_node] == alley._ids["mouth"]


def test_kinds_of_turning_places_are_told(town: Sketch) -> None:
    town.nodes(end=(500, 100)).way(2, "mouth end").tag("end", highway="turning_circle")
    analysis, _, _ = _analysis(town.streets())
    kind_of = {
        name: analysis.node_kind[np.flatnonzero(analysis._streets.node_osm_id == town._ids[name])].tolist()
        for name in ("mouth", "end", "sw")
    }
    assert kind_of == {"mouth": [TurningPlace.JUNCTION], "end": [TurningPlace.CIRCLE], "sw": [TurningPlace.NONE]}


def _own_truck(folder: Path, **values: object) -> Path:
    """A folder with the 26 t truck under the reversing rule."""
    text = files("routing.profiles").joinpath("truck_26t.toml").read_text(encoding="utf-8")
    for key, value in {"rule": '"dguv"', **values}.items():
        text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
    (folder / "own_truck.toml").write_text(text, encoding="utf-8")
    return folder


def test_router_rejects_what_lies_too_deep_when_the_profile_says_so(alley: Sketch, tmp_path: Path) -> None:
    router = alley.router(profiles_dir=_own_truck(tmp_path))
    stops = [alley.at(100, 0), alley.at(320, 104), alley.at(400, 104, label="container G-1")]
    stops.append(dataclasses.replace(stops[2], label="yard", has_room_to_turn=True))
    found = router.travel(stops, profile="own_truck")
    assert found.row_of.tolist() == [0, 1, -1, 2]
    [rejection] = found.rejections
    assert isinstance(rejection.error, ReversingError)
    assert rejection.error.label == "container G-1"
    with pytest.raises(ReversingError, match="container G-1"):
        router.paths(stops, [(0, 2)], profile="own_truck")
    assert router.travel(stops, profile="van_3_5t").rejections == ()


def test_router_stops_at_the_mouth_for_containers_that_may_be_rolled(alley: Sketch, tmp_path: Path) -> None:
    router = alley.router(profiles_dir=_own_truck(tmp_path, max_reversing_m=0, max_rolling_m=100))
    stops = [alley.at(100, 0), alley.at(260, 104)]
    found = router.travel(stops, profile="own_truck")
    [path] = router.paths(stops, [(0, 1)], profile="own_truck")
    assert found.matrix.distance_m[0, 1] == path.distance_m == 200
    assert path.manoeuvres[-1].aside_m == pytest.approx(64, abs=0.1)


def _noted(sketch: Sketch, x_m: float, way: int, y_m: float = 100, **limits: float) -> Snap | ReversingError:
    """What becomes of a place when no truck may reverse on a way."""
    streets = sketch.streets()
    plain, _, metric = _analysis(streets, rule=ReversingRule(**limits))
    snap = SnapIndex(streets).locate([sketch.at(x_m, y_m)], metric).places.snap(0)
    return plain.under(metric, [note(ForbidReversing(), way)]).served_from(snap, label="container G-1")


def test_nothing_is_reversed_where_the_depot_forbids_it(alley: Sketch) -> None:
    error = _noted(alley, 230, 2)
    assert isinstance(error, ReversingError)
    assert (round(error.reversing_m), error.limit_m, error.forbidden_by) == (30, 0, ("note-1",))
    assert "may reverse 0 m (forbidden by override 'note-1')." in str(error)
    assert isinstance(_noted(alley, 230, 1), Snap)
    rolled = _noted(alley, 230, 2, max_rolling_m=40)
    assert isinstance(rolled, Snap)
    assert rolled.distance_m == pytest.approx(30, abs=0.1)


def test_street_behind_a_forbidden_one_cannot_be_backed_out_of(town: Sketch) -> None:
    town.nodes(half=(260, 100), end=(320, 100)).way(2, "mouth half").way(3, "half end")
    assert isinstance(_noted(town, 300, 2), ReversingError)
    assert isinstance(_noted(town, 300, 3), ReversingError)
    assert isinstance(_noted(town, 250, 3), Snap)


def test_forbidden_street_elsewhere_leaves_the_limit_as_it_is(alley: Sketch) -> None:
    error = _noted(alley, 400, 1)
    assert isinstance(error, ReversingError)
    assert (round(error.reversing_m), error.limit_m, error.forbidden_by) == (200, 150, ())


def test_error_names_only_overrides_that_forbid_reversing_to_the_place(town: Sketch) -> None:
    town.nodes(half=(260, 100), end=(320, 100)).way(2, "mouth half").way(3, "half end")
    plain, _, metric = _analysis(town.streets(), rule=ReversingRule())
    snap = SnapIndex(town.streets()).locate([town.at(250, 100)], metric).places.snap(0)
    bans = [note(ForbidReversing(), way, override_id=f"way {way}") for way in (1, 2, 3)]
    error = plain.under(metric, bans).served_from(snap, label="container G-1")
    assert isinstance(error, ReversingError)
    assert error.forbidden_by == ("way 2",)


def test_longer_way_back_serves_where_the_shortest_is_forbidden(town: Sketch) -> None:
    town.nodes(p=(260, 100), q=(300, 100)).way(2, "mouth p", oneway="yes").way(3, "ne p", oneway="yes").way(4, "p q")
    assert _reversing_m(town, (290, 100)) == [90]
    assert isinstance(_noted(town, 290, 2), Snap)
    assert isinstance(_noted(town, 290, 2, max_reversing_m=140), ReversingError)


def test_ban_on_driving_forward_streets_changes_nothing(town: Sketch) -> None:
    assert isinstance(_noted(town, 100, 1, y_m=0), Snap)


def test_router_rejects_what_an_override_forbids_until_it_is_withdrawn(alley: Sketch) -> None:
    plain = alley.router()
    stops = [alley.at(100, 0), alley.at(260, 104, label="school")]
    stops.append(dataclasses.replace(stops[1], label="yard", has_room_to_turn=True))
    noted = plain.with_overrides(book_of(note(ForbidReversing(), 2)))
    found = noted.travel(stops, profile="truck_26t")
    assert found.row_of.tolist() == [0, -1, 1]
    [rejection] = found.rejections
    assert isinstance(rejection.error, ReversingError)
    assert (rejection.error.label, rejection.error.limit_m) == ("school", 0)
    with pytest.raises(ReversingError, match="school"):
        noted.paths(stops, [(0, 1)], profile="truck_26t")
    undone = noted.with_overrides(noted.overrides.withdraw("note-1", by="lead", at=NOTED_AT))
    for router in (plain, undone):
        assert router.travel(stops, profile="truck_26t").rejections == ()
    assert noted.travel(stops, profile="van_3_5t").rejections == ()


def test_closures_are_analysed_as_if_anew(helsinki: StreetGraph) -> None:
    turns = build_turns(helsinki)
    table = MetricTable(helsinki, turns, load_profile("truck_26t"))
    plain = TurningPlaces(helsinki, turns, table.metric(NO_SITUATION), rule=RULE, vehicle_length_m=10.0)
    plain_traps = int(plain._is_trap.sum())
    rng = np.random.default_rng(3)
    seen = set()
    for ways in rng.choice(helsinki.way_osm_id, (6, 5), replace=False).tolist():
        book = book_of(note(target=WayTarget(way_ids=tuple(ways))))
        metric = table.metric(table.situation(Conditions(overrides=book)))
        shared = plain.under(metric)
        anew = TurningPlaces(helsinki, turns, metric, rule=RULE, vehicle_length_m=10.0)
        is_state_open = metric.arc_ms[turns.state_arc] >= 0
        around = shared._forward._around_most(is_state_open)
        assert around is not None
        for quick, thorough in zip(around, shared._forward._around_largest(is_state_open), strict=True):
            assert np.array_equal(quick, thorough)
        assert np.array_equal(shared.node_kind, anew.node_kind)
        assert shared.dead_ends() == anew.dead_ends()
        seen.add(int(shared._is_trap.sum()))
    assert seen - {plain_traps}


def _forward_twin(analysis: TurningPlaces, turns: TurnGraph, metric: Metric) -> set[int]:
    """Arcs on the way from the largest part and back to it, by networkx."""
    streets = analysis._streets
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(np.flatnonzero(metric.arc_ms[turns.state_arc] >= 0).tolist())
    tails = np.repeat(np.arange(turns.n_states), np.diff(metric.graph.first_out))
    for tail, head in zip(tails.tolist(), metric.graph.head.tolist(), strict=True):
        if turns.state_arc[head] != turns.state_arc[tail] ^ 1:
            graph.add_edge(tail, head)
    for arc in range(2 * streets.n_segments):
        is_two_way = metric.arc_ms[arc] >= 0 and metric.arc_ms[arc ^ 1] >= 0
        if is_two_way and analysis.node_kind[streets.arc_head[arc]] != TurningPlace.NONE:
            graph.add_edge(arc, arc ^ 1)
    main = max(nx.strongly_connected_components(graph), key=len)
    seed = next(iter(main))
    reached = {int(turns.state_arc[state]) for state in nx.descendants(graph, seed) | main}
    leading = {state for state in nx.ancestors(graph, seed) | main if state < 2 * streets.n_segments}
    return reached & leading


@pytest.mark.parametrize("profile", ["truck_26t", "van_3_5t"])
def test_analysis_equals_networkx_on_a_real_city(helsinki: StreetGraph, profile: str) -> None:
    analysis, turns, metric = _analysis(helsinki, profile)
    assert set(np.flatnonzero(analysis.is_forward).tolist()) == _forward_twin(analysis, turns, metric)
    streets: nx.MultiGraph[int] = nx.MultiGraph()
    is_open = (metric.arc_ms.reshape(-1, 2) >= 0).any(axis=1)
    traps = np.flatnonzero(is_open & ~analysis.is_forward.reshape(-1, 2).any(axis=1)).tolist()
    for segment in traps:
        ends = int(helsinki.segment_tail[segment]), int(helsinki.segment_head[segment])
        streets.add_edge(*ends, mm=int(helsinki.segment_length_mm[segment]))
    starts = set(helsinki.arc_head[analysis.is_forward].tolist()) & set(streets)
    closed = {node for node in streets if metric.node_reason[node]}
    depth_mm = nx.multi_source_dijkstra_path_length(
        nx.subgraph_view(streets, filter_node=lambda node: node not in closed), starts - closed, weight="mm"
    )
    inner = [
        segment for segment in traps if {helsinki.segment_tail[segment], helsinki.segment_head[segment]} & {*depth_mm}
    ]
    assert len(inner) > 50
    middles = [
        Snap(
            segment=segment, offset_mm=int(helsinki.segment_length_mm[segment]) // 2, arcs=(2 * segment,), distance_m=0
        )
        for segment in inner
    ]
    found = analysis.reversing_m(Places.of(middles))
    for snap, metres in zip(middles, found.tolist(), strict=True):
        length_mm = int(helsinki.segment_length_mm[snap.segment])
        parts = ((helsinki.segment_tail, snap.offset_mm), (helsinki.segment_head, length_mm - snap.offset_mm))
        ways = [depth_mm[int(end[snap.segment])] + part for end, part in parts if int(end[snap.segment]) in depth_mm]
        assert metres == min(ways) / 1000


def test_another_turning_circle_never_lengthens_the_way_back(helsinki: StreetGraph) -> None:
    before, turns, metric = _analysis(helsinki)
    rng = np.random.default_rng(1)
    segments = np.flatnonzero((metric.arc_ms.reshape(-1, 2) >= 0).all(axis=1))
    places = Places.of(
        [Snap(segment=s, offset_mm=0, arcs=(2 * s, 2 * s + 1), distance_m=0.0) for s in segments.tolist()]
    )
    expected = before.reversing_m(places)
    ends = np.unique(helsinki.segment_head[before._is_trap])
    circles = helsinki.node_tags_index.copy()
    circles[rng.choice(ends, ends.size // 2, replace=False)] = len(helsinki.node_tags)
    tags = (*helsinki.node_tags, (("highway", "turning_circle"),))
    more = dataclasses.replace(helsinki, node_tags=tags, node_tags_index=circles)
    after = TurningPlaces(more, turns, metric, rule=RULE, vehicle_length_m=10.0).reversing_m(places)
    assert (after <= expected).all()
    assert (after < expected).any()
