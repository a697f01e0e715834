"""A plan says which of its stops lie in closed streets and where they are served from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from optimizer.domain.plan import Plan
from optimizer.domain.request import DayRequest
from optimizer.planning.plan_day import plan_day
from optimizer.ports import Ports
from routing.crow_flight import CrowFlightRouter
from routing.location import Waypoint
from routing.notices import ClosedStreetNotice

ENDS_AT = datetime(2026, 5, 22, 17, tzinfo=ZoneInfo("Europe/Berlin"))


@dataclass(frozen=True, kw_only=True)
class RouterWithClosures(CrowFlightRouter):
    """Straight lines; every site in the list stands in a closed street."""

    closed_sites: frozenset[str] = frozenset()
    served_from: str | None = "Gartenweg"

    def closed_streets(
        self, waypoints: Sequence[Waypoint], *, profile: str, at: datetime | None = None
    ) -> tuple[ClosedStreetNotice, ...]:
        assert profile == "truck_18t"
        assert at is not None
        assert at.utcoffset() is not None
        return tuple(
            ClosedStreetNotice(
                waypoint_index=index,
                street_name="Hauptstraße",
                override_id="works-1",
                reason="burst pipe",
                until_at=ENDS_AT,
                served_from=self.served_from,
                distance_m=50.0 + index,
            )
            for index, one in enumerate(waypoints)
            if one.label.removeprefix("container site ") in self.closed_sites
        )


def planned(request: DayRequest, ports: Ports, *sites: str, served_from: str | None = "Gartenweg") -> Plan:
    router = RouterWithClosures(closed_sites=frozenset(sites), served_from=served_from)
    request = replace(request, policy="all")
    return plan_day(request, replace(ports, router=router), plan_id="p", generated_at=datetime(2026, 3, 2, tzinfo=UTC))


def closures(plan: Plan) -> list[str]:
    return [one for one in plan.warnings if one.startswith("closed_street: ")]


def test_plan_without_closures_says_nothing_of_them(request_for_day: DayRequest, ports: Ports) -> None:
    assert closures(planned(request_for_day, ports)) == []


def test_plan_names_street_override_end_and_the_street_used_instead(request_for_day: DayRequest, ports: Ports) -> None:
    [line] = closures(planned(request_for_day, ports, "S-03"))
    assert "Hauptstraße is closed to truck_18t (override works-1: burst pipe, until 2026-05-22 17:00)" in line
    assert "container site S-03 is served from Gartenweg, " in line
    assert line.endswith(" m away")


def test_stops_of_one_closed_street_are_one_sentence(request_for_day: DayRequest, ports: Ports) -> None:
    [line] = closures(planned(request_for_day, ports, *(f"S-{number:02d}" for number in range(5))))
    assert line.count("container site ") == 3
    assert "and 2 more are served from Gartenweg, up to " in line


@pytest.mark.parametrize(("served_from", "told"), [("", "a street without a name"), (None, "no other street serves")])
def test_street_without_name_and_no_street_at_all_are_said_plainly(
    request_for_day: DayRequest, ports: Ports, served_from: str | None, told: str
) -> None:
    [line] = closures(planned(request_for_day, ports, "S-03", served_from=served_from))
    assert told in line
