"""A street is closed on a real map while crews are out: the new plan is there within seconds, and drives elsewhere."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import shapely

from api.files.plan_json import load_plan
from api.http.app import create_app
from api.http.services import Services
from api.jobs.open_runners import OpenPlanningRunner, OpenTenantRunner
from api.jobs.planning_parts import export_tours, open_planning_ports, warm_up_worker
from api.jobs.town_folders import open_tenant_store
from api.simulate.town_day import place_ahead, with_street_closed
from api.simulate.towns import TownSize, two_towns
from api.store.town_document import TownRecord
from api.wiring import open_street_router
from optimizer.checking.check_plan import check_plan
from optimizer.domain.plan import Plan
from optimizer.domain.town import Town
from routing.location import Location
from routing.ports import StreetRouter
from tests.flow.http_samples import (
    NOW,
    rising_history,
    served,
    services_in,
    store_of,
    wait_until_final,
    wait_until_ready,
)

pytestmark = [pytest.mark.shared, pytest.mark.slow]

DAY = "2026-03-02"
OUT_AT = NOW + timedelta(hours=3)
"""Eight o'clock at the depot."""

PROPOSAL_WITHIN_S = 5.0
THROUGH_M = 3.0
_DEG_PER_M = 1 / 111_195.0


@dataclass
class Out:
    """The day while its tours are driven."""

    services: Services
    client: httpx.Client
    town: Town
    router: StreetRouter
    plan: Plan
    bundles: dict[str, dict[str, Any]] = field(default_factory=dict)


def opener_of(folder: Path, map_path: Path, tenant_id: str) -> OpenPlanningRunner:
    return OpenPlanningRunner(
        open_store=partial(open_tenant_store, str(folder), tenant_id),
        open_ports=partial(open_planning_ports, map_path, folder / "cache"),
        export_tours=export_tours,
        warm_up=warm_up_worker,
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[Out]:
    folder: Path = tmp_path_factory.mktemp("closed-street")
    map_path = shared_data / "osm" / "heidelberg.osm.pbf"
    router = open_street_router(map_path, cache_dir=folder / "cache")
    sizes = (TownSize(containers=90, vehicles=2), TownSize(containers=3, vehicles=1))
    town, _ = two_towns(sizes, map_path=map_path, router=router)
    clock = [NOW]
    made = services_in(
        folder,
        OpenTenantRunner(opener_of=partial(opener_of, folder, map_path), warm_tenant_ids=("luenen",)),
        has_town=False,
        tenant_ids=("luenen",),
    )
    services = replace(made, now=lambda: clock[0])
    store_of(services, "luenen").town.replace(TownRecord(town=town))
    store_of(services, "luenen").readings.add_history(rising_history(town), received_at=NOW)
    with served(create_app(services)) as client:
        wait_until_ready(client, seconds=600)
        body = {"day": DAY, "policy": "all", "limits": {"iteration_limit": 300, "seed": 1}}
        location = client.post("/v1/plans", json=body).raise_for_status().headers["location"]
        plan = wait_until_final(client, location)
        assert plan["status"] == "succeeded", plan["failure"]
        client.post(f"{location}/release", headers={"If-Match": f'"{plan["etag"]}"'}).raise_for_status()
        clock[0] = OUT_AT
        released = load_plan(json.dumps(plan["plan"]).encode(), source="released")
        found = Out(services=services, client=client, town=town, router=router, plan=released)
        for tour in plan["plan"]["tours"]:
            name = tour["vehicle_id"]
            found.bundles[name] = client.get(f"/v1/tours/{name}/bundle?date={DAY}").raise_for_status().json()
        yield found


def away_m(bundle: dict[str, Any], place: Location, *, since: datetime) -> float:
    """How near the legs come to a place that are begun after an instant."""
    squash = 0.65  # degrees of longitude are shorter here; nearness is only over-estimated by taking them as they are
    point = shapely.Point(place.lon_deg * squash, place.lat_deg)
    legs = [
        shapely.LineString([(lon * squash, lat) for lon, lat in stop["path_lon_lat_deg"]])
        for before, stop in zip(bundle["stops"], bundle["stops"][1:], strict=False)
        if stop["path_lon_lat_deg"]
        and len(stop["path_lon_lat_deg"]) > 1
        and datetime.fromisoformat(before["departs_at"]) > since
    ]
    return min((leg.distance(point) / _DEG_PER_M for leg in legs), default=float("inf"))


def processor_s() -> float:
    """What the service and its workers have worked."""
    own = psutil.Process()
    return sum(one.cpu_times().user + one.cpu_times().system for one in (own, *own.children(recursive=True)))


def test_closed_street_is_driven_round_within_seconds(out: Out) -> None:
    name = max(out.bundles, key=lambda one: len(out.bundles[one]["stops"]))
    closed = place_ahead(out.bundles[name], OUT_AT)
    assert away_m(out.bundles[name], closed, since=OUT_AT) < THROUGH_M, "the tour must need the street"
    place = {"lon_deg": closed.lon_deg, "lat_deg": closed.lat_deg}
    began_s, worked_s = time.monotonic(), processor_s()
    made = out.client.post("/v1/incidents", json={"kind": "road_closed", "vehicle_id": name, "location": place})
    assert made.status_code == 202, made.text
    address = made.headers["location"]
    while (answer := out.client.get(address).json())["proposal"]["status"] in {"queued", "running"}:
        time.sleep(0.05)
    took_s, worked_s = time.monotonic() - began_s, processor_s() - worked_s
    proposal = answer["proposal"]
    assert proposal["status"] == "succeeded", proposal
    # Where others hold the machine, it is the work that counts.
    assert min(took_s, worked_s) <= PROPOSAL_WITHIN_S, f"{took_s:.1f} s, {worked_s:.1f} s of them worked"
    out.client.post(f"{address}/accept").raise_for_status()
    # Judged on the map with the street closed: every time and every metre is that of the way round.
    document = out.client.get(f"/v1/plans/{proposal['plan_id']}?version={proposal['version']}").json()["plan"]
    plan = load_plan(json.dumps(document).encode(), source="proposal")
    shut = with_street_closed(out.router, closed, plan.day)
    assert [str(one) for one in check_plan(plan, out.town, shut)] == []
    assert [str(one) for one in check_plan(out.plan, out.town, shut)] != [], "the released plan went through the street"
    for vehicle in out.bundles:
        answered = out.client.get(f"/v1/tours/{vehicle}/bundle?date={DAY}").raise_for_status().json()
        # A leg that was being driven at the report may still end behind the place.
        assert away_m(answered, closed, since=OUT_AT) > THROUGH_M, vehicle
