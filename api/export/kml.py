"""One vehicle's tour as KML 2.2 (OGC 07-147r2), for maps that read neither GPX nor GeoJSON.

Coordinates are longitude, latitude; KML knows no other order.
"""

from xml.etree import ElementTree as ET

from api.export.geojson import OSM_ATTRIBUTION, tour_index_of
from api.export.gpx import stop_description, without_control_characters
from api.export.plan_paths import PlanPaths
from api.export.texts import Language, text, written_date
from api.export.trips import trips_of
from optimizer.domain.plan import Plan, StopKind
from optimizer.domain.town import Town

NAMESPACE = "http://www.opengis.net/kml/2.2"
MEDIA_TYPE = "application/vnd.google-earth.kml+xml"
_DECIMALS = 6
_LINE_COLOUR = "ff4f6e0b"
"""Opacity, blue, green, red: the green of the sheets."""


def tour_to_kml(
    plan: Plan,
    vehicle_id: str,
    paths: PlanPaths,
    *,
    town: Town | None = None,
    language: Language = "de",
    attribution: str = OSM_ATTRIBUTION,
) -> bytes:
    """The tour's trips as lines and its stops as points.

    Parameters
    ----------
    town
        Zone of the clock times; without it they keep the offset that the plan has.
    attribution
        The map's, from ``MapInfo``; empty for lines that come from no map.

    Raises
    ------
    UnknownTourError
        When the plan has no tour of this vehicle.
    """
    tour = plan.tours[tour_index_of(plan, vehicle_id)]
    root = ET.Element("kml", xmlns=NAMESPACE)
    document = ET.SubElement(root, "Document")
    _say(document, "name", f"{vehicle_id} · {plan.town_name} · {written_date(plan.day, language)}")
    if attribution:
        _say(document, "description", attribution)
    style = ET.SubElement(document, "Style", id="trip")
    line = ET.SubElement(style, "LineStyle")
    _say(line, "color", _LINE_COLOUR)
    _say(line, "width", "4")
    for trip in trips_of(tour, paths):
        if not len(trip.lon_lat_deg):
            continue
        placemark = ET.SubElement(document, "Placemark")
        _say(placemark, "name", text("trip", language, n=trip.number))
        _say(placemark, "styleUrl", "#trip")
        drawn = ET.SubElement(placemark, "LineString")
        _say(drawn, "tessellate", "1")
        _say(drawn, "coordinates", " ".join(_position(lon, lat) for lon, lat in trip.lon_lat_deg.tolist()))
    for stop in tour.stops:
        if stop.kind is StopKind.BREAK:
            continue
        placemark = ET.SubElement(document, "Placemark")
        _say(placemark, "name", f"{stop.sequence:03d} {stop.label}")
        _say(placemark, "description", stop_description(stop, town, language))
        point = ET.SubElement(placemark, "Point")
        _say(point, "coordinates", _position(stop.location.lon_deg, stop.location.lat_deg))
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _say(parent: ET.Element, name: str, said: str) -> None:
    ET.SubElement(parent, name).text = without_control_characters(said)


def _position(lon_deg: float, lat_deg: float) -> str:
    return f"{round(lon_deg, _DECIMALS)},{round(lat_deg, _DECIMALS)}"
