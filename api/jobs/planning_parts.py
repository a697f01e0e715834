"""What a worker process opens, as functions that can be named to it: the map with its ports, and the tours' files."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from api.export.geojson import tour_to_geojson
from api.export.gpx import tour_to_gpx
from api.export.plan_paths import find_plan_paths
from api.log_setup import configure_logging
from optimizer.domain.plan import Plan
from optimizer.domain.town import Town
from optimizer.ports import Ports
from routing.ports import StreetRouter


def open_planning_ports(map_path: Path | None, cache_dir: Path | None) -> Ports:
    """The planning flow's ports on a map, or on straight lines when there is no map.

    Raises
    ------
    BrokenMapError
        When the map cannot be read.
    """
    # Imported here: the service's own process names this function but needs neither solvers nor kernels.
    from api.wiring import build_ports, open_street_router  # noqa: PLC0415

    configure_logging(is_json=not sys.stderr.isatty())  # a new process knows nothing of its parent's logging
    return build_ports(open_street_router(map_path, cache_dir=cache_dir))


def export_tours(plan: Plan, town: Town, router: StreetRouter) -> Mapping[str, Mapping[str, bytes]]:
    """Every tour as GPX and GeoJSON, by vehicle id."""
    paths = find_plan_paths(plan, town, router)
    attribution = router.map_info.attribution
    return {
        tour.vehicle_id: {
            "gpx": tour_to_gpx(plan, tour.vehicle_id, paths, town=town, attribution=attribution).encode(),
            "geojson": json.dumps(
                tour_to_geojson(plan, tour.vehicle_id, paths, town=town, attribution=attribution),
                ensure_ascii=False,
                allow_nan=False,
            ).encode(),
        }
        for tour in plan.tours
    }
