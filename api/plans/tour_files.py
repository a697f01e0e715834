"""One tour's files, made of the stored plan and its streets: for navigation devices, for maps, for print."""

import json
from collections.abc import Mapping
from enum import StrEnum

from api.export.plan_paths import PlanPaths
from api.export.stored_paths import PATHS_FORMAT, load_paths
from api.export.texts import Language
from api.store.ports import PlanStore
from optimizer.domain.plan import Plan
from optimizer.domain.town import Town


class TourFormat(StrEnum):
    """How a tour can be had."""

    JSON = "json"
    GPX = "gpx"
    GEOJSON = "geojson"
    KML = "kml"
    PDF = "pdf"


MEDIA_TYPES: Mapping[TourFormat, str] = {
    TourFormat.GPX: "application/gpx+xml",
    TourFormat.GEOJSON: "application/geo+json",
    TourFormat.KML: "application/vnd.google-earth.kml+xml",
    TourFormat.PDF: "application/pdf",
}


def make_tour_file(
    plan: Plan, vehicle_id: str, *, town: Town, format_name: TourFormat, language: Language, stored_paths: bytes | None
) -> bytes:
    """The tour in a format other than its own JSON.

    Parameters
    ----------
    stored_paths
        The tour's streets; without them its legs are drawn as straight lines.

    Raises
    ------
    UnknownTourError
        When the plan has no tour of this vehicle.
    """
    paths: PlanPaths = {}
    attribution = ""
    if stored_paths is not None:
        found, attribution = load_paths(stored_paths)
        paths = {vehicle_id: found}
    # Each writer is slow to load, and most services never need all of them.
    match format_name:
        case TourFormat.GPX:
            from api.export.gpx import tour_to_gpx  # noqa: PLC0415 - as above

            gpx = tour_to_gpx(plan, vehicle_id, paths, town=town, language=language, attribution=attribution)
            return gpx.encode()
        case TourFormat.KML:
            from api.export.kml import tour_to_kml  # noqa: PLC0415 - as above

            return tour_to_kml(plan, vehicle_id, paths, town=town, language=language, attribution=attribution)
        case TourFormat.PDF:
            from api.export.pdf_sheets import tour_sheet_pdf  # noqa: PLC0415 - as above

            return tour_sheet_pdf(plan, vehicle_id, town=town, language=language, paths=paths or None)
        case _:
            from api.export.geojson import tour_to_geojson  # noqa: PLC0415 - as above

            drawn = tour_to_geojson(plan, vehicle_id, paths, town=town, attribution=attribution)
            return json.dumps(drawn, ensure_ascii=False, allow_nan=False).encode()


def stored_file(
    plans: PlanStore, content_id: str, vehicle_id: str, format_name: TourFormat, language: Language
) -> bytes | None:
    """The file that was stored with a plan of an earlier version of the service; those were German."""
    return plans.tour_export(content_id, vehicle_id, format_name) if language == "de" else None


def stored_paths(plans: PlanStore, content_id: str, vehicle_id: str) -> bytes | None:
    """The streets of a stored tour."""
    return plans.tour_export(content_id, vehicle_id, PATHS_FORMAT)
