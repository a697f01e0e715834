"""One town in the simulated week: its citizens and sensors on one side, its people and tablets on the other.

The truth is drawn by ``optimizer.season.world`` and known to nobody but the crews who look into the containers; all
that the service learns comes to it by HTTP.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from api.simulate.callers import Journal, Network, Office, Sync, Tablet
from api.simulate.crew import Crew, DrivenTour
from api.simulate.own_service import KeyHolder, OwnService
from api.store.tenant_ports import Role
from optimizer.domain.reading import FillHistory
from optimizer.domain.town import Town
from optimizer.season.world import World

CLOCKS_AHEAD_S = (95.0, -40.0, 3.0, 610.0)
"""How wrong the tablets' clocks are, vehicle by vehicle."""


@dataclass(slots=True)
class Ledger:
    """What the simulation knows to have happened, to hold against what the service says.

    Attributes
    ----------
    emptied
        Every emptying: container and second.
    forecast_errors
        Of each container that was emptied: expected minus true level at that instant, by day.
    """

    emptied: dict[str, list[int]] = field(default_factory=dict)
    events: int = 0
    event_statuses: Counter[str] = field(default_factory=Counter)
    repeated_events: int = 0
    changed_by_repetition: int = 0
    readings: Counter[str] = field(default_factory=Counter)
    forecast_errors: dict[date, list[float]] = field(default_factory=dict)
    overflowing: dict[date, int] = field(default_factory=dict)


def holders_of(tenant_id: str, town: Town) -> list[KeyHolder]:
    """Those who need a key."""
    return [
        KeyHolder(tenant_id=tenant_id, role=Role.DISPATCHER),
        KeyHolder(tenant_id=tenant_id, role=Role.SENSOR),
        *(KeyHolder(tenant_id=tenant_id, role=Role.DRIVER, subject_id=one.vehicle_id) for one in town.vehicles),
    ]


class TownLife:
    """A town's truth and callers."""

    def __init__(self, tenant_id: str, town: Town, world: World, *, seed: int) -> None:
        self.tenant_id, self.town, self.world = tenant_id, town, world
        self.ledger = Ledger()
        self._seed = seed
        self._told_until_s = int(world.opens_at.timestamp())
        density = {one.stream_id: one.density_kg_per_l for one in town.streams}
        self._kg_per_fraction = {one.container_id: one.capacity_l * density[one.stream] for one in town.containers}
        self._emptied_today: dict[int, int] = {}
        self._neighbours_at: dict[str, tuple[TownLife, str]] = {}
        self.emptied_before: set[str] = set()
        self.expected_before: dict[str, float] = {}

    def history(self) -> FillHistory:
        """What the service is given at its start: readings and emptyings before the week."""
        return {
            one.container_id: self.world.series(row, since_s=self.world.begins_s)
            for row, one in enumerate(self.town.containers)
        }

    def meet(self, service: OwnService, journal: Journal) -> None:
        """Hand out the keys."""

        def key(role: Role, subject_id: str | None = None) -> str:
            return service.keys[KeyHolder(tenant_id=self.tenant_id, role=role, subject_id=subject_id)]

        self.office = Office(service.base_url, key(Role.DISPATCHER), journal)
        self.network = Network(service.base_url, key(Role.SENSOR), journal)
        self.tablets: dict[str, Tablet] = {}
        self.crews: dict[str, Crew] = {}
        for number, vehicle in enumerate(self.town.vehicles):
            ahead_s = CLOCKS_AHEAD_S[number % len(CLOCKS_AHEAD_S)]
            self.tablets[vehicle.vehicle_id] = Tablet(
                service.base_url,
                key(Role.DRIVER, vehicle.vehicle_id),
                journal,
                vehicle_id=vehicle.vehicle_id,
                clock_ahead_s=ahead_s,
                now=service.clock,
            )
            self.crews[vehicle.vehicle_id] = Crew(
                vehicle.vehicle_id,
                clock_ahead_s=ahead_s,
                level_of=self.level_of,
                kg_of_full=self.kg_of_full,
                seed=self._seed,
            )

    def part(self) -> None:
        """End all connections."""
        for one in (self.office, self.network, *self.tablets.values()):
            one.close()

    def level_of(self, container_id: str, at: datetime) -> float:
        """The true level of a container that a crew of this town stands at."""
        owner, name = self.whose(container_id)
        return owner.world.level_when_emptied(owner.world.row_of[name], int(at.timestamp()))

    def kg_of_full(self, container_id: str) -> float:
        """What a container that a crew of this town stands at weighs when it is full."""
        owner, name = self.whose(container_id)
        return owner._kg_per_fraction[name]  # noqa: SLF001 - the same class

    def whose(self, container_id: str) -> tuple["TownLife", str]:
        """Whose container it is that a tablet of this town names, and what its owner calls it."""
        return self._neighbours_at.get(container_id, (self, container_id))

    def find_neighbours(self, bundle: Mapping[str, Any], lives: Mapping[str, "TownLife"]) -> None:
        """Let a crew find the neighbours' containers on its tour, as it would: by their place and what goes in."""
        for stop in bundle["stops"]:
            for one in stop["containers"]:
                if (owner := lives.get(one.get("owner_id", ""))) is not None:
                    place = one["location"]["lon_deg"], one["location"]["lat_deg"], one["stream"]
                    (found,) = (
                        each.container_id
                        for each in owner.town.containers
                        if (each.location.lon_deg, each.location.lat_deg, each.stream) == place
                    )
                    self._neighbours_at[one["container_id"]] = (owner, found)

    def report_night(self) -> None:
        """Let the sensors tell what they measured since they last did."""
        readings: list[dict[str, object]] = []
        now_s = self._told_until_s
        for row, one in enumerate(self.town.containers):
            series = self.world.series(row, since_s=self._told_until_s)
            for at_s, level in zip(series.observed_at_s.tolist(), series.fill_fraction.tolist(), strict=True):
                now_s = max(now_s, at_s + 1)
                if 0.0 <= level <= 2.0:
                    instant = datetime.fromtimestamp(at_s, UTC).isoformat()
                    readings.append(
                        {"container_id": one.container_id, "observed_at": instant, "fill_fraction": round(level, 4)}
                    )
        self._told_until_s = now_s
        self.ledger.readings.update(self.network.send(readings))

    def note_emptied(self, container_id: str, at: datetime, expected: Mapping[str, float], day: date) -> None:
        """Let a container be empty from an instant on: the truth, whoever did it."""
        row, at_s = self.world.row_of[container_id], int(at.timestamp())
        if container_id in expected:
            error = expected[container_id] - self.world.level_when_emptied(row, at_s)
            self.ledger.forecast_errors.setdefault(day, []).append(error)
        self._emptied_today[row] = at_s
        self.ledger.emptied.setdefault(container_id, []).append(at_s)

    def live_until(self, instant: datetime, day: date) -> None:
        """Let the night come, with what was emptied during the day."""
        self.ledger.overflowing[day] = self.world.live_until(int(instant.timestamp()), self._emptied_today).overflowing
        self._emptied_today = {}

    def tell_so_far(self, tour: DrivenTour, day: date) -> None:
        """Let a tablet with a network tell at once what is done; what it tells again in the evening changes nothing."""
        if tour.events:
            self.tablets[tour.vehicle_id].sync(day, tour.events, at_once=60)

    def send_events(self, tour: DrivenTour, day: date, *, is_offline: bool, seed: int) -> tuple[Sync, Sync | None]:
        """Let a tablet tell its day: in order as it happens, or all at once in the evening, twice and shuffled."""
        tablet = self.tablets[tour.vehicle_id]
        first = tablet.sync(day, tour.events, at_once=25 if is_offline else 60)
        self.ledger.events += len(first.results)
        self.ledger.event_statuses.update(first.results.values())
        if not is_offline:
            return first, None
        again = tablet.sync(day, tour.events, at_once=120, shuffle_seed=seed)
        self.ledger.repeated_events += len(again.results)
        self.ledger.changed_by_repetition += sum(first.results[name] != word for name, word in again.results.items())
        return first, again


def expected_in(plan: Mapping[str, Any]) -> dict[str, float]:
    """What a plan expects to find, by container."""
    return {
        one["container_id"]: one["expected_fraction"]
        for tour in plan["tours"]
        for stop in tour["stops"]
        for one in stop["collections"]
    }


def mean_error(errors: list[float]) -> float:
    """Mean absolute error; not a number without any."""
    return float(np.mean(np.abs(errors))) if errors else float("nan")
