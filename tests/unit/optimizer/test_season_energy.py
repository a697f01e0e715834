"""The component model against the figures that are published for refuse trucks."""

import pytest

from optimizer.domain.issues import InvalidInputError
from optimizer.season.energy import DIESEL_26T, ELECTRIC_26T, EN_16258_UBA_2024, EnergyModel


def _day(model: EnergyModel, *, km: float, lifts: int, lifts_per_stop: int, idle_s: float, load_kg: float) -> float:
    """A day of equal hops with half the load on board; kerbside trucks empty several bins at each halt."""
    stops = lifts // lifts_per_stop
    driving = stops * model.leg(distance_m=km * 1000 / stops, load_kg=load_kg / 2)
    return driving + model.standing(lifts=lifts, idle_s=idle_s, out_s=7 * 3600)


def test_energy_of_a_lift_and_of_idling_are_the_published_ones() -> None:
    assert DIESEL_26T.standing(lifts=100, idle_s=0, out_s=0) == pytest.approx(2.8)
    assert ELECTRIC_26T.standing(lifts=100, idle_s=0, out_s=0) == pytest.approx(11.3)
    assert DIESEL_26T.standing(lifts=0, idle_s=3600, out_s=3600) == pytest.approx(3.0)


def test_energy_of_a_collection_day_lies_near_the_published_68_to_90_litres() -> None:
    used_l = _day(DIESEL_26T, km=80, lifts=450, lifts_per_stop=3, idle_s=450 * 20, load_kg=9_000)
    assert 60 <= used_l <= 90


def test_energy_per_100_km_lies_above_haulage_and_around_refuse_collection() -> None:
    haul_l = DIESEL_26T.leg(distance_m=100_000, load_kg=9_000)
    assert 25 <= haul_l <= 60
    day_l = _day(DIESEL_26T, km=80, lifts=450, lifts_per_stop=3, idle_s=450 * 20, load_kg=9_000)
    assert 70 <= day_l / 80 * 100 <= 120, "US refuse fleets: 78 to 94 l/100 km"


def test_energy_of_an_electric_day_fits_its_battery() -> None:
    # Kassel: 500 bins and 80 km in 6.5 h took just under half of a battery of 240 to 400 kWh.
    used_kwh = _day(ELECTRIC_26T, km=80, lifts=500, lifts_per_stop=3, idle_s=500 * 20, load_kg=8_000)
    assert 100 <= used_kwh <= 220


def test_energy_grows_with_load_and_with_halts() -> None:
    empty, laden = (DIESEL_26T.leg(distance_m=1_000, load_kg=kg) for kg in (0, 9_000))
    assert empty < laden
    smooth, halting = (DIESEL_26T.leg(distance_m=1_000, load_kg=0, halts=halts) for halts in (0, 2))
    assert smooth < halting
    assert DIESEL_26T.leg(distance_m=0, load_kg=0) == 0


def test_emissions_name_their_factors_and_their_well() -> None:
    assert DIESEL_26T.co2e_kg(100, EN_16258_UBA_2024) == pytest.approx(324)
    assert DIESEL_26T.co2e_kg(100, EN_16258_UBA_2024, from_well=False) == pytest.approx(265)
    assert ELECTRIC_26T.co2e_kg(100, EN_16258_UBA_2024) == pytest.approx(36.3)
    assert ELECTRIC_26T.co2e_kg(100, EN_16258_UBA_2024, from_well=False) == 0
    for word in ("EN 16258", "UBA", "2024", "well-to-wheel", "tank-to-wheel"):
        assert word in EN_16258_UBA_2024.name


def test_a_year_of_a_diesel_truck_emits_57_tonnes_not_150() -> None:
    # 17,700 l a year and truck; press claims of 150 t saved a truck cannot be.
    assert DIESEL_26T.co2e_kg(17_700, EN_16258_UBA_2024) / 1000 == pytest.approx(57.3, abs=0.1)


def test_energy_model_refuses_impossible_figures() -> None:
    with pytest.raises(InvalidInputError, match="drive_efficiency"):
        EnergyModel(
            drive=DIESEL_26T.drive,
            empty_kg=15_000,
            drive_efficiency=1.4,
            lift_energy=0.03,
            idle_per_h=3,
            energy_per_unit_kwh=10,
        )
