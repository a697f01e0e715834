"""Instructions on hand-drawn junctions of every kind, and what holds on every leg of a real city."""

import math
from itertools import pairwise

import numpy as np
import pytest

from routing.kernels.turning_points import find_turning_points
from routing.location import Location
from routing.manoeuvres import LegEnd, TurnGuide
from routing.path import ArrivalSide, Manoeuvre, ManoeuvreKind
from routing.streets import StreetGraph
from tests.unit.routing.drawn_legs import arcs_along, drives_over, leg_of_arcs
from tests.unit.routing.town_sketch import Sketch
from tests.unit.routing.turning_twin import turning_points_twin


def _drive(sketch: Sketch, nodes: str) -> list[Manoeuvre]:
    streets = sketch.streets()
    return list(leg_of_arcs(streets, arcs_along(sketch, streets, nodes)).manoeuvres)


def _turns(sketch: Sketch, nodes: str) -> list[tuple[str, str]]:
    """Kind and street of everything between departure and arrival."""
    return [(item.kind.value, item.street_name) for item in _drive(sketch, nodes)[1:-1]]


def _arm(sketch: Sketch, way_id: int, node: str, clockwise_deg: float, **tags: str) -> Sketch:
    """A street of 100 m out of the middle; zero degrees lead straight on for who comes from the south."""
    turn = math.radians(clockwise_deg)
    sketch.nodes(**{node: (100 * math.sin(turn), 100 * math.cos(turn))})
    return sketch.way(way_id, f"mid {node}", **tags)


@pytest.fixture
def stem(sketch: Sketch) -> Sketch:
    sketch.nodes(south=(0, -100), mid=(0, 0))
    return sketch.way(1, "south mid", name="Stem")


@pytest.mark.parametrize(
    ("clockwise_deg", "kind"),
    [
        (90, "right"),
        (-90, "left"),
        (60, "right"),
        (120, "right"),
        (140, "sharp_right"),
        (-140, "sharp_left"),
        (40, "slight_right"),
        (-40, "slight_left"),
    ],
)
def test_turn_is_named_by_its_angle(stem: Sketch, clockwise_deg: float, kind: str) -> None:
    _arm(_arm(stem, 2, "there", clockwise_deg, name="There"), 3, "ahead", 0, name="Stem")
    assert _turns(stem, "south mid there") == [(kind, "There")]


@pytest.mark.parametrize(("end", "kind"), [("west", "left"), ("east", "right")])
def test_end_of_a_street_at_a_cross_street_is_a_turn_either_way(stem: Sketch, end: str, kind: str) -> None:
    _arm(_arm(stem, 2, "west", -90, name="Cross"), 3, "east", 90, name="Cross")
    assert _turns(stem, f"south mid {end}") == [(kind, "Cross")]


def test_street_that_forks_under_one_name_is_a_turn_either_way(stem: Sketch) -> None:
    _arm(_arm(stem, 2, "west", -90, name="Stem"), 3, "east", 90, name="Stem")
    assert _turns(stem, "south mid west") == [("left", "Stem")]


@pytest.mark.parametrize(("end", "kind"), [("west", "slight_left"), ("east", "slight_right")])
def test_fork_tells_the_side_to_keep(stem: Sketch, end: str, kind: str) -> None:
    _arm(_arm(stem, 2, "west", -12, name="Left Way"), 3, "east", 12, name="Right Way")
    assert _turns(stem, f"south mid {end}")[0][0] == kind


def test_straight_on_at_a_crossing_is_silent(stem: Sketch) -> None:
    _arm(_arm(_arm(stem, 2, "north", 0, name="Stem"), 3, "east", 90, name="Cross"), 4, "west", -90, name="Cross")
    assert _turns(stem, "south mid north") == []


def test_new_name_straight_on_is_a_continuation(stem: Sketch) -> None:
    _arm(_arm(stem, 2, "north", 0, name="North Road"), 3, "east", 90, name="Cross")
    assert _turns(stem, "south mid north") == [("continue", "North Road")]


def test_short_gap_in_a_name_is_silent(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(0, 100), c=(0, 120), d=(0, 220), e=(90, 100), f=(90, 120))
    sketch.way(1, "a b", name="Long").way(2, "b c").way(3, "c d", name="Long")
    sketch.way(4, "b e", name="Side").way(5, "c f", name="Other")
    assert _turns(sketch, "a b c d") == []


def test_name_that_was_told_last_is_not_told_again(sketch: Sketch) -> None:
    sketch.nodes(a=(0, -100), b=(0, 0), c=(100, 0), d=(200, 0), e=(300, 0), west=(-100, 0), side=(200, 100))
    sketch.way(1, "a b", name="Stem").way(2, "west b c", name="Long").way(3, "c d", name="Square")
    sketch.way(4, "d e", name="Long").way(5, "d side", name="Side")
    assert _turns(sketch, "a b c d e") == [("right", "Long")]  # at the square nothing can be chosen


@pytest.mark.parametrize("clockwise_deg", [30, 60, 90, 130])
def test_bend_without_a_choice_is_silent(stem: Sketch, clockwise_deg: float) -> None:
    _arm(stem, 2, "there", clockwise_deg, name="Another Name")
    assert _turns(stem, "south mid there") == []


def test_bend_of_a_street_is_silent_where_a_side_street_leaves(stem: Sketch) -> None:
    _arm(_arm(stem, 2, "there", 60, name="Stem"), 3, "side", -100, name="Side")
    assert _turns(stem, "south mid there") == []


def test_bend_is_told_where_another_street_leads_straight_on(stem: Sketch) -> None:
    _arm(_arm(stem, 2, "there", 60, name="Stem"), 3, "ahead", 5, name="Ahead")
    assert _turns(stem, "south mid there") == [("right", "Stem")]


@pytest.mark.parametrize(
    "tags",
    [{"highway": "service", "service": "driveway"}, {"highway": "track"}, {"access": "private"}, {"access": "no"}],
)
def test_bend_is_silent_where_only_a_minor_way_leads_straight_on(stem: Sketch, tags: dict[str, str]) -> None:
    _arm(_arm(stem, 2, "there", 60, name="Stem"), 3, "ahead", 5, **tags)
    assert _turns(stem, "south mid there") == []


def test_street_against_its_one_way_direction_is_no_choice(stem: Sketch) -> None:
    _arm(_arm(stem, 2, "there", 90, name="There"), 3, "ahead", 0, name="Ahead", oneway="-1")
    assert _turns(stem, "south mid there") == []


def test_street_that_is_closed_to_trucks_is_still_a_choice(stem: Sketch) -> None:
    _arm(_arm(stem, 2, "there", 90, name="There"), 3, "ahead", 0, name="Ahead", hgv="no")
    assert _turns(stem, "south mid there") == [("right", "There")]


def test_turn_into_a_driveway_is_told(stem: Sketch) -> None:
    _arm(_arm(stem, 2, "yard", 90, highway="service"), 3, "north", 0, name="Stem")
    assert _turns(stem, "south mid yard") == [("right", "")]


def test_crooked_last_metre_does_not_make_a_turn(sketch: Sketch) -> None:
    sketch.nodes(a=(0, -100), kink=(2, -2), mid=(0, 0), b=(0, 100), side=(100, 0))
    sketch.way(1, "a kink mid b", name="Long").way(2, "mid side", name="Side")
    assert _turns(sketch, "a mid b") == []


def test_turn_drawn_in_two_halves_is_told_once(sketch: Sketch) -> None:
    sketch.nodes(a=(0, -100), one=(0, 0), two=(6, 6), b=(106, 6), north=(0, 100), east=(100, -60))
    sketch.way(1, "a one north", name="Long").way(2, "one two", name="Cross").way(3, "two b", name="Cross")
    sketch.nodes(up=(30, 90)).way(4, "two up", name="Up")
    assert _turns(sketch, "a one two b") == [("right", "Cross")]


def test_change_of_carriageway_is_a_u_turn(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0), d=(0, 10), e=(100, 10), f=(200, 10))
    sketch.way(1, "a b c", name="Allee", oneway="yes").way(2, "f e d", name="Allee", oneway="yes").way(3, "b e")
    assert _turns(sketch, "a b e d") == [("u_turn", "Allee")]


@pytest.mark.parametrize("tags", [{"highway": "turning_circle"}, {}])
def test_turning_round_at_the_end_of_a_street_is_a_u_turn(sketch: Sketch, tags: dict[str, str]) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0)).way(1, "a b", name="Blind Alley").tag("b", **tags)
    [turn] = _drive(sketch, "a b a")[1:-1]
    assert (turn.kind, turn.street_name, turn.at_m) == (ManoeuvreKind.U_TURN, "Blind Alley", 50)
    assert turn.bearing_deg == pytest.approx(270, abs=0.1)


@pytest.fixture
def roundabout(sketch: Sketch) -> Sketch:
    sketch.nodes(south=(0, -100), s=(0, -15), east=(100, 0), e=(15, 0), north=(0, 100), n=(0, 15))
    sketch.nodes(west=(-100, 0), w=(-15, 0), yard=(90, 90), y=(10, 10))
    sketch.way(1, "s e y n w s", junction="roundabout")
    sketch.way(2, "south s", name="South").way(3, "e east", name="East").way(4, "n north", name="North")
    return sketch.way(5, "w west", name="West").way(6, "y yard", highway="service", service="driveway")


@pytest.mark.parametrize(
    ("nodes", "exit_number", "name"),
    [
        ("south s e east", 1, "East"),
        ("south s e y n north", 2, "North"),
        ("south s e y n w west", 3, "West"),
        ("south s e y n w s south", 4, "South"),
        ("west w s south", 1, "South"),
        ("south s e y yard", 2, ""),
    ],
)
def test_roundabout_counts_the_exits_of_streets(roundabout: Sketch, nodes: str, exit_number: int, name: str) -> None:
    [turn] = _drive(roundabout, nodes)[1:-1]
    assert (turn.kind, turn.exit_number, turn.street_name) == (ManoeuvreKind.ROUNDABOUT, exit_number, name)
    assert turn.at_m == 42  # half of the 85 m to the roundabout


def test_roundabout_does_not_count_streets_that_only_lead_in(sketch: Sketch) -> None:
    sketch.nodes(south=(0, -100), s=(0, -15), e=(15, 0), east=(100, 0), n=(0, 15), north=(0, 100))
    sketch.way(1, "s e n s", junction="roundabout").way(2, "south s", name="South")
    sketch.way(3, "east e", oneway="yes").way(4, "n north", name="North")
    assert _drive(sketch, "south s e n north")[1].exit_number == 1


def test_roundabout_has_no_exit_when_the_leg_ends_inside(roundabout: Sketch) -> None:
    [turn] = _drive(roundabout, "south s e y")[1:-1]
    assert (turn.kind, turn.exit_number) == (ManoeuvreKind.ROUNDABOUT, None)


def test_leg_that_starts_inside_a_roundabout_turns_out_of_it(roundabout: Sketch) -> None:
    assert _turns(roundabout, "s e y n north") == [("right", "North")]


def test_two_roundabouts_in_a_row_are_two_manoeuvres(roundabout: Sketch) -> None:
    roundabout.nodes(p=(130, -15), q=(115, 15), far=(115, 100)).way(7, "east p q east", junction="roundabout")
    roundabout.way(8, "q far", name="Far").nodes(lane=(130, -90)).way(9, "p lane", name="Lane")
    kinds = [(item.kind, item.exit_number) for item in _drive(roundabout, "south s e east p q far")[1:-1]]
    assert kinds == [(ManoeuvreKind.ROUNDABOUT, 1), (ManoeuvreKind.ROUNDABOUT, 2)]


@pytest.fixture
def motorway(sketch: Sketch) -> Sketch:
    sketch.nodes(a=(0, 0), b=(300, 0), c=(600, 0), d=(400, -30), e=(420, -100), f=(520, -100), g=(320, -100))
    sketch.way(1, "a b c", highway="motorway", name="A 656", oneway="yes")
    sketch.way(2, "b d e", highway="motorway_link", oneway="yes")
    return sketch.way(3, "f e g", highway="primary", name="Speyerer Straße")


def test_motorway_exit_is_a_ramp_towards_its_street(motorway: Sketch) -> None:
    ramp, turn = _drive(motorway, "a b e g")[1:-1]
    assert (ramp.kind, ramp.is_ramp, ramp.street_name) == (ManoeuvreKind.SLIGHT_RIGHT, True, "Speyerer Straße")
    assert (turn.kind, turn.is_ramp, turn.street_name) == (ManoeuvreKind.RIGHT, False, "Speyerer Straße")


def test_ramp_with_the_name_of_its_motorway_leads_to_the_street_behind_it(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(300, 0), c=(600, 0), d=(400, -30), e=(420, -100), f=(520, -100), g=(320, -100))
    sketch.way(1, "a b c", highway="motorway", ref="A 656", oneway="yes")
    sketch.way(2, "b d e", highway="motorway_link", ref="A 656", oneway="yes")
    sketch.way(3, "f e g", highway="primary", name="Speyerer Straße")
    ramp = _drive(sketch, "a b e g")[1]
    assert (ramp.is_ramp, ramp.street_name) == (True, "Speyerer Straße")


def test_staying_on_the_motorway_is_silent_at_an_exit(motorway: Sketch) -> None:
    assert _turns(motorway, "a b c") == []


def test_joining_the_motorway_is_told_at_the_ramp_only(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(300, 0), c=(600, 0), e=(150, -60), f=(150, -160), g=(150, 0.5))
    sketch.nodes(h=(400, -60))
    sketch.way(1, "a b c", highway="motorway", name="A 656", oneway="yes")
    sketch.way(2, "f e", highway="primary", name="Speyerer Straße").way(3, "e h", highway="primary", name="Ring")
    sketch.way(4, "e b", highway="motorway_link", oneway="yes")
    [ramp] = _drive(sketch, "f e b c")[1:-1]
    assert (ramp.is_ramp, ramp.street_name) == (True, "A 656")


@pytest.mark.parametrize(
    ("place_m", "side"),
    [((50, 8), "left"), ((50, -8), "right"), ((50, 0.5), "straight"), ((58, 1), "straight")],
)
def test_arrival_tells_the_side_of_the_place(sketch: Sketch, place_m: tuple[float, float], side: str) -> None:
    streets = sketch.nodes(a=(0, 0), b=(100, 0)).way(1, "a b", name="Only").streets()
    place = sketch.at(*place_m).location
    leg = leg_of_arcs(streets, arcs_along(sketch, streets, "a b"), from_fraction=0.1, place=place, aside_m=8.0)
    last = leg.manoeuvres[-1]
    assert (last.kind, last.arrival_side) == (ManoeuvreKind.ARRIVE, ArrivalSide(side))
    assert (last.aside_m, last.street_name, last.at_m) == (8.0, "Only", 40)


def test_arrival_changes_its_side_with_the_direction(sketch: Sketch) -> None:
    streets = sketch.nodes(a=(0, 0), b=(100, 0)).way(1, "a b").streets()
    place = sketch.at(50, 8).location
    leg = leg_of_arcs(streets, arcs_along(sketch, streets, "b a"), from_fraction=0.1, place=place)
    assert leg.manoeuvres[-1].arrival_side is ArrivalSide.RIGHT


def test_departure_tells_street_and_direction(stem: Sketch) -> None:
    first = _drive(stem, "south mid")[0]
    assert (first.kind, first.street_name, first.at_m) == (ManoeuvreKind.DEPART, "Stem", 0)
    assert first.bearing_deg == pytest.approx(0, abs=0.1)


def test_leg_that_does_not_move_departs_and_arrives(stem: Sketch) -> None:
    streets = stem.streets()
    leg = leg_of_arcs(streets, arcs_along(stem, streets, "south mid"))
    assert [(item.kind.value, item.at_m) for item in leg.manoeuvres] == [("depart", 0), ("arrive", 0)]


def _walks(streets: StreetGraph, n: int) -> list[tuple[int, ...]]:
    """Random drives, turning round now and then."""
    rng = np.random.default_rng(5)
    first, leaving = streets.leaving
    walks = []
    for length in rng.integers(1, 60, n):
        arcs = [int(rng.integers(2 * streets.n_segments))]
        while len(arcs) < length:
            node = streets.arc_head[arcs[-1]]
            ways = leaving[first[node] : first[node + 1]]
            onward = ways[ways != arcs[-1] ^ 1]
            arcs.append(int(rng.choice(onward if onward.size and rng.random() > 0.02 else ways)))
        walks.append(tuple(arcs))
    return walks


def test_manoeuvres_hold_together_on_a_real_city(helsinki: StreetGraph) -> None:
    guide = TurnGuide(helsinki)
    n_turns = n_nodes = 0
    for arcs in _walks(helsinki, 300):
        leg = leg_of_arcs(helsinki, arcs, guide=guide, from_fraction=0.3, to_fraction=0.8)
        first, *turns, last = leg.manoeuvres
        assert (first.kind, last.kind) == (ManoeuvreKind.DEPART, ManoeuvreKind.ARRIVE)
        assert (first.at_m, last.at_m) == (0, leg.distance_m)
        assert all(one.at_m <= other.at_m for one, other in pairwise(leg.manoeuvres))
        assert not {item.kind for item in turns} & {ManoeuvreKind.DEPART, ManoeuvreKind.ARRIVE}
        line = {tuple(point) for point in leg.lon_lat_deg.tolist()}
        assert all(_degrees(item.location) in line for item in leg.manoeuvres)
        n_turns += len(turns)
        n_nodes += len(arcs) - 1
    assert 0.05 < n_turns / n_nodes < 0.5


def _degrees(location: Location) -> tuple[float, float]:
    return location.lon_deg, location.lat_deg


def test_turning_points_equal_their_slow_twin(helsinki: StreetGraph) -> None:
    guide, walks = TurnGuide(helsinki), _walks(helsinki, 300)
    drives = drives_over(helsinki, walks)
    begins, found = find_turning_points(drives.first, drives.arc, guide._junctions)
    rows = list(zip(*(column[: begins[-1]].tolist() for column in found), strict=True))
    assert begins[0] == 0
    for leg, arcs in enumerate(walks):
        first = int(drives.first[leg])
        expected = turning_points_twin(arcs, guide._junctions)
        from_leg = [(row[0] - first, row[1] - first, row[2] - first, *row[3:]) for row in rows]
        assert from_leg[begins[leg] : begins[leg + 1]] == expected


def test_legs_are_told_alike_alone_and_together(helsinki: StreetGraph) -> None:
    guide, walks = TurnGuide(helsinki), _walks(helsinki, 100)
    drives = drives_over(helsinki, walks, from_fraction=0.3, to_fraction=0.8)
    alone = [leg_of_arcs(helsinki, arcs, guide=guide, from_fraction=0.3, to_fraction=0.8) for arcs in walks]
    ends = [LegEnd(line=leg.lon_lat_deg, distance_m=leg.distance_m, place=None, aside_m=0.0) for leg in alone]
    assert guide.manoeuvres(drives, ends) == [leg.manoeuvres for leg in alone]


def test_router_gives_manoeuvres_with_its_legs(sketch: Sketch) -> None:
    sketch.nodes(west=(-200, 0), mid=(0, 0), east=(200, 0), north=(0, 200))
    sketch.way(1, "west mid east", name="Long").way(2, "mid north", name="Side")
    ends = [sketch.at(-100, 5), sketch.at(8, 100)]
    [there, back, nowhere] = sketch.router().paths(ends, [(0, 1), (1, 0), (0, 0)], profile="truck_26t")
    assert [(item.kind.value, item.street_name, item.at_m) for item in there.manoeuvres] == [
        ("depart", "Long", 0),
        ("left", "Side", 100),
        ("arrive", "Side", 200),
    ]
    assert there.manoeuvres[-1].arrival_side is ArrivalSide.RIGHT
    assert there.manoeuvres[-1].aside_m == pytest.approx(8, abs=0.1)
    assert back.manoeuvres[1].kind is ManoeuvreKind.RIGHT
    assert [item.at_m for item in nowhere.manoeuvres] == [0, 0]
