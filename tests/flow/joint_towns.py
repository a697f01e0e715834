"""Two towns at a border with their service, and a third one that is nobody's partner."""

from functools import partial
from pathlib import Path
from typing import Any

import httpx

from api.http.services import Services
from api.jobs.open_runners import OpenPlanningRunner, OpenTenantRunner
from api.jobs.town_folders import open_sharing, open_tenant_store
from api.store.tenant_ports import Role
from api.store.town_document import TownRecord
from benchmarks.sharing.neighbour_towns import DAY, Border
from optimizer.domain.town import Town
from tests.flow.http_samples import NOW, key_for, open_straight_line_ports, services_in, store_of

LIMITS = {"iteration_limit": 150}
TOWNS = {one.party_id: one.request for one in Border(seed=2, apart_km=3.0, counts=(16, 14)).parties}
LEMGO, KALLETAL, STRANGER = "lemgo", "kalletal", "detmold"


def opener_of(folder: Path, tenant_id: str) -> OpenPlanningRunner:
    return OpenPlanningRunner(
        open_store=partial(open_tenant_store, str(folder), tenant_id), open_ports=open_straight_line_ports
    )


def border_services(folder: Path) -> Services:
    made = services_in(
        folder,
        OpenTenantRunner(opener_of=partial(opener_of, folder), open_sharing=partial(open_sharing, str(folder))),
        tenant_ids=(LEMGO, KALLETAL, STRANGER),
        has_keys=True,
    )
    for name, request in TOWNS.items():
        store_of(made, name).town.replace(TownRecord(town=request.town))
        store_of(made, name).readings.add_history(request.history, received_at=NOW)
    return made


class Office:
    """One town's dispatcher."""

    def __init__(self, client: httpx.Client, key: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {key}"}

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path, headers=self.headers)

    def post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        return self.client.post(path, headers=self.headers, **({} if body is None else {"json": body}))

    def plan(self, **body: Any) -> dict[str, Any]:
        answer = self.post("/v1/plans", {"day": DAY.isoformat(), "limits": LIMITS, **body})
        assert answer.status_code == 202, answer.text
        location = answer.headers["location"]
        while (found := self.get(location).json())["status"] not in {"succeeded", "failed", "cancelled"}:
            pass
        assert found["status"] == "succeeded", found["failure"]
        return dict(found)


def proposal(name: str, **changes: Any) -> dict[str, Any]:
    town = TOWNS[name].town
    return {
        "partner_id": KALLETAL if name == LEMGO else LEMGO,
        "streams": ["paper", "glass"],
        "vehicle_ids": [one.vehicle_id for one in town.vehicles],
        "disposal_site_ids": [one.disposal_site_id for one in town.disposal_sites],
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "weekdays": list(range(7)),
        "max_share_fraction": 1.0,
        **changes,
    }


def names_and_places(town: Town) -> set[str]:
    places = (*town.containers, *town.depots, *town.disposal_sites)
    return {
        *(name for one in town.containers for name in (one.container_id, one.site_id, one.address)),
        *(one.vehicle_id for one in town.vehicles),
        *(name for one in town.depots for name in (one.depot_id, one.name)),
        *(name for one in town.disposal_sites for name in (one.disposal_site_id, one.name)),
        *(str(one.location.lon_deg) for one in places),
        *(str(one.location.lat_deg) for one in places),
    }


def agree_to_share(lemgo: Office, kalletal: Office) -> str:
    """The id of an agreement that both have accepted."""
    agreement_id: str = lemgo.post("/v1/agreements", proposal(LEMGO)).raise_for_status().json()["agreement_id"]
    terms = {name: proposal(KALLETAL)[name] for name in ("vehicle_ids", "disposal_site_ids")}
    kalletal.post(f"/v1/agreements/{agreement_id}/accept", terms).raise_for_status()
    return agreement_id


def office_of(client: httpx.Client, services: Services, tenant_id: str) -> Office:
    return Office(client, key_for(services, Role.DISPATCHER, tenant_id=tenant_id))


def tablet_of(client: httpx.Client, services: Services, tenant_id: str, vehicle_id: str) -> Office:
    return Office(client, key_for(services, Role.DRIVER, tenant_id=tenant_id, subject_id=vehicle_id))
