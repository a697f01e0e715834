from collections.abc import Callable
from dataclasses import replace
from datetime import time
from typing import get_args

import pytest

from optimizer.domain.issues import InvalidInputError
from optimizer.domain.request import DayRequest
from optimizer.domain.scenario import (
    AddContainer,
    AddVehicleLike,
    Change,
    ChangeServiceLevel,
    ChangeShift,
    CloseDisposalSite,
    CloseRoad,
    LoseSensors,
    RemoveContainers,
    RemoveVehicle,
    ReplaceVehicle,
    ScaleDemand,
    Scenario,
)
from optimizer.planning.apply_scenario import apply_scenario, describe_change
from optimizer.planning.scenario_words import words_of_change
from routing.location import Location


def scenario(*changes: Change) -> Scenario:
    return Scenario(name="test", changes=changes)


def test_removed_vehicle_is_unavailable_and_the_request_is_untouched(request_for_day: DayRequest) -> None:
    changed = apply_scenario(request_for_day, scenario(RemoveVehicle(vehicle_id="T-1")))
    assert [one.is_available for one in changed.town.vehicles] == [False, True]
    assert all(one.is_available for one in request_for_day.town.vehicles)


def test_added_vehicle_may_drive_when_the_request_names_vehicles(request_for_day: DayRequest) -> None:
    narrow = replace(request_for_day, vehicle_ids=frozenset({"T-1"}))
    changed = apply_scenario(narrow, scenario(AddVehicleLike(vehicle_id="T-1", new_vehicle_id="T-9")))
    assert changed.vehicle_ids == {"T-1", "T-9"}
    assert changed.town.vehicles[-1].profile == narrow.town.vehicles[0].profile


def test_changes_apply_in_order(request_for_day: DayRequest) -> None:
    changed = apply_scenario(
        request_for_day,
        scenario(
            AddVehicleLike(vehicle_id="T-1", new_vehicle_id="T-9"),
            ChangeShift(vehicle_id="T-9", starts_local=time(10), ends_local=time(12)),
            ChangeServiceLevel(must_collect_probability=0.5),
            CloseDisposalSite(disposal_site_id="tip"),
        ),
    )
    assert changed.town.vehicles[-1].shift.starts_local == time(10)
    assert changed.rules.must_collect_probability == 0.5
    assert changed.town.disposal_sites == ()


@pytest.mark.parametrize(
    "change",
    [
        RemoveVehicle(vehicle_id="nobody"),
        AddVehicleLike(vehicle_id="nobody", new_vehicle_id="x"),
        AddVehicleLike(vehicle_id="T-1", new_vehicle_id="T-2"),  # the id is taken
        CloseDisposalSite(disposal_site_id="nowhere"),
        ChangeShift(vehicle_id="nobody", starts_local=time(1), ends_local=time(2)),
        ChangeShift(vehicle_id="T-1", starts_local=time(1), ends_local=time(1)),  # no time at all
        ReplaceVehicle(vehicle_id="T-1", like_vehicle_id="nobody"),
        RemoveContainers(container_ids=("nobody",)),
        LoseSensors(container_ids=("nobody",)),
        ScaleDemand(factor=2, streams=("gold",)),
        ChangeServiceLevel(must_collect_probability=1.5),
    ],
)
def test_impossible_change_is_refused(request_for_day: DayRequest, change: Change) -> None:
    with pytest.raises(InvalidInputError):
        apply_scenario(request_for_day, scenario(change))


def test_replaced_vehicle_keeps_its_crew_and_hours(request_for_day: DayRequest) -> None:
    first, second = request_for_day.town.vehicles
    other = replace(second, capacity_kg=1_234.0, profile="van_3_5t")
    town = replace(request_for_day.town, vehicles=(first, other))
    request = replace(request_for_day, town=town)
    changed = apply_scenario(
        request, scenario(ReplaceVehicle(vehicle_id=first.vehicle_id, like_vehicle_id=other.vehicle_id))
    )
    new = changed.town.vehicles[0]
    assert (new.vehicle_id, new.capacity_kg, new.profile) == (first.vehicle_id, 1_234.0, "van_3_5t")
    assert (new.shift, new.start_depot_id) == (first.shift, first.start_depot_id)


def test_containers_come_and_go_with_their_readings(request_for_day: DayRequest) -> None:
    gone = request_for_day.town.containers[0]
    new = replace(gone, container_id="brand-new")
    force = replace(request_for_day, force=frozenset({gone.container_id}))
    changed = apply_scenario(
        force, scenario(RemoveContainers(container_ids=(gone.container_id,)), AddContainer(container=new))
    )
    names = [one.container_id for one in changed.town.containers]
    assert gone.container_id not in names
    assert names[-1] == "brand-new"
    assert gone.container_id not in changed.history
    assert changed.force == frozenset()


def test_lost_sensors_are_the_same_every_time_and_more_lose_more(request_for_day: DayRequest) -> None:
    def blind(fraction: float) -> set[str]:
        changed = apply_scenario(request_for_day, scenario(LoseSensors(lost_fraction=fraction)))
        lost = {one.container_id for one in changed.town.containers if not one.has_sensor}
        assert not lost & set(changed.history)
        return lost

    some = blind(0.4)
    assert some
    assert some == blind(0.4)
    assert some < blind(1.0)


@pytest.mark.parametrize(
    "wrong",
    [
        CloseRoad,
        lambda: CloseRoad(street="A", outline=(Location(lon_deg=1, lat_deg=1),)),
        lambda: CloseRoad(center=Location(lon_deg=1, lat_deg=1)),
        lambda: CloseRoad(outline=(Location(lon_deg=1, lat_deg=1),) * 4),
        lambda: ScaleDemand(factor=9),
        LoseSensors,
        lambda: LoseSensors(container_ids=("a",), lost_fraction=0.5),
        lambda: RemoveContainers(container_ids=()),
    ],
)
def test_change_that_means_nothing_is_refused(wrong: Callable[[], Change]) -> None:
    with pytest.raises(InvalidInputError):
        wrong()


def test_every_change_has_words_in_both_languages(request_for_day: DayRequest) -> None:
    here = Location(lon_deg=8.0, lat_deg=50.0)
    changes: list[Change] = [
        ChangeShift(vehicle_id="T-1", starts_local=time(5, 30), ends_local=time(14)),
        RemoveVehicle(vehicle_id="T-1"),
        AddVehicleLike(vehicle_id="T-1", new_vehicle_id="T-2"),
        ReplaceVehicle(vehicle_id="T-1", like_vehicle_id="T-2"),
        CloseDisposalSite(disposal_site_id="tip"),
        ChangeServiceLevel(must_collect_probability=0.05),
        CloseRoad(street="Hauptstraße"),
        CloseRoad(center=here, radius_m=100),
        CloseRoad(outline=(here, Location(lon_deg=8.1, lat_deg=50.0), Location(lon_deg=8.0, lat_deg=50.1))),
        AddContainer(container=request_for_day.town.containers[0]),
        RemoveContainers(container_ids=tuple("abcdefg")),
        ScaleDemand(factor=1.5, streams=("paper",)),
        LoseSensors(lost_fraction=0.3),
        LoseSensors(container_ids=("a",)),
    ]
    assert {type(change) for change in changes} == set(get_args(Change))
    texts = [describe_change(change) for change in changes]
    assert texts[0] == "vehicle T-1 working 05:30 to 14:00"
    assert texts[10] == "without containers a, b, c, d, e + 2 more"
    german = [words_of_change(change).de for change in changes]
    assert len(set(texts)) == len(set(german)) == len(changes)
    assert german[11] == "paper mit 1,5-facher Füllgeschwindigkeit"
