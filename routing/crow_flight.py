"""A router without streets: straight lines times a detour factor. For tests, and for towns without a map yet."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import numpy as np

from routing.errors import UnknownProfileError
from routing.location import Waypoint
from routing.matrix import PlacedTravel, TravelMatrix
from routing.notices import ClosedStreetNotice
from routing.path import LegPath
from routing.ports import MapInfo, ProgressCallback

EARTH_RADIUS_M = 6_371_008.8
"""Mean Earth radius, IUGG."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowFlightRouter:
    """Answers the router's port with great-circle distances.

    Attributes
    ----------
    speed_kph
        Mean speed of every profile.
    detour_factor
        Street metres per metre of straight line; 1.35 is usual for European towns.
    """

    speed_kph: float = 25.0
    detour_factor: float = 1.35

    @property
    def map_info(self) -> MapInfo:
        """A map of the whole Earth without streets."""
        return MapInfo(
            source="straight lines", digest="crow-flight", data_at=None, bounds_deg=(-180, -90, 180, 90), attribution=""
        )

    @property
    def profiles(self) -> tuple[str, ...]:
        """The usual profile names, all with one speed."""
        return ("truck_26t", "truck_18t", "van_3_5t")

    def serving(self, waypoints: Sequence[Waypoint]) -> Self:  # noqa: ARG002 - there are no private streets here
        """The same router."""
        return self

    def travel(
        self,
        waypoints: Sequence[Waypoint],
        *,
        profile: str,
        anchor_index: int = 0,  # noqa: ARG002 - everything reaches everything
        progress: ProgressCallback | None = None,
        at: datetime | None = None,  # noqa: ARG002 - straight lines know no times
        with_tolls: bool = False,  # noqa: ARG002 - nor toll streets
    ) -> PlacedTravel:
        """Every waypoint is placed where it is.

        Raises
        ------
        UnknownProfileError
            When there is no such profile.
        """
        if profile not in self.profiles:
            raise UnknownProfileError(profile=profile, known=self.profiles)
        lon = np.radians([waypoint.location.lon_deg for waypoint in waypoints])
        lat = np.radians([waypoint.location.lat_deg for waypoint in waypoints])
        half_chord_sq = (
            np.sin((lat[:, None] - lat[None, :]) / 2) ** 2
            + np.cos(lat[:, None]) * np.cos(lat[None, :]) * np.sin((lon[:, None] - lon[None, :]) / 2) ** 2
        )
        straight_m = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(half_chord_sq))
        distance_m = np.rint(straight_m * self.detour_factor)
        duration_s = np.rint(distance_m / (self.speed_kph / 3.6))
        if progress is not None:
            progress(1.0)
        return PlacedTravel(
            matrix=TravelMatrix.from_arrays(
                duration_s=duration_s.astype(np.int32), distance_m=distance_m.astype(np.int32)
            ),
            row_of=np.arange(len(waypoints), dtype=np.int32),
            rejections=(),
        )

    def paths(
        self,
        waypoints: Sequence[Waypoint],
        legs: Sequence[tuple[int, int]],
        *,
        profile: str,
        at: datetime | None = None,
    ) -> tuple[LegPath, ...]:
        """Straight lines between the two ends of each leg.

        Raises
        ------
        UnknownProfileError
            When there is no such profile.
        """
        matrix = self.travel(waypoints, profile=profile, at=at).matrix
        ends = [(waypoint.location.lon_deg, waypoint.location.lat_deg) for waypoint in waypoints]
        return tuple(
            LegPath(
                lon_lat_deg=np.array([ends[start], ends[end]], dtype=np.float64),
                duration_s=int(matrix.duration_s[start, end]),
                distance_m=int(matrix.distance_m[start, end]),
            )
            for start, end in legs
        )

    def closed_streets(
        self,
        waypoints: Sequence[Waypoint],  # noqa: ARG002 - straight lines know no streets
        *,
        profile: str,
        at: datetime | None = None,  # noqa: ARG002 - straight lines know no times
    ) -> tuple[ClosedStreetNotice, ...]:
        """None: there are no streets to close.

        Raises
        ------
        UnknownProfileError
            When there is no such profile.
        """
        if profile not in self.profiles:
            raise UnknownProfileError(profile=profile, known=self.profiles)
        return ()


def metres_per_degree(lat_deg: float) -> tuple[float, float]:
    """Metres of one degree of longitude and of latitude at a latitude, on the sphere."""
    per_degree_m = math.pi * EARTH_RADIUS_M / 180
    return per_degree_m * math.cos(math.radians(lat_deg)), per_degree_m
