"""Waypoints whose own street an override takes away.

Guards that nobody is sent to a neighbouring street in silence: a container in a closed street is served from the
nearest open one within the limit, and this is said together with the override, its reason and its end.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from routing.location import Waypoint
from routing.metric import Metric
from routing.notices import ClosedStreetNotice
from routing.override_book import OverrideBook
from routing.override_targets import arcs_of
from routing.overrides import CloseStreet, Override, SetDirection, SetLimit
from routing.snapping import Placement, SnapIndex
from routing.streets import StreetGraph


def split_closing(overrides: Sequence[Override], *, profile: str) -> tuple[tuple[Override, ...], OverrideBook]:
    """Those of the overrides in force that may take a street away from a vehicle, and a book of the others."""
    closing = tuple(
        one
        for one in overrides
        if isinstance(one.change, CloseStreet | SetLimit | SetDirection)
        and (not one.profiles or profile in one.profiles)
    )
    return closing, OverrideBook(overrides=tuple(one for one in overrides if one not in closing))


def near_taken_streets(
    waypoints: Sequence[Waypoint],
    closing: Sequence[Override],
    metric: Metric,
    *,
    index: SnapIndex,
    limit_m: float,
) -> NDArray[np.intp]:
    """Waypoints near a street that these overrides are about and that the vehicle may not use: most often none."""
    is_taken = np.zeros(metric.arc_ms.size, dtype=np.bool_)
    for one in closing:
        is_taken[arcs_of(one, index.streets)] = True
    is_taken &= metric.arc_ms < 0
    if not is_taken.any() or not waypoints:
        return np.empty(0, dtype=np.intp)
    taken = replace(metric, arc_ms=np.where(is_taken, 0, -1).astype(metric.arc_ms.dtype))
    places = [(one.location.lon_deg, one.location.lat_deg) for one in waypoints]
    on_any_side = np.zeros(len(waypoints), dtype=np.bool_)
    found = index.nearest(np.array(places, dtype=np.float64), on_any_side, taken, limit_m=limit_m)
    return np.flatnonzero(found.piece >= 0)


def closed_street_notices(
    indices: NDArray[np.intp],
    *,
    before: Placement,
    now: Placement,
    metric: Metric,
    closing: Sequence[Override],
    streets: StreetGraph,
) -> tuple[ClosedStreetNotice, ...]:
    """What to say about those whose street is open without the overrides and closed with them.

    Parameters
    ----------
    indices
        The waypoints' positions in the question.
    before, now
        Their places without the overrides and with them.
    metric
        What is open now.
    """
    arcs = [set(arcs_of(one, streets).tolist()) for one in closing]
    notices = []
    for position, waypoint_index in enumerate(indices.tolist()):
        segment = int(before.places.segment[position])
        own_arcs = (2 * segment, 2 * segment + 1)
        if position in before.errors or any(metric.arc_ms[arc] >= 0 for arc in own_arcs):
            continue
        named = [one for one, its in zip(closing, arcs, strict=True) if not its.isdisjoint(own_arcs)]
        if not named:
            continue
        override = next((one for one in named if isinstance(one.change, CloseStreet)), named[-1])
        is_served = position not in now.errors
        used = now.places if is_served else before.places
        notices.append(
            ClosedStreetNotice(
                waypoint_index=waypoint_index,
                street_name=streets.segment_name(segment),
                override_id=override.override_id,
                reason=override.reason,
                until_at=override.valid_until_at,
                served_from=streets.segment_name(int(used.segment[position])) if is_served else None,
                distance_m=float(used.distance_m[position]),
            )
        )
    return tuple(notices)
