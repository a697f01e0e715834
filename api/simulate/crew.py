"""What a crew does with the tour on its tablet: mostly as planned, a little later each time, not always possible."""

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

BLOCKED_SHARE = 0.02
"""Containers that a parked car keeps from being emptied."""
MOST_DELAY_S = 40
_STEPS = ((0.125, "0"), (0.375, "25"), (0.625, "50"), (0.875, "75"), (1.0, "100"))


@dataclass(slots=True)
class DrivenTour:
    """What happened on one vehicle's tour.

    Attributes
    ----------
    events
        What the tablet noted, in the order in which it happened.
    emptied
        Instant by container.
    blocked
        Containers that could not be emptied.
    load_kg
        Of what is on board and was not tipped yet.
    """

    vehicle_id: str
    events: list[dict[str, Any]] = field(default_factory=list)
    emptied: dict[str, datetime] = field(default_factory=dict)
    blocked: list[str] = field(default_factory=list)
    load_kg: float = 0.0
    has_started: bool = False
    has_returned: bool = False


class Crew:
    """One vehicle's crew with its tablet.

    Parameters
    ----------
    clock_ahead_s
        How far the tablet's clock is ahead: nobody sets it.
    level_of, kg_of_full
        What the crew finds in a container at an instant, and what a full one weighs.
    """

    def __init__(
        self,
        vehicle_id: str,
        *,
        clock_ahead_s: float,
        level_of: Callable[[str, datetime], float],
        kg_of_full: Callable[[str], float],
        seed: int,
    ) -> None:
        self.vehicle_id = vehicle_id
        self._ahead = timedelta(seconds=clock_ahead_s)
        self._level_of = level_of
        self._kg_of_full = kg_of_full
        self._random = random.Random(f"{seed} {vehicle_id}")  # noqa: S311 - no secret
        self._sequence = 0

    def drive(
        self,
        tour: DrivenTour,
        bundle: Mapping[str, Any],
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        gone: frozenset[str] = frozenset(),
    ) -> None:
        """Live through the stops that are not done, up to an instant.

        Parameters
        ----------
        since
            Halts before it are over.
        until
            Nothing that would begin later happens; the whole rest without it.
        gone
            Containers that others have emptied.
        """
        delay = timedelta()
        for stop in bundle["stops"]:
            delay += timedelta(seconds=self._random.uniform(0, MOST_DELAY_S))
            at = datetime.fromisoformat(stop["starts_at"]) + delay
            if until is not None and at >= until:
                return
            if stop["kind"] == "collect":
                self._collect(tour, stop, at, gone)
            elif since is None or datetime.fromisoformat(stop["departs_at"]) > since:
                self._halt(tour, stop, at, datetime.fromisoformat(stop["departs_at"]) + delay)

    def _collect(self, tour: DrivenTour, stop: Mapping[str, Any], at: datetime, gone: frozenset[str]) -> None:
        for number, one in enumerate(stop["containers"]):
            name = one["container_id"]
            if name in tour.emptied or name in tour.blocked or name in gone:
                continue
            happened = at + timedelta(seconds=30 * number)
            level = self._level_of(name, happened)
            if self._random.random() < BLOCKED_SHARE:
                tour.blocked.append(name)
                self._note(tour, happened, "not_emptied", container_id=name, code="blocked_by_car")
                continue
            tour.emptied[name] = happened
            tour.load_kg += level * self._kg_of_full(name)
            self._note(tour, happened, "emptied", container_id=name, fill_seen=seen_as(level))

    def _halt(self, tour: DrivenTour, stop: Mapping[str, Any], at: datetime, leaves_at: datetime) -> None:
        match stop["kind"]:
            case "start" if not tour.has_started:
                tour.has_started = True
                self._note(tour, at, "started")
            case "tip" if tour.load_kg > 0:
                weighed_kg, tour.load_kg = round(tour.load_kg, -1), 0.0
                self._note(tour, at, "tipped", disposal_site_id=stop["place_id"], weight_kg=weighed_kg)
            case "break":
                self._note(tour, at, "break_started")
                self._note(tour, leaves_at, "break_ended")
            case "end" if not tour.has_returned:
                tour.has_returned = True
                self._note(tour, at, "returned")

    def _note(self, tour: DrivenTour, at: datetime, kind: str, **more: object) -> None:
        self._sequence += 1
        tour.events.append(
            {
                "event_id": str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
                "sequence": self._sequence,
                "at": (at + self._ahead).replace(microsecond=0).isoformat(),
                "kind": kind,
                **more,
            }
        )


def seen_as(level: float) -> str:
    """What a driver presses for a level."""
    return next((word for most, word in _STEPS if level <= most), "over")
