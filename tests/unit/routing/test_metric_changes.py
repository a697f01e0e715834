"""Metrics that overrides make of another one, against the same streets read anew."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from routing.conditions import NO_SITUATION, Conditions
from routing.metric import Metric, MetricTable
from routing.osm.pbf import load_streets
from routing.override_book import OverrideBook
from routing.overrides import (
    AllowAccess,
    AllowPrivate,
    Change,
    CloseStreet,
    ForbidReversing,
    SetDirection,
    SetLimit,
    SetSpeed,
    WayTarget,
)
from routing.profile import load_profile
from routing.streets import StreetGraph
from routing.turn_hierarchy import build_turn_hierarchy
from routing.turning_places import TurningPlaces
from routing.turns import build_turns
from tests.unit.routing.depot_notes import BERLIN, book_of, note

MONDAY_8 = datetime(2026, 5, 4, 8, tzinfo=BERLIN)
CHANGES: tuple[Change, ...] = (
    CloseStreet(),
    SetSpeed(kph=9.0),
    SetDirection(open_to="forward"),
    SetDirection(open_to="both"),
    SetLimit(weight_kg=3_000),
    AllowPrivate(),
    AllowAccess(),
    ForbidReversing(),
)


@pytest.fixture(scope="module")
def town(shared_data: Path) -> StreetGraph:
    return load_streets(shared_data / "osm" / "dortmund_aplerbeck.osm.pbf")


def _random_book(streets: StreetGraph, rng: np.random.Generator) -> OverrideBook:
    ways = rng.choice(streets.way_osm_id, (int(rng.choice([1, 2, 20])), 2)).tolist()
    changes = [CHANGES[index] for index in rng.integers(len(CHANGES), size=len(ways))]
    targets = [WayTarget(way_ids=tuple(set(pair))) for pair in ways]
    return book_of(
        *(note(*one, override_id=f"note-{index}") for index, one in enumerate(zip(changes, targets, strict=True)))
    )


def _without_a_base(table: MetricTable, conditions: Conditions) -> Metric:
    """The metric as a whole: as if all that overrides say had been read with the tags."""
    situation = table.situation(conditions)
    arcs, _ = table._arc_costs.with_overrides(table._arc_costs.costs(situation), situation)
    turn_ms = table._turn_costs.costs(situation, arc_ms=arcs.arc_ms, is_node_open=arcs.node_reason == 0)
    return table._whole(arcs, turn_ms)


@pytest.mark.shared
@pytest.mark.parametrize("profile", ["truck_26t", "van_3_5t"])
@pytest.mark.parametrize("at", [None, MONDAY_8])
def test_changed_metric_equals_one_made_as_a_whole(town: StreetGraph, profile: str, at: datetime | None) -> None:
    rng = np.random.default_rng(1)
    turns = build_turns(town)
    table = MetricTable(town, turns, load_profile(profile))
    plain = table.metric(table.situation(Conditions(at=at)))
    hierarchy = build_turn_hierarchy(town, turns, [plain])
    weights = hierarchy.weighed(plain)
    n_changed = n_weighed = 0
    for _ in range(40):
        conditions = Conditions(at=at, overrides=_random_book(town, rng))
        found, change = table.changed_metric(table.situation(conditions))
        expected = _without_a_base(table, conditions)
        for one, other in zip(found.graph, expected.graph, strict=True):
            assert np.array_equal(one, other)
            assert one.dtype == other.dtype
        for name in ("arc_ms", "arc_reason", "node_reason", "is_main", "reaches_main", "is_reached"):
            assert np.array_equal(getattr(found, name), getattr(expected, name)), name
        assert change is not None
        assert change.before is plain
        n_changed += not np.array_equal(found.arc_ms, plain.arc_ms)
        changed_weights = hierarchy.weighed_change(weights, change)
        assert (changed_weights is not None) == hierarchy.covers(found)
        if changed_weights is not None:
            n_weighed += 1
            fresh = hierarchy.weighed(found)
            assert np.array_equal(changed_weights.arc_cost, fresh.arc_cost)
            assert np.array_equal(changed_weights.slot_cost, fresh.slot_cost)
    assert n_changed > 10
    assert 10 < n_weighed < 40  # some open what the hierarchy lacks


@pytest.mark.shared
def test_metric_without_overrides_is_made_once(town: StreetGraph) -> None:
    table = MetricTable(town, build_turns(town), load_profile("truck_26t"))
    plain = table.metric(NO_SITUATION)
    for at in (MONDAY_8, datetime(2026, 5, 4, 23, tzinfo=BERLIN)):
        table.metric(table.situation(Conditions(at=at, overrides=book_of(note(CloseStreet(), 1)))))
    assert table.metric(NO_SITUATION) is plain


@pytest.mark.shared
@pytest.mark.parametrize("at", [None, MONDAY_8])
def test_streets_driven_without_reversing_after_changes_equal_those_found_anew(
    shared_data: Path, at: datetime | None
) -> None:
    rng = np.random.default_rng(2)
    town = load_streets(shared_data / "osm" / "bad_hersfeld.osm.pbf")
    turns, vehicle = build_turns(town), load_profile("truck_26t")
    assert vehicle.reversing is not None
    table = MetricTable(town, turns, vehicle)
    plain = table.metric(table.situation(Conditions(at=at)))
    before = TurningPlaces(town, turns, plain, rule=vehicle.reversing, vehicle_length_m=vehicle.length_cm / 100)
    n_followed = n_changed = 0
    for _ in range(20):
        situation = table.situation(Conditions(at=at, overrides=_random_book(town, rng)))
        metric, change = table.changed_metric(situation)
        found = before.under(metric, situation.overrides, change=change)
        anew = before.under(metric, situation.overrides)
        assert np.array_equal(found.is_forward, anew.is_forward)
        n_followed += found._forward._around_before(metric.arc_ms[turns.state_arc] >= 0) is not None
        n_changed += not np.array_equal(found.is_forward, before.is_forward)
    assert n_followed > 15
    assert n_changed > 10
