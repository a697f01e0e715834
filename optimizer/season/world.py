"""The truth of a season under one seed: what is thrown in, what crews take out, and what sensors tell of it.

What citizens do and which moods sensors are in is drawn at once and depends on the seed alone, so that every policy
meets the same season; only the levels follow from the emptyings.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from optimizer.domain.container import Container
from optimizer.domain.hours import local_midnight
from optimizer.domain.reading import FillSeries, Quality
from optimizer.season.failures import failing
from optimizer.season.notes import CrewNotes, draw_notes
from optimizer.season.spec import HISTORY_DAYS, SeasonSpec
from optimizer.simulation.hours import HOUR_S, hours_between
from optimizer.simulation.seeds import generator_for
from optimizer.simulation.sensors import SensorScript, draw_script
from optimizer.simulation.statistics import LEVELS
from optimizer.simulation.truth import draw_common_days, draw_emptyings, draw_inflow

DAY_S = 86_400
WORK_BEGINS_H = 5
"""A day goes from this local hour to the same of the next day: plans are made then."""
MOST_LEFT_OVER_FRACTION = 0.3
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Emptying:
    """A container emptied by a crew: when, and what remained."""

    at_s: int
    left_over_fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTruth:
    """What happened between two plans.

    Attributes
    ----------
    overflowing
        Containers that were overfull at any hour.
    spilled_l
        What did not fit any more.
    """

    overflowing: int
    spilled_l: float


class World:
    """Levels hour by hour; goes forward only, by ``live_until``."""

    def __init__(self, spec: SeasonSpec, seed: int, *, is_holiday: Callable[[date], bool]) -> None:
        zone = spec.town.zone
        self.containers = spec.town.containers
        self.row_of = {one.container_id: row for row, one in enumerate(self.containers)}
        self._spec, self._seed = spec, seed
        self.opens_at = morning(spec, spec.first_day - timedelta(days=spec.warm_up_days))
        begins_s = int(local_midnight(self.opens_at.date() - timedelta(days=HISTORY_DAYS), zone).timestamp())
        ends_s = int(morning(spec, spec.first_day + timedelta(days=spec.n_days)).timestamp())
        self._hours = hours_between(begins_s, (ends_s - begins_s) // HOUR_S, zone, is_holiday)
        n, n_hours = len(self.containers), len(self._hours.start_s)
        self.begins_s, self.ends_s = begins_s, ends_s
        self._inflow = np.empty((n_hours, n))
        self._multiplier = np.empty((n, len(LEVELS)))
        self._left_over = np.empty((n, len(self._hours.days)))
        self._levels = np.zeros((n_hours + 1, n))
        self._capacity_l = np.array([one.capacity_l for one in self.containers])
        self._now = 0
        self._emptied: list[list[Emptying]] = [[] for _ in self.containers]
        self._notes: list[CrewNotes] = [
            draw_notes(one.container_id, n_days=len(self._hours.days), share=spec.noted_share, seed=seed)
            for one in self.containers
        ]
        self._planned = self._draw_citizens()
        self._scripts = self._draw_sensors(spec, seed)
        self._measured = [np.empty(0) for _ in self.containers]
        self._tells = [np.empty(0, dtype=np.float32) for _ in self.containers]
        self.live_until(int(self.opens_at.timestamp()), {})

    def live_until(self, until_s: int, emptyings: Mapping[int, int]) -> DayTruth:
        """Let time pass, with these emptyings: container row to second since 1970."""
        by_hour: dict[int, list[tuple[int, Emptying]]] = {}
        for row, at_s in emptyings.items():
            self._note(by_hour, row, Emptying(at_s=at_s, left_over_fraction=self._left(row, at_s)))
        stop = (until_s - self.begins_s) // HOUR_S
        for hour, planned in self._planned.items():
            if self._now <= hour < stop:
                for row, one in planned:
                    self._note(by_hour, row, one)
        overflowing = np.zeros(len(self.containers), dtype=np.bool_)
        spilled_l, level = 0.0, self._levels[self._now]
        rows = np.arange(len(self.containers))
        for hour in range(self._now, stop):
            wanted = level + self._inflow[hour] * _at_level(level, self._multiplier, rows)
            spilled_l += float((np.maximum(wanted - 1.0, 0.0) * self._capacity_l).sum())
            level = np.minimum(wanted, 1.0)
            for row, one in by_hour.get(hour, ()):
                self._notes[row].look(one.at_s, float(level[row]), day=int(self._hours.day_index[hour]))
                level[row] = one.left_over_fraction
            self._levels[hour + 1] = level
            overflowing |= level >= self._spec.overflow_fraction
        first, self._now = self._now, stop
        self._measure(first)
        return DayTruth(overflowing=int(overflowing.sum()), spilled_l=spilled_l)

    def level_at(self, row: int, at_s: int) -> float:
        """What a crew would find, as far as the hours have been lived; later ones as they are now."""
        return float(self._levels[min((at_s - self.begins_s) // HOUR_S, self._now), row])

    def levels_ahead(self, hours: int) -> Floats:
        """``(hours + 1, n)`` levels from now on if nothing were emptied: what only a clairvoyant knows."""
        ahead = np.empty((hours + 1, len(self.containers)))
        level = ahead[0] = self._levels[self._now]
        rows = np.arange(len(self.containers))
        last = len(self._inflow) - 1
        for step in range(hours):
            inflow = self._inflow[min(self._now + step, last)]
            level = np.minimum(level + inflow * _at_level(level, self._multiplier, rows), 1.0)
            ahead[step + 1] = level
        return ahead

    def level_when_emptied(self, row: int, at_s: int) -> float:
        """The true level in the hour of an emptying that has not been lived yet."""
        level = self._levels[self._now, row]
        for hour in range(self._now, min((at_s - self.begins_s) // HOUR_S, len(self._inflow))):
            factor = np.interp(level, LEVELS, self._multiplier[row])
            level = min(level + self._inflow[hour, row] * factor, 1.0)
        return float(level)

    def rates_before(self) -> Floats:
        """``(n,)`` mean demand a day over all days lived so far: what experience tells a town without sensors."""
        return np.asarray(self._inflow[: self._now].mean(axis=0) * 24, dtype=np.float64)

    def series(self, row: int, *, since_s: int) -> FillSeries:
        """All that the service knows of a container: readings from an instant on, every emptying and every note."""
        container, script = self.containers[row], self._scripts[row]
        tells = self._tells[row]
        first = int(np.searchsorted(script.observed_at_s[: tells.shape[0]], since_s)) if script is not None else 0
        times = script.observed_at_s[first : tells.shape[0]] if script is not None else np.empty(0, dtype=np.int64)
        noted_at_s, noted_fraction = self._notes[row].written()
        return FillSeries(
            container_id=container.container_id,
            observed_at_s=times,
            fill_fraction=tells[first:],
            quality=np.full(times.shape[0], Quality.UNCHECKED, dtype=np.int8),
            emptied_at_s=np.array([one.at_s for one in self._emptied[row]], dtype=np.int64),
            glanced_at_s=noted_at_s,
            glance_fraction=noted_fraction,
        )

    def _note(self, by_hour: dict[int, list[tuple[int, Emptying]]], row: int, one: Emptying) -> None:
        by_hour.setdefault((one.at_s - self.begins_s) // HOUR_S, []).append((row, one))
        self._emptied[row].append(one)

    def _left(self, row: int, at_s: int) -> float:
        return float(self._left_over[row, self._hours.day_index[(at_s - self.begins_s) // HOUR_S]])

    def _draw_citizens(self) -> dict[int, list[tuple[int, Emptying]]]:
        """Inflow and leftovers of all containers; answers with the scheduled emptyings of the history, by hour."""
        planned: dict[int, list[tuple[int, Emptying]]] = {}
        opens_s = int(self.opens_at.timestamp())
        common = {
            stream: draw_common_days(statistics, self._hours, self._seed)
            for stream, statistics in self._spec.statistics.items()
        }
        for row, one in enumerate(self.containers):
            statistics = self._spec.statistics[one.stream]
            self._inflow[:, row] = draw_inflow(
                one.container_id, statistics, self._hours, common[one.stream], self._seed
            )
            self._multiplier[row] = statistics.level_multiplier
            random = generator_for(self._seed, "left over", one.container_id)
            drawn = random.exponential(statistics.emptying.left_over_fraction, len(self._hours.days))
            self._left_over[row] = np.minimum(drawn, MOST_LEFT_OVER_FRACTION)
            instants, left = draw_emptyings(one.container_id, statistics, self._hours, self._seed)
            for at_s, fraction in zip(instants.tolist(), left.tolist(), strict=True):
                if at_s < opens_s:
                    hour = (at_s - self.begins_s) // HOUR_S
                    planned.setdefault(hour, []).append((row, Emptying(at_s=at_s, left_over_fraction=fraction)))
        return planned

    def _draw_sensors(self, spec: SeasonSpec, seed: int) -> list[SensorScript | None]:
        scripts = {
            one.container_id: draw_script(
                one.container_id, spec.statistics[one.stream].sensor, self.begins_s, self.ends_s, seed
            )
            for one in self.containers
            if one.has_sensor
        }
        scripts = failing(
            scripts, self.containers, spec.failures, span_s=(int(self.opens_at.timestamp()), self.ends_s), seed=seed
        )
        return [scripts.get(one.container_id) for one in self.containers]

    def _measure(self, first_hour: int) -> None:
        """Let the sensors report what happened since."""
        since_s, until_s = self.begins_s + first_hour * HOUR_S, self.begins_s + self._now * HOUR_S
        for row, script in enumerate(self._scripts):
            if script is None:
                continue
            start, stop = np.searchsorted(script.observed_at_s, (since_s, until_s))
            times = script.observed_at_s[start:stop]
            hour = (times - self.begins_s) // HOUR_S
            levels = self._levels[hour, row]
            for one in self._emptied[row]:
                if one.at_s >= since_s:
                    is_after = (hour == (one.at_s - self.begins_s) // HOUR_S) & (times >= one.at_s)
                    levels[is_after] = one.left_over_fraction
            measured = script.measured(levels, first=int(start))
            self._measured[row] = np.concatenate([self._measured[row], measured])
            self._tells[row] = np.concatenate([self._tells[row], script.told(self._measured[row], first=int(start))])


def morning(spec: SeasonSpec, day: date) -> datetime:
    """When a day's plan is made."""
    return datetime(day.year, day.month, day.day, WORK_BEGINS_H, tzinfo=spec.town.zone)


def with_coverage(spec: SeasonSpec) -> SeasonSpec:
    """The season whose containers have sensors as the coverage says."""

    def covered(one: Container) -> Container:
        has_sensor = generator_for(0, "coverage", one.container_id).random() < spec.sensor_coverage
        return replace(one, has_sensor=has_sensor)

    containers = tuple(covered(one) for one in spec.town.containers)
    return replace(spec, town=replace(spec.town, containers=containers))


def _at_level(level: Floats, multiplier: Floats, rows: NDArray[np.intp]) -> Floats:
    """Each container's multiplier at its own level, linear between ``LEVELS``."""
    grid = np.asarray(LEVELS)
    right = np.clip(np.searchsorted(grid, level), 1, len(LEVELS) - 1)
    share = np.clip((level - grid[right - 1]) / (grid[right] - grid[right - 1]), 0.0, 1.0)
    mixed: Floats = (1 - share) * multiplier[rows, right - 1] + share * multiplier[rows, right]
    return mixed
