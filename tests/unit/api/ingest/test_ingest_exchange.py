"""Pulling from SensorThings servers and writing back to FIWARE brokers, against servers made by the tests."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import pytest

from api.ingest.ngsi_deadlines import NgsiVersion, deadline, entities
from api.ingest.ngsi_push import PushError, send
from api.ingest.sensorthings_pull import MAX_PAGE_BYTES, PullError, pull
from optimizer.domain.forecast import Forecast, Trust
from tests.unit.api.ingest.intake_setup import NOW, bench, device

ROOT = "http://sta.example/v1.1"
SINCE = datetime(2026, 3, 1, tzinfo=UTC)


class SensorThingsServer:
    """A server with one datastream of hourly observations in percent, three to a page."""

    def __init__(self, count: int = 8) -> None:
        self.count = count
        self.asked: list[httpx.URL] = []
        self.next_root = ROOT

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        if not request.url.path.endswith("/Observations"):
            unit = {"name": "percent", "symbol": "%"}
            return httpx.Response(200, json={"@iot.id": 4711, "unitOfMeasurement": unit})
        skip = int(request.url.params.get("$skip", 0))
        value = [
            {
                "@iot.id": number,
                "phenomenonTime": (SINCE + timedelta(hours=number)).isoformat(),
                "resultTime": None,
                "result": str(number),
            }
            for number in range(skip, min(skip + 3, self.count))
        ]
        page: dict[str, Any] = {"value": value}
        if skip + 3 < self.count:
            page["@iot.nextLink"] = f"{self.next_root}/Datastreams(4711)/Observations?$skip={skip + 3}"
        return httpx.Response(200, json=page)

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self))


def test_pull_follows_every_page_and_repeats_without_effect() -> None:
    server, fed = SensorThingsServer(), bench(device("sta:4711"))
    for expected in (8, 8):
        with server.client() as client:
            pull(client, ROOT, "4711", since=SINCE, intake=fed.intake)
        assert len(fed.levels()) == expected
    query = server.asked[1].params
    assert query["$filter"] == "phenomenonTime gt 2026-03-01T00:00:00Z"
    assert (query["$orderby"], query["$top"]) == ("phenomenonTime asc", "1000")


def test_pull_never_follows_a_link_to_another_host() -> None:
    server, fed = SensorThingsServer(), bench(device("sta:4711"))
    server.next_root = "http://169.254.169.254/v1.1"
    with server.client() as client, pytest.raises(PullError, match="another host"):
        pull(client, ROOT, "4711", since=SINCE, intake=fed.intake)
    assert {url.host for url in server.asked} == {"sta.example"}
    assert len(fed.levels()) == 3


def test_pull_ends_when_pages_go_in_a_circle() -> None:
    def circle(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/Observations"):
            return httpx.Response(200, json={"@iot.id": 1})
        return httpx.Response(200, json={"value": [], "@iot.nextLink": f"{ROOT}/Datastreams(1)/Observations?$skip=0"})

    with httpx.Client(transport=httpx.MockTransport(circle)) as client, pytest.raises(PullError, match="do not end"):
        pull(client, ROOT, "1", since=SINCE, intake=bench().intake)


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (httpx.Response(500), "500"),
        (httpx.Response(302, headers={"location": "http://127.0.0.1/"}), "302"),
        (httpx.Response(200, content=b"<html>"), "no JSON"),
        (httpx.Response(200, content=b" " * (MAX_PAGE_BYTES + 1)), "5 MB"),
        (httpx.Response(200, json={"name": "x"}), "@iot.id"),
    ],
)
def test_pull_names_what_is_wrong_with_a_server(answer: httpx.Response, word: str) -> None:
    transport = httpx.MockTransport(lambda _: answer)
    with httpx.Client(transport=transport) as client, pytest.raises(PullError, match=word):
        pull(client, ROOT, "4711", since=SINCE, intake=bench().intake)


def forecast(name: str, risks: list[float], *, last_emptied_at: datetime | None = None) -> Forecast:
    begin_s = int(NOW.timestamp())
    nothing = np.zeros(len(risks), dtype=np.float32)
    return Forecast(
        container_id=name,
        origin_at=NOW,
        level_fraction=0.5,
        rate_per_day=0.1,
        trust=Trust.SENSOR,
        grid_at_s=np.array([begin_s + 3_600 * hour for hour in range(len(risks))], dtype=np.int64),
        expected_fraction=nothing,
        lower_fraction=nothing,
        upper_fraction=nothing,
        overflow_probability=np.array(risks, dtype=np.float32),
        last_emptied_at=last_emptied_at,
    )


@pytest.mark.parametrize(
    ("risks", "minutes"),
    [([0, 0, 0.2], 90), ([0, 0.1, 0.5], 60), ([0.3, 0.5, 0.9], 0), ([0, 0.01, 0.09], None), ([0, 0, 1], 66)],
)
def test_deadline_is_where_the_risk_passes_its_bound(risks: list[float], minutes: int | None) -> None:
    found = deadline(forecast("a", risks), risk_probability=0.1)
    expected = None if minutes is None else NOW + timedelta(minutes=minutes)
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert abs((found - expected).total_seconds()) <= 1


def test_entity_says_what_is_known_and_nothing_else() -> None:
    forecasts = [forecast("a", [0, 0, 0.2], last_emptied_at=NOW - timedelta(days=2)), forecast("b", [0, 0, 0.0])]
    [one] = entities(forecasts, {"a": "urn:a", "b": "urn:b"}, version=NgsiVersion.LD)
    assert one == {
        "id": "urn:a",
        "type": "WasteContainer",
        "nextActuationDeadline": {
            "type": "Property",
            "value": {"@type": "DateTime", "@value": "2026-03-02T05:30:00Z"},
        },
        "dateLastEmptying": {"type": "Property", "value": {"@type": "DateTime", "@value": "2026-02-28T04:00:00Z"}},
    }
    [old] = entities(forecasts, {"a": "urn:a"}, version=NgsiVersion.V2)
    assert old["nextActuationDeadline"] == {"type": "DateTime", "value": "2026-03-02T05:30:00Z"}


@pytest.mark.parametrize(
    ("version", "path"), [(NgsiVersion.V2, "/v2/op/update"), (NgsiVersion.LD, "/ngsi-ld/v1/entityOperations/update")]
)
def test_push_sends_batches_and_counts_what_was_taken(version: NgsiVersion, path: str) -> None:
    sizes = []

    def broker(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        sizes.append(len(body if version is NgsiVersion.LD else body["entities"]))
        assert (request.url.path, request.headers["authorization"]) == (path, "Bearer t")
        return httpx.Response(204)

    found = [{"id": f"urn:{n}", "type": "WasteContainer"} for n in range(1_200)]
    transport = httpx.MockTransport(broker)
    assert send("http://broker.example", found, version=version, token="t", transport=transport) == 1_200
    assert sizes == [500, 500, 200]


def test_push_counts_entities_that_the_broker_knows() -> None:
    answer = httpx.Response(207, json={"success": ["urn:1"], "errors": [{"entityId": "urn:2"}]})
    found = [{"id": "urn:1"}, {"id": "urn:2"}]
    transport = httpx.MockTransport(lambda _: answer)
    assert send("http://broker.example", found, version=NgsiVersion.LD, transport=transport) == 1


def test_push_says_when_the_broker_refuses() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(401))
    with pytest.raises(PushError, match="401"):
        send("http://broker.example", [{"id": "urn:1"}], version=NgsiVersion.LD, transport=transport)
