"""What a tour burns, by components: driving with the mass on board, lifting, idling, auxiliaries.

One figure of litres per 100 km is not defensible, because consumption differs by circuit, load and stops. The model
adds up what the wheels, the hydraulics and the idling engine need, after the energy demand studies of refuse vehicles
that RULES 4.6 of the project's design names; factors are in the spirit of ISO 14083, which is no certificate.

Checks against published figures: a rear loader lifts with 0.028 l of diesel or 0.113 kWh of electricity, idles with
3 l/h, and a whole day takes 68-90 l.
"""

from dataclasses import dataclass
from enum import StrEnum

from optimizer.domain.issues import IssueCollector

GRAVITY_M_PER_S2 = 9.81
AIR_KG_PER_M3 = 1.2
JOULE_PER_KWH = 3.6e6


class Drive(StrEnum):
    """What turns the wheels."""

    DIESEL = "diesel"
    ELECTRIC = "electric"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmissionFactors:
    """A named set of factors; reports must show its name.

    Attributes
    ----------
    diesel_wtw_kg_per_l, diesel_ttw_kg_per_l
        CO2 equivalents from well to wheel, and from tank to wheel.
    grid_kg_per_kwh
        Of electricity from the grid, taken at the socket; an electric vehicle emits nothing from tank to wheel.
    """

    name: str
    diesel_wtw_kg_per_l: float
    diesel_ttw_kg_per_l: float
    grid_kg_per_kwh: float


EN_16258_UBA_2024 = EmissionFactors(
    name="diesel EN 16258 (3.24 kg CO2e/l well-to-wheel, 2.65 tank-to-wheel); German grid 2024, UBA (0.363 kg/kWh)",
    diesel_wtw_kg_per_l=3.24,
    diesel_ttw_kg_per_l=2.65,
    grid_kg_per_kwh=0.363,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyModel:
    """A truck with its resistances and efficiencies; the defaults are those of a 26 t refuse truck.

    Attributes
    ----------
    empty_kg
        Mass without load.
    rolling_coefficient, drag_area_m2
        Rolling resistance; drag coefficient times frontal area.
    stops_per_km, cruise_kph
        How often the traffic brings it to a halt between stops, and from what speed; braking loses the kinetic energy
        but for ``recovered_share``.
    drive_efficiency
        From tank or socket to the wheel.
    lift_energy
        Litres or kilowatt-hours per container.
    idle_per_h
        Litres or kilowatt-hours per hour at a stop with the engine running; an electric one stands still.
    auxiliary_kw
        Steering, compressor, cab, while out.
    energy_per_unit_kwh
        What a litre (or a kilowatt-hour) holds.
    """

    drive: Drive
    empty_kg: float
    drive_efficiency: float
    lift_energy: float
    idle_per_h: float
    energy_per_unit_kwh: float
    recovered_share: float = 0.0
    rolling_coefficient: float = 0.007
    drag_area_m2: float = 0.63 * 8.58
    stops_per_km: float = 1.5
    cruise_kph: float = 40.0
    auxiliary_kw: float = 2.0

    def __post_init__(self) -> None:
        issues = IssueCollector("energy model")
        issues.require_number("empty_kg", self.empty_kg, low=500, high=60_000)
        issues.require_number("drive_efficiency", self.drive_efficiency, low=0.05, high=1)
        issues.require_number("recovered_share", self.recovered_share, high=1)
        issues.require_number("cruise_kph", self.cruise_kph, low=1, high=120)
        for name in ("lift_energy", "idle_per_h", "stops_per_km", "auxiliary_kw", "rolling_coefficient"):
            issues.require_number(name, getattr(self, name), high=1_000)
        issues.raise_if_any()

    def leg(self, *, distance_m: float, load_kg: float, halts: float = 1.0) -> float:
        """Litres or kilowatt-hours for driving a leg with a load, with so many halts beyond those of the traffic."""
        mass_kg = self.empty_kg + load_kg
        speed_m_per_s = self.cruise_kph / 3.6
        rolling_j = self.rolling_coefficient * mass_kg * GRAVITY_M_PER_S2 * distance_m
        air_j = 0.5 * AIR_KG_PER_M3 * self.drag_area_m2 * speed_m_per_s**2 * distance_m
        all_halts = self.stops_per_km * distance_m / 1000 + halts
        braking_j = 0.5 * mass_kg * speed_m_per_s**2 * all_halts * (1.0 - self.recovered_share)
        # A short hop between two containers does not reach the cruising speed.
        braking_j = min(braking_j, _MOST_BRAKING_SHARE * mass_kg * distance_m)
        wheel_kwh = (rolling_j + air_j + braking_j) / JOULE_PER_KWH
        return wheel_kwh / self.drive_efficiency / self.energy_per_unit_kwh

    def standing(self, *, lifts: int, idle_s: float, out_s: float) -> float:
        """Litres or kilowatt-hours for lifting, idling at stops and auxiliaries."""
        return self.lifting(lifts) + self.idling(idle_s) + self.auxiliary(idle_s=idle_s, out_s=out_s)

    def lifting(self, lifts: int) -> float:
        """Litres or kilowatt-hours for lifting containers."""
        return lifts * self.lift_energy

    def idling(self, idle_s: float) -> float:
        """Litres or kilowatt-hours for a running engine at stops."""
        return idle_s / 3600 * self.idle_per_h

    def auxiliary(self, *, idle_s: float, out_s: float) -> float:
        """Litres or kilowatt-hours for auxiliaries while out; free while a diesel idles."""
        moving_h = max(out_s - idle_s, 0.0) / 3600 if self.drive is Drive.DIESEL else out_s / 3600
        used = self.auxiliary_kw * moving_h / self.energy_per_unit_kwh
        return used / self.drive_efficiency if self.drive is Drive.DIESEL else used

    def co2e_kg(self, used: float, factors: EmissionFactors, *, from_well: bool = True) -> float:
        """Of so many litres or kilowatt-hours."""
        if self.drive is Drive.ELECTRIC:
            return used * factors.grid_kg_per_kwh if from_well else 0.0
        return used * (factors.diesel_wtw_kg_per_l if from_well else factors.diesel_ttw_kg_per_l)


_MOST_BRAKING_SHARE = 0.6
"""Of mass and metres, in m/s2: half of a hop accelerates with 1.2 m/s2 at most."""

DIESEL_26T = EnergyModel(
    drive=Drive.DIESEL,
    empty_kg=15_250,
    drive_efficiency=0.30,
    lift_energy=0.028,
    idle_per_h=3.0,
    energy_per_unit_kwh=10.4,
)
ELECTRIC_26T = EnergyModel(
    drive=Drive.ELECTRIC,
    empty_kg=17_250,
    drive_efficiency=0.79,
    lift_energy=0.113,
    idle_per_h=0.0,
    energy_per_unit_kwh=1.0,
    recovered_share=0.5,
)
