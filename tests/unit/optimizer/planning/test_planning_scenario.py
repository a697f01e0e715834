from dataclasses import replace
from datetime import time

import pytest

from optimizer.domain.issues import InvalidInputError
from optimizer.domain.request import DayRequest
from optimizer.domain.scenario import (
    AddVehicleLike,
    Change,
    ChangeServiceLevel,
    ChangeShift,
    CloseDisposalSite,
    RemoveVehicle,
    Scenario,
)
from optimizer.planning.apply_scenario import apply_scenario, describe_change


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
        ChangeServiceLevel(must_collect_probability=1.5),
    ],
)
def test_impossible_change_is_refused(request_for_day: DayRequest, change: Change) -> None:
    with pytest.raises(InvalidInputError):
        apply_scenario(request_for_day, scenario(change))


def test_every_change_has_words() -> None:
    changes: list[Change] = [
        RemoveVehicle(vehicle_id="T-1"),
        AddVehicleLike(vehicle_id="T-1", new_vehicle_id="T-2"),
        CloseDisposalSite(disposal_site_id="tip"),
        ChangeShift(vehicle_id="T-1", starts_local=time(5, 30), ends_local=time(14)),
        ChangeServiceLevel(must_collect_probability=0.05),
    ]
    texts = [describe_change(change) for change in changes]
    assert texts[3] == "vehicle T-1 working 05:30 to 14:00"
    assert len(set(texts)) == len(changes)
