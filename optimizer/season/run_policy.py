"""One policy under one seed, day by day: forecast, select, solve, drive, empty."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from optimizer.checking.check_solution import check_solution
from optimizer.checking.errors import InvalidSolutionError
from optimizer.domain.hours import local_midnight
from optimizer.domain.selection import Decision, Selection
from optimizer.forecasting.empirical_bayes import EmpiricalBayesForecaster
from optimizer.forecasting.public_holidays import german_holidays
from optimizer.ports import Forecaster, SelectionPolicy, Solver
from optimizer.problem.build_problem import build_problem
from optimizer.season.clairvoyant import ClairvoyantOutlook
from optimizer.season.drive import DrivenDay, Load, drive_day
from optimizer.season.energy import DIESEL_26T, EN_16258_UBA_2024, EmissionFactors, EnergyModel
from optimizer.season.kept_travel import KeptTravel
from optimizer.season.outlook import Outlook, SensorOutlook
from optimizer.season.records import DayRecord, Effort, RunRecord
from optimizer.season.spec import SeasonSpec
from optimizer.season.world import World, morning


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonPolicy:
    """A policy in a season.

    Attributes
    ----------
    name
        In the records; the policy's own name may stand there several times with other settings.
    make
        Makes the policy for a town, given what experience tells: the mean demand a day by container id.
    is_clairvoyant
        Whether its forecasts come true.
    """

    name: str
    make: "PolicyMaker"
    is_clairvoyant: bool = False


PolicyMaker = Callable[[SeasonSpec, KeptTravel, Mapping[str, float]], SelectionPolicy]
"""Can be sent to another process: a function of a module, a class, or a partial of one."""


ForecasterMaker = Callable[[SeasonSpec], Forecaster]
"""Can be sent to another process, which a forecaster need not be."""


def season_forecaster(spec: SeasonSpec) -> Forecaster:
    """The default forecaster, which knows the streams and counts as overfull what the season does."""
    return EmpiricalBayesForecaster(statistics=spec.statistics, overflow_fraction=spec.overflow_fraction)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonPorts:
    """What a season is run with.

    Attributes
    ----------
    make_forecaster
        Makes the forecaster of a run where it is computed.
    energy
        Models by vehicle id; a 26 t diesel for every vehicle that is not in it.
    """

    travel: KeptTravel
    solver: Solver
    make_forecaster: "ForecasterMaker" = season_forecaster
    energy: Mapping[str, EnergyModel] | None = None
    factors: EmissionFactors = EN_16258_UBA_2024


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTask:
    """One run, as a value that can be sent to another process."""

    spec: SeasonSpec
    ports: SeasonPorts
    policy: SeasonPolicy
    seed: int


def run_policy(task: RunTask, *, listen: Callable[[float], None] | None = None) -> RunRecord:
    """The season of one policy under one seed.

    Parameters
    ----------
    listen
        Told the share of the days that are done; whatever it raises ends the run.
    """
    began_s = time.perf_counter()
    spec = task.spec
    season = _Season(task)
    first = spec.first_day - timedelta(days=spec.warm_up_days)
    n_days = spec.warm_up_days + spec.n_days
    days = []
    for at in range(n_days):
        record = season.live(first + timedelta(days=at))
        if at >= spec.warm_up_days:
            days.append(record)
        if listen is not None:
            listen((at + 1) / n_days)
    return RunRecord(
        policy=task.policy.name,
        seed=task.seed,
        n_containers=len(spec.town.containers),
        days=tuple(days),
        wall_s=time.perf_counter() - began_s,
    )


class _Season:
    """The state of a run: the world, and what the service has learnt of it."""

    def __init__(self, task: RunTask) -> None:
        self.task, spec = task, task.spec
        self.is_holiday = german_holidays()
        self.world = World(spec, task.seed, is_holiday=self.is_holiday)
        self.outlook: Outlook = (
            ClairvoyantOutlook(self.world, spec)
            if task.policy.is_clairvoyant
            else SensorOutlook(self.world, spec, task.ports.make_forecaster(spec))
        )
        rates = self.world.rates_before()
        known = {one.container_id: float(rates[row]) for row, one in enumerate(self.world.containers)}
        self.policy = task.policy.make(spec, task.ports.travel, known)
        energy = task.ports.energy or {}
        self.energy = {one.vehicle_id: energy.get(one.vehicle_id, DIESEL_26T) for one in spec.town.vehicles}
        self.works_on = frozenset(weekday for one in spec.town.vehicles for weekday in one.shift.weekdays)

    def live(self, day: date) -> DayRecord:
        """Plan and drive a day, and let it pass until the next morning."""
        spec, world = self.task.spec, self.world
        midnight_s = int(local_midnight(day, spec.town.zone).timestamp())
        effort, fills, emptyings = Effort(), dict[int, float](), dict[int, int]()
        if day.weekday() in self.works_on:
            as_of = morning(spec, day)
            selection = self.policy.select(
                spec.town.containers, self.outlook.forecasts(day, as_of), town=spec.town, day=day, rules=spec.rules
            )
            if selection.due:
                driven = self._drive(day, selection, midnight_s)
                effort = _with_service(driven, selection)
                for container_id, at_s in driven.emptied_at_s.items():
                    row = world.row_of[container_id]
                    emptyings[row] = midnight_s + at_s
                    fills[row] = round(world.level_when_emptied(row, midnight_s + at_s), 4)
        next_morning_s = int(morning(spec, day + timedelta(days=1)).timestamp())
        truth = world.live_until(next_morning_s, emptyings)
        effort = replace(effort, overflow_container_days=truth.overflowing, spilled_l=truth.spilled_l)
        return DayRecord(
            policy=self.task.policy.name,
            seed=self.task.seed,
            day=day,
            effort=effort,
            fill_fractions=tuple(fills.values()),
        )

    def _drive(self, day: date, selection: Selection, midnight_s: int) -> DrivenDay:
        task, town = self.task, self.task.spec.town
        built = build_problem(town, selection, day=day, vehicle_ids=frozenset(), router=task.ports.travel)
        # Not one seed for all days: a search that is unlucky would be so every day.
        limits = replace(task.spec.limits, seed=day.toordinal() % 1_000_003)
        solution = task.ports.solver.solve(built.problem, limits)
        violations = check_solution(built.problem, solution)
        if violations:
            raise InvalidSolutionError(violations)
        densities = {stream.stream_id: stream.density_kg_per_l for stream in town.streams}

        def load_of(container_id: str, at_s: int) -> Load:
            row = self.world.row_of[container_id]
            container = self.world.containers[row]
            litres = container.capacity_l * self.world.level_when_emptied(row, midnight_s + at_s)
            return litres * densities[container.stream], litres

        return drive_day(built.problem, solution, load_of, energy=self.energy, factors=task.ports.factors)


def _with_service(driven: DrivenDay, selection: Selection) -> Effort:
    """The day's effort with how many of the selected containers were served."""
    must = {one.container_id for one in selection.candidates if one.decision is Decision.MUST}
    unserved = len(must - driven.emptied_at_s.keys())
    return replace(
        driven.effort,
        due=len(must),
        unserved_due=unserved,
        optional_served=len(driven.emptied_at_s.keys() - must),
        infeasible_days=int(unserved > 0),
    )
