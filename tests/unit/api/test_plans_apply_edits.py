from dataclasses import replace

import pytest

from api.plans.apply_edits import apply_edits, vehicle_of
from api.plans.edits import Edit, EditOp, Holds, ImpossibleEditError, dump_edits, dump_holds, load_edits, load_holds
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.plan import Plan
from optimizer.domain.town import Town
from tests.flow.http_samples import one_stop_plan, small_town

MOVE, PIN, UNPIN = EditOp.MOVE, EditOp.PIN, EditOp.UNPIN
EXCLUDE, INCLUDE, SWAP = EditOp.EXCLUDE, EditOp.INCLUDE, EditOp.SWAP


@pytest.fixture
def town() -> Town:
    return small_town()


@pytest.fixture
def plan() -> Plan:
    """LUE-1 empties P-001 (glass); LUE-2 has no tour."""
    return one_stop_plan("a" * 32)


def refusal(plan: Plan, town: Town, *edits: Edit, holds: Holds | None = None, **more: object) -> tuple[str, str]:
    with pytest.raises(ImpossibleEditError) as caught:
        apply_edits(plan, town, holds or Holds(), edits, **more)  # type: ignore[arg-type]  # named by the tests
    return caught.value.issues[0].code, caught.value.issues[0].message


def test_move_counts_once_and_a_pin_holds(plan: Plan, town: Town) -> None:
    moved = apply_edits(plan, town, Holds(), [Edit(op=MOVE, container_id="P-001", vehicle_id="LUE-2")])
    assert (moved.pins, moved.holds.pins, moved.wanted) == ({"P-001": "LUE-2"}, {}, {"P-001": "LUE-2"})
    pinned = apply_edits(plan, town, Holds(), [Edit(op=PIN, container_id="P-001", vehicle_id="LUE-2")])
    assert pinned.holds.pins == {"P-001": "LUE-2"}
    where_it_is = apply_edits(plan, town, Holds(), [Edit(op=PIN, container_id="P-001")])
    assert where_it_is.holds.pins == {"P-001": "LUE-1"}


def test_edits_count_in_their_order(plan: Plan, town: Town) -> None:
    holds = Holds(pins={"P-001": "LUE-1"})
    move = Edit(op=MOVE, container_id="P-001", vehicle_id="LUE-2")
    assert refusal(plan, town, move, holds=holds)[0] == "pinned"
    day = apply_edits(plan, town, holds, [Edit(op=UNPIN, container_id="P-001"), move])
    assert (day.holds.pins, day.pins) == ({}, {"P-001": "LUE-2"})


def test_exclusion_holds_until_the_container_is_included(plan: Plan, town: Town) -> None:
    out = apply_edits(plan, town, Holds(pins={"P-001": "LUE-1"}), [Edit(op=EXCLUDE, container_id="P-001")])
    assert out.holds == Holds(excluded=frozenset({"P-001"}))
    assert refusal(plan, town, Edit(op=MOVE, container_id="P-001", vehicle_id="LUE-2"), holds=out.holds)[0] == (
        "excluded"
    )
    back = apply_edits(plan, town, out.holds, [Edit(op=INCLUDE, container_id="P-001")])
    assert (back.excluded, back.urgent, back.wanted) == (frozenset(), frozenset({"P-001"}), {"P-001": ""})
    both = (Edit(op=INCLUDE, container_id="P-001"), Edit(op=EXCLUDE, container_id="P-001"))
    assert refusal(plan, town, *both)[0] == "contradiction"


def test_swapped_tours_take_their_pins_along(plan: Plan, town: Town) -> None:
    day = apply_edits(
        plan,
        town,
        Holds(pins={"P-001": "LUE-1"}),
        [Edit(op=SWAP, vehicle_id="LUE-1", with_vehicle_id="LUE-2")],
    )
    assert vehicle_of(day.plan, "P-001") == "LUE-2"
    assert day.holds.pins == {"P-001": "LUE-2"}
    assert day.plan.tours[0].stops == plan.tours[0].stops


def test_vehicle_that_may_not_is_named_with_those_that_may(plan: Plan, town: Town) -> None:
    first, second = town.vehicles
    cases = {
        "stream": replace(second, streams=frozenset({"paper"})),
        "lifting_system": replace(second, systems=frozenset({"crane"})),
        "not_driving": replace(second, is_available=False),
    }
    heavy = replace(town, vehicles=(first, replace(second, capacity_kg=100)))
    assert refusal(plan, heavy, Edit(op=MOVE, container_id="P-001", vehicle_id="LUE-2"))[0] == "size"
    for code, changed in cases.items():
        other = replace(town, vehicles=(first, changed))
        found, said = refusal(plan, other, Edit(op=MOVE, container_id="P-001", vehicle_id="LUE-2"))
        assert (found, "Choose one of: LUE-1" in said) == (code, True), said
    nobody = replace(town, vehicles=(replace(first, is_available=False), cases["stream"]))
    assert (
        "No vehicle of this plan can"
        in refusal(plan, nobody, Edit(op=MOVE, container_id="P-001", vehicle_id="LUE-2"))[1]
    )


def test_what_is_done_or_under_way_is_not_changed(plan: Plan, town: Town) -> None:
    done = {"P-001": "LUE-1"}
    assert refusal(plan, town, Edit(op=EXCLUDE, container_id="P-001"), done=done)[0] == "already_done"
    out = frozenset({"LUE-1"})
    swap = Edit(op=SWAP, vehicle_id="LUE-1", with_vehicle_id="LUE-2")
    assert refusal(plan, town, swap, vehicles_out=out)[0] == "under_way"


def test_containers_that_stand_together_stay_together(plan: Plan, town: Town) -> None:
    beside = replace(town.containers[3], site_id=town.containers[1].site_id)
    other = replace(town, containers=(*town.containers[:3], beside, *town.containers[4:]))
    stop = plan.tours[0].stops[1]
    both = replace(stop, collections=(*stop.collections, replace(stop.collections[0], container_id="P-003")))
    tours = (replace(plan.tours[0], stops=(plan.tours[0].stops[0], both, plan.tours[0].stops[2])),)
    edits = [Edit(op=PIN, container_id="P-001"), Edit(op=PIN, container_id="P-003", vehicle_id="LUE-2")]
    code, said = refusal(replace(plan, tours=tours), other, *edits)
    assert (code, "Choose one vehicle for both" in said) == ("stand_together", True)


def test_unknown_names_are_all_told_at_once(plan: Plan, town: Town) -> None:
    edits = [
        Edit(op=MOVE, container_id="nobody", vehicle_id="nowhere"),
        Edit(op=EXCLUDE, container_id="P-002"),
    ]
    with pytest.raises(InvalidInputError) as caught:
        apply_edits(plan, town, Holds(), edits)
    assert [(one.where, one.code) for one in caught.value.issues] == [
        ("edits.0", "unknown_container"),
        ("edits.0", "unknown_vehicle"),
        ("edits.1", "not_in_plan"),
    ]


def test_swap_of_nothing_says_so(plan: Plan, town: Town) -> None:
    assert refusal(plan, town, Edit(op=UNPIN, container_id="P-001"))[0] == "not_pinned"
    empty = replace(plan, tours=())
    with pytest.raises(ImpossibleEditError, match="nothing to swap"):
        apply_edits(empty, town, Holds(), [Edit(op=SWAP, vehicle_id="LUE-1", with_vehicle_id="LUE-2")])


def test_edits_and_holds_survive_storage() -> None:
    edits = (Edit(op=MOVE, container_id="P-001", vehicle_id="LUE-2"), Edit(op=EXCLUDE, container_id="P-003"))
    assert load_edits(dump_edits(edits)) == edits
    holds = Holds(pins={"P-002": "LUE-1", "P-001": "LUE-2"}, excluded=frozenset({"P-009", "P-004"}))
    assert load_holds(dump_holds(holds)) == holds
    assert load_holds(b"{}") == Holds()
