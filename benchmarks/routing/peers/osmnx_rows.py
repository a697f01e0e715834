"""The usual route with OSMnx and NetworkX: OSM XML, a simplified graph with speeds, nearest nodes, Dijkstra a source.

OSMnx reads no ``.osm.pbf``, so pyosmium writes XML first. Turn restrictions and turn costs do not exist on this route.
"""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.inputs import read_inputs
from benchmarks.routing.kept import keep, versioned
from benchmarks.routing.peer import Case, LeftOutError, Preparation, Track

_DRIVABLE = frozenset(
    {
        "motorway",
        "trunk",
        "primary",
        "secondary",
        "tertiary",
        "unclassified",
        "residential",
        "living_street",
        "service",
        "road",
    }
)
"""What OSMnx's own download would ask Overpass for, less what a car may not use."""


class OsmnxRows:
    """``nearest_nodes`` and one NetworkX search a source."""

    name = "osmnx"
    track = Track.PLACES
    settings = (
        "graph_from_xml, simplify_graph, add_edge_speeds, add_edge_travel_times, projected; kept as GraphML; "
        "nearest_nodes and single_source_dijkstra_path_length"
    )
    is_row_wise = True

    def __init__(self) -> None:
        self._graph: Any = None
        self._x_y = np.empty((0, 2))
        self._n, self._n_rows = 0, 0

    def prepare(self, case: Case) -> Preparation:
        """From the OSM file to a graph with travel times, kept as GraphML."""
        return keep(self._folder(case), lambda folder: self._build(case, folder))

    def load(self, case: Case) -> None:
        """Read the GraphML file."""
        osmnx = importlib.import_module("osmnx")
        pyproj = importlib.import_module("pyproj")
        self._graph = osmnx.load_graphml(self._folder(case) / "graph.graphml")
        places = read_inputs(case.inputs_path).lon_lat_deg
        to_metres = pyproj.Transformer.from_crs("EPSG:4326", self._graph.graph["crs"], always_xy=True)
        self._x_y = np.column_stack(to_metres.transform(places[:, 0], places[:, 1]))

    def ask(self, n: int, n_rows: int) -> None:
        """How many places and sources."""
        self._n, self._n_rows = n, n_rows

    def matrix(self) -> Any:
        """Snap all places and search from the sources."""
        osmnx = importlib.import_module("osmnx")
        networkx = importlib.import_module("networkx")
        places = self._x_y[: self._n]
        nodes = osmnx.nearest_nodes(self._graph, places[:, 0], places[:, 1])
        rows = []
        for source in nodes[: self._n_rows]:
            reached = networkx.single_source_dijkstra_path_length(self._graph, source, weight="travel_time")
            rows.append([reached.get(target, np.nan) for target in nodes])
        return rows

    def durations(self, answer: Any) -> NDArray[np.float64]:
        """Seconds."""
        return np.array(answer, dtype=np.float64)

    def change(self, case: Case) -> float:
        """A removed edge needs no preparation here; the time of the next matrix is all there is."""
        raise LeftOutError(f"OSMnx searches {case.name} without any preparation that a closure could spoil")

    @staticmethod
    def _folder(case: Case) -> Path:
        return case.kept_dir / versioned("osmnx")

    @staticmethod
    def _build(case: Case, folder: Path) -> None:
        osmnx = importlib.import_module("osmnx")
        graph = routable_graph(case.map_path, xml_path=folder / "map.osm")
        osmnx.save_graphml(osmnx.project_graph(graph), folder / "graph.graphml")


def routable_graph(map_path: Path, *, xml_path: Path) -> Any:
    """The simplified graph with travel times of an OSM file; ``xml_path`` is written and removed again."""
    osmnx = importlib.import_module("osmnx")
    osmium = importlib.import_module("osmium")
    with osmium.SimpleWriter(str(xml_path), overwrite=True) as writer:
        for item in osmium.FileProcessor(str(map_path)):
            if not item.is_way() or item.tags.get("highway", "").removesuffix("_link") in _DRIVABLE:
                writer.add(item)
    graph = osmnx.distance.add_edge_lengths(osmnx.graph_from_xml(xml_path, simplify=False))
    graph = osmnx.simplify_graph(osmnx.truncate.largest_component(graph, strongly=True))
    xml_path.unlink()
    return osmnx.add_edge_travel_times(osmnx.add_edge_speeds(graph, fallback=30.0))
