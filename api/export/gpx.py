"""A tour as GPX 1.1 for navigation devices: waypoints, a route of named stops, and the track along the streets.

Guards that the file is well-formed whatever the names hold, and that instants are UTC, as GPX asks; clock times in
descriptions are local.
"""

import re
from datetime import UTC, datetime
from typing import TypeVar
from xml.sax.saxutils import escape

from gpxpy.gpx import GPX, GPXRoute, GPXRoutePoint, GPXTrack, GPXTrackPoint, GPXTrackSegment, GPXWaypoint

from api.export.geojson import OSM_ATTRIBUTION, tour_index_of
from api.export.plan_paths import PlanPaths
from api.export.texts import Language, text, written_date
from api.export.trips import trips_of
from optimizer.domain.plan import Plan, Stop, StopKind, Tour
from optimizer.domain.town import Town

ODBL = "https://opendatacommons.org/licenses/odbl/1-0/"
Point = TypeVar("Point", GPXWaypoint, GPXRoutePoint)
_DECIMALS = 6
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def tour_to_gpx(
    plan: Plan,
    vehicle_id: str,
    paths: PlanPaths,
    *,
    town: Town | None = None,
    language: Language = "de",
    attribution: str = OSM_ATTRIBUTION,
) -> str:
    """One vehicle's tour as a GPX 1.1 document.

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
    title = f"{vehicle_id} · {plan.town_name} · {written_date(plan.day, language)}"
    gpx = GPX()
    gpx.creator = "fuhre"
    gpx.name = without_control_characters(title)
    gpx.time = plan.generated_at.astimezone(UTC)
    if attribution:
        # gpxpy writes attributes as they are.
        gpx.copyright_author = escape(without_control_characters(attribution.removeprefix("© ")), {'"': "&quot;"})
        gpx.copyright_year = str(plan.generated_at.year)
        gpx.copyright_license = ODBL
    gpx.waypoints = [
        _named(GPXWaypoint, stop, town, language) for stop in tour.stops if stop.kind is not StopKind.BREAK
    ]
    gpx.routes = [_route(tour, title, town, language)]
    gpx.tracks = [_track(tour, title, paths)]
    bounds = gpx.get_bounds()
    if bounds is not None:
        gpx.bounds = bounds
    document: str = gpx.to_xml(version="1.1")
    return document


def _route(tour: Tour, title: str, town: Town | None, language: Language) -> GPXRoute:
    route = GPXRoute(name=without_control_characters(title))
    route.points = [
        _named(GPXRoutePoint, stop, town, language) for stop in tour.stops if stop.kind is not StopKind.BREAK
    ]
    return route


def _track(tour: Tour, title: str, paths: PlanPaths) -> GPXTrack:
    track = GPXTrack(name=without_control_characters(title))
    for trip in trips_of(tour, paths):
        points = [
            GPXTrackPoint(round(float(lat), _DECIMALS), round(float(lon), _DECIMALS)) for lon, lat in trip.lon_lat_deg
        ]
        if points:
            track.segments.append(GPXTrackSegment(points=points))
    return track


def _named(kind: type[Point], stop: Stop, town: Town | None, language: Language) -> Point:
    point = kind(
        latitude=round(stop.location.lat_deg, _DECIMALS),
        longitude=round(stop.location.lon_deg, _DECIMALS),
        time=stop.arrives_at.astimezone(UTC),
        name=without_control_characters(f"{stop.sequence:03d} {stop.label}"),
        description=without_control_characters(stop_description(stop, town, language)),
    )
    point.type = stop.kind.value
    return point


def stop_description(stop: Stop, town: Town | None, language: Language) -> str:
    """What a driver should know of a stop, a line for each thing."""
    parts = [f"{text(f'kind_{stop.kind.value}', language)} {_clock(stop.arrives_at, town)}"]
    for one in stop.collections:
        reasons = (one.reasons_de or one.reasons) if language == "de" else one.reasons
        reason = f" ({reasons[0]})" if reasons else ""
        parts.append(f"{one.container_id} {one.expected_fraction:.0%}{reason}")
    if stop.kind is StopKind.COLLECT:
        parts.append(text("load_after", language, load=f"{stop.load_kg:.0f} kg"))
    return "\n".join(parts)


def _clock(instant: datetime, town: Town | None) -> str:
    local = instant if town is None else instant.astimezone(town.zone)
    return f"{local:%H:%M}"


def without_control_characters(words: str) -> str:
    """Without the characters that XML 1.0 cannot carry even escaped."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", words)
