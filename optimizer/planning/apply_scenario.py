"""A scenario's changes, applied to a day's request; the request itself is never touched."""

from dataclasses import replace
from functools import singledispatch

from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.request import DayRequest
from optimizer.domain.scenario import (
    AddVehicleLike,
    Change,
    ChangeServiceLevel,
    ChangeShift,
    CloseDisposalSite,
    RemoveVehicle,
    Scenario,
)
from optimizer.domain.vehicle import Vehicle


def apply_scenario(request: DayRequest, scenario: Scenario) -> DayRequest:
    """The request with all changes applied in order.

    Raises
    ------
    InvalidInputError
        When a change names something that the town does not have.
    """
    for change in scenario.changes:
        request = _apply(change, request)
    return request


def describe_change(change: Change) -> str:
    """The change in words, e.g. for a report's heading."""
    match change:
        case RemoveVehicle():
            return f"without vehicle {change.vehicle_id}"
        case AddVehicleLike():
            return f"with {change.new_vehicle_id}, another vehicle like {change.vehicle_id}"
        case CloseDisposalSite():
            return f"disposal site {change.disposal_site_id} closed"
        case ChangeShift():
            return f"vehicle {change.vehicle_id} working {change.starts_local:%H:%M} to {change.ends_local:%H:%M}"
        case ChangeServiceLevel():
            return f"must be emptied from {change.must_collect_probability:.0%} risk of overflow"


@singledispatch
def _apply(change: Change, request: DayRequest) -> DayRequest:  # noqa: ARG001 - the signature of all variants
    raise TypeError(f"There is no rule for the change {type(change).__name__}.")


@_apply.register
def _(change: RemoveVehicle, request: DayRequest) -> DayRequest:
    gone = _vehicle(request, change.vehicle_id)
    vehicles = tuple(
        replace(vehicle, is_available=False) if vehicle.vehicle_id == gone.vehicle_id else vehicle
        for vehicle in request.town.vehicles
    )
    return replace(
        request,
        town=replace(request.town, vehicles=vehicles),
    )


@_apply.register
def _(change: AddVehicleLike, request: DayRequest) -> DayRequest:
    twin = replace(
        _vehicle(request, change.vehicle_id),
        vehicle_id=change.new_vehicle_id,
        name=change.new_vehicle_id,
        is_available=True,
    )
    town = replace(request.town, vehicles=(*request.town.vehicles, twin))
    # A request for some vehicles only must name the new one too, or it would never drive.
    vehicle_ids = request.vehicle_ids | {twin.vehicle_id} if request.vehicle_ids else request.vehicle_ids
    return replace(request, town=town, vehicle_ids=vehicle_ids)


@_apply.register
def _(change: CloseDisposalSite, request: DayRequest) -> DayRequest:
    open_sites = tuple(site for site in request.town.disposal_sites if site.disposal_site_id != change.disposal_site_id)
    if len(open_sites) == len(request.town.disposal_sites):
        raise _unknown(request, "disposal site", change.disposal_site_id)
    return replace(request, town=replace(request.town, disposal_sites=open_sites))


@_apply.register
def _(change: ChangeShift, request: DayRequest) -> DayRequest:
    changed = _vehicle(request, change.vehicle_id)
    shift = replace(changed.shift, starts_local=change.starts_local, ends_local=change.ends_local)
    vehicles = tuple(
        replace(vehicle, shift=shift) if vehicle.vehicle_id == changed.vehicle_id else vehicle
        for vehicle in request.town.vehicles
    )
    return replace(request, town=replace(request.town, vehicles=vehicles))


@_apply.register
def _(change: ChangeServiceLevel, request: DayRequest) -> DayRequest:
    return replace(request, rules=replace(request.rules, must_collect_probability=change.must_collect_probability))


def _vehicle(request: DayRequest, vehicle_id: str) -> Vehicle:
    for vehicle in request.town.vehicles:
        if vehicle.vehicle_id == vehicle_id:
            return vehicle
    raise _unknown(request, "vehicle", vehicle_id)


def _unknown(request: DayRequest, kind: str, name: str) -> InvalidInputError:
    message = f"There is no {kind} '{name}' in {request.town.name}. Correct the id."
    return InvalidInputError([Issue(where="scenario", code=f"unknown_{kind.replace(' ', '_')}", message=message)])
