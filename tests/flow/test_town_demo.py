"""The demo town: real streets, a believable day, and the same files every time."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from api.files.town_folder import LoadedTown, read_town_folder
from api.town.demo_places import TRUCK_PROFILE, VAN_PROFILE
from api.town.demo_town import HISTORY_DAYS, build_demo_town
from optimizer.series.clean_series import clean_series
from routing.location import Waypoint
from routing.street_router import RoadRouter, open_router

AS_OF = datetime(2026, 3, 3, 18, tzinfo=UTC)
FILES = ("containers.csv", "fleet.toml", "map.osm.pbf", "readings.parquet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "town"
    build_demo_town(path, as_of=AS_OF)
    return path


@pytest.fixture(scope="module")
def demo(folder: Path) -> LoadedTown:
    return read_town_folder(folder)


@pytest.fixture(scope="module")
def router(folder: Path) -> RoadRouter:
    return open_router(folder / "map.osm.pbf", cache_dir=folder / "cache")


def test_one_seed_gives_identical_files(folder: Path, tmp_path: Path) -> None:
    build_demo_town(tmp_path / "again", as_of=AS_OF)
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes(), name
    build_demo_town(tmp_path / "again", as_of=AS_OF, seed=2)
    assert (tmp_path / "again" / "readings.parquet").read_bytes() != (folder / "readings.parquet").read_bytes()


def test_town_has_three_streams_at_about_160_containers(demo: LoadedTown) -> None:
    counts = Counter(container.stream for container in demo.town.containers)
    assert set(counts) == {"litter", "paper", "glass"}
    assert 150 <= sum(counts.values()) <= 175
    sites = Counter(container.site_id for container in demo.town.containers)
    assert sum(count > 1 for count in sites.values()) == 28


def test_every_place_can_be_reached_by_the_vehicle_that_serves_it(demo: LoadedTown, router: RoadRouter) -> None:
    town = demo.town
    for profile, streams in ((VAN_PROFILE, {"litter"}), (TRUCK_PROFILE, {"paper", "glass"})):
        places = [(place.location, place.name) for place in (*town.depots, *town.disposal_sites)]
        waypoints = [Waypoint(label=name, location=location) for location, name in places]
        waypoints += [
            Waypoint(label=one.container_id, location=one.location, side=one.side)
            for one in town.containers
            if one.stream in streams
        ]
        assert [str(one.error) for one in router.travel(waypoints, profile=profile).rejections] == []


@pytest.mark.parametrize(
    ("day", "is_open"), [(date(2026, 3, 4), True), (date(2026, 3, 8), False), (date(2026, 4, 3), False)]
)
def test_glass_rests_at_night_on_sundays_and_holidays(demo: LoadedTown, day: date, is_open: bool) -> None:  # noqa: FBT001 - a table
    for container in demo.town.containers:
        if container.stream == "glass":
            windows = container.hours.windows_on(day, demo.town.zone)
            assert bool(windows) == is_open
            assert all(window.start_at.hour >= 7 and window.end_at.hour <= 20 for window in windows)


def test_vehicles_obey_the_working_time_law_and_cover_all_streams(demo: LoadedTown) -> None:
    vehicles = demo.town.vehicles
    assert {stream for vehicle in vehicles for stream in vehicle.streams} == {"litter", "paper", "glass"}
    assert all(vehicle.shift.max_work_s <= 8 * 3600 and vehicle.shift.breaks for vehicle in vehicles)
    assert {vehicle.profile for vehicle in vehicles} == {VAN_PROFILE, TRUCK_PROFILE}


def test_disposal_sites_differ_so_that_the_choice_matters(demo: LoadedTown) -> None:
    wide, narrow = demo.town.disposal_sites
    assert narrow.streams < wide.streams
    closes = [site.hours.windows_on(date(2026, 3, 4), demo.town.zone)[-1].end_at for site in (wide, narrow)]
    assert closes[1] < closes[0]


def test_made_up_figures_say_so_in_the_files(folder: Path) -> None:
    fleet = (folder / "fleet.toml").read_text(encoding="utf-8")
    assert fleet.count("EXAMPLE figures") == 3
    assert "openstreetmap.org/copyright" in fleet
    register = (folder / "containers.csv").read_text(encoding="utf-8")
    assert "demo: made up at a real address" in register
    assert "demo: basket in OpenStreetMap" in register


def test_history_spans_90_days_up_to_the_instant(demo: LoadedTown) -> None:
    times = np.concatenate([series.observed_at_s for series in demo.history.values()])
    until_s = int(AS_OF.timestamp())
    assert until_s - 2 * 3600 < times.max() < until_s
    assert abs(times.min() - (until_s - HISTORY_DAYS * 86_400)) < 2 * 3600


def test_some_sensors_are_silent_stuck_or_absent(demo: LoadedTown) -> None:
    assert sum(not container.has_sensor for container in demo.town.containers) == 3
    until_s = int(AS_OF.timestamp())
    reasons = [clean_series(series, as_of_s=until_s).reasons for series in demo.history.values()]
    told = " ".join(reason for some in reasons for reason in some)
    assert "stuck" in told
    silent = [name for name, one in demo.history.items() if len(one) and one.observed_at_s[-1] < until_s - 2 * 86_400]
    assert 3 <= len(silent) <= 10


def mean_level(demo: LoadedTown, stream: str, choose: Callable[[np.ndarray], float]) -> float:
    until_s = int(AS_OF.timestamp())
    levels = [
        float(series.fill_fraction[-1])
        for container in demo.town.containers
        if container.stream == stream
        and len(series := demo.history.get(container.container_id, ())) > 0
        and series.observed_at_s[-1] > until_s - 86_400
    ]
    return choose(np.array(levels))


@pytest.mark.parametrize("stream", ["litter", "paper", "glass"])
def test_levels_at_the_instant_leave_something_to_decide(demo: LoadedTown, stream: str) -> None:
    assert 0.05 < mean_level(demo, stream, np.median) < 0.7
    assert mean_level(demo, stream, np.max) > 0.6


def test_plan_is_for_a_working_day(demo: LoadedTown) -> None:
    weekdays = {weekday for vehicle in demo.town.vehicles for weekday in vehicle.shift.weekdays}
    assert weekdays == set(range(6))
    assert demo.town.next_visit_date("glass", AS_OF.date()) == AS_OF.date() + timedelta(days=1)
