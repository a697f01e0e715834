"""What a new release changes for a tablet that has an older one: only that, and never what is done."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from optimizer.planning.tour_progress import TourProgress


def tour_changes(before: bytes | None, after: bytes, *, done: frozenset[str]) -> dict[str, Any]:
    """The difference of two sheets of one vehicle.

    Parameters
    ----------
    before, after
        The tour as the tablet has it (None when it had none), and as it is now.
    done
        Containers that the tablet has reported about: whatever the plans say, those stand as reported.
    """
    old = _by_place([] if before is None else json.loads(before)["tour"].get("stops", []))
    new_stops = json.loads(after)["tour"].get("stops", [])
    new = _by_place(new_stops)
    return {
        "added": [
            _open(stop, done) for key, stop in new.items() if key not in old and _open(stop, done)["collections"]
        ],
        "removed": [
            {"stop": key[0], "container_ids": sorted(ids)}
            for key, stop in old.items()
            if key not in new and (ids := _containers(stop) - done)
        ],
        "changed": [
            {
                "stop": key[0],
                "before": _times(old[key]),
                "after": _times(stop),
                "container_ids": sorted(_containers(stop)),
            }
            for key, stop in new.items()
            if key in old and (_times(old[key]) != _times(stop) or _containers(old[key]) != _containers(stop))
        ],
        "order": [
            {"place_id": stop["place_id"], "kind": stop["kind"], "sequence": stop["sequence"]} for stop in new_stops
        ],
        "pinned_container_ids": sorted(done),
    }


def pinned_containers(before: bytes | None, progress: TourProgress) -> frozenset[str]:
    """What a new release may not take from a crew: all that it has reported about, and the stop that it is at."""
    told = {one.container_id for one in progress.facts if one.container_id is not None}
    if before is None or progress.last_at is None:
        return frozenset(told)
    for stop in json.loads(before)["tour"].get("stops", []):
        here = _containers(stop)
        if here - told:
            return frozenset(told | here)
    return frozenset(told)


def _by_place(stops: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str, int], Mapping[str, Any]]:
    """Stops by place, kind and how often the vehicle had been there."""
    found: dict[tuple[str, str, int], Mapping[str, Any]] = {}
    for stop in stops:
        visit = 0
        while (key := (stop["place_id"], stop["kind"], visit)) in found:
            visit += 1
        found[key] = stop
    return found


def _containers(stop: Mapping[str, Any]) -> set[str]:
    return {one["container_id"] for one in stop["collections"]}


def _open(stop: Mapping[str, Any], done: frozenset[str]) -> dict[str, Any]:
    return {**stop, "collections": [one for one in stop["collections"] if one["container_id"] not in done]}


def _times(stop: Mapping[str, Any]) -> dict[str, Any]:
    return {"arrives_at": stop["arrives_at"], "departs_at": stop["departs_at"]}
