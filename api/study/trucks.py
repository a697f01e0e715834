"""What the town's vehicles burn in a study: the component model, with each vehicle's own mass, lifts and idling."""

from collections.abc import Mapping
from dataclasses import replace
from statistics import fmean

from optimizer.domain.town import Town
from optimizer.domain.vehicle import Vehicle
from optimizer.season.energy import DIESEL_26T, EnergyModel
from routing.errors import RoutingError
from routing.profile import load_profile

LOWEST_EMPTY_SHARE = 0.3
"""Of the permitted mass: below that, payload and profile do not belong together."""


def energy_models(town: Town) -> dict[str, EnergyModel]:
    """By vehicle id."""
    return {one.vehicle_id: _model(one) for one in town.vehicles}


def mass_share(models: Mapping[str, EnergyModel]) -> float:
    """The fleet's mean empty mass as a share of the usual truck's."""
    return fmean(one.empty_kg for one in models.values()) / DIESEL_26T.empty_kg if models else 1.0


def _model(vehicle: Vehicle) -> EnergyModel:
    own = replace(DIESEL_26T, lift_energy=vehicle.fuel.lift_l, idle_per_h=vehicle.fuel.idle_l_per_h)
    try:
        profile = load_profile(vehicle.profile)
    except RoutingError:  # a profile of the town's own: the usual truck stands for it
        return own
    full = load_profile("truck_26t")
    share = profile.weight_kg / full.weight_kg
    front = profile.height_cm * profile.width_cm / (full.height_cm * full.width_cm)
    return replace(
        own,
        empty_kg=max(profile.weight_kg - vehicle.capacity_kg, LOWEST_EMPTY_SHARE * profile.weight_kg),
        drag_area_m2=own.drag_area_m2 * front,
        auxiliary_kw=own.auxiliary_kw * min(share, 1.0),
    )
