"""What the page knows, as one value for JSON: plan, figures, lines and words.

Guards that the page computes no figure of its own: it formats what ``summarise_plan`` says.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from api.export.plan_paths import PlanPaths
from api.export.street_lines import STEPS_PER_DEGREE, StreetLine, pack_line, pack_streets, to_steps
from api.export.summary import PlanSummary, TourSummary, summarise_plan
from api.export.texts import Language, load_texts
from api.export.trips import Trip, trips_of
from optimizer.domain.container import Container
from optimizer.domain.plan import Collection, Plan, Stop, Tour, Unserved
from optimizer.domain.town import Town
from optimizer.domain.vehicle import Vehicle
from optimizer.planning.notice_words import notices_of


def page_data(
    plan: Plan, town: Town, paths: PlanPaths, streets: Sequence[StreetLine], *, language: Language, attribution: str
) -> dict[str, Any]:
    """Everything that is embedded in the page."""
    summary = summarise_plan(plan)
    packed_streets = pack_streets(streets)
    containers = {container.container_id: container for container in town.containers}
    vehicles = {vehicle.vehicle_id: vehicle for vehicle in town.vehicles}
    return {
        "language": language,
        "texts": load_texts(),
        "attribution": attribution,
        "stepsPerDegree": STEPS_PER_DEGREE,
        "plan": _plan(plan, town),
        "summary": _summary(summary),
        "tours": [
            _tour(tour, row, paths, vehicles.get(tour.vehicle_id), containers, packed_streets["origin"], town.zone)
            for tour, row in zip(plan.tours, summary.tours, strict=True)
        ],
        "unserved": [_unserved(one, containers.get(one.container_id)) for one in summary.unserved],
        "shortages": [
            {
                "text": {"en": shortage.text.en, "de": shortage.text.de},
                "relaxations": [{"en": one.text.en, "de": one.text.de} for one in shortage.relaxations],
            }
            for shortage in plan.shortages
        ],
        "streets": packed_streets,
    }


def _plan(plan: Plan, town: Town) -> dict[str, Any]:
    return {
        "planId": plan.plan_id,
        "town": plan.town_name,
        "day": plan.day.isoformat(),
        "streams": list(plan.streams),
        "generatedAt": _iso(plan.generated_at, town.zone),
        "dataAsOf": _iso(plan.data_as_of, town.zone),
        "mapSource": plan.map_source,
        "mapDate": plan.map_data_at.date().isoformat() if plan.map_data_at else None,
        "inputsDigest": plan.inputs_digest,
        "solver": plan.solver.name,
        "solverStatus": plan.solver.status,
        "notices": [{"en": one.en, "de": one.de} for one in notices_of(plan)],
    }


def _summary(summary: PlanSummary) -> dict[str, Any]:
    values = asdict(summary)
    del values["tours"], values["unserved"]
    values["comparisons"] = {
        one.figure.value: {
            "plan": one.plan_value,
            "baseline": one.baseline_value,
            "changePercent": one.change_percent,
        }
        for one in summary.comparisons
    }
    return values


def _tour(
    tour: Tour,
    row: TourSummary,
    paths: PlanPaths,
    vehicle: Vehicle | None,
    containers: dict[str, Container],
    origin: tuple[int, int],
    zone: ZoneInfo,
) -> dict[str, Any]:
    trips = trips_of(tour, paths)
    trip_of_stop = {stop.sequence: trip.number for trip in trips for stop in trip.stops}
    return {
        "vehicleId": tour.vehicle_id,
        "vehicleName": vehicle.name if vehicle is not None else "",
        "capacityKg": vehicle.capacity_kg if vehicle is not None else None,
        "departsAt": _iso(row.departs_at, zone),
        "returnsAt": _iso(row.returns_at, zone),
        "streams": list(row.streams),
        "tripCount": row.trip_count,
        "stopCount": row.stop_count,
        "containerCount": row.container_count,
        "distanceKm": row.distance_km,
        "workingH": row.working_h,
        "drivingH": row.driving_h,
        "breakH": row.break_h,
        "outH": row.out_h,
        "overtimeH": row.overtime_h,
        "collectedKg": row.collected_kg,
        "dieselL": row.diesel_l,
        "costEur": row.cost_eur,
        "tollEur": row.toll_eur,
        "trips": [_trip(trip, origin) for trip in trips],
        "stops": [_stop(stop, trip_of_stop.get(stop.sequence), containers, zone) for stop in tour.stops],
    }


def _trip(trip: Trip, origin: tuple[int, int]) -> dict[str, Any]:
    line = to_steps(trip.lon_lat_deg) if len(trip.lon_lat_deg) else ()
    return {
        "number": trip.number,
        "stream": trip.stream,
        "distanceKm": trip.distance_m / 1000,
        "line": pack_line(line, origin),
    }


def _stop(stop: Stop, trip: int | None, containers: dict[str, Container], zone: ZoneInfo) -> dict[str, Any]:
    return {
        "sequence": stop.sequence,
        "kind": stop.kind.value,
        "placeId": stop.place_id,
        "label": stop.label,
        "trip": trip,
        "stream": stop.stream,
        "lon": round(stop.location.lon_deg, 6),
        "lat": round(stop.location.lat_deg, 6),
        "arrivesAt": _iso(stop.arrives_at, zone),
        "startsAt": _iso(stop.starts_at, zone),
        "departsAt": _iso(stop.departs_at, zone),
        "legM": None if stop.leg is None else stop.leg.distance_m,
        "legS": None if stop.leg is None else stop.leg.duration_s,
        "loadKg": round(stop.load_kg),
        "containers": [_collection(one, containers.get(one.container_id)) for one in stop.collections],
    }


def _collection(one: Collection, container: Container | None) -> dict[str, Any]:
    return {
        "id": one.container_id,
        "address": container.address if container is not None else "",
        "capacityL": container.capacity_l if container is not None else None,
        "fill": round(one.expected_fraction, 3),
        "kg": round(one.expected_kg, 1),
        "risk": round(one.overflow_probability, 4),
        "isMust": one.is_must,
        "reasons": {"en": list(one.reasons), "de": list(one.reasons_de or one.reasons)},
    }


def _unserved(one: Unserved, container: Container | None) -> dict[str, Any]:
    return {
        "id": one.container_id,
        "address": container.address if container is not None else "",
        "stream": container.stream if container is not None else "",
        "lon": None if container is None else round(container.location.lon_deg, 6),
        "lat": None if container is None else round(container.location.lat_deg, 6),
        "isDue": one.is_due,
        "reason": one.reason.value,
        "message": {"en": one.message, "de": one.message_de or one.message},
        "whatWouldChangeIt": {
            "en": one.what_would_change_it,
            "de": one.what_would_change_it_de or one.what_would_change_it,
        },
        "fill": round(one.expected_fraction, 3),
        "risk": round(one.overflow_probability, 4),
        "costOfWaitingEur": round(one.cost_of_waiting_eur, 2),
    }


def _iso(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat(timespec="seconds")
