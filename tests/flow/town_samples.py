"""A small town in OSM's formats, and a server on this machine that answers as Nominatim and Overpass do."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import quoteattr

WEST, SOUTH, STEP_LON, STEP_LAT = 7.500, 51.600, 0.0030, 0.0018
N_COLUMNS, N_ROWS = 6, 6
BOX = (WEST - 0.001, SOUTH - 0.001, WEST + 5 * STEP_LON + 0.001, SOUTH + 5 * STEP_LAT + 0.001)

PLACES = (
    (901, 1, 1, {"amenity": "recycling", "recycling_type": "container", "recycling:glass_bottles": "yes",
                 "recycling:paper": "yes", "addr:street": "Querstraße 2", "addr:housenumber": "4"}),
    (902, 3, 2, {"amenity": "recycling", "recycling_type": "container", "recycling:clothes": "yes",
                 "location": "underground"}),
    (903, 2, 2, {"amenity": "waste_basket"}),
    (904, 4, 4, {"amenity": "waste_basket", "waste": "dog_excrement"}),
    (905, 4, 1, {"amenity": "waste_basket", "access": "private"}),
    (906, 2, 4, {"amenity": "recycling", "recycling_type": "container", "recycling:glass": "yes", "level": "-1"}),
    (907, 1, 4, {"amenity": "recycling"}),
    (908, 5, 5, {"amenity": "waste_transfer_station", "name": "Umladestation Nord"}),
    (909, 0, 5, {"amenity": "recycling", "recycling_type": "centre", "name": "Wertstoffhof"}),
    (910, 5, 0, {"amenity": "waste_basket"}),  # in the box, outside the outline
)  # fmt: skip
"""Node id, column, row and tags."""

OUTLINE = [
    [WEST - 0.001, SOUTH - 0.001],
    [WEST + 4.5 * STEP_LON, SOUTH - 0.001],
    [WEST + 5 * STEP_LON + 0.001, SOUTH + STEP_LAT],
    [WEST + 5 * STEP_LON + 0.001, SOUTH + 5 * STEP_LAT + 0.001],
    [WEST - 0.001, SOUTH + 5 * STEP_LAT + 0.001],
    [WEST - 0.001, SOUTH - 0.001],
]


def town_xml() -> str:
    """Twelve streets in a grid with a one-way street, a turn restriction and waste containers."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="Overpass API">']
    grid = [(column, row) for row in range(N_ROWS) for column in range(N_COLUMNS)]
    lines += [_node(_crossing(*place), WEST + place[0] * STEP_LON, SOUTH + place[1] * STEP_LAT, {}) for place in grid]
    lines += [
        _node(node_id, WEST + column * STEP_LON + 0.0008, SOUTH + row * STEP_LAT + 0.0001, tags)
        for node_id, column, row, tags in PLACES
    ]
    for row in range(N_ROWS):
        tags = {"highway": "residential", "name": f"Querstraße {row + 1}"} | ({"oneway": "yes"} if row == 3 else {})
        lines.append(_way(1000 + row, [_crossing(column, row) for column in range(N_COLUMNS)], tags))
    for column in range(N_COLUMNS):
        # Split in two, so that the turn restriction below has whole ways to name.
        whole = [_crossing(column, row) for row in range(N_ROWS)]
        tags = {"highway": "tertiary", "name": f"Langstraße {column + 1}"}
        lines += [_way(2000 + column, whole[:3], tags), _way(3000 + column, whole[2:], tags)]
    members = [("way", 2002, "from"), ("node", _crossing(2, 2), "via"), ("way", 3002, "to")]
    lines.append('<relation id="1" version="1">')
    lines += [f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members]
    lines += ['<tag k="type" v="restriction"/><tag k="restriction" v="no_straight_on"/></relation>', "</osm>", ""]
    return "\n".join(lines)


def nominatim_answer() -> list[dict[str, object]]:
    west, south, east, north = BOX
    return [
        {
            "name": "Musterhausen",
            "display_name": "Musterhausen, Nordrhein-Westfalen, Deutschland",
            "boundingbox": [str(south), str(north), str(west), str(east)],
            "geojson": {"type": "Polygon", "coordinates": [OUTLINE]},
            "address": {"town": "Musterhausen", "country_code": "de"},
        }
    ]


@dataclass
class MapServer:
    """Answers that tests may change, and what was asked."""

    nominatim: object = field(default_factory=nominatim_answer)
    overpass: list[tuple[int, bytes]] = field(default_factory=lambda: [(200, town_xml().encode())])
    asked: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def urls(self) -> dict[str, str]:
        """Where to ask, as the arguments of ``add_town_from_place``."""
        root = f"http://127.0.0.1:{self.port}/"
        return {"nominatim_url": root, "overpass_url": f"{root}api/"}


@contextmanager
def map_server() -> Iterator[MapServer]:
    state = MapServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            state.asked.append(parse_qs(parts.query)["q"][0])
            self._answer(200 if parts.path == "/search" else 404, json.dumps(state.nominatim).encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            state.asked.append(parse_qs(body)["data"][0])
            status, content = state.overpass[0] if len(state.overpass) == 1 else state.overpass.pop(0)
            self._answer(status if self.path == "/api/interpreter" else 404, content)

        def _answer(self, status: int, content: bytes) -> None:
            state.agents.append(self.headers["User-Agent"])
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


def _crossing(column: int, row: int) -> int:
    return 1 + row * N_COLUMNS + column


def _node(node_id: int, lon: float, lat: float, tags: dict[str, str]) -> str:
    return f'<node id="{node_id}" version="1" lat="{lat:.7f}" lon="{lon:.7f}">{_tags(tags)}</node>'


def _way(way_id: int, nodes: list[int], tags: dict[str, str]) -> str:
    refs = "".join(f'<nd ref="{node}"/>' for node in nodes)
    return f'<way id="{way_id}" version="1">{refs}{_tags(tags)}</way>'


def _tags(tags: dict[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())
