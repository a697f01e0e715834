"""A town on a day that cannot be: too few trucks, a closed disposal site, a container behind a weak bridge."""

from pathlib import Path

from tests.flow.town_samples import SOUTH, STEP_LAT, STEP_LON, WEST, town_xml

AS_OF = "2026-03-02T18:00+01:00"
DAY = "2026-03-03"
N_PAPER, N_GLASS = 14, 3

_FLEET = """\
[town]
id = "musterhausen"
name = "Musterhausen"
zone = "Europe/Berlin"
map = "map.osm"

[[stream]]
id = "paper"
density_kg_per_l = 0.08

[[stream]]
id = "glass"
density_kg_per_l = 0.30

[[depot]]
id = "yard"
name = "Bauhof"
lon = {depot_lon}
lat = {depot_lat}

[[disposal_site]]
id = "AWZ"
lon = {awz_lon}
lat = {awz_lat}
streams = ["paper"]
hours = "Mo-Fr 06:00-16:00"

[[disposal_site]]
id = "Glashof"
lon = {awz_lon}
lat = {depot_lat}
streams = ["glass"]
hours = "Sa 08:00-12:00"
"""

_VEHICLE = """
[[vehicle]]
id = "{vehicle_id}"
profile = "truck_26t"
streams = ["{stream}"]
systems = ["rear"]
capacity_kg = 10000
body_l = 20000
depot = "yard"
cost_eur_per_km = 1.20
cost_eur_per_h = 90.00
cost_eur_per_day = {cost_eur_per_day}
is_available = {is_available}

[vehicle.shift]
starts = "06:00"
ends = "{ends}"

[vehicle.fuel]
driving_l_per_100km = 40.0
"""

_COLUMNS = "container_id,lon,lat,stream,capacity_l,service_s,setup_s,address"


def write_infeasible_town(folder: Path) -> Path:
    """LKW-1 is back at 08:00, LKW-2 in the workshop, the glass site opens on Saturdays only, P-99 is cut off."""
    folder.mkdir(parents=True)
    depot_lon, depot_lat = WEST + 0.4 * STEP_LON, SOUTH + 2 * STEP_LAT
    fleet = _FLEET.format(
        depot_lon=depot_lon, depot_lat=depot_lat, awz_lon=WEST + 3.5 * STEP_LON, awz_lat=SOUTH + 1 * STEP_LAT
    )
    for vehicle_id, stream, ends, is_available, per_day in (
        ("LKW-1", "paper", "08:00", "true", 0),
        ("LKW-2", "paper", "14:00", "false", 150),
        ("LKW-G", "glass", "14:00", "true", 0),
    ):
        fleet += _VEHICLE.format(
            vehicle_id=vehicle_id, stream=stream, ends=ends, is_available=is_available, cost_eur_per_day=per_day
        )
    (folder / "fleet.toml").write_text(fleet, encoding="utf-8")
    rows = [_COLUMNS]
    for at in range(N_PAPER):
        lon, lat = WEST + (at % 5 + 0.5) * STEP_LON, SOUTH + (at % 3) * STEP_LAT
        rows.append(f"P-{at + 1:02d},{lon:.5f},{lat:.5f},paper,1100,600,60,Querstraße {at % 3 + 1}")
    for at in range(N_GLASS):
        lon, lat = WEST + (at + 0.3) * STEP_LON, SOUTH + 4 * STEP_LAT
        rows.append(f"G-{at + 1:02d},{lon:.5f},{lat:.5f},glass,3000,90,60,Querstraße 5")
    rows.append(f"P-99,{WEST + 5.8 * STEP_LON:.5f},{SOUTH + 5 * STEP_LAT:.5f},paper,1100,60,60,Brückenweg")
    (folder / "containers.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "map.osm").write_text(_with_weak_bridge(town_xml()), encoding="utf-8")
    return folder


def _with_weak_bridge(xml: str) -> str:
    """A lane to the east that carries 7.5 t, with a place to turn at its end."""
    crossing = 36
    far = (
        f'<node id="950" version="1" lat="{SOUTH + 5 * STEP_LAT:.7f}" lon="{WEST + 6 * STEP_LON:.7f}">'
        '<tag k="highway" v="turning_circle"/></node>'
    )
    way = (
        f'<way id="4000" version="1"><nd ref="{crossing}"/><nd ref="950"/>'
        '<tag k="highway" v="residential"/><tag k="name" v="Brückenweg"/><tag k="maxweight" v="7.5"/></way>'
    )
    head, mark, tail = xml.partition("<way ")
    body, end, rest = tail.rpartition("<relation ")
    return f"{head}{far}\n{mark}{body}{way}\n{end}{rest}"
