import numpy as np
import pytest

from routing.map_report import MapReport, report_gaps
from routing.profile import load_profile
from routing.streets import StreetGraph
from tests.unit.routing.town_sketch import Sketch, engine_on

TRUCK = load_profile("truck_26t")
VAN = load_profile("van_3_5t")


def _listed(report: MapReport) -> dict[str, list[tuple[str, tuple[int, ...]]]]:
    return {gap.kind: [(place.street_name, place.way_ids) for place in gap.places] for gap in report.gaps}


@pytest.fixture
def town(sketch: Sketch) -> Sketch:
    """A ring with a bridge of two pieces over Unter, a second bridge with a limit, a tunnel, and one narrow street."""
    sketch.nodes(a=(0, 0), b=(100, 0), c=(150, 0), d=(200, 0), e=(300, 0), f=(400, 0), g=(500, 0))
    sketch.nodes(h=(120, -100), i=(120, 100), j=(450, -100), k=(450, 100), l=(600, 0))
    sketch.way(1, "a b", name="Ring", highway="primary")
    sketch.way(2, "b c", name="Ring", highway="primary", bridge="yes")
    sketch.way(3, "c d", name="Ring", highway="primary", bridge="viaduct", lanes="2")
    sketch.way(4, "d e", name="Ring", highway="primary", bridge="yes", maxweight="30")
    sketch.way(5, "e f", name="Ring", highway="primary", tunnel="yes")
    sketch.way(6, "f g", name="Ring", highway="primary", bridge="no")
    sketch.way(7, "h i", name="Unter", highway="tertiary")
    sketch.way(8, "j k", name="Neben", width="4")
    return sketch.way(9, "g l", name="Gasse")


def test_gaps_of_a_whole_map_are_listed_with_streets_and_ways(town: Sketch) -> None:
    assert _listed(report_gaps(town.streets(), TRUCK)) == {
        "bridge_maxweight": [("Ring", (2, 3))],
        "tunnel_maxheight": [("Ring", (5,))],
        "underpass_maxheight": [("Unter", (7,))],
        "street_width": [("Gasse", (9,))],
    }


def test_weight_of_bridges_matters_to_heavy_vehicles_only(town: Sketch) -> None:
    assert "bridge_maxweight" not in _listed(report_gaps(town.streets(), VAN))


def test_only_driven_streets_are_looked_at(town: Sketch) -> None:
    streets = town.streets()
    arcs = [2 * segment for segment in range(streets.n_segments) if streets.segment_name(segment) in {"Unter", "Neben"}]
    report = report_gaps(streets, TRUCK, arcs=arcs)
    assert _listed(report) == {"underpass_maxheight": [("Unter", (7,))]}
    assert report.sentences() == ("Maxheight is missing under 1 bridge on the tours (Unter).",)
    assert len(report_gaps(streets, TRUCK, arcs=[])) == 0


def test_closed_streets_are_left_out_where_the_metric_is_known(town: Sketch) -> None:
    town.nodes(m=(0, -500), n=(100, -500)).way(10, "m n", name="Hof", access="private")
    engine = engine_on(town.streets())
    names = [
        [place.street_name for place in report.places("street_width")]
        for report in (
            report_gaps(engine.streets, TRUCK),
            report_gaps(engine.streets, TRUCK, is_open=engine.metric.arc_ms >= 0),
        )
    ]
    assert names == [["Gasse", "Hof"], ["Gasse"]]


def test_height_below_a_bridge_counts_as_known_when_it_is_stated(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(50, -50), d=(50, 50)).way(1, "a b", bridge="yes", maxweight="none")
    assert (
        report_gaps(sketch.way(2, "c d", maxheight="default", width="5").streets(), TRUCK).places("underpass_maxheight")
        == ()
    )


def test_street_that_joins_a_bridge_does_not_pass_below_it(sketch: Sketch) -> None:
    sketch.nodes(a=(0, 0), b=(100, 0), c=(200, 0), d=(100, 50)).way(1, "a b c", bridge="yes").way(2, "b d")
    assert report_gaps(sketch.streets(), TRUCK).places("underpass_maxheight") == ()


def test_tags_and_restrictions_that_nobody_understands_are_listed(town: Sketch) -> None:
    town.nodes(m=(0, -500), n=(100, -500), o=(200, -500)).tag("n", barrier="gate", maxheight="low")
    town.way(10, "m n o", name="Hof", maxweight="3 bananas", hgv__conditional="no @ (fog)", width="4")
    town.restrict("no_flying", 1, "b", 2)
    report = report_gaps(town.streets(), TRUCK)
    assert [(place.street_name, place.way_ids, place.detail) for place in report.places("unknown_tag")] == [
        ("Hof", (10,), "hgv:conditional=no @ (fog): 'fog' is no time and no size of a vehicle, so nothing follows it"),
        ("Hof", (10,), "maxweight=3 bananas: the weight '3 bananas' cannot be understood"),
        ("", (), "node 14, maxheight=low: the length 'low' cannot be understood"),
    ]
    assert [place.detail for place in report.places("restriction")] == [
        "relation 1: the turn restriction 'no_flying' is unknown"
    ]
    assert report.sentences()[-2:] == (
        "3 tags cannot be understood on the map (Hof).",
        "1 turn restriction is not followed on the map.",
    )


def test_sentence_counts_all_and_names_the_first(sketch: Sketch) -> None:
    for way in range(1, 6):
        sketch.nodes(**{f"a{way}": (0, way * 50), f"b{way}": (100, way * 50)})
        sketch.way(way, f"a{way} b{way}", name=f"Street {way}")
    assert report_gaps(sketch.streets(), TRUCK).sentences() == (
        "The width of 5 narrow streets is missing on the map (Street 1, Street 2, Street 3, ...).",
    )


def test_report_of_a_real_town_is_consistent(helsinki: StreetGraph) -> None:
    report = report_gaps(helsinki, TRUCK)
    known = set(helsinki.way_osm_id.tolist())
    for gap in report.gaps:
        assert gap.places
        assert all(set(place.way_ids) <= known for place in gap.places)
    half = np.arange(0, 2 * helsinki.n_segments, 4)
    assert 0 < len(report_gaps(helsinki, TRUCK, arcs=half.tolist())) <= len(report)
