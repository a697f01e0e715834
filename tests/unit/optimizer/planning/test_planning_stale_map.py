"""A plan tells the date of its map, and warns of an old one without refusing anything."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from api.files.plan_json import dump_plan, load_plan
from optimizer.domain.map_age import map_age_days, stale_map_warnings
from optimizer.domain.plan import Plan
from optimizer.domain.request import DayRequest
from optimizer.planning.plan_day import plan_day
from optimizer.ports import Ports
from routing.crow_flight import CrowFlightRouter
from routing.ports import MapInfo


@dataclass(frozen=True, kw_only=True)
class DatedRouter(CrowFlightRouter):
    data_at: datetime

    @property
    def map_info(self) -> MapInfo:
        return replace(super().map_info, data_at=self.data_at)


def planned(request: DayRequest, ports: Ports, *, days_old: int, max_age_days: int = 180) -> Plan:
    data_at = datetime(request.day.year, request.day.month, request.day.day, tzinfo=UTC) - timedelta(days=days_old)
    dated = replace(ports, router=DatedRouter(data_at=data_at), map_max_age_days=max_age_days)
    # When the plan is made does not count: the same inputs give the same plan.
    return plan_day(request, dated, plan_id="p", generated_at=data_at + timedelta(days=5_000))


@pytest.mark.parametrize(("days_old", "max_age_days", "is_told"), [(180, 180, False), (181, 180, True), (31, 30, True)])
def test_plan_on_an_old_map_is_made_and_says_so(
    request_for_day: DayRequest, ports: Ports, days_old: int, max_age_days: int, *, is_told: bool
) -> None:
    plan = planned(request_for_day, ports, days_old=days_old, max_age_days=max_age_days)
    assert plan.tours
    told = [one for one in plan.warnings if one.startswith("stale_map: ")]
    assert len(told) == is_told
    assert all(f"{plan.map_data_at:%Y-%m-%d}, {days_old} days before" in one for one in told)


def test_date_of_the_map_survives_the_document_and_may_be_missing(request_for_day: DayRequest, ports: Ports) -> None:
    plan = planned(request_for_day, ports, days_old=3)
    assert load_plan(dump_plan(plan), source="plan") == plan
    # Plans of earlier versions say nothing of it.
    text = dump_plan(plan).decode()
    line = next(one for one in text.splitlines() if '"map_data_at"' in one)
    earlier = text.replace(f",\n{line}", "")
    assert "map_data_at" not in earlier
    assert load_plan(earlier.encode(), source="plan") == replace(plan, map_data_at=None)


def test_map_that_is_younger_or_undated_is_not_stale() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    assert map_age_days(at + timedelta(days=3), at=at) == 0
    assert stale_map_warnings(at + timedelta(days=300), day=at.date(), max_age_days=1) == ()
    assert stale_map_warnings(None, day=at.date(), max_age_days=1) == ()
