"""Waste containers as OpenStreetMap knows them, turned into a register that somebody must still check on site."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.domain.container import Container
from optimizer.domain.hours import Hours
from optimizer.domain.issues import InvalidInputError
from routing.location import Location
from routing.osm.points import OsmPoint

CONTAINER_AMENITIES = ("waste_basket", "recycling", "waste_disposal")

_STREAM_OF_TAG = {
    "glass": "glass",
    "glass_bottles": "glass",
    "paper": "paper",
    "cardboard": "paper",
    "newspaper": "paper",
    "magazines": "paper",
    "plastic": "plastic",
    "plastic_packaging": "plastic",
    "plastic_bottles": "plastic",
    "beverage_cartons": "plastic",
    "clothes": "textiles",
    "shoes": "textiles",
    "organic": "organic",
    "green_waste": "organic",
    "waste": "residual",
}

_LITRES = {
    "litter": 60.0,
    "glass": 3_000.0,
    "paper": 3_000.0,
    "plastic": 1_100.0,
    "textiles": 1_100.0,
    "organic": 240.0,
    "residual": 1_100.0,
}
_UNDERGROUND_LITRES = 5_000.0

DENSITY_KG_PER_L = {
    "litter": 0.07,
    "glass": 0.30,
    "paper": 0.10,
    "plastic": 0.03,
    "textiles": 0.09,
    "organic": 0.235,
    "residual": 0.09,
}
"""Loose in the container; starting values until weighbridge tickets say better."""

_QUIET_HOURS = "Mo-Sa 07:00-20:00; PH off"  # 32. BImSchV for bottle banks in residential areas


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundContainers:
    """What was found.

    Attributes
    ----------
    containers
        One per place and stream, all unverified.
    notes
        By container id: where it comes from and what is assumed.
    skipped
        How many places were left out, by reason.
    """

    containers: tuple[Container, ...]
    notes: dict[str, str]
    skipped: dict[str, int]


def containers_from_points(points: Sequence[OsmPoint], *, country: str) -> FoundContainers:
    """The containers that stand in public streets."""
    containers: list[Container] = []
    notes: dict[str, str] = {}
    skipped: Counter[str] = Counter()
    for point in points:
        reason = _reason_to_skip(point.tags)
        streams = _streams(point.tags)
        if reason or not streams:
            skipped[reason or "the map does not say what is collected"] += 1
            continue
        for stream in streams:
            container = _container(point, stream, country)
            containers.append(container)
            notes[container.container_id] = (
                f"from OpenStreetMap {point.osm_id}, unverified; volume, times and lifting system are assumed"
            )
    return FoundContainers(containers=tuple(containers), notes=notes, skipped=dict(skipped))


def _reason_to_skip(tags: dict[str, str]) -> str:
    if tags.get("access") in {"private", "no", "customers"}:
        return "it is not public"
    if tags.get("indoor") == "yes" or tags.get("level", "0") not in {"", "0"}:
        return "it stands inside a building"
    if tags.get("recycling_type") == "centre":
        return "it is a recycling centre, not a container"
    if tags.get("waste") == "cigarettes":
        return "it is for cigarettes only"
    return ""


def _streams(tags: dict[str, str]) -> list[str]:
    if tags.get("amenity") == "waste_basket":
        return ["litter"]
    tagged = {
        _STREAM_OF_TAG[key.removeprefix("recycling:")]
        for key, value in tags.items()
        if key.startswith("recycling:") and value == "yes" and key.removeprefix("recycling:") in _STREAM_OF_TAG
    }
    if tagged:
        return sorted(tagged)
    if tags.get("amenity") == "waste_disposal":
        return ["litter" if tags.get("waste") == "litter" else "residual"]
    return []


def _container(point: OsmPoint, stream: str, country: str) -> Container:
    is_underground = point.tags.get("location") == "underground"
    is_basket = stream == "litter"
    site_id = point.osm_id.replace("/", "-")
    street = f"{point.tags.get('addr:street', '')} {point.tags.get('addr:housenumber', '')}".strip()
    return Container(
        container_id=f"{site_id}-{stream}",
        site_id=site_id,
        location=Location(lon_deg=round(point.lon_deg, 7), lat_deg=round(point.lat_deg, 7)),
        stream=stream,
        capacity_l=_UNDERGROUND_LITRES if is_underground else _LITRES[stream],
        service_s=30 if is_basket else 60,
        setup_s=40 if is_basket else 120,
        hours=_hours(point.tags, stream, country),
        system="hand" if is_basket else "crane",
        has_sensor=False,
        address=street or point.tags.get("name", ""),
        municipality=point.tags.get("addr:city", ""),
    )


def _hours(tags: dict[str, str], stream: str, country: str) -> Hours:
    """When it may be emptied: as tagged by ``collection_times``' kin, else quiet hours for glass."""
    if stream == "glass":
        return Hours(expression=_QUIET_HOURS, country=country)
    tagged = tags.get("service_times", "")
    try:
        return Hours(expression=tagged, country=country) if tagged else Hours(country=country)
    except InvalidInputError:
        return Hours(country=country)  # people write anything into that tag
