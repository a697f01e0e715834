"""Vehicles and disposal sites over HTTP, to read."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from api.http.caller import Caller
from api.http.openapi import problems
from api.http.services import Services
from optimizer.domain.places import Depot, DisposalSite
from optimizer.domain.vehicle import Vehicle


class VehiclesAnswer(BaseModel):
    """The town's vehicles."""

    model_config = ConfigDict(extra="forbid")

    vehicles: list[Vehicle]


class DisposalSitesAnswer(BaseModel):
    """Where the vehicles tip, and where they start and end."""

    model_config = ConfigDict(extra="forbid")

    disposal_sites: list[DisposalSite]
    depots: list[Depot]


def fleet_router(services: Services) -> APIRouter:
    """The operations on the fleet."""
    router = APIRouter(prefix="/v1", tags=["fleet"])

    @router.get("/vehicles", operation_id="listVehicles", responses=problems("no_town"))
    def list_vehicles(caller: Caller) -> VehiclesAnswer:
        """List the vehicles with their shifts, capacities and costs."""
        return VehiclesAnswer(vehicles=list(services.town_of(caller).town.vehicles))

    @router.get("/disposal-sites", operation_id="listDisposalSites", responses=problems("no_town"))
    def list_disposal_sites(caller: Caller) -> DisposalSitesAnswer:
        """List the disposal sites with their hours and streams, and the depots."""
        town = services.town_of(caller).town
        return DisposalSitesAnswer(disposal_sites=list(town.disposal_sites), depots=list(town.depots))

    return router
