"""Every operation of the running service with the places in which an id stands: in addresses, queries and bodies."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.promises.lived_in import LivedIn

Position = tuple[str, ...]
"""Names of the ids that are put in together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What the service's own description says of an operation.

    Attributes
    ----------
    body
        An example, or None where it takes none.
    query
        Names of its query's parameters.
    """

    operation_id: str
    method: str
    path: str
    query: tuple[str, ...]
    headers: tuple[str, ...]
    body: Any

    @property
    def names(self) -> tuple[str, ...]:
        """Of the ids in its address, as a town's ids are called."""
        found = re.findall(r"{(\w+)}", self.path)
        return tuple("joint_plan_id" if one == "plan_id" and "joint-days" in self.path else one for one in found)

    def address(self, ids: Mapping[str, str]) -> str:
        """Its address with these ids."""
        address = self.path
        for placed, name in zip(re.findall(r"{\w+}", self.path), self.names, strict=True):
            address = address.replace(placed, ids[name], 1)
        return address

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.method != "GET"


def operations_of(client: httpx.Client) -> list[Operation]:
    """All that the service describes."""
    document = client.get("/openapi.json").raise_for_status().json()
    found = []
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            parameters = told.get("parameters", ())
            content = told.get("requestBody", {}).get("content", {}).get("application/json", {})
            examples = [one["value"] for one in content.get("examples", {}).values()]
            found.append(
                Operation(
                    operation_id=told["operationId"],
                    method=method.upper(),
                    path=path,
                    query=tuple(one["name"] for one in parameters if one["in"] == "query"),
                    headers=tuple(one["name"] for one in parameters if one["in"] == "header"),
                    body=(examples[0] if examples else {}) if content else None,
                )
            )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request with ids at one position.

    Attributes
    ----------
    position
        Where those ids stand, for people.
    names
        Of the ids that are exchanged; all others are the asking town's own.
    """

    operation_id: str
    position: str
    names: Position
    method: str
    path: str
    query: Mapping[str, str]
    body: Any

    def filled(self, own: Mapping[str, str], others: Mapping[str, str]) -> tuple[str, dict[str, str], bytes | None]:
        """Address, query and body, with the ids of others at the position and one's own elsewhere."""
        ids = dict(own) | {name: others[name] for name in self.names}

        def put(text: str) -> str:
            return re.sub(r"{(\w+)}", lambda found: ids[found[1]], text)

        query = {name: put(value) for name, value in self.query.items()}
        body = None if self.body is None else put(json.dumps(self.body)).encode()
        return put(self.path), query, body


def questions(operations: list[Operation], asker: LivedIn) -> Iterator[Asked]:
    """Each operation once for each position of an id."""
    bodies = _bodies(asker)
    for one in operations:
        path = one.path
        for placed, name in zip(re.findall(r"{\w+}", path), one.names, strict=True):
            path = path.replace(placed, f"{{{name}}}", 1)
        query = _queries(asker).get(one.operation_id, {})
        plain = next(iter(bodies.get(one.operation_id, {}).values()), None)

        def asked(
            position: str,
            names: Position,
            body: Any = plain,
            *,
            one: Operation = one,
            path: str = path,
            query: Any = query,
        ) -> Asked:
            return Asked(
                operation_id=one.operation_id, position=position, names=names, method=one.method, path=path,
                query=query,
                body=_with_own(body),
            )  # fmt: skip

        for name in one.names:
            yield asked(f"address: {name}", (name,))
        if len(one.names) > 1:
            yield asked("address: all", one.names)
        for name, value in query.items():
            if "{" in value:
                yield asked(f"query: {name}", (value.strip("{}"),))
        for position, body in bodies.get(one.operation_id, {}).items():
            if position:
                names = tuple(re.findall(r"<(\w+)>", json.dumps(body)))
                yield asked(f"body: {position}", names, _exchanged(body))


def _exchanged(body: Any) -> Any:
    """Ids in angle brackets are those that are exchanged."""
    return json.loads(re.sub(r"<(\w+)>", r"{\1}", json.dumps(body)))


def _with_own(body: Any) -> Any:
    return None if body is None else _exchanged(body)


def _queries(asker: LivedIn) -> dict[str, dict[str, str]]:
    day = asker.day.isoformat()
    dated = {"date": day}
    return {
        "explainContainer": {"container": "{container}"},
        "getTourState": dated,
        "getTourBundle": dated,
        "getReleasedTour": dated,
        "getTourChanges": {"since": "0", **dated},
        "listDevices": {"after": "{device_id}"},
        "listContainers": {"after": "{container_id}"},
        "listQuarantine": {"after": "{message_id}"},
        "ingestSenml": {"device": "{device_id}"},
    }


def _bodies(asker: LivedIn) -> dict[str, dict[str, Any]]:
    """By operation, a body for each place of an id in it; ``""`` is a body without any."""
    now = datetime.now(UTC).isoformat()
    day = asker.day.isoformat()
    limits = {"limits": {"iteration_limit": 1}}
    place = {"lon_deg": 7.521, "lat_deg": 51.611}
    event = {"event_id": "asked", "sequence": 9, "at": now}
    less = {"op": "vehicle.remove"}
    emptied = {"kind": "emptied", "fill_seen": "50"}
    entity = {"type": "WasteContainer", "fillingLevel": 0.4, "dateObserved": now}
    uplink = {"received_at": now, "uplink_message": {"f_port": 85, "f_cnt": 3, "frm_payload": "AXVkA4LoAwQAAA=="}}
    return {
        "putContainer": {"": {"site_id": "s", "location": place, "stream": "paper", "capacity_l": 1_100}},
        "putDevice": {"": {"decoder": "milesight_em310"}, "container_id": {"container_id": "<container_id>"}},
        "addReadings": {
            "container_id": {"readings": [{"container_id": "<container_id>", "observed_at": now, "fill_fraction": 0.5}]}
        },
        "requestPlan": {
            "exclude": {"exclude": ["<container_id>"], **limits},
            "force": {"force": ["<container_id>"], **limits},
            "vehicle_ids": {"vehicle_ids": ["<vehicle_id>"], **limits},
        },
        "requestScenario": {
            "base_plan_id": {
                "name": "x", "base_plan_id": "<plan_id>", "changes": [less | {"vehicle_id": "{vehicle_id}"}],
            },
            "vehicle_id": {"name": "x", "request": limits, "changes": [less | {"vehicle_id": "<vehicle_id>"}]},
            "disposal_site_id": {
                "name": "x",
                "request": limits,
                "changes": [{"op": "disposal_site.close", "disposal_site_id": "<disposal_site_id>"}],
            },
        },
        "editPlan": {
            "": {"edits": [{"op": "pin", "container_id": "{container}"}], "max_wait_s": 0},
            "container_id": {"edits": [{"op": "pin", "container_id": "<container>"}], "max_wait_s": 0},
            "vehicle_id": {
                "edits": [{"op": "move", "container_id": "{container}", "vehicle_id": "<vehicle_id>"}],
                "max_wait_s": 0,
            },
        },
        "addTourEvents": {
            "": {"day": day, "events": [event | {"kind": "started"}]},
            **{
                name: {"day": day, "events": [event | kind | {"event_id": f"asked-<{name}>", name: f"<{name}>"}]}
                for name, kind in (
                    ("container_id", emptied),
                    ("disposal_site_id", {"kind": "tipped"}),
                    ("vehicle_id", {"kind": "started"}),
                )
            },
        },
        "reportIncident": {
            "vehicle_id": {"kind": "breakdown", "vehicle_id": "<vehicle_id>"},
            "container_id": {"kind": "blocked", "container_id": "<container_id>", "vehicle_id": "{vehicle_id}"},
        },
        "proposeAgreement": {
            "vehicle_ids": {
                "partner_id": "werne", "streams": ["paper"], "vehicle_ids": ["<vehicle_id>"],
                "valid_from": day, "valid_until": day,
            },
            "disposal_site_ids": {
                "partner_id": "werne", "streams": ["paper"], "vehicle_ids": ["{vehicle_id}"],
                "disposal_site_ids": ["<disposal_site_id>"], "valid_from": day, "valid_until": day,
            },
        },
        "acceptAgreement": {
            "": {"vehicle_ids": ["{vehicle_id}"]},
            "vehicle_ids": {"vehicle_ids": ["<vehicle_id>"]},
            "disposal_site_ids": {"vehicle_ids": ["{vehicle_id}"], "disposal_site_ids": ["<disposal_site_id>"]},
        },
        "ingestThingsStack": {"dev_eui": {"end_device_ids": {"dev_eui": "<device_id>"}, **uplink}},
        "ingestChirpStack": {
            "devEui": {"deviceInfo": {"devEui": "<device_id>"}, "time": now, "fCnt": 4, "fPort": 85, "data": "A4LoAw=="}
        },
        "ingestNgsi": {"id": {"data": [entity | {"id": "C:<container_id>"}]}},
        "ingestSensorThings": {
            "datastream": {"result": 40, "phenomenonTime": now, "Datastream": {"@iot.id": "<device_id>"}}
        },
        "ingestSenml": {
            "": [{"n": "3435/0/2", "v": 40, "u": "%"}],
            "base name": [{"bn": "urn:dev:mac:<device_id>:", "n": "3435/0/2", "v": 40, "u": "%"}],
        },
    }  # fmt: skip
