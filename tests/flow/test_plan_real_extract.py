"""The command line on files that a town could really have: Heidelberg's streets and the fills of Prague's sensors."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from routing.street_router import open_router

N_CONTAINERS = 300
BOX_DEG = (8.62, 49.35, 8.72, 49.43)
"""Heidelberg without the hills."""

FLEET = """
[town]
id = "hd"
name = "Heidelberg"
zone = "Europe/Berlin"

[[stream]]
id = "paper"
density_kg_per_l = 0.06
is_fast = true

[[stream]]
id = "plastic"
density_kg_per_l = 0.03

[[stream]]
id = "glass"
density_kg_per_l = 0.25

[[depot]]
id = "yard"
lon = 8.6497
lat = 49.4117

[[disposal_site]]
id = "transfer"
lon = 8.6480
lat = 49.4130
streams = ["paper", "plastic", "glass"]
hours = "Mo-Fr 06:00-17:00"
unloading_s = 900

[[disposal_site]]
id = "south"
lon = 8.6790
lat = 49.3750
streams = ["paper", "plastic"]
hours = "Mo-Fr 06:00-13:00"
unloading_s = 720
"""
VEHICLE = """
[[vehicle]]
id = "{name}"
profile = "{profile}"
streams = ["paper", "plastic", "glass"]
systems = ["crane"]
capacity_kg = {capacity_kg}
body_l = {body_l}
compaction = {{paper = 4.0, plastic = 5.0}}
start_depot = "yard"
end_depot = "yard"
cost_eur_per_km = 1.2
cost_eur_per_h = 95.0

[vehicle.shift]
starts = "06:00"
ends = "15:00"
weekdays = ["Mo", "Tu", "We", "Th", "Fr"]

[vehicle.fuel]
driving_l_per_100km = 45.0
"""


@pytest.fixture(scope="module")
def town_files(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(os.environ.get("FUHRE_KEEP_HEIDELBERG", tmp_path_factory.mktemp("heidelberg")))
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(42)
    series = pd.read_csv(shared_data / "fill" / "prague_containers.csv")
    readings = pd.read_parquet(shared_data / "fill" / "prague_readings.parquet")
    readings = readings[readings["measured_at"] >= "2024-12-01"]  # half a year is what a town would hand over
    originals = series.sort_values("container_id").reset_index(drop=True)
    spots = _street_points(shared_data / "osm" / "heidelberg.osm.pbf", rng)
    copies = []
    with (folder / "containers.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["container_id", "site_id", "lon", "lat", "stream", "capacity_l", "side", "system"])
        for index, (lon_deg, lat_deg) in enumerate(spots):
            original = originals.iloc[index % len(originals)]
            container_id = f"HD-{index:03d}"
            stream = original["waste_stream"]
            side = "right" if index % 3 == 0 else "any"
            writer.writerow([container_id, f"S-{index:03d}", lon_deg, lat_deg, stream, 3_000, side, "crane"])
            copies.append(
                readings.loc[readings["container_id"] == original["container_id"]].assign(container_id=container_id)
            )
    pd.concat(copies).to_parquet(folder / "readings.parquet", index=False)
    trucks = [("T-26-1", "truck_26t", 10_750, 21_000), ("T-26-2", "truck_26t", 10_750, 21_000)]
    trucks += [("T-18-1", "truck_18t", 6_000, 14_000), ("T-18-2", "truck_18t", 6_000, 14_000)]
    vehicles = (VEHICLE.format(name=n, profile=p, capacity_kg=kg, body_l=litres) for n, p, kg, litres in trucks)
    (folder / "fleet.toml").write_text(FLEET + "".join(vehicles), encoding="utf-8")
    return folder


def _street_points(map_path: Path, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Ten metres beside the middle of residential streets, as containers stand."""
    west, south, east, north = BOX_DEG
    middles = []
    for line in open_router(map_path).streets.edge_lines():
        lon_deg, lat_deg = line.lon_deg.mean(), line.lat_deg.mean()
        if line.highway == "residential" and line.name and west < lon_deg < east and south < lat_deg < north:
            middles.append((round(lon_deg + 0.0001, 6), round(lat_deg, 6)))
    picked = rng.choice(len(middles), size=N_CONTAINERS, replace=False)
    return [middles[index] for index in sorted(picked)]


def run_fuhre(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from api.cli.main import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.shared
@pytest.mark.slow
def test_plan_on_heidelberg_is_valid_and_drives_less_than_emptying_all(
    shared_data: Path, town_files: Path, tmp_path: Path
) -> None:
    sources = ["--osm", str(shared_data / "osm" / "heidelberg.osm.pbf")]
    sources += ["--containers", str(town_files / "containers.csv"), "--fleet", str(town_files / "fleet.toml")]
    planned = run_fuhre(
        "plan", *sources, "--readings", str(town_files / "readings.parquet"),
        "--as-of", "2025-06-23T20:00+02:00", "--time-limit", "3", "--out", str(tmp_path), "--json",
    )  # fmt: skip
    assert planned.returncode == 0, planned.stderr
    plan = json.loads(planned.stdout)
    assert plan["day"] == "2025-06-24"
    emptied = [one["container_id"] for tour in plan["tours"] for stop in tour["stops"] for one in stop["collections"]]
    assert len(emptied) + len(plan["unserved"]) == N_CONTAINERS
    assert 20 < len(emptied) < N_CONTAINERS
    assert plan["totals"]["distance_m"] < 0.9 * plan["baseline"]["distance_m"]
    assert plan["seconds_by_step"]["matrix"] < 15

    judged = run_fuhre("check", str(tmp_path / "plan.json"), *sources, "--json")
    assert judged.returncode == 0, judged.stdout
    assert json.loads(judged.stdout) == {"is_valid": True, "violations": [], "notes": []}
    assert (tmp_path / "map.html").stat().st_size < 12_000_000
