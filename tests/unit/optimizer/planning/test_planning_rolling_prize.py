"""The policy of prices in the flow of a day, as the service offers it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from api.http.services import Services
from api.wiring import POLICY_NAMES, build_ports
from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast
from optimizer.domain.hours import local_midnight
from optimizer.domain.reading import CleanSeries
from optimizer.domain.request import DayRequest
from optimizer.domain.town import Town
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.planning.judge_fills import judge_fills
from optimizer.planning.plan_day import plan_day
from optimizer.planning.steps import Steps
from routing.crow_flight import CrowFlightRouter


def test_day_by_prices_serves_the_full_and_says_why_in_both_languages(request_for_day: DayRequest) -> None:
    request = replace(request_for_day, policy="rolling_prize")
    plan = plan_day(request, build_ports(CrowFlightRouter()), plan_id="p", generated_at=request.as_of)
    collected = [one for tour in plan.tours for stop in tour.stops for one in stop.collections]
    full = {one.container_id for index, one in enumerate(request.town.containers) if index % 2}
    assert full <= {one.container_id for one in collected}
    assert all(len(one.reasons_de) == len(one.reasons) > 0 for one in collected)
    assert all("voraussichtlich" in " ".join(one.reasons_de) for one in collected)
    assert not any("expected at" in reason for one in collected for reason in one.reasons_de)
    assert all("voll" in one.message_de for one in plan.unserved)


class _Asked:
    """Remembers until when it was asked."""

    def __init__(self) -> None:
        self.until: list[datetime] = []

    def forecast(
        self,
        containers: Sequence[Container],
        series: Mapping[str, CleanSeries],
        *,
        town: Town,
        as_of: datetime,
        until: datetime,
    ) -> dict[str, Forecast]:
        self.until.append(until)
        return EmpiricalBayesForecaster().forecast(containers, series, town=town, as_of=as_of, until=until)


@pytest.mark.parametrize(("policy", "days"), [("rolling_prize", 36), ("overflow_risk", 15)])
def test_forecasts_reach_as_far_as_the_policy_asks(request_for_day: DayRequest, policy: str, days: int) -> None:
    asked = _Asked()
    ports = replace(build_ports(CrowFlightRouter()), forecaster=asked)
    judge_fills(replace(request_for_day, policy=policy), ports, steps=Steps())
    town = request_for_day.town
    assert asked.until == [local_midnight(request_for_day.day + timedelta(days=days), town.zone)]


def test_service_offers_the_policies_that_there_are() -> None:
    assert tuple(build_ports(CrowFlightRouter()).policies) == POLICY_NAMES
    assert Services.__dataclass_fields__["policies"].default == POLICY_NAMES
