"""Writes fleet.toml so that people can read and change it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import time
from itertools import groupby
from pathlib import Path

from api.files.atomic import write_atomically
from api.files.fleet_file import WEEKDAYS, Fleet
from optimizer.domain.vehicle import (
    ARBZG_BREAKS,
    ARBZG_MAX_STRETCH_S,
    BreakRule,
    Shift,
    Vehicle,
)

_Value = str | float | bool | list[str] | Mapping[str, float] | None


def write_fleet(fleet: Fleet, path: Path, *, comments: Mapping[str, str] | None = None) -> None:
    """The fleet as a file that ``read_fleet`` understands, in one step.

    Parameters
    ----------
    comments
        Remarks by table, e.g. ``"vehicle LUE-12"``, ``"town"`` or ``""`` for the top of the file.
    """
    write_atomically(path, fleet_toml(fleet, comments=comments or {}).encode())


def fleet_toml(fleet: Fleet, *, comments: Mapping[str, str]) -> str:
    """The text of the file."""
    rules = fleet.rules
    parts = [_comment(comments.get("", "")).rstrip("\n")] if comments.get("") else []
    parts.append(
        _comment(comments.get("town", ""))
        + _table(
            "[town]",
            {
                "id": fleet.town_id,
                "name": fleet.name,
                "zone": fleet.zone.key,
                "country": fleet.country,
                "map": fleet.map_name or None,
                "travel_slices": [_clock(one) for one in fleet.travel_slices_local] or None,
            },
        )
    )
    parts.append(
        _comment(comments.get("rules", ""))
        + _table(
            "[rules]",
            {
                "must_collect_probability": rules.must_collect_probability,
                "overflow_cost_eur": rules.overflow_cost_eur,
                "min_fill_fraction": rules.min_fill_fraction,
                "max_blind_days": rules.max_blind_days,
            },
        )
    )
    for stream in fleet.streams:
        values: dict[str, _Value] = {
            "id": stream.stream_id,
            "density_kg_per_l": stream.density_kg_per_l,
            "is_fast": stream.is_fast,
        }
        parts.append(_comment(comments.get(f"stream {stream.stream_id}", "")) + _table("[[stream]]", values))
    for depot in fleet.depots:
        values = {
            "id": depot.depot_id,
            "name": depot.name,
            "lon": depot.location.lon_deg,
            "lat": depot.location.lat_deg,
        }
        parts.append(_comment(comments.get(f"depot {depot.depot_id}", "")) + _table("[[depot]]", values))
    for site in fleet.disposal_sites:
        values = {
            "id": site.disposal_site_id,
            "name": site.name,
            "lon": site.location.lon_deg,
            "lat": site.location.lat_deg,
            "streams": sorted(site.streams),
            "hours": site.hours.expression,
            "unloading_s": site.unloading_s,
            "queue_s_by_hour": _ranges(site.queue_s_by_hour) or None,
            "fee_eur_per_t": site.fee_eur_per_t,
        }
        remark = _comment(comments.get(f"disposal_site {site.disposal_site_id}", ""))
        parts.append(remark + _table("[[disposal_site]]", values))
    parts += [_comment(comments.get(f"vehicle {one.vehicle_id}", "")) + _vehicle(one) for one in fleet.vehicles]
    return "\n\n".join(parts) + "\n"


def _vehicle(vehicle: Vehicle) -> str:
    values: dict[str, _Value] = {
        "id": vehicle.vehicle_id,
        "name": vehicle.name,
        "profile": vehicle.profile,
        "streams": sorted(vehicle.streams),
        "systems": sorted(vehicle.systems),
        "capacity_kg": vehicle.capacity_kg,
        "body_l": vehicle.body_l,
        "compaction": dict(vehicle.compaction_by_stream) or None,
        "start_depot": vehicle.start_depot_id,
        "end_depot": vehicle.end_depot_id,
        "cost_eur_per_km": vehicle.cost_eur_per_km,
        "cost_eur_per_h": vehicle.cost_eur_per_h,
        "cost_eur_per_day": vehicle.cost_eur_per_day,
        "overtime_eur_per_h": vehicle.overtime_eur_per_h or None,
        "toll_eur_per_km": vehicle.toll_eur_per_km or None,
        "max_trips": vehicle.max_trips,
        "max_day_kg": vehicle.max_day_kg,
        "is_available": vehicle.is_available,
    }
    fuel = vehicle.fuel
    rates: dict[str, _Value] = {
        "driving_l_per_100km": fuel.driving_l_per_100km,
        "lift_l": fuel.lift_l,
        "idle_l_per_h": fuel.idle_l_per_h,
        "co2e_kg_per_l": fuel.co2e_kg_per_l,
    }
    tables = [_table("[[vehicle]]", values), _shift(vehicle.shift), _table("[vehicle.fuel]", rates)]
    return "\n\n".join(tables)


def _shift(shift: Shift) -> str:
    values: dict[str, _Value] = {
        "starts": _clock(shift.starts_local),
        "ends": _clock(shift.ends_local),
        "weekdays": [WEEKDAYS[day] for day in sorted(shift.weekdays)],
        "max_work_s": shift.max_work_s,
        "max_out_s": shift.max_out_s,
        "regular_work_s": shift.regular_work_s,
        "max_stretch_s": shift.max_stretch_s if shift.max_stretch_s != ARBZG_MAX_STRETCH_S else None,
    }
    lines = _table("[vehicle.shift]", values)
    if shift.breaks != ARBZG_BREAKS:
        lines += f"\nbreaks = [{_break_rules(shift.breaks)}]"
    return lines


def _ranges(queue_s_by_hour: Sequence[int]) -> dict[str, float]:
    """Hours with a queue, as in ``{"7-9": 1200}``."""
    runs = [
        (seconds, list(hours)) for seconds, hours in groupby(range(len(queue_s_by_hour)), queue_s_by_hour.__getitem__)
    ]
    return {f"{hours[0]}-{hours[-1] + 1}": seconds for seconds, hours in runs if seconds}


def _break_rules(breaks: Iterable[BreakRule]) -> str:
    return ", ".join(f"{{work_above_s = {rule.work_above_s}, break_s = {rule.break_s}}}" for rule in breaks)


def _clock(clock: time) -> str:
    return clock.isoformat("minutes" if not (clock.second or clock.microsecond) else "auto")


def _table(heading: str, values: Mapping[str, _Value]) -> str:
    return "\n".join([heading, *(f"{key} = {_toml(value)}" for key, value in values.items() if value is not None)])


def _toml(value: _Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list):
        return f"[{', '.join(_quoted(one) for one in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_quoted(key)} = {_toml(factor)}' for key, factor in sorted(value.items()))}}}"
    return repr(value)


def _quoted(text: str) -> str:
    # JSON's escapes are TOML's, but for the delete character, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines())
