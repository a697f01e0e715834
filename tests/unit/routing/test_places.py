import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from routing.places import Places, Snap, arc_sides


@st.composite
def snaps(draw: st.DrawFn) -> Snap:
    segment = draw(st.integers(0, 40))
    arcs = draw(st.sampled_from([(2 * segment,), (2 * segment + 1,), (2 * segment, 2 * segment + 1)]))
    return Snap(segment=segment, offset_mm=draw(st.integers(0, 10**6)), arcs=arcs, distance_m=draw(st.floats(0, 150)))


@given(st.lists(snaps(), max_size=8))
def test_places_hold_their_snaps(given: list[Snap]) -> None:
    places = Places.of(given)
    assert [places.snap(index) for index in range(len(places))] == given
    backwards = places.taken(np.arange(len(given))[::-1])
    assert [backwards.snap(index) for index in range(len(given))] == given[::-1]


@given(st.lists(snaps(), max_size=8))
def test_stops_are_listed_place_by_place(given: list[Snap]) -> None:
    place, arc = Places.of(given).stops()
    expected = [(index, arc) for index, snap in enumerate(given) for arc in snap.arcs]
    assert list(zip(place.tolist(), arc.tolist(), strict=True)) == expected


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=8))
def test_arc_sides_have_one_bit_for_each_direction(given: list[tuple[bool, bool]]) -> None:
    flat = np.array([side for pair in given for side in pair], dtype=np.bool_)
    assert arc_sides(flat).tolist() == [along + 2 * against for along, against in given]
