"""fleet.toml: the town, its streams, depots, disposal sites, vehicles and rules."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from api.files.fleet_hours import clock_time, queue_by_hour, travel_slices
from api.files.issue_summary import raise_if_any
from api.files.toml_section import Section, TomlFile, read_toml
from optimizer.domain.container import Container
from optimizer.domain.hours import ALWAYS_OPEN, Hours
from optimizer.domain.issues import InvalidInputError
from optimizer.domain.places import Depot, DisposalSite
from optimizer.domain.request import SelectionRules
from optimizer.domain.stream import Stream
from optimizer.domain.town import Town
from optimizer.domain.vehicle import (
    ARBZG_BREAKS,
    ARBZG_MAX_STRETCH_S,
    MONDAY_TO_FRIDAY,
    BreakRule,
    FuelRates,
    Shift,
    Vehicle,
)
from routing.location import Location

WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
"""As OpenStreetMap's opening hours write them."""

COST_SOURCE = (
    "There is no honest default: take the figure from the town's own cost accounting (Betriebsabrechnungsbogen, or the "
    "hourly rates behind the fee calculation)."
)
FUEL_SOURCE = "There is no honest default: take it from the fuel card or the tank records of this vehicle."

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Everything of a town but its containers.

    Attributes
    ----------
    country
        Two-letter code of the country whose public holidays count.
    map_name
        Path of the map relative to the fleet file, as it is written there; empty for the usual one.
    travel_slices_local
        Clock times from which travel takes another time.
    """

    town_id: str
    name: str
    zone: ZoneInfo
    rules: SelectionRules
    streams: tuple[Stream, ...]
    depots: tuple[Depot, ...]
    disposal_sites: tuple[DisposalSite, ...]
    vehicles: tuple[Vehicle, ...]
    country: str = "DE"
    map_name: str = ""
    travel_slices_local: tuple[time, ...] = ()

    def town_with(self, containers: tuple[Container, ...]) -> Town:
        """The town with these containers.

        Raises
        ------
        InvalidInputError
            When names do not fit together.
        """
        return Town(
            town_id=self.town_id,
            name=self.name,
            zone=self.zone,
            streams=self.streams,
            depots=self.depots,
            disposal_sites=self.disposal_sites,
            vehicles=self.vehicles,
            containers=containers,
            travel_slices_local=self.travel_slices_local,
        )


def read_fleet(path: Path) -> Fleet:
    """The fleet, or everything that keeps the file from being used.

    Raises
    ------
    InvalidInputError
        With file, line and what to do for every issue.
    """
    file = read_toml(path)
    file.finish(frozenset({"town", "rules", "stream", "depot", "disposal_site", "vehicle"}))
    town = file.one("town")
    town_id, name = town.text("id"), town.text("name", "")
    zone = _zone(town)
    country = town.text("country", "DE")
    map_name = town.text("map", "")
    slices = travel_slices(town)
    town.finish()
    rules = _made(file.one("rules"), _rules)
    streams = _all(file, "stream", _stream)
    depots = _all(file, "depot", _depot)
    sites = _all(file, "disposal_site", lambda section: _disposal_site(section, country))
    vehicles = _all(file, "vehicle", _vehicle)
    _check_names(file)
    raise_if_any(file.issues)
    assert zone is not None
    assert rules is not None
    return Fleet(
        town_id=town_id,
        name=name or town_id,
        zone=zone,
        rules=rules,
        streams=streams,
        depots=depots,
        disposal_sites=sites,
        vehicles=vehicles,
        country=country,
        map_name=map_name,
        travel_slices_local=slices,
    )


def _all(file: TomlFile, name: str, build: Callable[[Section], _T | None]) -> tuple[_T, ...]:
    sections = list(file.many(name))
    if not sections:
        file.one("town").add("", "missing_table", f"There is no [[{name}]]. Add at least one.")
    return tuple(made for section in sections if (made := _made(section, build)) is not None)


def _made(section: Section, build: Callable[[Section], _T | None]) -> _T | None:
    try:
        return build(section)
    except ValueError as error:  # InvalidInputError is one, and Location raises it plain
        section.adopt(error)
        return None
    finally:
        section.finish()


def _zone(town: Section) -> ZoneInfo | None:
    name = town.text("zone")
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        town.add("zone", "unknown_zone", f"There is no time zone '{name}'. Write it as in Europe/Berlin.")
        return None


def _rules(section: Section) -> SelectionRules:
    usual = SelectionRules()
    numbers = {
        key: section.number(key, getattr(usual, key))
        for key in ("must_collect_probability", "overflow_cost_eur", "min_fill_fraction")
    }
    days = section.whole_number("max_blind_days", usual.max_blind_days)
    return SelectionRules(
        must_collect_probability=_known(numbers["must_collect_probability"], 0.1),
        overflow_cost_eur=_known(numbers["overflow_cost_eur"], 0),
        min_fill_fraction=_known(numbers["min_fill_fraction"], 0),
        max_blind_days=days,
    )


def _stream(section: Section) -> Stream:
    return Stream(
        stream_id=section.text("id") or "?",
        density_kg_per_l=_known(section.number("density_kg_per_l"), 0.1),
        is_fast=section.yes_or_no("is_fast", default=False),
    )


def _depot(section: Section) -> Depot | None:
    depot_id, name, location = section.text("id"), section.text("name", ""), _location(section)
    if not depot_id or location is None:
        return None
    return Depot(depot_id=depot_id, name=name, location=location)


def _disposal_site(section: Section, country: str) -> DisposalSite | None:
    site_id, name, location = section.text("id"), section.text("name", ""), _location(section)
    streams = section.texts("streams")
    expression = section.text("hours", ALWAYS_OPEN)
    unloading_s = section.whole_number("unloading_s", 900)
    queue_s_by_hour = queue_by_hour(section)
    fee = section.number("fee_eur_per_t", 0.0)
    try:
        hours = Hours(expression=expression, country=country)
    except InvalidInputError as error:
        section.add("hours", "opening_hours", error.issues[0].message)
        return None
    if not site_id or location is None or not streams:
        return None
    return DisposalSite(
        disposal_site_id=site_id,
        name=name,
        location=location,
        streams=streams,
        hours=hours,
        unloading_s=unloading_s,
        queue_s_by_hour=queue_s_by_hour,
        fee_eur_per_t=_known(fee, 0),
    )


def _vehicle(section: Section) -> Vehicle | None:
    depot = section.text("depot", "")
    start = section.text("start_depot", depot)
    end = section.text("end_depot", depot or start)
    if not start or not end:
        section.add("depot", "missing_key", "depot is missing. Name the [[depot]] where its tours start and end.")
    vehicle_id, profile = section.text("id"), section.text("profile")
    streams = section.texts("streams")
    systems = section.texts("systems", frozenset({"rear"}))
    numbers = {
        "capacity_kg": section.number("capacity_kg", why="Payload by the vehicle papers."),
        "body_l": section.number("body_l", why="Volume of the body in litres."),
        "cost_eur_per_km": section.number("cost_eur_per_km", why=COST_SOURCE),
        "cost_eur_per_h": section.number("cost_eur_per_h", why=COST_SOURCE),
        "cost_eur_per_day": section.number("cost_eur_per_day", 0.0),
        "overtime_eur_per_h": section.number("overtime_eur_per_h", 0.0),
        "toll_eur_per_km": section.number("toll_eur_per_km", 0.0),
    }
    max_trips = section.whole_number("max_trips", 8)
    max_day_kg = section.whole_number_or_none("max_day_kg")
    is_available = section.yes_or_no("is_available", default=True)
    name = section.text("name", "")
    compaction = _compaction(section)
    shift = _made(section.table("shift", is_required=True, why="Add [vehicle.shift] with starts and ends."), _shift)
    fuel = _made(section.table("fuel", is_required=True, why="Add [vehicle.fuel] with driving_l_per_100km."), _fuel)
    if shift is None or fuel is None or not vehicle_id or not streams or not (start and end):
        return None
    if any(math.isnan(value) for value in numbers.values()):
        return None
    return Vehicle(
        vehicle_id=vehicle_id,
        profile=profile,
        streams=streams,
        start_depot_id=start,
        end_depot_id=end,
        shift=shift,
        fuel=fuel,
        systems=systems,
        compaction_by_stream=compaction,
        max_trips=max_trips,
        max_day_kg=max_day_kg,
        is_available=is_available,
        name=name,
        **numbers,
    )


def _compaction(section: Section) -> Mapping[str, float]:
    table = section.table("compaction")
    return {stream: _known(table.number(stream, 1.0), 1.0) for stream in table.values}


def _shift(section: Section) -> Shift | None:
    starts, ends = clock_time(section, "starts"), clock_time(section, "ends")
    weekdays = _weekdays(section)
    max_stretch_s = section.whole_number("max_stretch_s", ARBZG_MAX_STRETCH_S)
    max_work_s = section.whole_number("max_work_s", 10 * 3600)
    max_out_s = section.whole_number_or_none("max_out_s")
    regular_work_s = section.whole_number_or_none("regular_work_s")
    breaks = _breaks(section)
    if starts is None or ends is None:
        return None
    return Shift(
        starts_local=starts,
        ends_local=ends,
        weekdays=weekdays,
        breaks=breaks,
        max_stretch_s=max_stretch_s,
        max_work_s=max_work_s,
        max_out_s=max_out_s,
        regular_work_s=regular_work_s,
    )


def _weekdays(section: Section) -> frozenset[int]:
    usual = frozenset(WEEKDAYS[day] for day in MONDAY_TO_FRIDAY)
    days = section.texts("weekdays", usual)
    unknown = sorted(days - set(WEEKDAYS))
    if unknown:
        known = ", ".join(WEEKDAYS)
        section.add("weekdays", "weekday", f"{', '.join(unknown)}: no weekday. Write them as {known}.")
    return frozenset(WEEKDAYS.index(day) for day in days if day in WEEKDAYS)


def _breaks(section: Section) -> tuple[BreakRule, ...]:
    given = section.raw("breaks", ())
    if given == ():
        return ARBZG_BREAKS
    rules = []
    for one in given if isinstance(given, list) else [given]:
        is_rule = isinstance(one, dict) and set(one) == {"work_above_s", "break_s"}
        if not is_rule or not all(type(value) is int for value in one.values()):
            message = f"breaks holds {one!r}; write it as in [{{work_above_s = 21600, break_s = 1800}}]."
            section.add("breaks", "break_rule", message)
            continue
        rules.append(BreakRule(**one))
    return tuple(rules)


def _fuel(section: Section) -> FuelRates:
    driving = section.number("driving_l_per_100km", why=FUEL_SOURCE)
    lift_l = section.number("lift_l", 0.028)
    idle_l_per_h = section.number("idle_l_per_h", 3.0)
    co2e_kg_per_l = section.number("co2e_kg_per_l", 3.24)
    return FuelRates(
        driving_l_per_100km=_known(driving, 0),
        lift_l=_known(lift_l, 0),
        idle_l_per_h=_known(idle_l_per_h, 0),
        co2e_kg_per_l=_known(co2e_kg_per_l, 0),
    )


def _location(section: Section) -> Location | None:
    lon, lat = section.number("lon"), section.number("lat")
    if math.isnan(lon) or math.isnan(lat):
        return None
    if lon == 0 and lat == 0:
        section.add("lat", "no_coordinates", "0, 0 lies in the Atlantic; fill in the place's coordinates.")
        return None
    return Location(lon_deg=lon, lat_deg=lat)


def _known(value: float, instead: float) -> float:
    """A stand-in for a number whose absence is already noted, so that the other values are still checked."""
    return instead if math.isnan(value) else value


def _check_names(file: TomlFile) -> None:
    """Ids used twice, and streams or depots that are named but not defined, each at its line."""
    ids: dict[str, dict[str, int]] = {}
    for kind in ("stream", "depot", "disposal_site", "vehicle"):
        seen = ids.setdefault(kind, {})
        for section in file.many(kind):
            one_id = section.values.get("id")
            if isinstance(one_id, str) and one_id in seen:
                message = f"The {kind} id '{one_id}' also stands in line {seen[one_id]}. Give each its own."
                section.add("id", "duplicate_id", message)
            elif isinstance(one_id, str):
                seen[one_id] = section.line_of.get("id", section.line)
    for kind, refers_to, keys in (
        ("disposal_site", "stream", ("streams",)),
        ("vehicle", "stream", ("streams", "compaction")),
        ("vehicle", "depot", ("depot", "start_depot", "end_depot")),
    ):
        for section in file.many(kind):
            for key in keys:
                given = section.values.get(key, [])
                for name in given if isinstance(given, list | dict) else [given]:
                    if isinstance(name, str) and name not in ids[refers_to]:
                        known = ", ".join(ids[refers_to]) or "none"
                        message = f"The {refers_to} '{name}' is not defined (known: {known}). Correct or define it."
                        section.add(key, f"unknown_{refers_to}", message)
