"""One place index for all vehicle profiles: each profile's matrix, spread over the places of all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from routing.errors import UnknownProfileError, WaypointError
from routing.location import Waypoint
from routing.matrix import PlacedTravel, TravelMatrix
from routing.ports import ProgressCallback, StreetRouter

FAR_S = 1_000_000
FAR_M = 10_000_000
"""Stand in the rows of places that a profile cannot reach: longer than any shift, and sums stay small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedTravel:
    """Matrices over the same places.

    Attributes
    ----------
    waypoints
        In place order; each can be placed for at least one profile.
    place_of
        The place of each given waypoint, -1 where no profile can place it.
    matrix_by_profile
        Profiles whose depots could be placed.
    slices_by_profile
        The same at each of the instants asked for; places that cannot be reached then lie far away.
    errors_by_profile
        Why a waypoint has no row, by profile and given index.
    """

    waypoints: tuple[Waypoint, ...]
    place_of: tuple[int, ...]
    matrix_by_profile: dict[str, TravelMatrix]
    slices_by_profile: dict[str, tuple[TravelMatrix, ...]]
    errors_by_profile: dict[str, dict[int, WaypointError]]

    def reaches(self, profile: str, waypoint_index: int) -> bool:
        """Whether vehicles of the profile can drive there."""
        return profile in self.matrix_by_profile and waypoint_index not in self.errors_by_profile[profile]


def share_travel(
    waypoints: Sequence[Waypoint],
    depots_by_profile: Mapping[str, Sequence[int]],
    *,
    router: StreetRouter,
    at: datetime,
    slices_at: Sequence[datetime] = (),
    tolled: frozenset[str] = frozenset(),
    progress: ProgressCallback | None = None,
) -> SharedTravel:
    """Ask the router per profile, anchored at the first of its depots that can be placed, as it is ``at`` then.

    What can be reached is decided then; ``slices_at`` are other instants, for the time that travel takes. Metres on
    toll roads are asked for where a profile is ``tolled``.
    """
    placed_by_profile: dict[str, PlacedTravel] = {}
    slices_by_profile: dict[str, list[PlacedTravel]] = {}
    parts = len(depots_by_profile) * (1 + len(slices_at))
    errors_by_profile: dict[str, dict[int, WaypointError]] = {}
    for number, (profile, depots) in enumerate(depots_by_profile.items()):
        done = number * (1 + len(slices_at))
        errors_by_profile[profile] = {}
        for anchor in dict.fromkeys(depots):
            try:
                placed = router.travel(
                    waypoints,
                    profile=profile,
                    anchor_index=anchor,
                    progress=_share(progress, done=done, parts=parts),
                    at=at,
                    with_tolls=profile in tolled,
                )
            except UnknownProfileError:
                break
            errors_by_profile[profile] = {one.waypoint_index: one.error for one in placed.rejections}
            if placed.row_of[anchor] >= 0:
                placed_by_profile[profile] = placed
                slices_by_profile[profile] = [
                    router.travel(
                        waypoints,
                        profile=profile,
                        anchor_index=anchor,
                        progress=_share(progress, done=done + later, parts=parts),
                        at=slice_at,
                        with_tolls=profile in tolled,
                    )
                    for later, slice_at in enumerate(slices_at, start=1)
                ]
                break
    is_placed = np.zeros(len(waypoints), dtype=bool)
    for placed in placed_by_profile.values():
        is_placed |= placed.row_of >= 0
    place_of = np.where(is_placed, np.cumsum(is_placed) - 1, -1)
    return SharedTravel(
        waypoints=tuple(waypoint for waypoint, has_place in zip(waypoints, is_placed, strict=True) if has_place),
        place_of=tuple(int(place) for place in place_of),
        matrix_by_profile={
            profile: _spread(placed, is_placed=is_placed) for profile, placed in placed_by_profile.items()
        },
        slices_by_profile={
            profile: tuple(_spread(placed, is_placed=is_placed) for placed in slices)
            for profile, slices in slices_by_profile.items()
        },
        errors_by_profile=errors_by_profile,
    )


def _spread(placed: PlacedTravel, *, is_placed: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> TravelMatrix:
    rows = placed.row_of[is_placed]
    if (rows >= 0).all():
        return placed.matrix
    own = np.flatnonzero(rows >= 0)
    block = np.ix_(rows[own], rows[own])
    duration_s = np.full((len(rows), len(rows)), FAR_S, dtype=np.int32)
    distance_m = np.full((len(rows), len(rows)), FAR_M, dtype=np.int32)
    duration_s[np.ix_(own, own)] = placed.matrix.duration_s[block]
    distance_m[np.ix_(own, own)] = placed.matrix.distance_m[block]
    np.fill_diagonal(duration_s, 0)
    np.fill_diagonal(distance_m, 0)
    toll_m = None
    if placed.matrix.toll_m is not None:
        toll_m = np.zeros_like(distance_m)
        toll_m[np.ix_(own, own)] = placed.matrix.toll_m[block]
    return TravelMatrix.from_arrays(duration_s=duration_s, distance_m=distance_m, toll_m=toll_m)


def _share(progress: ProgressCallback | None, *, done: int, parts: int) -> ProgressCallback | None:
    if progress is None:
        return None
    return lambda share: progress((done + share) / parts)
