"""A town in which everything has happened once: one thing of each kind that has an id, made over HTTP.

Whatever a town keeps to itself holds the town's canary, a word that stands nowhere else.
"""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from api.simulate.own_service import KeyHolder
from api.store.tenant_ports import Role
from tests.promises.place import StartedService
from tests.unit.api.ingest.test_ingest_intake import tts

PATIENCE_S = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LivedIn:
    """What a town has.

    Attributes
    ----------
    ids
        By the name that an address or a body has for it.
    etag
        Of the plan.
    """

    tenant_id: str
    prefix: str
    canary: str
    day: date
    ids: Mapping[str, str]
    etag: str


def unknown_like(ids: Mapping[str, str]) -> dict[str, str]:
    """Ids that nobody has, of the same form, and next to the real ones in any order."""
    return {name: value[:-1] + ("f" if value[-1] == "0" else "0") for name, value in ids.items()}


def settled(client: httpx.Client, location: str) -> httpx.Response:
    """Wait for the end of a job."""
    end_s = time.monotonic() + PATIENCE_S
    while (answer := client.get(location).raise_for_status()).json()["status"] in {"queued", "running"}:
        if time.monotonic() > end_s:
            raise TimeoutError(f"{location} did not end")
        time.sleep(0.1)
    if answer.json()["status"] != "succeeded":
        raise RuntimeError(f"{location}: {answer.text[:500]}")
    return answer


def live_in(
    started: StartedService, tenant_id: str, prefix: str, *, eui: str, partner: tuple[str, str] | None = None
) -> LivedIn:
    """Let everything happen.

    Parameters
    ----------
    eui
        Of the town's sensor; as everything else, nobody else's.
    partner
        Another town to agree and drive a day with: its id, and the prefix of its things.
    """
    canary = f"canary{secrets.token_hex(6)}"
    container, vehicle = f"{prefix}-P-0000", f"{prefix}-1"
    with started.client(KeyHolder(tenant_id=tenant_id, role=Role.ADMIN)) as admin:
        ids = {
            "container_id": f"{prefix}-C",
            "container": container,
            "vehicle_id": vehicle,
            "device_id": eui,
            "disposal_site_id": f"{prefix}-plant",
        }
        place = {"lon_deg": 7.521, "lat_deg": 51.611}
        stands = {"site_id": "site", "location": place, "stream": "paper", "capacity_l": 1_100, "address": canary}
        admin.put(f"/v1/containers/{ids['container_id']}", json=stands).raise_for_status()
        ids |= _sensed(admin, eui, ids["container_id"], canary)
        planned = _planned(admin, {"policy": "all", "limits": {"iteration_limit": 10}})
        plan_id, etag, day = planned.json()["plan_id"], planned.headers["etag"], planned.json()["plan"]["day"]
        ids |= {"plan_id": plan_id, "other_id": plan_id, "job_id": plan_id}
        admin.post(f"/v1/plans/{plan_id}/release", headers={"if-match": etag}).raise_for_status()
        less = {
            "name": canary,
            "base_plan_id": plan_id,
            "changes": [{"op": "vehicle.remove", "vehicle_id": f"{prefix}-2"}],
        }
        asked = admin.post("/v1/scenarios", json=less).raise_for_status()
        ids["scenario_id"] = settled(admin, asked.headers["location"]).json()["scenario_id"]
        closed = {"line": [place], "reason": canary}
        ids["closure_id"] = admin.post("/v1/closures", json=closed).raise_for_status().json()["closure_id"]
        broken = {"kind": "breakdown", "vehicle_id": vehicle, "day": day, "note": canary}
        ids["incident_id"] = admin.post("/v1/incidents", json=broken).raise_for_status().json()["incident_id"]
        driven = {"event_id": f"{prefix}-e1", "sequence": 1, "at": datetime.now(UTC).isoformat(), "kind": "started"}
        admin.post(f"/v1/tours/{vehicle}/events", json={"day": day, "events": [driven]}).raise_for_status()
        if partner is not None:
            ids |= _shared(started, admin, partner, prefix)
    return LivedIn(tenant_id=tenant_id, prefix=prefix, canary=canary, day=date.fromisoformat(day), ids=ids, etag=etag)


def _planned(admin: httpx.Client, body: dict[str, Any]) -> httpx.Response:
    asked = admin.post("/v1/plans", json=body)
    if asked.status_code != 202:
        raise RuntimeError(asked.text)
    return settled(admin, asked.headers["location"])


def _sensed(admin: httpx.Client, eui: str, container_id: str, canary: str) -> dict[str, str]:
    """A sensor that reports a fire, and a message that nobody can read."""
    device = {"decoder": "dingtek_df702", "container_id": container_id, "empty_mm": 2_000, "full_mm": 400}
    admin.put(f"/v1/devices/{eui}", json=device).raise_for_status()
    burns = json.loads(
        tts(decoded_payload={"level": "900 mm", "fire": True}, frm_payload=None, f_cnt=7, received_at=_now())
    )
    burns["end_device_ids"]["dev_eui"] = eui
    admin.post("/v1/ingest/things-stack", json=burns).raise_for_status()
    admin.post("/v1/ingest/things-stack", content=canary.encode()).raise_for_status()
    [alert] = admin.get("/v1/alerts").raise_for_status().json()["alerts"]
    [message] = admin.get("/v1/quarantine").raise_for_status().json()["messages"]
    return {"alert_id": alert["alert_id"], "message_id": message["message_id"]}


def _shared(started: StartedService, admin: httpx.Client, partner: tuple[str, str], prefix: str) -> dict[str, str]:
    """An agreement with a partner, and a day that is planned together."""
    partner_id, partner_prefix = partner
    today = datetime.now(UTC).date()
    proposal = {
        "partner_id": partner_id,
        "streams": ["glass", "paper"],
        "vehicle_ids": [f"{prefix}-1"],
        "disposal_site_ids": [f"{prefix}-plant"],
        "valid_from": (today - timedelta(days=1)).isoformat(),
        "valid_until": (today + timedelta(days=30)).isoformat(),
        "weekdays": list(range(7)),
        "starts_local": "05:00",
        "ends_local": "22:00",
    }
    agreement = admin.post("/v1/agreements", json=proposal).raise_for_status().json()["agreement_id"]
    lent = {"vehicle_ids": [f"{partner_prefix}-1"], "disposal_site_ids": [f"{partner_prefix}-plant"]}
    with started.client(KeyHolder(tenant_id=partner_id, role=Role.ADMIN)) as other:
        other.post(f"/v1/agreements/{agreement}/accept", json=lent).raise_for_status()
    joint = _planned(admin, {"policy": "all", "limits": {"iteration_limit": 10}, "partners": [partner_id]})
    return {"agreement_id": agreement, "joint_plan_id": joint.json()["plan_id"]}


def _now() -> str:
    return datetime.now(UTC).isoformat()
