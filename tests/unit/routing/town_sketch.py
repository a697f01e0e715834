"""Small hand-drawn towns for tests of the router."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr

from routing.crow_flight import metres_per_degree
from routing.location import Location, Side, Waypoint
from routing.metric import build_metric
from routing.osm.pbf import load_streets
from routing.profile import VehicleProfile, load_profile
from routing.street_router import RoadRouter
from routing.streets import StreetGraph
from routing.turn_hierarchy import build_turn_hierarchy
from routing.turns import build_turns
from tests.unit.routing.exact_engine import ExactEngine

ORIGIN = (10.0, 50.0)
_LON_M, _LAT_M = metres_per_degree(ORIGIN[1])


@dataclass
class Sketch:
    """A town drawn in metres east and north of a corner, written as OSM XML."""

    folder: Path
    _places: dict[str, tuple[float, float]] = field(default_factory=dict)
    _ids: dict[str, int] = field(default_factory=dict)
    _node_tags: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    _ways: list[tuple[int, list[str], dict[str, str]]] = field(default_factory=list)
    _relations: list[tuple[list[tuple[str, int, str]], dict[str, str]]] = field(default_factory=list)

    def nodes(self, **places: tuple[float, float]) -> "Sketch":
        for name, place in places.items():
            self._ids[name] = len(self._ids) + 1
            self._places[name] = place
        return self

    def tag(self, node: str, **tags: str) -> "Sketch":
        self._node_tags[node].update(_tags(tags))
        return self

    def way(self, way_id: int, nodes: str, **tags: str) -> "Sketch":
        self._ways.append((way_id, nodes.split(), {"highway": "residential", **_tags(tags)}))
        return self

    def restrict(self, kind: str, from_way: int, via: str | list[int], to_way: int, **tags: str) -> "Sketch":
        via_members = [("node", self._ids[via], "via")] if isinstance(via, str) else [("way", w, "via") for w in via]
        members = [("way", from_way, "from"), *via_members, ("way", to_way, "to")]
        return self.relation(members, {"type": "restriction", "restriction": kind, **_tags(tags)})

    def relation(self, members: list[tuple[str, int, str]], tags: dict[str, str]) -> "Sketch":
        self._relations.append((members, tags))
        return self

    def write(self, name: str = "town.osm") -> Path:
        lines = ["<?xml version='1.0' encoding='UTF-8'?>", '<osm version="0.6" generator="sketch">']
        for name_, (x, y) in self._places.items():
            lon, lat = ORIGIN[0] + x / _LON_M, ORIGIN[1] + y / _LAT_M
            lines.append(f'<node id="{self._ids[name_]}" version="1" lon="{lon:.7f}" lat="{lat:.7f}">')
            lines += [*_xml_tags(self._node_tags[name_]), "</node>"]
        for way_id, nodes, tags in self._ways:
            refs = [f'<nd ref="{self._ids.get(node, 99_999)}"/>' for node in nodes]
            lines += [f'<way id="{way_id}" version="1">', *refs, *_xml_tags(tags), "</way>"]
        for index, (members, tags) in enumerate(self._relations):
            rows = [f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members]
            lines += [f'<relation id="{index + 1}" version="1">', *rows, *_xml_tags(tags), "</relation>"]
        path = self.folder / name
        path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
        return path

    def streets(self) -> StreetGraph:
        return load_streets(self.write())

    def router(self, **options: object) -> RoadRouter:
        return RoadRouter.from_streets(self.streets(), **options)  # type: ignore[arg-type]  # options of the router

    def at(self, x_m: float, y_m: float, *, side: Side = Side.ANY, label: str = "") -> Waypoint:
        place = Location(lon_deg=ORIGIN[0] + x_m / _LON_M, lat_deg=ORIGIN[1] + y_m / _LAT_M)
        return Waypoint(label=label or f"place {x_m:g} {y_m:g}", location=place, side=side)


def _tags(tags: dict[str, str]) -> dict[str, str]:
    """Keyword names cannot hold a colon: two underscores stand for it."""
    return {key.replace("__", ":").rstrip("_"): value for key, value in tags.items()}


def _xml_tags(tags: dict[str, str]) -> list[str]:
    return [f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items()]


def engine_on(streets: StreetGraph, profile: VehicleProfile | str = "truck_26t") -> ExactEngine:
    """The query engine of a profile, without a router around it."""
    vehicle = load_profile(profile) if isinstance(profile, str) else profile
    turns = build_turns(streets)
    metric = build_metric(streets, turns, vehicle)
    return ExactEngine.on(streets, turns, metric, build_turn_hierarchy(streets, turns, [metric]))
