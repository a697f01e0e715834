"""Everything a depot takes from a plan, in one folder: JSON, GeoJSON, GPX per vehicle, and the map."""

import json
import re
from pathlib import Path

import numpy as np

from api.export.geojson import plan_to_geojson
from api.export.gpx import tour_to_gpx
from api.export.html_map import plan_to_html
from api.export.plan_paths import find_plan_paths
from api.export.street_lines import StreetLine
from api.files.atomic import write_atomically
from api.files.plan_json import dump_plan
from optimizer.domain.plan import Plan
from optimizer.domain.town import Town
from routing.ports import StreetRouter
from routing.street_router import RoadRouter


def write_plan_folder(plan: Plan, town: Town, router: StreetRouter, folder: Path) -> Path:
    """Write ``plan.json``, ``plan.geojson``, ``gpx/<vehicle>.gpx`` and ``map.html``; returns the folder."""
    paths = find_plan_paths(plan, town, router)
    attribution = router.map_info.attribution
    (folder / "gpx").mkdir(parents=True, exist_ok=True)
    for old in (folder / "gpx").glob("*.gpx"):
        old.unlink()  # a vehicle that no longer drives must not keep yesterday's tour
    write_atomically(folder / "plan.json", dump_plan(plan))
    geojson = json.dumps(plan_to_geojson(plan, paths, town=town, attribution=attribution), ensure_ascii=False)
    write_atomically(folder / "plan.geojson", geojson.encode())
    for tour in plan.tours:
        name = re.sub(r"[^\w.-]", "_", tour.vehicle_id)
        gpx = tour_to_gpx(plan, tour.vehicle_id, paths, town=town, attribution=attribution)
        write_atomically(folder / "gpx" / f"{name}.gpx", gpx.encode())
    page = plan_to_html(plan, town, paths, street_lines(router), attribution=attribution)
    write_atomically(folder / "map.html", page.encode())
    return folder


def street_lines(router: StreetRouter) -> list[StreetLine]:
    """The streets to draw under the tours; none for a router without streets."""
    if not isinstance(router, RoadRouter):
        return []
    return [
        StreetLine(lon_lat_deg=np.column_stack((line.lon_deg, line.lat_deg)), highway=line.highway, name=line.name)
        for line in router.streets.edge_lines()
    ]
