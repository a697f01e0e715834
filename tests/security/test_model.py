"""Any sequence of requests leaves the service as a dictionary would be: containers, readings, closures, keys, releases.

Called without a network in between. The long run: ``LONG_TESTS=1 pytest tests/security/test_model.py``.
"""

import os
import tempfile
from contextlib import ExitStack
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from api.http.app import create_app
from api.identity.doorkeeper import WithKeys
from api.store.tenant_ports import Role
from optimizer.domain.plan import Plan
from tests.flow.http_samples import NOW, key_for, services_in, store_of
from tests.flow.tablet_days import DAY, release, small_plan
from tests.security.direct_client import DirectClient

RUNS, STEPS = (25, 50) if os.environ.get("LONG_TESTS") else (4, 20)
TOWNS = ("lue", "neighbour")
NEW_IDS = ("N-1", "N-2", "N-3")
PLAN_IDS = ("a" * 32, "b" * 32)

towns = st.sampled_from(TOWNS)


@cache  # plans are values: no test can change them
def planned(plan_id: str) -> Plan:
    return small_plan(plan_id)


class ServiceAsDictionary(RuleBasedStateMachine):
    """Each rule is a request with the answer that the model expects of it.

    After each step one kind of thing is compared in one town, in turns; all of them at the end. What has parted from
    the model stays so, and is found a few steps later.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.services = services_in(folder, tenant_ids=TOWNS, has_keys=True)
        self.client = self.stack.enter_context(DirectClient(create_app(self.services)).opened())
        self.keys = {town: key_for(self.services, Role.ADMIN, tenant_id=town) for town in TOWNS}
        self.containers: dict[tuple[str, str], tuple[int, str]] = {}
        self.readings: set[tuple[str, str, int, int]] = set()
        self.closures: dict[str, tuple[str, str]] = {}
        self.more_keys: dict[str, tuple[str, bool]] = {}
        for plan_id in PLAN_IDS:
            release(store_of(self.services, "lue"), planned(plan_id))
        self.released = PLAN_IDS[-1]
        self.turn = cycle(
            (look, town)
            for look in (self.look_at_containers, self.look_at_readings, self.look_at_closures)
            for town in TOWNS
        )

    def teardown(self) -> None:
        try:
            for town in TOWNS:
                self.look_at_containers(town)
                self.look_at_readings(town)
                self.look_at_closures(town)
            self.look_at_tours()
        finally:
            self.services.stores.close()
            self.stack.close()

    def ask(self, town: str, method: str, path: str, *, etag: str = "", **more: Any) -> httpx.Response:
        headers = {"If-Match": etag} if etag else {}
        answer = self.client.request(method, path, key=self.keys[town], headers=headers, **more)
        assert answer.status_code < 500, answer.text
        return answer

    @rule(town=towns, container_id=st.sampled_from(NEW_IDS), capacity_l=st.integers(500, 5_000), is_stale=st.booleans())
    def put_container(self, town: str, container_id: str, capacity_l: int, *, is_stale: bool) -> None:
        known = self.containers.get((town, container_id))
        etag = "" if known is None else '"stale"' if is_stale else f'"{known[1]}"'
        place = {"lon_deg": 7.52, "lat_deg": 51.61}
        body = {"site_id": container_id, "location": place, "stream": "paper", "capacity_l": capacity_l}
        answer = self.ask(town, "PUT", f"/v1/containers/{container_id}", etag=etag, json=body)
        assert answer.status_code == (201 if known is None else 412 if is_stale else 200), answer.text
        if answer.status_code != 412:
            self.containers[town, container_id] = (capacity_l, answer.json()["etag"])

    @rule(town=towns, container_id=st.sampled_from(NEW_IDS))
    def put_without_having_read(self, town: str, container_id: str) -> None:
        if (town, container_id) in self.containers:
            body = {"site_id": "x", "location": {"lon_deg": 7.5, "lat_deg": 51.6}, "stream": "paper", "capacity_l": 9}
            assert self.ask(town, "PUT", f"/v1/containers/{container_id}", json=body).status_code == 428

    @rule(town=towns, container_id=st.sampled_from(NEW_IDS), minute=st.integers(0, 3), percent=st.integers(0, 2))
    def add_reading(self, town: str, container_id: str, minute: int, percent: int) -> None:
        one = (town, container_id, minute, percent)
        reading = {
            "container_id": container_id,
            "observed_at": f"2026-03-01T10:{minute:02d}:00Z",
            "fill_fraction": percent / 100,
        }
        [told] = self.ask(town, "POST", "/v1/readings", json={"readings": [reading]}).json()["results"]
        is_known = (town, container_id) in self.containers
        assert told["status"] == ("rejected" if not is_known else "duplicate" if one in self.readings else "accepted")
        if is_known:
            self.readings.add(one)

    @rule(town=towns)
    def close_street(self, town: str) -> None:
        body = {"line": [{"lon_deg": 7.52, "lat_deg": 51.61}], "reason": "market"}
        self.closures[self.ask(town, "POST", "/v1/closures", json=body).json()["closure_id"]] = (town, "closed")

    @rule(town=towns, data=st.data())
    def open_street(self, town: str, data: st.DataObject) -> None:
        if self.closures:
            closure_id = data.draw(st.sampled_from(sorted(self.closures)))
            mine = self.closures[closure_id] == (town, "closed")
            answer = self.ask(town, "DELETE", f"/v1/closures/{closure_id}")
            assert answer.status_code == (200 if mine else 404)
            if mine:
                self.closures[closure_id] = (town, "open")

    @rule(town=towns)
    def make_key(self, town: str) -> None:
        self.more_keys[key_for(self.services, Role.PLANNER, tenant_id=town)] = (town, True)

    @rule(data=st.data(), does_end=st.booleans())
    def use_or_end_key(self, data: st.DataObject, *, does_end: bool) -> None:
        if self.more_keys:
            key = data.draw(st.sampled_from(sorted(self.more_keys)))
            town, is_valid = self.more_keys[key]
            if does_end:
                assert self.services.stores.keys.revoke(key.split("_")[1], at=NOW) == is_valid
                assert isinstance(self.services.doorkeeper, WithKeys)
                self.services.doorkeeper._cache._keys.clear()  # as a second later
                self.more_keys[key] = (town, False)
            status = self.client.request("GET", "/v1/vehicles", key=key).status_code
            assert status == (200 if self.more_keys[key][1] else 401) or (status == 429 and not self.more_keys[key][1])

    @rule(town=towns, plan_id=st.sampled_from(PLAN_IDS), tag=st.sampled_from(["right", "stale", "none"]))
    def release_plan(self, town: str, plan_id: str, tag: str) -> None:
        found = self.client.request("GET", f"/v1/plans/{plan_id}", key=self.keys["lue"])
        etag = {"right": found.headers["etag"], "stale": '"stale"', "none": ""}[tag]
        answer = self.ask(town, "POST", f"/v1/plans/{plan_id}/release", etag=etag)
        expected = 404 if town != "lue" else {"right": 200, "stale": 412, "none": 428}[tag]
        assert answer.status_code == expected, answer.text
        if expected == 200:
            self.released = plan_id
        self.look_at_tours()

    @invariant()
    def one_thing_is_as_in_the_model(self) -> None:
        look, town = next(self.turn)
        look(town)

    def look_at_containers(self, town: str) -> None:
        listed = self.ask(town, "GET", "/v1/containers?limit=500").json()["containers"]
        own = {
            one["container"]["container_id"]: one["container"]["capacity_l"]
            for one in listed
            if one["container"]["container_id"] in NEW_IDS
        }
        assert own == {name: value[0] for (where, name), value in self.containers.items() if where == town}

    def look_at_readings(self, town: str) -> None:
        history = store_of(self.services, town).readings.history(as_of=NOW, days=5)
        kept = sum(len(one.observed_at_s) for name, one in history.items() if name in NEW_IDS)
        # Two levels of one instant are both taken in; history tells one of them.
        assert kept == len({one[:3] for one in self.readings if one[0] == town})

    def look_at_closures(self, town: str) -> None:
        listed = self.ask(town, "GET", "/v1/closures").json()["closures"]
        holding = {one["closure_id"] for one in listed if not one["is_withdrawn"]}
        assert holding == {name for name, state in self.closures.items() if state == (town, "closed")}

    def look_at_tours(self) -> None:
        vehicle = planned(self.released).tours[0].vehicle_id
        told = self.ask("lue", "GET", f"/v1/tours/{vehicle}?date={DAY}").json()
        assert told["plan_id"] == self.released
        assert self.ask("neighbour", "GET", f"/v1/tours/{vehicle}?date={DAY}").status_code == 404


def test_any_sequence_of_requests_leaves_what_the_model_has() -> None:
    run_state_machine_as_test(
        ServiceAsDictionary,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
