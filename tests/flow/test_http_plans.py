import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from api.http.app import create_app
from api.http.services import Services
from tests.flow.http_samples import served, services_in, wait_until_final, wait_until_ready
from tests.flow.scripted_runners import DEATH_SEED

DAY = {"day": "2026-03-02"}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return services_in(tmp_path_factory.mktemp("plans"), queue_length=40, max_containers_per_plan=12)


@pytest.fixture(scope="module")
def client(services: Services) -> Iterator[httpx.Client]:
    with served(create_app(services)) as opened:
        wait_until_ready(opened)
        yield opened


def asked(client: httpx.Client, **body: object) -> str:
    answer = client.post("/v1/plans", json=DAY | body)
    assert answer.status_code == 202, answer.text
    return answer.headers["location"]


def test_plan_is_asked_for_watched_and_fetched(client: httpx.Client) -> None:
    answer = client.post("/v1/plans", json=DAY | {"limits": {"time_limit_s": 0.6}})
    assert answer.status_code == 202
    location = answer.headers["location"]
    assert location == f"/v1/plans/{answer.json()['plan_id']}"
    seen = set()
    while (state := client.get(location).json())["status"] in {"queued", "running"}:
        seen.add((state["status"], state["progress"]["step"]))
        assert state["plan"] is None
        time.sleep(0.05)
    assert ("running", "solve") in seen
    done = client.get(location)
    body = done.json()
    assert body["status"] == "succeeded"
    assert body["plan"]["plan_id"] == body["plan_id"]
    assert done.headers["etag"] == f'"{body["etag"]}"'
    assert client.get(location, headers={"If-None-Match": done.headers["etag"]}).status_code == 304


def test_tour_is_sent_once_and_then_confirmed_without_a_body(client: httpx.Client) -> None:
    location = asked(client)
    wait_until_final(client, location)
    tour = client.get(f"{location}/tours/LUE-1")
    assert tour.status_code == 200
    assert tour.json()["tour"]["vehicle_id"] == "LUE-1"
    assert not tour.headers["etag"].startswith("W/")
    again = client.get(f"{location}/tours/LUE-1", headers={"If-None-Match": tour.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tour.headers["etag"]
    other = client.get(f"{location}/tours/LUE-1", headers={"If-None-Match": '"another"'})
    assert other.content == tour.content
    assert client.get(f"{location}/tours/LUE-2").json()["code"] == "not_found"


def test_tour_comes_in_other_formats_with_their_own_versions(client: httpx.Client) -> None:
    location = asked(client)
    wait_until_final(client, location)
    gpx = client.get(f"{location}/tours/LUE-1", params={"format": "gpx"})
    assert (gpx.content, gpx.headers["content-type"]) == (b"<gpx/>", "application/gpx+xml")
    headers = {"If-None-Match": gpx.headers["etag"]}
    assert client.get(f"{location}/tours/LUE-1", params={"format": "gpx"}, headers=headers).status_code == 304
    assert client.get(f"{location}/tours/LUE-1", params={"format": "geojson"}, headers=headers).status_code == 200
    assert client.get(f"{location}/tours/LUE-1", params={"format": "docx"}).status_code == 422


def test_tour_of_an_unfinished_plan_says_so(client: httpx.Client) -> None:
    location = asked(client, limits={"time_limit_s": 5})
    answer = client.get(f"{location}/tours/LUE-1")
    client.post(f"{location}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "plan_not_finished")


def test_cancelled_plan_ends_within_seconds_and_cancelling_again_is_fine(client: httpx.Client) -> None:
    location = asked(client, limits={"time_limit_s": 60})
    while client.get(location).json()["status"] == "queued":
        time.sleep(0.02)
    began_s = time.monotonic()
    assert client.post(f"{location}/cancel").status_code == 202
    assert wait_until_final(client, location)["status"] == "cancelled"
    assert time.monotonic() - began_s < 5
    assert client.post(f"{location}/cancel").status_code == 202


def test_finished_plan_cannot_be_cancelled(client: httpx.Client) -> None:
    location = asked(client)
    wait_until_final(client, location)
    answer = client.post(f"{location}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_finished")


def test_repeated_key_gives_one_job_and_another_body_a_conflict(client: httpx.Client) -> None:
    def post(_: int) -> httpx.Response:
        return client.post("/v1/plans", json=DAY, headers={"Idempotency-Key": "monday"})

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(post, range(10)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["plan_id"] for answer in answers}) == 1
    other = client.post("/v1/plans", json={"day": "2026-03-03"}, headers={"Idempotency-Key": "monday"})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    wait_until_final(client, answers[0].headers["location"])


def test_fifty_requests_at_once_are_each_answered_and_end(client: httpx.Client) -> None:
    def post(_: int) -> tuple[httpx.Response, float]:
        began_s = time.monotonic()
        return client.post("/v1/plans", json=DAY), time.monotonic() - began_s

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(post, range(50)))
    accepted = [answer for answer, _ in answers if answer.status_code == 202]
    refused = [answer for answer, _ in answers if answer.status_code != 202]
    assert len(accepted) >= 40
    assert all(answer.status_code == 503 and int(answer.headers["retry-after"]) > 0 for answer in refused)
    assert max(seconds for _, seconds in answers) < 5
    for answer in accepted:
        assert wait_until_final(client, answer.headers["location"])["status"] == "succeeded"


def test_plan_of_a_killed_worker_is_made_by_the_next_one(client: httpx.Client, services: Services) -> None:
    location = asked(client, limits={"time_limit_s": 1})
    while client.get(location).json()["progress"]["step"] != "solve":
        time.sleep(0.02)
    pid = services.queue.slot_states()[0].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert wait_until_final(client, location)["status"] == "succeeded"


def test_plan_that_kills_its_workers_fails_alone(client: httpx.Client) -> None:
    crashing = wait_until_final(client, asked(client, limits={"time_limit_s": 0.05, "seed": DEATH_SEED}))
    assert crashing["failure"]["code"] == "solver_crashed"
    assert wait_until_final(client, asked(client))["status"] == "succeeded"


def test_plans_are_listed_newest_first_in_pages(client: httpx.Client) -> None:
    ids = [asked(client).rpartition("/")[2] for _ in range(3)]
    wait_until_final(client, f"/v1/plans/{ids[-1]}")
    page = client.get("/v1/plans", params={"limit": 2}).json()
    assert [plan["plan_id"] for plan in page["plans"]] == [ids[2], ids[1]]
    assert page["plans"][0]["summary"]["tour_count"] == 1
    following = client.get("/v1/plans", params={"limit": 1, "before": page["next_before"]}).json()
    assert [plan["plan_id"] for plan in following["plans"]] == [ids[0]]


def test_scenario_is_compared_and_leaves_the_live_plan_as_it_was(client: httpx.Client) -> None:
    location = asked(client)
    wait_until_final(client, location)
    before = client.get(location).content
    body = {
        "name": "one truck less",
        "base_plan_id": location.rpartition("/")[2],
        "changes": [{"op": "vehicle.remove", "vehicle_id": "LUE-2"}],
    }
    answer = client.post("/v1/scenarios", json=body)
    assert answer.status_code == 202, answer.text
    done = wait_until_final(client, answer.headers["location"])
    assert done["comparison"]["scenario"]["changes"][0]["op"] == "vehicle.remove"
    assert client.get(location).content == before
    assert client.get(f"/v1/plans/{done['scenario_id']}").status_code == 404
    assert client.get(f"/v1/scenarios/{body['base_plan_id']}").status_code == 404


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"base_plan_id": "0" * 32}, "not_found"),
        ({}, "invalid_request"),
        ({"request": DAY, "base_plan_id": "0" * 32}, "invalid_request"),
        ({"request": DAY, "changes": [{"op": "vehicle.remove", "vehicle_id": "nobody"}]}, "invalid_request"),
        ({"request": DAY, "changes": [{"op": "vehicle.explode", "vehicle_id": "LUE-1"}]}, "invalid_request"),
        ({"request": DAY, "changes": []}, "invalid_request"),
    ],
)
def test_scenario_that_cannot_be_is_refused_at_once(client: httpx.Client, change: dict[str, object], code: str) -> None:
    body = {"name": "x", "changes": [{"op": "vehicle.remove", "vehicle_id": "LUE-2"}]} | change
    assert client.post("/v1/scenarios", json=body).json()["code"] == code


def test_restart_keeps_plans_and_takes_up_what_waited(tmp_path: Path) -> None:
    with served(create_app(services_in(tmp_path))) as client:
        done = asked(client)
        wait_until_final(client, done)
        before = client.get(done).content
        running = asked(client, limits={"time_limit_s": 2})
        waiting = asked(client)
        while client.get(running).json()["status"] == "queued":
            time.sleep(0.02)
    with served(create_app(services_in(tmp_path))) as client:
        assert client.get(done).content == before
        assert wait_until_final(client, running)["status"] == "succeeded"
        assert wait_until_final(client, waiting)["status"] == "succeeded"


def test_request_for_more_than_the_installation_plans_is_refused(client: httpx.Client, services: Services) -> None:
    assert services.settings.max_containers_per_plan == 12
    answer = client.put(
        "/v1/containers/P-900",
        json={"site_id": "s", "location": {"lon_deg": 7.5, "lat_deg": 51.6}, "stream": "paper", "capacity_l": 1100},
    )
    assert answer.status_code == 201
    too_many = client.post("/v1/plans", json=DAY)
    assert (too_many.status_code, too_many.json()["code"]) == (422, "plan_too_large")
    assert client.post("/v1/plans", json=DAY | {"streams": ["glass"]}).status_code == 202
