from dataclasses import replace
from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from optimizer.domain.container import Container
from optimizer.domain.issues import InvalidInputError, IssueCollector
from optimizer.domain.places import Depot, DisposalSite
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.domain.vehicle import FuelRates, Shift, Vehicle
from routing.location import Location

HERE = Location(lon_deg=7.5, lat_deg=51.6)


def a_container(container_id: str = "C-1", **changes: object) -> Container:
    values: dict[str, object] = {
        "container_id": container_id,
        "site_id": "S-1",
        "location": HERE,
        "stream": "paper",
        "capacity_l": 1_100,
    }
    return Container(**(values | changes))  # type: ignore[arg-type] - the values are those of the dataclass


def a_vehicle(**changes: object) -> Vehicle:
    values: dict[str, object] = {
        "vehicle_id": "T-1",
        "profile": "truck_26t",
        "streams": frozenset({"paper"}),
        "capacity_kg": 10_000,
        "body_l": 20_000,
        "start_depot_id": "D",
        "end_depot_id": "D",
        "shift": Shift(starts_local=time(6), ends_local=time(14)),
        "cost_eur_per_km": 1.0,
        "cost_eur_per_h": 100.0,
        "fuel": FuelRates(driving_l_per_100km=45),
    }
    return Vehicle(**(values | changes))  # type: ignore[arg-type] - the values are those of the dataclass


def a_town(**changes: object) -> Town:
    values: dict[str, object] = {
        "town_id": "t",
        "name": "Town",
        "zone": ZoneInfo("Europe/Berlin"),
        "streams": (Stream(stream_id="paper", density_kg_per_l=0.1),),
        "depots": (Depot(depot_id="D", location=HERE),),
        "disposal_sites": (DisposalSite(disposal_site_id="X", location=HERE, streams=frozenset({"paper"})),),
        "vehicles": (a_vehicle(),),
        "containers": (a_container(),),
    }
    return Town(**(values | changes))  # type: ignore[arg-type] - the values are those of the dataclass


def test_town_names_every_wrong_reference_at_once() -> None:
    with pytest.raises(InvalidInputError) as refused:
        a_town(
            containers=(a_container(stream="gold"), a_container()),
            vehicles=(a_vehicle(start_depot_id="moon", streams=frozenset({"paper", "silver"})),),
        )
    assert sorted(issue.code for issue in refused.value.issues) == [
        "duplicate_id",
        "unknown_depot",
        "unknown_stream",
        "unknown_stream",
    ]


def test_town_without_anything_is_valid() -> None:
    empty = a_town(streams=(), depots=(), disposal_sites=(), vehicles=(), containers=())
    assert empty.next_visit_date("paper", date(2026, 3, 2)) is None


def test_next_visit_skips_days_without_a_shift() -> None:
    town = a_town(
        vehicles=(a_vehicle(shift=Shift(starts_local=time(6), ends_local=time(14), weekdays=frozenset({0, 3}))),)
    )
    assert town.next_visit_date("paper", date(2026, 3, 2)) == date(2026, 3, 5)
    assert town.next_visit_date("paper", date(2026, 3, 5)) == date(2026, 3, 9)


@pytest.mark.parametrize(
    "changes",
    [
        {"container_id": " "},
        {"capacity_l": 0},
        {"capacity_l": float("nan")},
        {"service_s": -1},
        {"max_days_between_visits": 0},
    ],
)
def test_container_refuses_impossible_values(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        a_container(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"streams": frozenset()},
        {"capacity_kg": float("inf")},
        {"cost_eur_per_h": -5},
        {"max_trips": 0},
        {"compaction_by_stream": {"paper": 0}},
    ],
)
def test_vehicle_refuses_impossible_values(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        a_vehicle(**changes)


def test_vehicle_capacity_counts_loose_litres() -> None:
    truck = a_vehicle(compaction_by_stream={"paper": 5.0})
    assert truck.capacity_l("paper") == 100_000
    assert truck.capacity_l("glass") == 20_000


def test_shift_over_midnight_ends_on_the_next_day() -> None:
    shift = Shift(starts_local=time(22), ends_local=time(5))
    window = shift.window_on(date(2026, 3, 2), ZoneInfo("Europe/Berlin"))
    assert window is not None
    assert window.end_at.date() == date(2026, 3, 3)
    assert shift.window_on(date(2026, 3, 7), ZoneInfo("Europe/Berlin")) is None


def test_fuel_adds_up_by_component() -> None:
    fuel = FuelRates(driving_l_per_100km=40)
    assert fuel.used_l(distance_m=50_000, idle_s=3_600, lifts=100) == pytest.approx(20 + 3 + 2.8)


@pytest.mark.parametrize(("lon_deg", "lat_deg"), [(181, 0), (0, 91), (float("nan"), 0), (0, float("inf"))])
def test_location_refuses_what_is_not_on_earth(lon_deg: float, lat_deg: float) -> None:
    with pytest.raises(ValueError, match="degrees"):
        Location(lon_deg=lon_deg, lat_deg=lat_deg)


def test_issues_are_collected_until_asked() -> None:
    issues = IssueCollector("thing")
    issues.require(condition=True, code="fine", message="never shown")
    issues.raise_if_any()
    issues.require_number("size_m", float("nan"))
    issues.require_number("share", 2.0, high=1.0)
    with pytest.raises(InvalidInputError, match="between 0 and 1") as refused:
        issues.raise_if_any()
    assert len(refused.value.issues) == 2


def test_values_can_be_changed_only_by_making_new_ones() -> None:
    container = a_container()
    assert replace(container, capacity_l=5).capacity_l == 5
    with pytest.raises(AttributeError):
        container.capacity_l = 5  # type: ignore[misc] - that is the point


def test_next_working_date_needs_an_available_vehicle() -> None:
    monday = frozenset({0})
    shift = Shift(starts_local=time(6), ends_local=time(14), weekdays=monday)
    town = a_town(vehicles=(a_vehicle(is_available=False), a_vehicle(vehicle_id="T-2", shift=shift)))
    assert town.next_working_date(date(2026, 3, 2)) == date(2026, 3, 9)
    assert a_town(vehicles=()).next_working_date(date(2026, 3, 2)) == date(2026, 3, 3)
