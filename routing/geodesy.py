"""Lengths and bearings on the sphere, for whole arrays of points."""

import numpy as np
from numpy.typing import NDArray

from routing.crow_flight import EARTH_RADIUS_M

FloatArray = NDArray[np.float64]


def great_circle_m(
    lon1_deg: FloatArray, lat1_deg: FloatArray, lon2_deg: FloatArray, lat2_deg: FloatArray
) -> FloatArray:
    """Metres between pairs of points (haversine)."""
    lat1, lat2 = np.radians(lat1_deg), np.radians(lat2_deg)
    half_lon = np.radians(lon2_deg - lon1_deg) / 2
    half_chord_sq = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin(half_lon) ** 2
    distance_m: FloatArray = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(half_chord_sq)))
    return distance_m


def bearing_deg(lon1_deg: FloatArray, lat1_deg: FloatArray, lon2_deg: FloatArray, lat2_deg: FloatArray) -> FloatArray:
    """Compass bearings between pairs of near points, 0 to 360, clockwise from north."""
    east = (lon2_deg - lon1_deg) * np.cos(np.radians((lat1_deg + lat2_deg) / 2))
    clockwise_deg: FloatArray = np.degrees(np.arctan2(east, lat2_deg - lat1_deg)) % 360.0
    return clockwise_deg
