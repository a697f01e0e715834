"""Many at once: fifty plans of three towns, and an end of the service with a hundred requests in hand."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from api.http.app import create_app
from api.store.tenant_ports import Role
from tests.flow.http_samples import key_for, served, services_in, store_of, wait_until_ready
from tests.flow.test_http_process import folder, process

__all__ = ["folder"]
TOWNS = ("large", "medium", "small")


def test_fifty_plans_of_three_towns_are_answered_at_once_and_served_in_turn(tmp_path: Path) -> None:
    services = services_in(tmp_path, tenant_ids=TOWNS, has_keys=True, queue_length=64)
    asked_by = ["large"] * 40 + ["medium"] * 9 + ["small"]
    keys = {one: key_for(services, Role.DISPATCHER, tenant_id=one) for one in TOWNS}
    with served(create_app(services)) as client:
        wait_until_ready(client)

        def ask(town: str) -> tuple[str, httpx.Response]:
            headers = {"authorization": f"Bearer {keys[town]}"}
            body = {"day": "2026-03-02", "limits": {"time_limit_s": 0.1}}
            return town, client.post("/v1/plans", json=body, headers=headers)

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(ask, asked_by))
        assert {answer.status_code for _, answer in answers} == {202}
        jobs = [(town, answer.json()["plan_id"]) for town, answer in answers]
        end_s = time.monotonic() + 120
        while services.queue.waiting_count() or any(slot.job for slot in services.queue.slot_states()):
            assert time.monotonic() < end_s
            time.sleep(0.05)
        ended = {}
        for town, job_id in jobs:
            job = store_of(services, town).jobs.get(job_id)
            assert job is not None
            assert job.state == "succeeded"
            ended[town, job_id] = (job.created_at, job.started_at)
    # However many of the large town waited before it, the small one's plan was begun within a few turns.
    asked_at, begun_at = next(times for (town, _), times in ended.items() if town == "small")
    assert begun_at is not None
    passed_it = sum(begun is not None and asked_at < begun < begun_at for _, begun in ended.values())
    assert passed_it <= 4


@pytest.mark.slow
def test_end_with_a_hundred_requests_in_hand_loses_nothing_that_was_answered(folder: Path) -> None:
    is_over = threading.Event()
    acknowledged: list[str] = []
    odd: list[int] = []
    lock = threading.Lock()
    with process(folder) as (started, client):
        wait_for_worker(client)
        plan = client.post("/v1/plans", json={"limits": {"time_limit_s": 60}})
        assert plan.status_code == 202

        def send(number: int) -> None:
            sequence = 0
            while not is_over.is_set():
                sequence += 1
                name = f"Q-{number}-{sequence}"
                body = {
                    "site_id": "s",
                    "location": {"lon_deg": 7.5, "lat_deg": 51.6},
                    "stream": "paper",
                    "capacity_l": 1,
                }
                try:
                    status = client.put(f"/v1/containers/{name}", json=body).status_code
                except httpx.TransportError:
                    return
                with lock:
                    if status == 201:
                        acknowledged.append(name)
                    else:
                        odd.append(status)

        with ThreadPoolExecutor(100) as pool:
            for number in range(100):
                pool.submit(send, number)
            time.sleep(2)
            began_s = time.monotonic()
            os.kill(started.pid, signal.SIGTERM)
            code = started.wait(timeout=60)
            took_s = time.monotonic() - began_s
            is_over.set()
    assert code == 0
    assert took_s < 30
    assert set(odd) <= {429, 503}
    with process(folder) as (_, again):
        for name in acknowledged:
            assert again.get(f"/v1/containers/{name}").status_code in {200, 429}
        while (found := again.get(plan.headers["location"])).status_code == 429:
            time.sleep(0.2)
        assert found.json()["status"] in {"queued", "running", "succeeded"}
    assert len(acknowledged) > 10


def wait_for_worker(client: httpx.Client) -> None:
    end_s = time.monotonic() + 120
    while client.get("/v1/health/ready").status_code != 200:
        assert time.monotonic() < end_s
        time.sleep(0.2)
