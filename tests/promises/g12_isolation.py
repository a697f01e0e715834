"""G12: every operation, every role, every place of an id: another town's things are as unknown as what never was."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from api.simulate.own_service import KeyHolder
from api.store.tenant_ports import Role
from tests.promises.addresses import Asked, operations_of, questions
from tests.promises.lived_in import LivedIn, live_in, unknown_like
from tests.promises.place import Place, StartedService, everybody, town_named
from tests.promises.table import Table

OWNER, PARTNER, ASKER = "luenen", "werne", "selm"
_CHANGING = ("x-trace-id", "date", "etag", "location", "content-length")


@dataclass(slots=True)
class Findings:
    """What was asked, and what came of it."""

    combinations: int = 0
    identical: int = 0
    leaks: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)


def measure(place: Place, table: Table) -> None:
    """Two towns in which everything has happened, and a third that both work with."""
    towns = {
        OWNER: town_named("Lünen", "LUE"),
        PARTNER: town_named("Werne", "WER"),
        ASKER: town_named("Selm", "SEL"),
    }
    with place.service(towns, everybody(*towns)) as started:
        place.tell("two towns are lived in")
        theirs = live_in(started, OWNER, "LUE", eui="A84041000181C0AA", partner=(PARTNER, "WER"))
        own = live_in(started, ASKER, "SEL", eui="A84041000181C0BB", partner=(PARTNER, "WER"))
        with started.client(KeyHolder(tenant_id=ASKER, role=Role.ADMIN)) as admin:
            operations = operations_of(admin)
        asked = list(questions(operations, own))
        roles = [Role.DRIVER, Role.ADMIN] if place.size.is_quick else list(Role)
        found = Findings()
        # What only reads comes first, by all: what was put under an id of theirs is then our own.
        for methods in ({"GET"}, {"POST", "PATCH"}, {"PUT"}, {"DELETE"}):
            some = [one for one in asked if one.method in methods]
            for role in roles:
                place.tell(f"{len(some)} positions of {', '.join(methods)} asked as {role.value}")
                _ask_as(started, role, some, own, theirs, found)
        plain = [one for one in operations if not one.names and one.method == "GET" and "/health/" not in one.path]
        listed = _lists(started, [one.path for one in plain], theirs)
        place.tell("the owner asks the same")
        vain = _answers_of_the_owner(started, asked, theirs)
        still = _is_unchanged(started, theirs)
    with_ids = {one.operation_id for one in asked}
    places = f"{len(with_ids)} operations, {len(asked)} positions, {len(roles)} roles"
    table.none_of(
        "G12", f"leaks where another town's ids were asked for ({places})", len(found.leaks), found.combinations, "all"
    )
    table.says(
        "G12",
        "answers identical to those about ids that nobody has",
        "all",
        f"{found.identical:,} of {found.combinations:,}",
        is_met=found.identical == found.combinations > 0,
    )
    without = {one.operation_id for one in operations if one.names} - with_ids
    table.none_of(
        "G12", "operations with an id in their address that were not asked", len(without), len(operations), "all"
    )
    table.none_of(
        "G12", "lists and other answers that hold a word of another town", listed, len(plain) * len(Role), "all"
    )
    table.none_of("G12", "things of the other town that were changed by it", still, len(_OWN_ADDRESSES), "all")
    told = ", ".join(f"{number}: {count}" for number, count in sorted(found.statuses.items()))
    table.notes.append(
        f"G12: answers by status: {told}. At {len(asked) - len(vain)} of {len(asked)} positions the owner hears "
        f"something else of its own thing than of none; at the others: {', '.join(vain) or 'none'}."
    )
    table.notes += [f"G12 leak: {one}" for one in found.leaks[:20]]
    table.notes += [f"G12 difference: {one}" for one in found.different[:20]]


def _ask_as(
    started: StartedService, role: Role, asked: list[Asked], own: LivedIn, theirs: LivedIn, found: Findings
) -> None:
    nobodys = unknown_like(theirs.ids)
    with started.client(KeyHolder(tenant_id=ASKER, role=role)) as client:
        for one in asked:
            foreign, unknown = (_send(client, one, own, ids) for ids in (theirs.ids, nobodys))
            found.combinations += 1
            found.statuses[foreign.status_code] += 1
            names = f"{one.operation_id} as {role.value}, {one.position}"
            if theirs.canary in foreign.text or theirs.canary in str(foreign.headers):
                found.leaks.append(f"{names}: {foreign.status_code} with their words")
            if _shape(foreign, one, theirs.ids) == _shape(unknown, one, nobodys):
                found.identical += 1
            else:
                found.different.append(
                    f"{names}: {foreign.status_code} {foreign.text[:150]} / {unknown.status_code} {unknown.text[:150]}"
                )


def _send(client: httpx.Client, asked: Asked, own: LivedIn, others: Mapping[str, str]) -> httpx.Response:
    path, query, body = asked.filled(own.ids, others)
    headers = {"content-type": "application/json"}
    if asked.operation_id in {"releasePlan", "editPlan"}:
        headers["if-match"] = own.etag
    return client.request(asked.method, path, params=query, content=body, headers=headers)


def _shape(answer: httpx.Response, asked: Asked, ids: Mapping[str, str]) -> tuple[object, ...]:
    """An answer without what differs from one request to the next, and with the asked-for ids called alike."""
    text = answer.text
    for name in asked.names:
        text = text.replace(ids[name], f"<{name}>")
    try:
        content: object = answer.json()
    except ValueError:
        content = text
    if isinstance(content, dict):
        content = str(_without_new(content))
        for name in asked.names:
            content = content.replace(ids[name], f"<{name}>")
    headers = sorted(name for name in answer.headers if name not in _CHANGING)
    return answer.status_code, str(content), headers


_NEW = {"trace_id", "plan_id", "job_id", "scenario_id", "incident_id", "happened_at", "created_at", "registered_at",
        "agreement_id", "requested_at", "events_url", "links", "generated_at", "queued_at", "position", "status",
        "progress", "proposal", "closure_id", "etag"}  # fmt: skip
"""Of what a request makes, and of how far a job is by the time of the answer."""


def _without_new(content: dict[str, object]) -> dict[str, object]:
    changing = {"trace_id"} if "what_you_can_do" in content else _NEW
    return {name: value for name, value in content.items() if name not in changing}


def _lists(started: StartedService, paths: list[str], theirs: LivedIn) -> int:
    """Answers without any id in their address that hold what is theirs; the partner's lists may name the owner."""
    bad = 0
    own_made = {"vehicle_id", "container_id", "container", "device_id", "disposal_site_id", "message_id", "alert_id"}
    words = [theirs.canary, *(value for name, value in theirs.ids.items() if name not in own_made)]
    for role in Role:
        with started.client(KeyHolder(tenant_id=ASKER, role=role)) as client:
            for path in paths:
                text = client.get(path, params={"limit": 100} if path != "/v1/signing-key" else {}).text
                bad += any(word in text for word in words)
    return bad


_OWN_ADDRESSES = {
    "/v1/containers/{container_id}": "container",
    "/v1/plans/{plan_id}": "plan",
    "/v1/scenarios/{scenario_id}": "scenario",
    "/v1/incidents/{incident_id}": "incident",
    "/v1/quarantine/{message_id}": "message",
    "/v1/devices/{device_id}": "device",
    "/v1/joint-days/{joint_plan_id}": "joint day",
}


def _answers_of_the_owner(started: StartedService, asked: list[Asked], theirs: LivedIn) -> list[str]:
    """Positions at which the owner hears the same of its own thing as of none: there the comparison proves nothing."""
    vain, nobodys = [], unknown_like(theirs.ids)
    with started.client(KeyHolder(tenant_id=OWNER, role=Role.ADMIN)) as owner:
        for one in asked:
            if one.method == "DELETE" or one.operation_id == "withdrawAgreement":
                continue
            mine, unknown = (_send(owner, one, theirs, ids) for ids in (theirs.ids, nobodys))
            if _shape(mine, one, theirs.ids) == _shape(unknown, one, nobodys):
                vain.append(f"{one.operation_id} {one.position}")
    return vain


def _is_unchanged(started: StartedService, theirs: LivedIn) -> int:
    """Things that their owner no longer finds."""
    with started.client(KeyHolder(tenant_id=OWNER, role=Role.ADMIN)) as owner:
        return sum(owner.get(address.format(**theirs.ids)).status_code != 200 for address in _OWN_ADDRESSES)
