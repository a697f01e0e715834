"""Everything that a crew needs of its tour, in one document that works without a network for a whole shift.

Guards that nothing in it names a person, and that equal content has equal bytes.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import cos, hypot, radians
from typing import Any

from optimizer.domain.container import Container
from optimizer.domain.places import DisposalSite
from optimizer.domain.tour_event import EventKind, ExceptionCode
from optimizer.domain.town import Town
from optimizer.planning.exception_words import EXCEPTION_WORDS
from optimizer.planning.joint_errands import ForeignContainer
from routing.location import Location

FORMAT = "fuhre-tour-1"
FILL_STEPS = ("0", "25", "50", "75", "100", "over")
"""What a driver can say of a level; ``over`` stands for waste beside the container."""

_ALTERNATIVES = 5
_METRES_PER_DEG = 111_195.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TourParts:
    """What a bundle is made of.

    Attributes
    ----------
    release, version
        Number of the release, and the plan's version in it.
    sheet
        The tour as the plan has it (JSON).
    paths
        The streets of its legs (JSON), where they were stored.
    neighbours
        What the crew has to know of other towns' containers, by reference.
    """

    vehicle_id: str
    day: date
    plan_id: str
    release: int
    version: int
    sheet: bytes
    sheet_etag: str
    paths: bytes | None
    neighbours: Mapping[str, ForeignContainer] = field(default_factory=dict)


def bundle_etag(parts_etag: str, *, release: int, town_version: int) -> str:
    """The bundle's version: whatever changes it changes one of these."""
    return hashlib.sha256(f"{FORMAT} {release} {town_version} {parts_etag}".encode()).hexdigest()[:32]


def tour_bundle(parts: TourParts, town: Town, *, etag: str) -> bytes:
    """The document, as JSON in UTF-8."""
    sheet = json.loads(parts.sheet)
    tour: Mapping[str, Any] = sheet["tour"]
    containers = {one.container_id: one for one in town.containers}
    stops = tour.get("stops", [])
    paths = {"attribution": "", "legs": []} if parts.paths is None else json.loads(parts.paths)
    legs = paths["legs"] if len(paths["legs"]) == len(stops) else [None] * len(stops)
    document = {
        "format": FORMAT,
        "etag": etag,
        "vehicle_id": parts.vehicle_id,
        "day": parts.day.isoformat(),
        "town": town.name,
        "zone": town.zone.key,
        "plan_id": parts.plan_id,
        "release": parts.release,
        "version": parts.version,
        "data_as_of": sheet.get("data_as_of"),
        "warnings": sheet.get("warnings", []),
        "degraded": sheet.get("degraded", []),
        "map": {"attribution": paths["attribution"]},
        "totals": tour.get("totals"),
        "stops": [_stop(stop, leg, containers, parts.neighbours) for stop, leg in zip(stops, legs, strict=True)],
        "disposal_sites": _sites(stops, town),
        "exceptions": [
            {"code": code.value, "en": EXCEPTION_WORDS[code].en, "de": EXCEPTION_WORDS[code].de}
            for code in ExceptionCode
        ],
        "event_kinds": [kind.value for kind in EventKind],
        "fill_steps": list(FILL_STEPS),
        "links": {
            "events": f"/v1/tours/{parts.vehicle_id}/events",
            "changes": f"/v1/tours/{parts.vehicle_id}/changes?date={parts.day}&since={parts.release}",
            "sheet": f"/v1/plans/{parts.plan_id}/tours/{parts.vehicle_id}/sheet.pdf?version={parts.version}",
        },
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _stop(
    stop: Mapping[str, Any],
    leg: Mapping[str, Any] | None,
    containers: Mapping[str, Container],
    neighbours: Mapping[str, ForeignContainer],
) -> dict[str, Any]:
    told = {name: value for name, value in stop.items() if name != "collections"}
    told["path_lon_lat_deg"] = None if leg is None else leg["lon_lat_deg"]
    told["manoeuvres"] = [] if leg is None else leg["manoeuvres"]
    told["containers"] = [
        _foreign(one["container_id"], place)
        if (place := neighbours.get(one["container_id"])) is not None
        else _container(one, containers.get(one["container_id"]))
        for one in stop["collections"]
    ]
    return told


def _foreign(reference: str, place: ForeignContainer) -> dict[str, Any]:
    """Another town's container: how to find and empty it, and not how full it may be."""
    return {
        "container_id": reference,
        "owner_id": place.owner_id,
        "stream": place.stream,
        "capacity_l": place.capacity_l,
        "system": place.system,
        "side": place.side.value,
        "address": place.address,
        "hours": place.hours,
        "location": {"lon_deg": place.location.lon_deg, "lat_deg": place.location.lat_deg},
    }


def _container(one: Mapping[str, Any], container: Container | None) -> dict[str, Any]:
    told = {
        "container_id": one["container_id"],
        "expected_fraction": round(one["expected_fraction"], 2),
        "is_must": one["is_must"],
        "reasons": one["reasons"],
    }
    if container is not None:
        told |= {
            "stream": container.stream,
            "capacity_l": container.capacity_l,
            "system": container.system,
            "side": container.side.value,
            "address": container.address,
            "hours": container.hours.expression,
            "has_sensor": container.has_sensor,
            "location": {"lon_deg": container.location.lon_deg, "lat_deg": container.location.lat_deg},
        }
    return told


def _sites(stops: Sequence[Mapping[str, Any]], town: Town) -> list[dict[str, Any]]:
    """Where else a full truck may tip, the nearest to the tour first."""
    streams = {stop["stream"] for stop in stops if stop.get("stream")}
    places = [
        Location(lon_deg=stop["location"]["lon_deg"], lat_deg=stop["location"]["lat_deg"])
        for stop in stops
        if stop["kind"] == "collect"
    ]
    taking = [one for one in town.disposal_sites if not streams or streams & one.streams]
    by_distance = sorted(taking, key=lambda one: (_distance_m(one.location, places), one.disposal_site_id))
    return [_site(one, places) for one in by_distance[:_ALTERNATIVES]]


def _site(site: DisposalSite, places: Sequence[Location]) -> dict[str, Any]:
    return {
        "disposal_site_id": site.disposal_site_id,
        "name": site.name or site.disposal_site_id,
        "location": {"lon_deg": site.location.lon_deg, "lat_deg": site.location.lat_deg},
        "streams": sorted(site.streams),
        "hours": site.hours.expression,
        "straight_line_m": round(_distance_m(site.location, places)),
    }


def _distance_m(location: Location, places: Iterable[Location]) -> float:
    """Straight line to the nearest of the places; good enough to sort by, and it needs no map on the tablet."""
    squash = cos(radians(location.lat_deg))
    return _METRES_PER_DEG * min(
        (hypot((one.lon_deg - location.lon_deg) * squash, one.lat_deg - location.lat_deg) for one in places),
        default=0.0,
    )
