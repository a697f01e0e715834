"""A scenario's changes, applied to a day's request; the request itself is never touched.

Closed roads and faster filling change no master data: ``scenario_ports`` applies them.
"""

import hashlib
from dataclasses import replace
from functools import singledispatch

from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.request import DayRequest
from optimizer.domain.scenario import (
    AddContainer,
    AddVehicleLike,
    Change,
    ChangeServiceLevel,
    ChangeShift,
    CloseDisposalSite,
    CloseRoad,
    LoseSensors,
    RemoveContainers,
    RemoveVehicle,
    ReplaceVehicle,
    ScaleDemand,
    Scenario,
)
from optimizer.domain.town import Town
from optimizer.domain.vehicle import Vehicle
from optimizer.planning.scenario_words import words_of_change


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
    """The change in English words, e.g. for a report's heading."""
    return words_of_change(change).en


@singledispatch
def _apply(change: Change, request: DayRequest) -> DayRequest:  # noqa: ARG001 - the signature of all variants
    raise TypeError(f"There is no rule for the change {type(change).__name__}.")


@_apply.register
def _(change: RemoveVehicle, request: DayRequest) -> DayRequest:
    return _with_vehicle(request, replace(_vehicle(request, change.vehicle_id), is_available=False))


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
def _(change: ReplaceVehicle, request: DayRequest) -> DayRequest:
    old = _vehicle(request, change.vehicle_id)
    # Crew, hours and depot stay: only the vehicle is another one.
    new = replace(
        _vehicle(request, change.like_vehicle_id),
        vehicle_id=old.vehicle_id,
        name=old.name,
        shift=old.shift,
        start_depot_id=old.start_depot_id,
        end_depot_id=old.end_depot_id,
        is_available=True,
    )
    return _with_vehicle(request, new)


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
    return _with_vehicle(request, replace(changed, shift=shift))


@_apply.register
def _(change: ChangeServiceLevel, request: DayRequest) -> DayRequest:
    return replace(request, rules=replace(request.rules, must_collect_probability=change.must_collect_probability))


@_apply.register
def _(change: CloseRoad, request: DayRequest) -> DayRequest:  # noqa: ARG001 - the map is closed, not the town
    return request


@_apply.register
def _(change: AddContainer, request: DayRequest) -> DayRequest:
    return replace(request, town=replace(request.town, containers=(*request.town.containers, change.container)))


@_apply.register
def _(change: RemoveContainers, request: DayRequest) -> DayRequest:
    gone = _containers(request, change.container_ids)
    kept = tuple(one for one in request.town.containers if one.container_id not in gone)
    return replace(
        request,
        town=replace(request.town, containers=kept),
        history={name: series for name, series in request.history.items() if name not in gone},
        exclude=request.exclude - gone,
        force=request.force - gone,
    )


@_apply.register
def _(change: ScaleDemand, request: DayRequest) -> DayRequest:
    known = {stream.stream_id for stream in request.town.streams}
    for name in change.streams:
        if name not in known:
            raise _unknown(request, "stream", name)
    return request


@_apply.register
def _(change: LoseSensors, request: DayRequest) -> DayRequest:
    lost = _containers(request, change.container_ids) or _share_of(request.town, change.lost_fraction)
    containers = tuple(
        replace(one, has_sensor=False) if one.container_id in lost else one for one in request.town.containers
    )
    return replace(
        request,
        town=replace(request.town, containers=containers),
        history={name: series for name, series in request.history.items() if name not in lost},
    )


def _share_of(town: Town, fraction: float) -> frozenset[str]:
    """The share of all sensors whose ids come first in an order that only looks random."""
    fitted = [one.container_id for one in town.containers if one.has_sensor]
    fitted.sort(key=lambda name: hashlib.sha256(name.encode()).digest())
    return frozenset(fitted[: round(len(fitted) * fraction)])


def _containers(request: DayRequest, container_ids: tuple[str, ...]) -> frozenset[str]:
    known = {one.container_id for one in request.town.containers}
    for name in container_ids:
        if name not in known:
            raise _unknown(request, "container", name)
    return frozenset(container_ids)


def _vehicle(request: DayRequest, vehicle_id: str) -> Vehicle:
    for vehicle in request.town.vehicles:
        if vehicle.vehicle_id == vehicle_id:
            return vehicle
    raise _unknown(request, "vehicle", vehicle_id)


def _with_vehicle(request: DayRequest, changed: Vehicle) -> DayRequest:
    vehicles = tuple(changed if one.vehicle_id == changed.vehicle_id else one for one in request.town.vehicles)
    return replace(request, town=replace(request.town, vehicles=vehicles))


def _unknown(request: DayRequest, kind: str, name: str) -> InvalidInputError:
    message = f"There is no {kind} '{name}' in {request.town.name}. Correct the id."
    return InvalidInputError([Issue(where="scenario", code=f"unknown_{kind.replace(' ', '_')}", message=message)])
