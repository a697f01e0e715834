"""What tablets get: released versions only, all tours of one at once."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from api.http.app import create_app
from api.http.services import Services
from api.jobs.open_runners import OpenTenantRunner
from api.store.tenant_ports import Role
from tests.flow.http_samples import (
    NOW,
    key_for,
    rising_history,
    served,
    services_in,
    small_record,
    store_of,
    wait_until_ready,
)
from tests.flow.test_plan_edits import containers_of, edited, opener_of, planned, tours_of

DAY = "2026-03-03"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    folder: Path = tmp_path_factory.mktemp("release")
    found = services_in(folder, OpenTenantRunner(opener_of=partial(opener_of, folder)), has_keys=True)
    store_of(found).readings.add_history(rising_history(small_record().town), received_at=NOW)
    return found


@pytest.fixture(scope="module")
def client(services: Services) -> Iterator[httpx.Client]:
    with served(create_app(services)) as opened:
        opened.headers["authorization"] = f"Bearer {key_for(services, Role.DISPATCHER)}"
        wait_until_ready(opened)
        yield opened


def release(client: httpx.Client, location: str) -> httpx.Response:
    etag = client.get(location).json()["etag"]
    return client.post(f"{location}/release", headers={"If-Match": f'"{etag}"'})


def tour(client: httpx.Client, vehicle_id: str, day: str = DAY, **headers: str) -> httpx.Response:
    return client.get(f"/v1/tours/{vehicle_id}", params={"date": day}, headers=headers)


def test_tablet_gets_the_released_version_and_nothing_before(client: httpx.Client, services: Services) -> None:
    location = planned(client)
    vehicle_id = next(iter(tours_of(client.get(location).json())))
    driver = {"authorization": f"Bearer {key_for(services, Role.DRIVER, subject_id=vehicle_id)}"}
    assert client.get(f"{location}/tours/{vehicle_id}", headers=driver).status_code == 404
    assert client.get(f"{location}/tours/{vehicle_id}").status_code == 200
    assert tour(client, vehicle_id, "2026-03-04", **driver).status_code == 404
    first = release(client, location)
    assert (first.status_code, first.json()["version"]) == (200, 1)
    got = tour(client, vehicle_id, **driver)
    assert (got.json()["plan_id"], got.json()["version"]) == (location.rpartition("/")[2], 1)
    again = tour(client, vehicle_id, **driver, **{"if-none-match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    name = tours_of(client.get(location).json())[vehicle_id][0]
    assert edited(client, location, {"op": "exclude", "container_id": name}).json()["version"] == 2
    # A change is nothing to the tablets until it is released itself.
    assert client.get(f"{location}/tours/{vehicle_id}?version=2", headers=driver).status_code == 404
    assert tour(client, vehicle_id, **driver).content == got.content
    assert client.get(f"{location}/tours/{vehicle_id}").content == got.content
    assert client.get(location).json()["released_version"] == 1
    second = release(client, location)
    assert second.json()["replaces"] == [{"plan_id": location.rpartition("/")[2], "version": 1}]
    after = tour(client, vehicle_id, **driver)
    assert after.json()["version"] == 2
    assert name not in after.text
    back = client.post(f"{location}/release?version=1", headers={"If-Match": f'"{first.json()["etag"]}"'})
    assert (back.status_code, back.json()["version"]) == (200, 1)
    assert tour(client, vehicle_id, **driver).content == got.content
    assert client.post(f"{location}/release", headers={"If-Match": second.headers["etag"]}).json()["version"] == 2
    assert client.get("/v1/plans", params={"limit": 1}).json()["plans"][0]["released_version"] == 2
    other = {"authorization": f"Bearer {key_for(services, Role.DRIVER, subject_id='LUE-9')}"}
    assert tour(client, vehicle_id, **other).status_code == 404
    assert client.post(f"{location}/release", headers=driver | {"If-Match": "x"}).status_code == 403


def test_release_names_its_version_and_is_done_once(client: httpx.Client) -> None:
    location = planned(client)
    missing = client.post(f"{location}/release")
    assert (missing.status_code, missing.json()["code"]) == (428, "version_required")
    stale = client.post(f"{location}/release", headers={"If-Match": '"another"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_conflict")
    first, second = release(client, location), release(client, location)
    assert first.json()["release"] == second.json()["release"]
    assert second.json()["replaces"] == []


def test_plan_made_anew_takes_the_place_of_the_released_one(client: httpx.Client) -> None:
    before, after = planned(client), planned(client)
    release(client, before)
    assert release(client, after).json()["replaces"] == [{"plan_id": before.rpartition("/")[2], "version": 1}]
    assert client.get(before).json()["released_version"] is None
    vehicle_id = next(iter(tours_of(client.get(after).json())))
    assert tour(client, vehicle_id).json()["plan_id"] == after.rpartition("/")[2]


def test_unreleased_scenario_or_plan_shows_nothing_to_tablets(client: httpx.Client) -> None:
    location = planned(client, day="2026-03-05")
    vehicle_id = next(iter(tours_of(client.get(location).json())))
    assert tour(client, vehicle_id, "2026-03-05").json()["code"] == "not_found"


def test_tour_under_way_keeps_what_is_done(client: httpx.Client, services: Services) -> None:
    location = planned(client, day="2026-03-02")
    release(client, location)
    answer = client.get(location).json()
    stops = {one["vehicle_id"]: one["stops"] for one in answer["plan"]["tours"]}
    vehicle_id = max(stops, key=lambda one: len(stops[one]))
    third = [one for one in stops[vehicle_id] if one["kind"] == "collect"][2]
    middle = NOW.fromisoformat(third["arrives_at"]) + timedelta(seconds=10)
    object.__setattr__(services, "now", lambda: middle)
    try:
        done = next(one for one in stops[vehicle_id] if one["kind"] == "collect")["collections"][0]["container_id"]
        refused = edited(client, location, {"op": "exclude", "container_id": done})
        assert (refused.status_code, refused.json()["issues"][0]["code"]) == (409, "already_done")
        swapped = edited(client, location, {"op": "swap", "vehicle_id": "LUE-1", "with_vehicle_id": "LUE-2"})
        assert swapped.json()["issues"][0]["code"] == "under_way"
        last = [one for one in stops[vehicle_id] if one["kind"] == "collect"][-1]["collections"][0]["container_id"]
        changed = edited(client, location, {"op": "exclude", "container_id": last})
        assert changed.status_code == 200, changed.text
        new = next(one for one in changed.json()["plan"]["tours"] if one["vehicle_id"] == vehicle_id)
        assert new["done_stops"] >= 4
        assert new["stops"][:4] == stops[vehicle_id][:4]
        object.__setattr__(services, "now", lambda: NOW + timedelta(days=1))
        over = edited(client, location, {"op": "exclude", "container_id": last})
        assert over.json()["issues"][0]["code"] == "day_over"
    finally:
        object.__setattr__(services, "now", lambda: NOW)


@pytest.mark.slow
def test_hundred_releases_under_hundred_reads_a_second_are_never_mixed(
    client: httpx.Client, services: Services
) -> None:
    location = planned(client)
    release(client, location)
    plan_id = location.rpartition("/")[2]
    names = containers_of(client.get(location).json())
    expected: dict[int, dict[str, Any]] = {}

    def note(answer: dict[str, Any]) -> None:
        expected[answer["version"]] = {one["vehicle_id"]: one for one in answer["plan"]["tours"]}

    note(client.get(location).json())
    note(edited(client, location, {"op": "exclude", "container_id": names[0]}).json())
    both = tuple(expected)
    versions = store_of(services).versions
    etags = {number: found.etag for number in both if (found := versions.get(plan_id, number)) is not None}
    vehicle_ids = sorted(set(expected[1]) & set(expected[2]))
    is_over = threading.Event()
    seconds: list[float] = []
    mixed: list[str] = []

    def read(worker: int) -> int:
        count, highest = 0, dict.fromkeys(vehicle_ids, 0)
        with httpx.Client(base_url=client.base_url, headers=client.headers, timeout=20) as own:
            while not is_over.is_set():
                vehicle_id = vehicle_ids[(worker + count) % len(vehicle_ids)]
                began_s = time.monotonic()
                got = tour(own, vehicle_id).json()
                seconds.append(time.monotonic() - began_s)
                count += 1
                if got["tour"] != expected[got["version"]][vehicle_id] or got["plan_id"] != plan_id:
                    mixed.append(vehicle_id)
                highest[vehicle_id] = max(highest[vehicle_id], got["version"])
                time.sleep(max(0.0, 0.1 - (time.monotonic() - began_s)))
        return count

    began_s = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        readers = [pool.submit(read, worker) for worker in range(10)]
        for at in range(100):
            number = both[(at + 1) % 2]
            made, _ended = versions.release(plan_id, if_match=etags[number], at=NOW, actor="test", version=number)
            # From the moment a release has returned, nobody gets the version before.
            for vehicle_id in vehicle_ids:
                assert tour(client, vehicle_id).json()["version"] == made.version
        is_over.set()
        reads = sum(reader.result() for reader in readers)
    lasted_s = time.monotonic() - began_s
    p99_ms = np.percentile(seconds, 99) * 1000
    print(f"100 releases in {lasted_s:.1f} s under {reads / lasted_s:.0f} reads/s, p99 {p99_ms:.0f} ms")  # noqa: T201 - a measured figure
    assert mixed == []
    assert len(versions.current_releases(NOW.date() + timedelta(days=1))) == 1
