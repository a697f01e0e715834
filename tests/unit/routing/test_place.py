"""Downloads by place name, against a server in this process that plays Nominatim and Overpass."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import osmnx
import pytest

from routing.errors import PlaceNotFoundError
from routing.osm.place import load_place
from routing.street_router import RoadRouter
from tests.unit.routing.town_sketch import Sketch

_OUTLINE = [[9.99, 49.99], [10.02, 49.99], [10.02, 50.02], [9.99, 50.02], [9.99, 49.99]]


def _way(osm_id: int, nodes: list[int], **tags: str) -> dict[str, Any]:
    return {"type": "way", "id": osm_id, "nodes": nodes, "tags": tags}


class MapServer(ThreadingHTTPServer):
    """Answers as the public servers do, and counts what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.status = 200
        self.places: list[dict[str, Any]] = [
            {
                "importance": 0.5,
                "boundingbox": ["49.99", "50.02", "9.99", "10.02"],
                "geojson": {"type": "Polygon", "coordinates": [_OUTLINE]},
                "display_name": "Sketchtown",
                "lat": "50",
                "lon": "10",
            }
        ]
        self.elements: list[dict[str, Any]] = [
            *(
                {"type": "node", "id": i, "lon": 10 + x, "lat": 50 + y, "tags": tags}
                for i, x, y, tags in (
                    (1, 0.0, 0.0, {}),
                    (2, 0.005, 0.0, {}),
                    (3, 0.01, 0.0, {"barrier": "gate"}),
                    (4, 0.005, 0.004, {}),
                )
            ),
            _way(11, [1, 2, 3], highway="residential", name="Main", maxweight="12"),
            _way(12, [2, 4], highway="residential", oneway="-1"),
            _way(13, [4, 3], highway="service", hgv="no"),
        ]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: MapServer

    def do_GET(self) -> None:
        self._answer("nominatim", self.server.places)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer("overpass", {"elements": self.server.elements})

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, name: str, document: object) -> None:
        self.server.asked.append(name)
        body = json.dumps(document).encode() if self.server.status == 200 else b"out of order"
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MapServer]:
    monkeypatch.setattr("time.sleep", lambda _: None)  # OSMnx waits a second before it asks Nominatim
    with MapServer() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def _load(server: MapServer, cache_dir: Path | None = None) -> Any:
    return load_place(
        "Sketchtown", cache_dir=cache_dir, nominatim_url=server.url, overpass_url=server.url + "/api", timeout_s=5
    )


def test_place_becomes_streets_with_truck_tags(server: MapServer) -> None:
    streets = _load(server)
    assert streets.info.source == "Sketchtown"
    assert streets.n_segments == 4
    tags = {int(streets.way_osm_id[streets.segment_way[i]]): streets.segment_tags(i) for i in range(4)}
    assert tags[11] == {"highway": "residential", "maxweight": "12"}
    assert tags[12] == {"highway": "residential", "oneway": "yes"}
    assert tags[13] == {"highway": "service", "hgv": "no"}
    [segment] = [i for i in range(4) if streets.way_osm_id[streets.segment_way[i]] == 12]
    assert streets.node_osm_id[streets.segment_tail[segment]] == 4
    assert ("barrier", "gate") in {pair for pairs in streets.node_tags for pair in pairs}
    assert "turn restrictions" in streets.issues[-1].element


def test_downloaded_place_can_be_driven(server: MapServer, sketch: Sketch) -> None:
    router = RoadRouter.from_streets(_load(server))
    found = router.travel([sketch.at(50, 0), sketch.at(600, 0)], profile="van_3_5t")
    assert len(found.matrix) == 2


def test_second_load_comes_from_the_cache(server: MapServer, tmp_path: Path) -> None:
    first = _load(server, tmp_path)
    asked = list(server.asked)
    assert _load(server, tmp_path).info.digest == first.info.digest
    assert server.asked == asked
    assert any(tmp_path.iterdir())


def test_settings_and_name_resolution_are_put_back(server: MapServer) -> None:
    names = [name for name in dir(osmnx.settings) if not name.startswith("_")]
    before = {name: getattr(osmnx.settings, name) for name in names}
    resolve = socket.getaddrinfo
    _load(server)
    server.places = []
    with pytest.raises(PlaceNotFoundError):
        _load(server)
    assert {name: getattr(osmnx.settings, name) for name in names} == before
    assert socket.getaddrinfo is resolve


def test_unknown_place_is_named(server: MapServer) -> None:
    server.places = []
    with pytest.raises(PlaceNotFoundError, match="Sketchtown"):
        _load(server)


def test_place_without_an_outline_is_refused(server: MapServer) -> None:
    server.places[0]["geojson"] = {"type": "Point", "coordinates": [10, 50]}
    with pytest.raises(PlaceNotFoundError, match="Polygon"):
        _load(server)


def test_place_without_streets_is_refused(server: MapServer) -> None:
    server.elements = []
    with pytest.raises(PlaceNotFoundError, match="Sketchtown"):
        _load(server)


def test_failing_server_is_reported(server: MapServer) -> None:
    server.status = 500
    with pytest.raises(PlaceNotFoundError, match="--osm"):
        _load(server)


def test_absent_server_is_reported() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(PlaceNotFoundError, match="network"):
        load_place("Sketchtown", nominatim_url=url, overpass_url=url, timeout_s=2)
