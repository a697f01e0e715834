"""After warming up nothing is left to compile, whatever town is planned then.

Each check runs in a process of its own, which knows what it has compiled or read from disk: a kernel that meets
arguments of new types afterwards would have to be compiled in a fresh installation.
"""

import json
import multiprocessing
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date
from functools import partial
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pytest
from numba.core.dispatcher import Dispatcher

from api.files.plan_folder import write_plan_folder
from api.jobs.job import JobKind
from api.jobs.open_runners import OpenPlanningRunner
from api.jobs.planning_documents import PlanningAsk, dump_planning_ask
from api.jobs.planning_parts import export_tours, open_planning_ports, warm_up_worker
from api.store.ports import PlanRecord
from api.store.sql_store import open_store
from api.store.town_document import TownRecord
from api.warm_up.chores import ask_sample_map, sample_map, solve_sample_day
from api.warm_up.sample_day import sample_request
from api.wiring import OVERRIDES_NAME, build_ports, open_street_router, solvers
from optimizer.domain.request import DayRequest, SelectionRules, SolveLimits
from optimizer.domain.town import Town
from optimizer.planning.plan_day import plan_day
from routing.location import Location, Waypoint
from tests.flow.http_samples import NOW, rising_history, small_town
from tests.flow.test_overrides import CLOSED
from tests.flow.town_samples import N_ROWS, SOUTH, STEP_LAT, STEP_LON, WEST, town_xml

Kernels = set[tuple[str, object]]


def kernels() -> Kernels:
    """Every kernel with the types of arguments that it is ready for."""
    return {
        (f"{kernel.py_func.__module__}.{kernel.py_func.__name__}", signature)
        for name, module in list(sys.modules.items())
        if name.split(".")[0] in {"routing", "optimizer"}
        for kernel in vars(module).values()
        if isinstance(kernel, Dispatcher)
        for signature in kernel.signatures
    }


def written_map(folder: Path) -> Path:
    folder.mkdir()
    path = folder / "map.osm"
    path.write_text(town_xml(), encoding="utf-8")
    path.with_name(OVERRIDES_NAME).write_text(CLOSED, encoding="utf-8")
    return path


def grid_town() -> Town:
    """Twelve containers in the sample streets; two vehicles of different profiles."""
    town = small_town()

    def place(number: int) -> Location:
        row, column = divmod(number, 4)
        return Location(lon_deg=WEST + (0.5 + column) * STEP_LON, lat_deg=SOUTH + (row % N_ROWS) * STEP_LAT)

    return replace(
        town,
        containers=tuple(replace(one, location=place(number)) for number, one in enumerate(town.containers)),
        depots=(replace(town.depots[0], location=place(13)),),
        disposal_sites=(replace(town.disposal_sites[0], location=place(15)),),
        vehicles=(town.vehicles[0], replace(town.vehicles[1], profile="van_3_5t")),
    )


def plan_after_warm_up(folder: Path) -> tuple[Kernels, Kernels]:
    ask_sample_map(sample_map(), folder / "sample")
    solve_sample_day()
    ready = kernels()
    map_path, town = written_map(folder / "town"), grid_town()
    for router in (open_street_router(map_path), *(open_street_router(map_path, cache_dir=folder) for _ in range(2))):
        for solver in solvers():
            request = DayRequest(
                town=town,
                day=date(2026, 3, 4),
                as_of=NOW,
                history=rising_history(town),
                limits=SolveLimits(time_limit_s=None, iteration_limit=70, seed=2),
                solver=solver,
                with_baseline=True,
            )
            plan = plan_day(request, build_ports(router), plan_id="p", generated_at=NOW)
            assert plan.tours
            write_plan_folder(plan, town, router, folder / "tours")
    return ready, kernels()


def route_after_warm_up(folder: Path) -> tuple[Kernels, Kernels]:
    ask_sample_map(sample_map(), folder / "sample")
    ready = kernels()
    router = open_street_router(Path(str(resources.files("pyrosm.data") / "test.osm.pbf")))
    west, south, east, north = router.map_info.bounds_deg
    waypoints = [
        Waypoint(
            label=str(at), location=Location(lon_deg=west + at * (east - west), lat_deg=south + at * (north - south))
        )
        for at in (0.4, 0.45, 0.5, 0.55, 0.6)
    ]
    for profile in router.profiles:
        placed = router.travel(waypoints, profile=profile)
        kept = [index for index, row in enumerate(placed.row_of.tolist()) if row >= 0]
        router.paths(waypoints, list(pairwise(kept)), profile=profile)
    return ready, kernels()


def work_after_ready(folder: Path) -> tuple[Kernels, Kernels]:
    """What a worker of `fuhre serve` does: it gets ready, then plans a day and a scenario."""
    map_path, town = written_map(folder / "town"), grid_town()
    url = f"sqlite:///{folder / 'fuhre.db'}"
    store = open_store(url)
    store.town.replace(TownRecord(town=town))
    store.readings.add_history(rising_history(town), received_at=NOW)
    opener = OpenPlanningRunner(
        open_store=partial(open_store, url, may_migrate=False),
        open_ports=partial(open_planning_ports, map_path, folder / "cache"),
        export_tours=export_tours,
        warm_up=warm_up_worker,
    )
    runner = opener()
    ready = kernels()
    for solver in solvers():
        ask = PlanningAsk(
            day=date(2026, 3, 4),
            as_of=NOW,
            streams=(),
            vehicle_ids=(),
            exclude=(),
            force=(),
            rules=SelectionRules(),
            limits=SolveLimits(time_limit_s=None, iteration_limit=70, seed=2),
            policy="overflow_risk",
            solver=solver,
            with_baseline=True,
        )
        record = runner.run(
            job_id=f"job {solver}", kind=JobKind.PLAN, document=dump_planning_ask(ask), progress=_nobody
        )
        assert isinstance(record, PlanRecord)
        assert record.tours
    return ready, kernels()


def _nobody(step: str, share: float, detail: str = "") -> None:
    """Progress that nobody looks at."""


@pytest.mark.slow
@pytest.mark.parametrize("work", [plan_after_warm_up, route_after_warm_up, work_after_ready])
def test_nothing_is_left_to_compile(work: Callable[[Path], tuple[Kernels, Kernels]], tmp_path: Path) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        ready, after = pool.submit(work, tmp_path).result()
    assert {name.split(".")[0] for name, _ in ready} >= {"routing"}
    assert after - ready == set()


def test_search_that_waits_for_its_kernels_still_uses_them_all() -> None:
    for solver in solvers():
        assert sample_request(solver=solver).limits.time_limit_s is None


@pytest.mark.slow
def test_command_compiles_in_two_processes_and_says_how_long_it_took() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from api.cli.main import main; main()", "warm-up", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    assert set(told["seconds_by_step"]) == {"streets", "tours", "a whole day"}
    assert told["seconds"] >= max(told["seconds_by_step"].values())
