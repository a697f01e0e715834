"""What a router has to do beside matrices: read a map, close a street, draw the legs of a day, use a second core.

Every chore runs in a fresh process after what is timed before it has ended. The vehicle is the truck that plans are
made for, so places that it cannot reach are left out.
"""

import importlib
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from benchmarks.routing.figures import Figure, Figures, median_ms
from benchmarks.routing.inputs import PROFILE, PROFILES_DIR, read_inputs
from benchmarks.routing.lineup import reason_against
from benchmarks.routing.machine import CoreTime
from benchmarks.routing.peer import Case, Track
from benchmarks.routing.peers.osmnx_rows import routable_graph
from routing.cch.many_to_many import durations
from routing.location import Location, Waypoint
from routing.metric import build_metric
from routing.osm.pbf import load_streets
from routing.override_book import OverrideBook
from routing.overrides import CloseStreet, Override, WayTarget
from routing.profile import load_profile
from routing.query import QueryEngine
from routing.snapping import SnapIndex
from routing.street_router import RoadRouter
from routing.streets import StreetGraph
from routing.turn_hierarchy import build_turn_hierarchy
from routing.turns import build_turns

TRUCK = "truck_26t"
N_LEGS = 300
N_PLACES = 1000
_REPEATS = 5
_PAIRS = 15
_THREADED_SIZES = (1000, 2000, 5000)
_LIMIT_S = 900.0
_IMPORTING_S = 60.0
"""An import is repeated for its median until so much time has gone into it; the second time counts at least."""
_SEED = 7


def run_chores(case: Case, *, sizes: tuple[int, ...], figures: Figures, say: Callable[[str], None]) -> None:
    """Do all chores on one map and note their figures; one that fails is left out with its reason."""
    context = multiprocessing.get_context("spawn")
    for peer, chore in _CHORES:
        reason = reason_against(peer)
        if not reason:
            say(f"{case.name}, chores: {chore.__name__.replace('_', ' ')}")
            with context.Pool(1) as pool:
                try:
                    figures.items += pool.apply_async(chore, (case, sizes)).get(_LIMIT_S)
                    continue
                except multiprocessing.TimeoutError:
                    reason = f"needs more than {_LIMIT_S:.0f} s"
                except Exception as error:  # noqa: BLE001 - whatever a chore raises is its reason to be left out
                    reason = f"{type(error).__name__}: {error}"[:300]
        note = f"{chore.__name__}: {reason}"
        figures.add(Figure(map_name=case.name, track=Track.CHORES, peer=peer, what="left_out", note=note))


def import_ours(case: Case, sizes: tuple[int, ...]) -> list[Figure]:  # noqa: ARG001 - all chores are called alike
    """From the OSM file to a router that has answered for the truck, with nothing kept but compiled kernels."""
    _stay_on_one_core()
    places = _waypoints(case)[:2]
    walls, cpus = [], []
    while len(walls) < 2 or (len(walls) < _REPEATS and sum(walls) < _IMPORTING_S):
        wall, cpu = time.perf_counter(), time.process_time()
        RoadRouter.from_streets(load_streets(case.map_path), n_threads=1).travel(places, profile=TRUCK)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    note = f"file to first answer for {TRUCK}, libraries loaded, median of {len(walls) - 1}"
    return [
        _figure(case, "import_s", statistics.median(cpus[1:]), note=f"cpu; {note}"),
        _figure(case, "import_wall_s", statistics.median(walls[1:]), note=note),
    ]


def import_osmnx(case: Case, sizes: tuple[int, ...]) -> list[Figure]:  # noqa: ARG001 - as above
    """From the OSM file to OSMnx's simplified graph with travel times."""
    _stay_on_one_core()
    importlib.import_module("osmnx")
    wall, cpu = time.perf_counter(), time.process_time()
    routable_graph(case.map_path, xml_path=case.scratch_dir / "osmnx.osm")
    note = "pbf to XML, graph_from_xml, simplify_graph, speeds and travel times; once, libraries loaded"
    seconds = time.process_time() - cpu, time.perf_counter() - wall
    return [
        _figure(case, "import_s", seconds[0], peer="osmnx", note=f"cpu; {note}"),
        _figure(case, "import_wall_s", seconds[1], peer="osmnx", note=note),
    ]


def split_matrix(case: Case, sizes: tuple[int, ...]) -> list[Figure]:
    """What the parts of a router's matrix take, and what durations alone would, for the vehicle of the comparison."""
    _stay_on_one_core()
    streets = load_streets(case.map_path)
    turns = build_turns(streets)
    metric = build_metric(streets, turns, load_profile(PROFILE, profiles_dir=PROFILES_DIR))
    engine = QueryEngine.on(streets, turns, metric, build_turn_hierarchy(streets, turns, [metric]))
    index, waypoints = SnapIndex(streets), _waypoints(case)
    found = []
    for n in sizes:
        cpus: dict[str, list[float]] = {"snap_ms": [], "durations_ms": [], "durations_and_metres_ms": []}
        for _ in range(_REPEATS + 1):
            began = time.process_time()
            places = index.locate(waypoints[:n], metric).places
            snapped = time.process_time()
            durations(engine.weights, engine.sources(places), engine.targets(places), unit_ms=1000)
            alone = time.process_time()
            engine.matrices(places)
            for what, seconds in zip(
                cpus, (snapped - began, alone - snapped, time.process_time() - alone), strict=True
            ):
                cpus[what].append(seconds)
        note = f"cpu, {PROFILE}, median of {_REPEATS}"
        found += [_figure(case, what, median_ms(seconds[1:]), n=n, note=note) for what, seconds in cpus.items()]
    return found


def close_streets(case: Case, sizes: tuple[int, ...]) -> list[Figure]:  # noqa: ARG001 - as above
    """Close a street and ask for the exact matrix, several streets one after the other."""
    _stay_on_one_core()
    streets = load_streets(case.map_path)
    router = RoadRouter.from_streets(streets, n_threads=1)
    places = _placed(router, _waypoints(case)[:N_PLACES])
    books = list(_closures(streets, n=_REPEATS + 1))
    cpus, n_differs = [], 0
    for index, book in enumerate(books):
        cpu = time.process_time()
        found = router.with_overrides(book).travel(places, profile=TRUCK)
        cpus.append(time.process_time() - cpu)
        if index == len(books) - 1:
            anew = RoadRouter.from_streets(streets, n_threads=1, overrides=book).travel(places, profile=TRUCK)
            n_differs = int((found.matrix.duration_s != anew.matrix.duration_s).sum())
            n_differs += int((found.matrix.distance_m != anew.matrix.distance_m).sum())
    note = f"cpu of with_overrides and travel, seconds and metres, {len(places)} places, median of {_REPEATS} streets"
    return [
        _figure(case, "closed_matrix_ms", median_ms(cpus[1:]), n=N_PLACES, note=note),
        _figure(
            case, "closure_differs", n_differs, n=N_PLACES, note="entries that a router made anew answers otherwise"
        ),
    ]


def draw_legs(case: Case, sizes: tuple[int, ...]) -> list[Figure]:  # noqa: ARG001 - as above
    """Geometry, street names and manoeuvres of legs: between random places, and in the order of short hops."""
    _stay_on_one_core()
    router = RoadRouter.from_streets(load_streets(case.map_path), n_threads=1)
    places = _placed(router, _waypoints(case)[:N_PLACES])
    matrix = router.travel(places, profile=TRUCK).matrix.duration_s
    found = []
    for what, order in (("random_legs_ms", list(range(N_LEGS + 1))), ("tour_legs_ms", _short_hops(matrix, N_LEGS + 1))):
        stops = [places[index] for index in order]
        legs = [(index, index + 1) for index in range(N_LEGS)]
        cpus, metres = [], 0
        for _ in range(_REPEATS + 1):
            cpu = time.process_time()
            paths = router.paths(stops, legs, profile=TRUCK)
            cpus.append(time.process_time() - cpu)
            metres = sum(path.distance_m for path in paths) // N_LEGS
        note = f"cpu of RoadRouter.paths, mean leg {metres} m, median of {_REPEATS}"
        found.append(_figure(case, what, median_ms(cpus[1:]), n=N_LEGS, note=note))
    return found


def use_two_threads(case: Case, sizes: tuple[int, ...]) -> list[Figure]:
    """Whole calls with one and with two threads in turns; what others took meanwhile tells what that is worth."""
    streets = load_streets(case.map_path)
    routers = {n_threads: RoadRouter.from_streets(streets, n_threads=n_threads) for n_threads in (1, 2)}
    places = _placed(routers[1], _waypoints(case))
    found = []
    for n in (size for size in _THREADED_SIZES if size in sizes):
        pairs = []
        began = CoreTime.now()
        for turn in range(_PAIRS + 1):
            walls = {}
            for n_threads in (1, 2) if turn % 2 else (2, 1):
                wall = time.perf_counter()
                routers[n_threads].durations(places[:n], profile=TRUCK)
                walls[n_threads] = time.perf_counter() - wall
            pairs.append((walls[1], walls[2]))
        ended = CoreTime.now()
        idle, others = ended.idle_fraction_since(began), ended.others_fraction_since(began)
        note = f"wall of RoadRouter.durations, median of {_PAIRS} pairs, {os.cpu_count()} cores"
        note += f", idle {idle:.0%}, taken by others {others:.0%}"
        warm = np.array(pairs[1:])
        found += [
            _figure(case, "wall_1_threads_ms", median_ms(warm[:, 0]), n=n, note=note),
            _figure(case, "wall_2_threads_ms", median_ms(warm[:, 1]), n=n, note=note),
            _figure(case, "two_threads_ratio", float(np.median(warm[:, 0] / warm[:, 1])), n=n, note=note),
            _figure(case, "idle_fraction", idle, n=n, note="of all cores while two threads were compared with one"),
            _figure(case, "others_fraction", others, n=n, note="of all cores, taken by other processes meanwhile"),
        ]
    return found


def _stay_on_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _waypoints(case: Case) -> list[Waypoint]:
    places = read_inputs(case.inputs_path).lon_lat_deg.tolist()
    return [
        Waypoint(label=f"place {index}", location=Location(lon_deg=lon, lat_deg=lat))
        for index, (lon, lat) in enumerate(places)
    ]


def _placed(router: RoadRouter, places: list[Waypoint]) -> list[Waypoint]:
    """Places that the truck gets to and from."""
    row_of = router.travel(places, profile=TRUCK).row_of
    return [place for place, row in zip(places, row_of, strict=True) if row >= 0]


def _closures(streets: StreetGraph, *, n: int) -> Iterator[OverrideBook]:
    """Books that close one way each, drawn by length with a fixed seed."""
    share = streets.segment_length_mm / streets.segment_length_mm.sum()
    drawn = np.random.default_rng(_SEED).choice(streets.n_segments, size=n, replace=False, p=share)
    for way in streets.way_osm_id[streets.segment_way[drawn]].tolist():
        closure = Override(
            override_id=f"way {way}",
            change=CloseStreet(),
            target=WayTarget(way_ids=(way,)),
            reason="road works",
            created_by="benchmark",
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        yield OverrideBook(overrides=(closure,))


def _short_hops(duration_s: NDArray[np.int32], n: int) -> list[int]:
    """An order of places in which each is followed by the nearest that is left."""
    is_left = np.ones(len(duration_s), dtype=np.bool_)
    order = [0]
    while len(order) < n:
        is_left[order[-1]] = False
        order.append(int(np.where(is_left, duration_s[order[-1]], np.iinfo(np.int32).max).argmin()))
    return order


def _figure(case: Case, what: str, value: float, *, peer: str = "ours", n: int = 0, note: str = "") -> Figure:
    return Figure(map_name=case.name, track=Track.CHORES, peer=peer, what=what, n=n, value=value, note=note)


_CHORES: tuple[tuple[str, Callable[[Case, tuple[int, ...]], list[Figure]]], ...] = (
    ("ours", import_ours),
    ("osmnx", import_osmnx),
    ("ours", split_matrix),
    ("ours", close_streets),
    ("ours", draw_legs),
    ("ours", use_two_threads),
)
