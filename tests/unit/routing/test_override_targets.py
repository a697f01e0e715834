import pytest

from routing.override_targets import arcs_of, target_issues
from routing.overrides import AreaTarget, Direction, StreetTarget, Target, WayTarget
from routing.streets import StreetGraph
from tests.unit.routing.depot_notes import NOTED_AT, book_of, note
from tests.unit.routing.town_sketch import Sketch

Box = tuple[float, float, float, float]


@pytest.fixture
def town(sketch: Sketch) -> Sketch:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0), d=(100, 100), e=(100, 1000), f=(200, 1000))
    sketch.way(11, "a b c", name="Hauptstraße").way(12, "b d", name="Am Markt").way(13, "e f", name="Hauptstraße")
    return sketch


def _ways(target: Target, streets: StreetGraph) -> list[int]:
    return streets.way_osm_id[streets.segment_way[arcs_of(note(target=target), streets) >> 1]].tolist()


def _box(sketch: Sketch, west: float, south: float, east: float, north: float) -> Box:
    low, high = sketch.at(west, south).location, sketch.at(east, north).location
    return low.lon_deg, low.lat_deg, high.lon_deg, high.lat_deg


@pytest.mark.parametrize(("direction", "sides"), [(None, [0, 1, 0, 1]), ("forward", [0, 0]), ("backward", [1, 1])])
def test_ways_are_found_in_the_directions_asked_for(
    town: Sketch, direction: Direction | None, sides: list[int]
) -> None:
    streets = town.streets()
    arcs = arcs_of(note(target=WayTarget(way_ids=(11,), direction=direction)), streets)
    assert (arcs & 1).tolist() == sides
    assert set(streets.way_osm_id[streets.segment_way[arcs >> 1]].tolist()) == {11}


def test_several_ways_are_found_at_once(town: Sketch) -> None:
    assert sorted(set(_ways(WayTarget(way_ids=(12, 13)), town.streets()))) == [12, 13]


@pytest.mark.parametrize("name", ["Hauptstraße", "hauptstrasse", "HAUPTSTR.", "Haupt-Straße", "Hauptstr"])
def test_streets_are_found_however_their_name_is_written(town: Sketch, name: str) -> None:
    assert set(_ways(StreetTarget(name=name), town.streets())) == {11, 13}


def test_box_chooses_between_streets_of_one_name(town: Sketch) -> None:
    box = _box(town, 50, 900, 300, 1100)
    assert set(_ways(StreetTarget(name="Hauptstraße", box_deg=box), town.streets())) == {13}


@pytest.mark.parametrize(
    ("corners", "expected"),
    [
        ([(80, -20), (120, -20), (120, 20), (80, 20)], {11, 12}),  # around a crossing
        ([(140, -5), (160, -5), (150, 5)], {11}),  # across a street, with no node inside
        ([(90, 40), (110, 40), (110, 60), (90, 60)], {12}),
        ([(-50, -50), (1500, -50), (1500, 1500), (-50, 1500)], {11, 12, 13}),
        ([(80, -20), (120, 20), (120, -20), (80, 20)], {11, 12}),  # a bow tie, whose knot is the crossing
        ([(300, 300), (310, 300), (310, 310)], set()),
    ],
)
def test_polygon_means_every_street_that_touches_it(
    town: Sketch, corners: list[tuple[float, float]], expected: set[int]
) -> None:
    places = [town.at(*corner).location for corner in corners]
    target = AreaTarget(outline_deg=tuple((place.lon_deg, place.lat_deg) for place in places))
    assert set(_ways(target, town.streets())) == expected


def test_polygon_takes_segments_and_not_whole_ways(town: Sketch) -> None:
    box = _box(town, 140, -5, 160, 5)
    target = AreaTarget(outline_deg=((box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3])))
    assert len(_ways(target, town.streets())) == 2  # both arcs between b and c


def test_what_matches_nothing_is_named_with_a_suggestion(town: Sketch) -> None:
    town.nodes(g=(0, -300), h=(100, -300)).way(471_234, "g h", name="Ring")
    nowhere = town.at(150, 40).location
    corners = tuple((nowhere.lon_deg + x, nowhere.lat_deg + y) for x, y in ((0, 0), (1e-5, 0), (0, 1e-5)))
    issues = target_issues(
        book_of(
            note(override_id="good", target=11),
            note(override_id="ways", target=WayTarget(way_ids=(11, 471_243, 99))),
            note(override_id="name", target=StreetTarget(name="Am Mark")),
            note(override_id="other", target=StreetTarget(name="Xyz")),
            note(override_id="box", target=StreetTarget(name="Am Markt", box_deg=_box(town, 0, 500, 300, 1100))),
            note(override_id="area", target=AreaTarget(outline_deg=corners)),
            note(override_id="gone", target=77),
        ).withdraw("gone", by="lead", at=NOTED_AT),
        town.streets(),
    )
    by_id = {issue.element.removeprefix("override "): issue.detail for issue in issues}
    assert set(by_id) == {"ways", "name", "other", "box", "area"}
    assert [issue.detail for issue in issues if issue.element == "override ways"] == [
        "way 99 is not on this map",
        "way 471243 is not on this map; do you mean 471234 (Ring)?",
    ]
    assert by_id["name"] == "no street is called 'Am Mark'; do you mean 'Am Markt'?"
    assert by_id["other"] == "no street is called 'Xyz'"
    assert by_id["box"] == "'Am Markt' lies outside the box; move the box or leave it out"
    assert "the nearest one, Hauptstraße, is" in by_id["area"] or "the nearest one, Am Markt, is" in by_id["area"]
