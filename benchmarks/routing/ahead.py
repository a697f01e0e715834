"""What a run whose time is short begins with, all at once: our kernels compiled, OSRM's contraction made.

Both are kept, so that only the first run in a fresh checkout has them to do.
"""

import contextlib
import multiprocessing
import sys
import time
from multiprocessing.synchronize import Event
from pathlib import Path
from threading import Thread

import numpy as np

from benchmarks.routing.inputs import PROFILE, PROFILES_DIR
from benchmarks.routing.lineup import reason_against
from benchmarks.routing.peer import Case, LeftOutError
from benchmarks.routing.points import random_places, usable_segments
from benchmarks.routing.worker import Worker
from routing.cch.hierarchy import build_hierarchy
from routing.cch.many_to_many import durations, durations_and_lengths
from routing.cch.phantoms import Phantoms
from routing.cch.state_graph import StateGraph
from routing.cch.weights import customise
from routing.kernels import cch_matrix
from routing.location import Location, Waypoint
from routing.metric import build_metric
from routing.osm.pbf import load_streets
from routing.profile import load_profile
from routing.snapping import SnapIndex
from routing.street_router import RoadRouter
from routing.turns import build_turns

PREPARED_AHEAD = ("osrm_ch", "osrm_mld")
"""OSRM's extraction and contraction take longest; once the map is extracted, its other algorithm takes no time."""

_SIDE = 8


def prepare_ahead(case: Case, *, limit_s: float) -> None:
    """Compile our kernels, unless they are, and prepare OSRM; what is unfinished at the limit is stopped."""
    ends_at = time.monotonic() + limit_s
    preparer = Thread(target=_prepare_osrm, args=(case, ends_at), daemon=True)
    preparer.start()
    context = multiprocessing.get_context("spawn")
    is_ordered = context.Event()
    compilers = (
        context.Process(target=_compile_engine_first, args=(is_ordered,), daemon=True),
        context.Process(target=compile_router, args=(case.map_path, is_ordered), daemon=True),
    )
    begun = [] if are_kernels_compiled() else list(compilers)
    for process in begun:
        process.start()
    for process in begun:
        process.join(timeout=max(0.0, ends_at - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()
    preparer.join(timeout=max(0.0, ends_at - time.monotonic()) + 1.0)


def are_kernels_compiled() -> bool:
    """Whether this Python has compiled the kernel that answers matrices in this checkout."""
    folder = Path(cch_matrix.__file__).parent / "__pycache__"
    return any(folder.glob(f"cch_matrix.*py{sys.version_info[0]}{sys.version_info[1]}.nbi"))


def compile_router(map_path: Path, is_ordered: Event) -> None:
    """Read a map and answer for two places on it; waits before the part that ``compile_engine`` compiles."""
    streets = load_streets(map_path)
    metric = build_metric(streets, build_turns(streets), load_profile(PROFILE, profiles_dir=PROFILES_DIR))
    lon_lat_deg = random_places(streets, usable_segments(streets, metric), n=2)
    places = [
        Waypoint(label=f"place {index}", location=Location(lon_deg=lon, lat_deg=lat))
        for index, (lon, lat) in enumerate(lon_lat_deg.tolist())
    ]
    SnapIndex(streets).locate(places, metric)
    is_ordered.wait()
    RoadRouter(streets, profiles_dir=PROFILES_DIR, n_threads=1).durations(places, profile=PROFILE)


def _compile_engine_first(is_ordered: Event) -> None:
    try:
        compile_engine()
    finally:
        is_ordered.set()


def _prepare_osrm(case: Case, ends_at: float) -> None:
    for name in PREPARED_AHEAD:
        left_s = ends_at - time.monotonic()
        if left_s > 1.0 and not reason_against(name):
            worker = Worker(name, case)
            with contextlib.suppress(LeftOutError):  # its own turn will say why
                worker.call("prepare", timeout_s=left_s)
            worker.close()


def compile_engine() -> None:
    """Have a small grid of streets ordered, weighed and asked, which compiles and keeps what takes longest."""
    at = np.arange(_SIDE * _SIDE, dtype=np.int32).reshape(_SIDE, _SIDE)
    ends = np.concatenate(
        [np.column_stack((one.ravel(), other.ravel())) for one, other in ((at[:, :-1], at[:, 1:]), (at[:-1], at[1:]))]
    )
    arcs = np.concatenate((ends, ends[:, ::-1]))
    arcs = arcs[np.lexsort(arcs.T[::-1])]
    row, column = np.divmod(np.arange(at.size), _SIDE)
    graph = StateGraph(
        first_out=np.searchsorted(arcs[:, 0], np.arange(at.size + 1)).astype(np.int32),
        head=np.ascontiguousarray(arcs[:, 1]),
        lon_deg=column * 0.001,
        lat_deg=row * 0.001,
        street=np.arange(at.size, dtype=np.int32),
    )
    cost = np.arange(1, len(arcs) + 1, dtype=np.int64)
    weights = customise(build_hierarchy(graph), duration_ms=cost, length=cost)
    states = Phantoms.at_states(at.ravel())
    durations(weights, states, states)
    durations_and_lengths(weights, states, states, unit_length=1000)
