"""Whoever changes a plan, asks why, or reports an incident does not wait for the plans of others."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from api.http.app import create_app
from api.http.services import Services
from api.jobs.open_runners import OpenPlanningRunner, OpenTenantRunner
from api.jobs.town_folders import open_tenant_store
from api.settings import Settings
from tests.flow.http_samples import (
    NOW,
    open_straight_line_ports,
    rising_history,
    served,
    services_in,
    small_record,
    store_of,
    wait_until_final,
    wait_until_ready,
)

ASKED = {"day": "2026-03-03", "limits": {"iteration_limit": 20}}
WAITS_S = 5.0


def opener_of(folder: Path, tenant_id: str) -> OpenPlanningRunner:
    return OpenPlanningRunner(
        open_store=partial(open_tenant_store, str(folder), tenant_id), open_ports=open_straight_line_ports
    )


@pytest.fixture
def services(tmp_path: Path) -> Services:
    made = services_in(tmp_path, OpenTenantRunner(opener_of=partial(opener_of, tmp_path)), edit_worker_count=1)
    store_of(made).readings.add_history(rising_history(small_record().town), received_at=NOW)
    return made


@pytest.fixture
def client(services: Services) -> Iterator[httpx.Client]:
    with served(create_app(services)) as opened:
        wait_until_ready(opened)
        ends_s = time.monotonic() + 120
        while not all(one.is_ready for one in services.queue.slot_states()):
            assert time.monotonic() < ends_s
            time.sleep(0.05)
        yield opened


def test_edit_and_question_are_answered_while_a_long_plan_is_made(client: httpx.Client) -> None:
    location = client.post("/v1/plans", json=ASKED).raise_for_status().headers["location"]
    plan = wait_until_final(client, location)
    container_id = plan["plan"]["tours"][0]["stops"][1]["collections"][0]["container_id"]
    # The first edit of a process compiles nothing, but loads what it needs.
    client.get(f"{location}/explain?container={container_id}").raise_for_status()
    long = {**ASKED, "limits": {"time_limit_s": 120}}
    ahead = [client.post("/v1/plans", json=long).raise_for_status().headers["location"] for _ in range(3)]
    while client.get(ahead[0]).json()["status"] != "running":
        time.sleep(0.05)
    began_s = time.monotonic()
    edited = client.patch(
        location,
        json={"edits": [{"op": "exclude", "container_id": container_id}], "max_wait_s": 30},
        headers={"If-Match": f'"{plan["etag"]}"'},
    )
    took_s = time.monotonic() - began_s
    assert edited.status_code == 200, edited.text
    assert took_s < WAITS_S
    assert [client.get(one).json()["status"] for one in ahead] == ["running", "queued", "queued"]
    for one in reversed(ahead):
        client.post(f"{one}/cancel").raise_for_status()


def test_service_keeps_a_worker_free_unless_it_is_told_otherwise() -> None:
    assert Settings().edit_worker_count == 1
