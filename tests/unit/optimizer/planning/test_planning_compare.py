from dataclasses import replace
from datetime import UTC, datetime

from optimizer.domain.request import DayRequest
from optimizer.domain.scenario import CloseDisposalSite, RemoveVehicle, Scenario
from optimizer.planning.compare_scenario import compare_scenario
from optimizer.planning.plan_day import plan_day
from optimizer.ports import Ports

NOW = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)


def test_scenario_without_effect_changes_nothing(request_for_day: DayRequest, ports: Ports) -> None:
    scenario = Scenario(name="nothing", changes=())
    comparison = compare_scenario(request_for_day, scenario, ports, plan_id="s", generated_at=NOW)
    assert comparison.difference.distance_m == 0
    assert comparison.newly_unserved == comparison.newly_served == ()
    assert comparison.summary[-1] == "The same containers are emptied."


def test_closed_site_loses_every_pickup_and_says_so(request_for_day: DayRequest, ports: Ports) -> None:
    base = plan_day(request_for_day, ports, plan_id="b", generated_at=NOW)
    scenario = Scenario(name="strike", changes=(CloseDisposalSite(disposal_site_id="tip"),))
    comparison = compare_scenario(request_for_day, scenario, ports, plan_id="s", generated_at=NOW, base=base)
    assert comparison.base is base
    assert len(comparison.newly_unserved) == base.totals.lifts
    assert comparison.difference.lifts == -base.totals.lifts
    assert "disposal site tip closed" in comparison.summary[0]


def test_one_vehicle_less_never_empties_more(request_for_day: DayRequest, ports: Ports) -> None:
    everything = replace(request_for_day, policy="all")
    scenario = Scenario(name="workshop", changes=(RemoveVehicle(vehicle_id="T-1"),))
    comparison = compare_scenario(everything, scenario, ports, plan_id="s", generated_at=NOW)
    assert comparison.changed.totals.lifts <= comparison.base.totals.lifts
    assert {tour.vehicle_id for tour in comparison.changed.tours} <= {"T-2"}
