"""A plan as GeoJSON (RFC 7946): lines of the trips, points of the stops and of the containers left standing.

Positions are longitude, latitude, rounded to six decimals (11 cm); instants are ISO 8601 with their offset.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from api.export.plan_paths import PlanPaths
from api.export.trips import Trip, trips_of
from optimizer.domain.plan import Plan, Stop, Tour, Unserved
from optimizer.domain.sendable_error import SendableError
from optimizer.domain.town import Town
from routing.location import Location

OSM_ATTRIBUTION = "© OpenStreetMap contributors"
"""What the ODbL asks to be shown beside anything drawn from OpenStreetMap."""

_DECIMALS = 6


def plan_to_geojson(
    plan: Plan, paths: PlanPaths, *, town: Town | None = None, attribution: str = OSM_ATTRIBUTION
) -> dict[str, Any]:
    """All tours and all containers left standing as one FeatureCollection.

    Parameters
    ----------
    town
        Where the containers left standing are, and the zone of the instants; without it their features have no
        geometry and the instants keep the offset that the plan has.
    attribution
        The map's, from ``MapInfo``; empty for lines that come from no map.
    """
    features = [
        feature for index, tour in enumerate(plan.tours) for feature in _tour_features(index, tour, paths, town)
    ]
    places = {} if town is None else {one.container_id: one.location for one in town.containers}
    features.extend(_unserved_feature(one, places) for one in plan.unserved)
    return _collection(plan, features, attribution)


def tour_to_geojson(
    plan: Plan, vehicle_id: str, paths: PlanPaths, *, town: Town | None = None, attribution: str = OSM_ATTRIBUTION
) -> dict[str, Any]:
    """One vehicle's tour as a FeatureCollection.

    Raises
    ------
    UnknownTourError
        When the plan has no tour of this vehicle.
    """
    index = tour_index_of(plan, vehicle_id)
    return _collection(plan, list(_tour_features(index, plan.tours[index], paths, town)), attribution)


class UnknownTourError(SendableError, LookupError):
    """The plan has no tour of the vehicle that was asked for."""

    def __init__(self, *, vehicle_id: str, known: tuple[str, ...]) -> None:
        self.vehicle_id = vehicle_id
        self.known = known
        tours = ", ".join(known) if known else "none"
        super().__init__(f"The plan has no tour of the vehicle '{vehicle_id}'. Tours of this plan: {tours}.")


def tour_index_of(plan: Plan, vehicle_id: str) -> int:
    """Position of the vehicle's tour in the plan.

    Raises
    ------
    UnknownTourError
        When the plan has no tour of this vehicle.
    """
    for index, tour in enumerate(plan.tours):
        if tour.vehicle_id == vehicle_id:
            return index
    raise UnknownTourError(vehicle_id=vehicle_id, known=tuple(tour.vehicle_id for tour in plan.tours))


def _collection(plan: Plan, features: list[dict[str, Any]], attribution: str) -> dict[str, Any]:
    collection: dict[str, Any] = {"type": "FeatureCollection"}
    positions = [position for feature in features for position in _positions(feature["geometry"])]
    if positions:
        lons, lats = zip(*positions, strict=True)
        collection["bbox"] = [min(lons), min(lats), max(lons), max(lats)]
    if attribution:
        collection["attribution"] = attribution
    collection["plan"] = {
        "plan_id": plan.plan_id,
        "town": plan.town_name,
        "day": plan.day.isoformat(),
        "streams": list(plan.streams),
        "generated_at": plan.generated_at.isoformat(),
        "data_as_of": plan.data_as_of.isoformat(),
        "inputs_digest": plan.inputs_digest,
        "map_source": plan.map_source,
        "map_data_at": plan.map_data_at.isoformat() if plan.map_data_at else None,
    }
    collection["features"] = features
    return collection


def _tour_features(index: int, tour: Tour, paths: PlanPaths, town: Town | None) -> Iterable[dict[str, Any]]:
    for trip in trips_of(tour, paths):
        if len(trip.lon_lat_deg):
            yield _trip_feature(index, tour, trip)
    for stop in tour.stops:
        yield _stop_feature(index, tour, stop, town)


def _trip_feature(index: int, tour: Tour, trip: Trip) -> dict[str, Any]:
    coordinates = [[round(float(lon), _DECIMALS), round(float(lat), _DECIMALS)] for lon, lat in trip.lon_lat_deg]
    return {
        "type": "Feature",
        "id": f"{tour.vehicle_id}/trip/{trip.number}",
        "geometry": {"type": "LineString", "coordinates": coordinates},
        "properties": {
            "feature": "trip",
            "vehicle_id": tour.vehicle_id,
            "colour_index": index,
            "trip": trip.number,
            "stream": trip.stream,
            "distance_km": round(trip.distance_m / 1000, 3),
            "driving_s": trip.driving_s,
            "container_count": sum(len(stop.collections) for stop in trip.stops),
        },
    }


def _stop_feature(index: int, tour: Tour, stop: Stop, town: Town | None) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": f"{tour.vehicle_id}/stop/{stop.sequence}",
        "geometry": _point(stop.location),
        "properties": {
            "feature": "stop",
            "vehicle_id": tour.vehicle_id,
            "colour_index": index,
            "sequence": stop.sequence,
            "kind": stop.kind.value,
            "place_id": stop.place_id,
            "label": stop.label,
            "stream": stop.stream,
            "eta": _iso(stop.arrives_at, town),
            "starts": _iso(stop.starts_at, town),
            "departs": _iso(stop.departs_at, town),
            "leg_distance_m": None if stop.leg is None else stop.leg.distance_m,
            "leg_duration_s": None if stop.leg is None else stop.leg.duration_s,
            "load_after_kg": round(stop.load_kg, 1),
            "load_after_l": round(stop.load_l, 1),
            "containers": [
                {
                    "container_id": one.container_id,
                    "expected_fill": round(one.expected_fraction, 3),
                    "expected_kg": round(one.expected_kg, 1),
                    "expected_l": round(one.expected_l, 1),
                    "overflow_probability": round(one.overflow_probability, 4),
                    "is_must": one.is_must,
                    "reasons": list(one.reasons),
                }
                for one in stop.collections
            ],
        },
    }


def _unserved_feature(one: Unserved, places: Mapping[str, Location]) -> dict[str, Any]:
    location = places.get(one.container_id)
    return {
        "type": "Feature",
        "id": f"unserved/{one.container_id}",
        # RFC 7946, section 3.2: a feature whose place is not known has the geometry null.
        "geometry": None if location is None else _point(location),
        "properties": {
            "feature": "unserved",
            "container_id": one.container_id,
            "is_due": one.is_due,
            "reason": one.reason.value,
            "message": one.message,
            "what_would_change_it": one.what_would_change_it,
            "expected_fill": round(one.expected_fraction, 3),
            "overflow_probability": round(one.overflow_probability, 4),
            "cost_of_waiting_eur": round(one.cost_of_waiting_eur, 2),
        },
    }


def _point(location: Location) -> dict[str, Any]:
    return {
        "type": "Point",
        "coordinates": [round(location.lon_deg, _DECIMALS), round(location.lat_deg, _DECIMALS)],
    }


def _positions(geometry: dict[str, Any] | None) -> list[list[float]]:
    if geometry is None:
        return []
    coordinates = geometry["coordinates"]
    return [coordinates] if geometry["type"] == "Point" else list(coordinates)


def _iso(instant: datetime, town: Town | None) -> str:
    local = instant if town is None else instant.astimezone(town.zone)
    return local.isoformat(timespec="seconds")
