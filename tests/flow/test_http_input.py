"""What a hostile, broken or careless caller sends: never a 5xx, never an echo, never half an effect."""

import json
import socket
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.http.app import create_app
from api.http.errors import PROBLEMS
from api.http.services import Services
from tests.flow.http_samples import NOW, served, services_in, store_of

CONTAINER = {"site_id": "s", "location": {"lon_deg": 7.5, "lat_deg": 51.6}, "stream": "paper", "capacity_l": 1100}
GOOD = {
    ("POST", "/v1/plans"): {"day": "2026-03-02"},
    ("POST", "/v1/scenarios"): {
        "name": "x",
        "request": {"day": "2026-03-02"},
        "changes": [{"op": "service_level.change", "must_collect_probability": 0.5}],
    },
    ("PUT", "/v1/containers/P-500"): CONTAINER,
    ("POST", "/v1/readings"): {
        "readings": [{"container_id": "P-001", "observed_at": "2026-03-02T03:00:00Z", "fill_fraction": 0.5}]
    },
}
WRITES = sorted(GOOD)
SECRET = "s3cr3t-v4lue"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return services_in(tmp_path_factory.mktemp("input"), queue_length=10_000)


@pytest.fixture(scope="module")
def client(services: Services) -> Iterator[httpx.Client]:
    with served(create_app(services)) as opened:
        yield opened


def send(client: httpx.Client, operation: tuple[str, str], content: bytes, **headers: str) -> httpx.Response:
    method, path = operation
    return client.request(method, path, content=content, headers={"content-type": "application/json"} | headers)


def assert_problem(answer: httpx.Response) -> None:
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == f"urn:fuhre:problem:{problem['code']}"
    assert PROBLEMS[problem["code"]].status == answer.status_code == problem["status"]
    assert problem["detail"]
    assert problem["what_you_can_do"]
    assert problem["trace_id"] == answer.headers["x-trace-id"]
    # A name that the town does not know is told back, or nobody could mend it; nothing else is.
    told_back = [
        one for one in problem["issues"] if one["code"].startswith("unknown_") or one["code"] == "opening_hours"
    ]
    assert answer.text.count(SECRET) <= len(told_back)
    # Unknown field names are told back as places, so a place may read like anything.
    own_words = json.dumps(problem | {"issues": [one | {"where": ""} for one in problem["issues"]]})
    for leak in ("Traceback", "sqlite", "SELECT", str(Path.cwd()), ".py"):
        assert leak not in own_words


MALFORMED = [
    b"",
    b" ",
    b"{",
    b"null",
    b"[]",
    b"true",
    b"1",
    b'"text"',
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b"\x00",
    b"{}{}",
    b"{'a': 1}",
    b'{"a": 1,}',
    b"{a: 1}",
    b"NaN",
    b"Infinity",
    b"-",
    b"1e999",
    b"9" * 5_000,
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"[" * 40 + b"]" * 40,
    b'{"day": "\\ud800"}',
    b'{"day": "\xed\xa0\x80"}',
    b'{"name": "\\u0000"}',
    b"// comment\n{}",
    b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>",
    b"day=2026-03-02",
    b'{"' + b"k" * 100_000 + b'": 1}',
    json.dumps({"colour": SECRET}).encode(),
]


@pytest.mark.parametrize("operation", WRITES, ids=lambda one: one[1])
def test_malformed_bodies_are_problems_of_the_caller(client: httpx.Client, operation: tuple[str, str]) -> None:
    for content in MALFORMED:
        assert_problem(send(client, operation, content))


ODD_VALUES = [
    "NaN", "Infinity", "-Infinity", "1e999", "-1", "1e308", "9223372036854775808", "1" * 400, "true", "null", '""',
    '" "', '"80"', "[]", "{}", '"\\u0000"', '"\\ud800"', '"\\u202e"', '"2026-02-30"', '"9999-12-31"', '"0001-01-01"',
    '"1600000000"', "1600000000", '"2026-03-02T05:10:00"', '"9999-12-31T23:59:59Z"', '"0001-01-01T00:00:00+14:00"',
    '"24:00"', '"06:00+01:00"', '"Mo-Fr 25:00"', '"PH off; week 99"', f'"{SECRET}"', f'"{"x" * 70_000}"', "[[[[]]]]",
    '{"lon_deg": 1e999, "lat_deg": 0}', '["a", "a"]', '"\'; DROP TABLE jobs; --"', '"<script>"', '"../../etc/passwd"',
]  # fmt: skip


def _places(document: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        yield from _places(value, (*path, key))


def _with(document: object, path: tuple[str | int, ...], marker: object) -> object:
    if not path:
        return marker
    copy = json.loads(json.dumps(document))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = marker
    return copy


@pytest.mark.parametrize("operation", WRITES, ids=lambda one: one[1])
def test_odd_values_in_every_field_are_never_our_fault(client: httpx.Client, operation: tuple[str, str]) -> None:
    full = GOOD[operation]
    if operation[1] == "/v1/plans":
        full = full | {
            "as_of": "2026-03-01T00:00:00Z", "streams": ["paper"], "vehicle_ids": ["LUE-1"], "exclude": ["P-001"],
            "force": ["P-002"], "policy": "all", "solver": "greedy", "with_baseline": False,
            "rules": {"must_collect_probability": 0.1, "overflow_cost_eur": 1, "max_blind_days": 3},
            "limits": {"time_limit_s": 0.05, "iteration_limit": 1, "seed": 1},
        }  # fmt: skip
    if "containers" in operation[1]:
        full = full | {"hours": "24/7", "side": "any", "service_s": 1, "address": "a", "max_days_between_visits": 7}
    for path in _places(full):
        for value in ODD_VALUES:
            content = json.dumps(_with(full, path, "@@")).replace('"@@"', value).encode()
            answer = send(client, operation, content)
            assert answer.status_code < 500, (path, value, answer.text)
            if answer.status_code >= 400:
                assert_problem(answer)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize("operation", WRITES, ids=lambda one: one[1])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_random_bodies_are_never_our_fault(
    client: httpx.Client, operation: tuple[str, str], data: st.DataObject
) -> None:
    document = GOOD[operation]
    path = data.draw(st.sampled_from(list(_places(document))))
    content = json.dumps(_with(document, path, data.draw(JSON_VALUES)))
    if data.draw(st.booleans()):
        cut = data.draw(st.integers(0, len(content)))
        content = content[:cut] + data.draw(st.text(max_size=3)) + content[cut:]
    answer = send(client, operation, content.encode(errors="surrogatepass"))
    assert answer.status_code < 500, (content, answer.text)
    if answer.status_code >= 400:
        assert_problem(answer)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    hours=st.text(st.characters(codec="utf-8"), max_size=60)
    | st.from_regex(r"[A-Za-z]{2}-?[A-Za-z]{0,2} [0-9:;,+-]{0,20}")
)
def test_odd_opening_hours_are_never_our_fault(client: httpx.Client, hours: str) -> None:
    answer = client.put("/v1/containers/P-501", json=CONTAINER | {"hours": hours}, headers={"If-Match": '"x"'})
    assert_problem(answer)


def test_unknown_fields_have_no_effect(client: httpx.Client) -> None:
    for operation in WRITES:
        for name in ("tenant_id", "role", "status", "created_at", "plan_id", "etag"):
            content = json.dumps({**GOOD[operation], name: "x"}).encode()
            answer = send(client, operation, content)
            assert (answer.status_code, answer.json()["issues"][0]["where"]) == (422, name)


@pytest.mark.parametrize("day", ["2026-02-30", "9999-01-01", "1999-12-31", "2028-01-01", 20260302, "today"])
def test_day_that_cannot_be_is_refused(client: httpx.Client, day: object) -> None:
    answer = client.post("/v1/plans", json={"day": day})
    assert answer.status_code == 422
    assert answer.json()["issues"][0]["where"] == "day"


def test_past_day_is_planned_with_what_was_known_then(client: httpx.Client, services: Services) -> None:
    answer = client.post("/v1/plans", json={"day": "2026-02-20"})
    assert answer.status_code == 202
    job = store_of(services).jobs.get(answer.json()["plan_id"])
    assert job is not None
    assert json.loads(job.document)["as_of"] == "2026-02-20T00:00:00+01:00"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1/plans/", 404),
        ("GET", "/v1/plans/unknown", 404),
        ("GET", "/v1/plans/%00", 404),
        ("GET", "/v1/plans/..%2f..%2fetc", 404),
        ("GET", f"/v1/plans/{'0' * 32}/tours/%00", 404),
        ("GET", f"/v1/plans/{'0' * 32}/tours/LUE-1", 404),
        ("GET", f"/v1/scenarios/{2**63}", 404),
        ("GET", "/v1/containers/%00", 404),
        ("GET", "/v1/containers/nobody", 404),
        ("GET", "/v1/containers?limit=-1", 422),
        ("GET", "/v1/containers?limit=1000000000", 422),
        ("GET", "/v1/containers?limit=9223372036854775808", 422),
        ("GET", "/v1/containers?after=%00", 422),
        ("GET", "/v1/plans?before=tampered", 422),
        ("GET", "/v1/plans?limit=NaN", 422),
        ("GET", "/v1/plans?day=2026-02-30", 422),
        ("DELETE", "/v1/plans", 405),
        ("PATCH", "/v1/containers/P-001", 405),
        ("GET", "/v1/readings", 405),
    ],
)
def test_odd_addresses_are_problems_of_the_caller(client: httpx.Client, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert_problem(answer)
    assert answer.status_code == status


def test_wrong_method_is_told_the_right_ones(client: httpx.Client) -> None:
    assert client.delete("/v1/plans").headers["allow"] == "GET, POST"
    assert client.patch("/v1/containers/P-001").headers["allow"] == "GET, PUT"


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/xml"},
        {"content-type": ""},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
def test_other_media_types_are_refused(client: httpx.Client, headers: dict[str, str]) -> None:
    answer = client.post("/v1/plans", content=b"{}", headers=headers)
    assert_problem(answer)
    assert answer.status_code == 415


def test_bad_idempotency_key_is_refused(client: httpx.Client) -> None:
    answer = client.post("/v1/plans", json={"day": "2026-03-02"}, headers={"Idempotency-Key": "a b"})
    assert_problem(answer)


def test_too_large_bodies_are_refused_whatever_the_headers_say(client: httpx.Client, services: Services) -> None:
    limit = services.settings.max_body_bytes
    assert send(client, ("POST", "/v1/plans"), b" " * (limit + 1)).status_code == 413
    chunks = (b" " * 65_536 for _ in range(limit // 65_536 + 2))
    chunked = client.post("/v1/plans", content=chunks, headers={"content-type": "application/json"})
    assert_problem(chunked)
    assert chunked.status_code == 413
    assert send(client, ("POST", "/v1/readings"), b" " * (limit + 1)).status_code == 400  # batches may be larger


def test_announced_oversize_is_refused_before_it_is_sent(client: httpx.Client) -> None:
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=5) as raw:
        raw.sendall(b"POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: 150000000\r\n\r\n{")
        began_s = time.monotonic()
        assert raw.recv(4096).startswith(b"HTTP/1.1 413")
        assert time.monotonic() - began_s < 1


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/plans HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/plans HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00\x01\x02\x03\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
)
def test_raw_bytes_that_are_no_request_do_no_harm(client: httpx.Client, request_bytes: bytes) -> None:
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), timeout=5) as raw:
        raw.sendall(request_bytes)
        raw.shutdown(socket.SHUT_WR)
        answer = raw.recv(4096)
    assert not answer.startswith(b"HTTP/1.1 5")
    assert client.get("/v1/health/live").status_code == 200


def test_connections_without_the_end_of_their_headers_are_closed(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.http.header_timeout.HEADER_TIMEOUT_S", 0.5)
    address = (client.base_url.host, client.base_url.port or 80)
    idlers = [socket.create_connection(address, timeout=5) for _ in range(50)]
    for number, idler in enumerate(idlers):
        if number % 3 == 1:
            idler.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        if number % 3 == 2:
            idler.sendall(b"GET /v1/health/live HTTP/1.1\r\nHost: x\r\n\r\nGET /")
    time.sleep(0.3)
    assert client.get("/v1/health/live").status_code == 200
    for idler in idlers:
        received = b""
        while chunk := idler.recv(4096):  # the end of the stream says that it was closed
            received += chunk
        assert received == b"" or received.startswith(b"HTTP/1.1 200")
        idler.close()


def reading(**change: object) -> dict[str, object]:
    return {"container_id": "P-003", "observed_at": "2026-03-02T03:00:00Z", "fill_fraction": 0.5} | change


def test_bad_readings_do_not_lose_the_good_ones(client: httpx.Client, services: Services) -> None:
    bad = [
        reading(container_id="nobody"),
        reading(fill_fraction=101),
        reading(fill_fraction=-5),
        reading(fill_fraction="80"),
        reading(fill_fraction=True),
        reading(fill_fraction=None),
        reading(observed_at="2026-03-02T03:00:00"),
        reading(observed_at="1970-01-01T00:00:00Z"),
        reading(observed_at="2099-01-01T00:00:00Z"),
        reading(source="nobody"),
        reading(colour="blue"),
        "no object",
        None,
    ]
    good = [reading(observed_at=f"2026-03-02T02:{minute:02d}:00Z") for minute in range(40)]
    batch = [*good[:20], *bad, *good[20:], good[0]]
    answer = client.post("/v1/readings", json={"readings": batch})
    assert answer.status_code == 207
    body = answer.json()
    assert (body["accepted"], body["rejected"], body["duplicate"]) == (40, len(bad), 1)
    assert [result["index"] for result in body["results"]] == list(range(len(batch)))
    rejected = [result for result in body["results"] if result["status"] == "rejected"]
    assert [result["index"] for result in rejected] == list(range(20, 20 + len(bad)))
    assert all(result["code"] and result["reason"] for result in rejected)
    assert len(store_of(services).readings.history(as_of=NOW, days=1)["P-003"]) == 40
    again = client.post("/v1/readings", json={"readings": batch}).json()
    assert (again["accepted"], again["duplicate"]) == (0, 41)


def test_non_finite_fill_is_rejected_alone(client: httpx.Client) -> None:
    content = json.dumps({"readings": [reading(), reading(fill_fraction="@@")]})
    for value in ("NaN", "Infinity", "1e999"):
        answer = send(client, ("POST", "/v1/readings"), content.replace('"@@"', value).encode())
        assert answer.status_code in {207, 400}, answer.text
        if answer.status_code == 207:
            assert answer.json()["rejected"] == 1


def test_too_many_readings_are_refused(client: httpx.Client, services: Services) -> None:
    batch = [reading()] * (services.settings.max_batch_readings + 1)
    answer = client.post("/v1/readings", json={"readings": batch})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_container_is_created_read_and_changed_by_its_version(client: httpx.Client) -> None:
    address = "/v1/containers/P-777"
    created = client.put(address, json=CONTAINER)
    assert created.status_code == 201
    assert client.put(address, json=CONTAINER).json()["code"] == "version_required"
    stale = client.put(address, json=CONTAINER, headers={"If-Match": '"old"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_conflict")
    change = CONTAINER | {"capacity_l": 2200, "hours": "Mo-Fr 06:00-20:00"}
    changed = client.put(address, json=change, headers={"If-Match": created.headers["etag"]})
    assert changed.status_code == 200
    client.post("/v1/readings", json={"readings": [reading(container_id="P-777")]})
    read = client.get(address).json()
    assert read["container"]["capacity_l"] == 2200
    assert read["etag"] == changed.headers["etag"].strip('"')
    assert read["latest_reading"]["fill_fraction"] == 0.5


def test_container_follows_the_rules_of_files(client: httpx.Client) -> None:
    for change, where in (
        ({"stream": "gold"}, "stream"),
        ({"hours": "whenever"}, "opening hours"),
        ({"capacity_l": 0}, "capacity_l"),
    ):
        answer = client.put("/v1/containers/P-778", json=CONTAINER | change)
        assert (answer.status_code, answer.json()["issues"][0]["where"]) == (422, where)


def test_containers_are_listed_in_pages(client: httpx.Client) -> None:
    ids: list[str] = []
    after = ""
    while True:
        page = client.get("/v1/containers", params={"limit": 5, "after": after}).json()
        ids += [one["container"]["container_id"] for one in page["containers"]]
        if page["next_after"] is None:
            break
        after = page["next_after"]
    assert ids == sorted(ids)
    assert len(ids) == len(set(ids)) >= 12


def test_fleet_is_told(client: httpx.Client) -> None:
    assert [one["vehicle_id"] for one in client.get("/v1/vehicles").json()["vehicles"]] == ["LUE-1", "LUE-2"]
    assert client.get("/v1/disposal-sites").json()["disposal_sites"][0]["disposal_site_id"] == "plant"


def test_large_batches_do_not_hold_up_others(client: httpx.Client) -> None:
    def batch(month: int) -> bytes:
        instants = (f"2026-{month:02d}-{1 + n // 1440:02d}T{n // 60 % 24:02d}:{n % 60:02d}:00Z" for n in range(5_000))
        return json.dumps({"readings": [reading(observed_at=instant) for instant in instants]}).encode()

    with ThreadPoolExecutor(1) as pool:
        sent = [pool.submit(send, client, ("POST", "/v1/readings"), batch(month)) for month in (1, 2)]
        waits_s = []
        while not all(one.done() for one in sent):
            began_s = time.monotonic()
            client.get("/v1/health/live").raise_for_status()
            waits_s.append(time.monotonic() - began_s)
    assert [one.result().json()["accepted"] for one in sent] == [5_000, 5_000]
    assert len(waits_s) > 5
    assert statistics.median(waits_s) < 0.1
    assert statistics.quantiles(waits_s, n=20)[-1] < 0.5  # single waits also come from what else this machine does


def test_answers_carry_the_headers_of_a_careful_server(client: httpx.Client) -> None:
    answer = client.get("/v1/health/live")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers
    assert len(answer.headers["x-trace-id"]) == 32


def test_service_without_a_town_says_so(tmp_path: Path) -> None:
    without = services_in(tmp_path, has_town=False)
    with served(create_app(without)) as client:
        answer = client.post("/v1/plans", json={"day": "2026-03-02"})
        assert (answer.status_code, answer.json()["code"]) == (503, "no_town")
        ready = client.get("/v1/health/ready")
        assert ready.status_code == 503
        assert {part["name"]: part["is_ready"] for part in ready.json()["parts"]}["town"] is False
