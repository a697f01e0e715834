"""The fleet file of a town that is being set up: what the map tells is filled in, the rest is marked TODO.

Cost and fuel figures are left out on purpose: whoever plans before filling them in is told so, instead of being given
a made-up result.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from importlib import resources
from zoneinfo import ZoneInfo

from api.files.fleet_file import Fleet
from api.files.fleet_writer import fleet_toml
from api.town.osm_containers import DENSITY_KG_PER_L
from optimizer.domain.hours import Hours
from optimizer.domain.places import Depot, DisposalSite
from optimizer.domain.request import SelectionRules
from optimizer.domain.stream import Stream
from optimizer.domain.vehicle import FuelRates, Shift, Vehicle
from routing.location import Location

_TO_FILL_IN = {
    "cost_eur_per_km": "TODO: fuel, wear and toll per km, from the town's own cost accounting",
    "cost_eur_per_h": "TODO: vehicle and crew per working hour, from the town's own cost accounting",
    "driving_l_per_100km": "TODO: diesel of this vehicle, from its tank records",
}
_FAST = frozenset({"litter", "paper"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPlace:
    """A depot or disposal site.

    Attributes
    ----------
    origin
        Where the position comes from, for people.
    is_known
        Whether the map has such a place, so that only a check is left to do.
    """

    name: str
    location: Location
    origin: str
    is_known: bool


def draft_fleet(
    *, name: str, town_id: str, country: str, streams: Sequence[str], depot: DraftPlace, disposal: DraftPlace
) -> str:
    """The text of the file."""
    has_litter = "litter" in streams
    heavy = [stream for stream in streams if stream != "litter"]
    vehicles = []
    if has_litter:
        vehicles.append(_vehicle("van-1", "Litter van", "van_3_5t", ["litter"], "hand", (1_000.0, 2_000.0)))
    if heavy:
        vehicles.append(_vehicle("truck-1", "Crane truck", "truck_26t", heavy, "crane", (10_000.0, 20_000.0)))
    fleet = Fleet(
        town_id=town_id,
        name=name,
        zone=zone_of(country),
        rules=SelectionRules(),
        streams=tuple(
            Stream(stream_id=one, density_kg_per_l=DENSITY_KG_PER_L[one], is_fast=one in _FAST) for one in streams
        ),
        depots=(Depot(depot_id="depot", name=depot.name, location=depot.location),),
        disposal_sites=(
            DisposalSite(
                disposal_site_id="disposal",
                name=disposal.name,
                location=disposal.location,
                streams=frozenset(streams),
                hours=Hours(expression="Mo-Fr 07:00-16:00; PH off", country=country),
            ),
        ),
        vehicles=tuple(vehicles),
        country=country,
    )
    comments = {
        "": (
            f"{name}: made from OpenStreetMap. Look for TODO, fill in, then plan.\n"
            "Map data: OpenStreetMap contributors, ODbL 1.0 (openstreetmap.org/copyright)."
        ),
        "town": "TODO: check the time zone.",
        "depot depot": f"TODO: {depot.origin}",
        "disposal_site disposal": f"TODO: {disposal.origin} Check what it accepts, and its hours.",
        **{f"stream {one}": "TODO: density from your weighbridge tickets." for one in streams},
        **{f"vehicle {one.vehicle_id}": "TODO: payload, body, shift and costs of your vehicle." for one in vehicles},
    }
    return _without_figures(fleet_toml(fleet, comments=comments))


def zone_of(country: str) -> ZoneInfo:
    """The first time zone of a country in the IANA list, Europe/Berlin when it is unknown."""
    table = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8")
    for line in table.splitlines():
        fields = line.split("\t")
        if fields[0] == country:
            return ZoneInfo(fields[2])
    return ZoneInfo("Europe/Berlin")


def _vehicle(
    vehicle_id: str, name: str, profile: str, streams: Sequence[str], system: str, size: tuple[float, float]
) -> Vehicle:
    return Vehicle(
        vehicle_id=vehicle_id,
        name=name,
        profile=profile,
        streams=frozenset(streams),
        systems=frozenset({system}),
        capacity_kg=size[0],
        body_l=size[1],
        start_depot_id="depot",
        end_depot_id="depot",
        shift=Shift(starts_local=time(6), ends_local=time(15), max_work_s=8 * 3600),
        cost_eur_per_km=0.0,  # this and the two below are taken out of the text again
        cost_eur_per_h=0.0,
        fuel=FuelRates(driving_l_per_100km=0.0),
    )


def _without_figures(text: str) -> str:
    for key, what in _TO_FILL_IN.items():
        text = re.sub(rf"^{key} = .*$", f"# {key} =     # {what}", text, flags=re.MULTILINE)
    return text
