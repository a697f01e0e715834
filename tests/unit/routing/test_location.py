"""Points on Earth: every real one is taken, and nothing else."""

import math

import pytest

from routing.location import Location


@pytest.mark.parametrize(("lon_deg", "lat_deg"), [(8.69, 49.41), (-180.0, -90.0), (180.0, 90.0), (0.0, 0.0)])
def test_location_takes_every_point_on_earth(lon_deg: float, lat_deg: float) -> None:
    place = Location(lon_deg=lon_deg, lat_deg=lat_deg)
    assert (place.lon_deg, place.lat_deg) == (lon_deg, lat_deg)


@pytest.mark.parametrize("value", [180.001, -180.001, math.nan, math.inf, -math.inf])
def test_location_rejects_a_longitude_beyond_the_globe(value: float) -> None:
    with pytest.raises(ValueError, match=r"longitude .* between -180 and 180"):
        Location(lon_deg=value, lat_deg=49.0)


@pytest.mark.parametrize("value", [90.001, -90.001, math.nan, math.inf, -math.inf])
def test_location_rejects_a_latitude_beyond_the_poles(value: float) -> None:
    with pytest.raises(ValueError, match=r"latitude .* between -90 and 90"):
        Location(lon_deg=8.0, lat_deg=value)
