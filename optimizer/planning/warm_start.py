"""Searches that begin with a plan, and forecasts that are not made twice: how a changed day is answered soon."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from optimizer.domain.container import Container
from optimizer.domain.forecast import Forecast
from optimizer.domain.plan import Plan, StopKind, Tour
from optimizer.domain.reading import CleanSeries
from optimizer.domain.request import SolveLimits
from optimizer.domain.town import Town
from optimizer.ports import Forecaster, Solver
from optimizer.problem.problem import Problem
from optimizer.problem.solution import Solution, VehicleTour, Visit, VisitKind

REMEMBERED = 4
"""Sets of forecasts kept: a base and some of its scenarios."""


def solution_of_plan(plan: Plan, problem: Problem) -> Solution:
    """The plan's orders in the terms of a problem; it need not be possible any more, and its times are unknown."""
    tours = {tour.vehicle_id: tour for tour in plan.tours}
    taken: set[int] = set()
    found = []
    for at, vehicle in enumerate(problem.vehicles):
        if vehicle.vehicle_id in tours:
            visits = tuple(_visits(tours[vehicle.vehicle_id], problem, at, taken))
            found.append(VehicleTour(vehicle_index=at, departs_s=0, returns_s=0, visits=visits))
    return Solution(
        tours=tuple(found),
        unserved=(),
        cost_micro_eur=0,
        objective_micro_eur=0,
        status="feasible",
        solver="plan",
        iterations=0,
        wall_s=0.0,
    )


def _visits(tour: Tour, problem: Problem, vehicle_index: int, taken: set[int]) -> Iterator[Visit]:
    pickup_of = {one: at for at, pickup in enumerate(problem.pickups) for one in pickup.container_ids}
    disposal_of = {one.disposal_site_id: at for at, one in enumerate(problem.disposals)}
    for stop in tour.stops:
        if stop.kind is StopKind.TIP and stop.place_id in disposal_of:
            yield Visit(kind=VisitKind.TIP, index=disposal_of[stop.place_id], arrives_s=0, starts_s=0, departs_s=0)
        for one in stop.collections:
            at = pickup_of.get(one.container_id, -1)
            if at >= 0 and at not in taken and vehicle_index in problem.pickups[at].allowed_vehicles:
                taken.add(at)
                yield Visit(kind=VisitKind.PICKUP, index=at, arrives_s=0, starts_s=0, departs_s=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartingSolver:
    """A solver that begins with a plan wherever it is given no other start."""

    inner: Solver
    plan: Plan

    @property
    def name(self) -> str:
        """Name for settings and reports."""
        return self.inner.name

    def solve(
        self,
        problem: Problem,
        limits: SolveLimits,
        *,
        start: Solution | None = None,
        progress: Callable[[float, int], None] | None = None,
    ) -> Solution:
        """The best tours found, never worse than what is left of the plan."""
        begin = start if start is not None else solution_of_plan(self.plan, problem)
        return self.inner.solve(problem, limits, start=begin, progress=progress)


class RememberingForecaster:
    """Answers a question that was asked before with what it said then; one whose inputs differ is asked anew."""

    def __init__(self, inner: Forecaster) -> None:
        self._inner = inner
        self._answers: OrderedDict[bytes, dict[str, Forecast]] = OrderedDict()

    def forecast(
        self,
        containers: Sequence[Container],
        series: Mapping[str, CleanSeries],
        *,
        town: Town,
        as_of: datetime,
        until: datetime,
    ) -> dict[str, Forecast]:
        """A forecast for every container, up to ``until``."""
        key = _digest(containers, series, town=town, as_of=as_of, until=until)
        answer = self._answers.get(key)
        if answer is None:
            answer = self._inner.forecast(containers, series, town=town, as_of=as_of, until=until)
            self._answers[key] = answer
            if len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
        self._answers.move_to_end(key)
        return dict(answer)


def _digest(
    containers: Sequence[Container],
    series: Mapping[str, CleanSeries],
    *,
    town: Town,
    as_of: datetime,
    until: datetime,
) -> bytes:
    """Of everything that a forecast may depend on: vehicles and places of the town are no part of it."""
    region = getattr(town, "holiday_region", None)
    digest = hashlib.sha256(repr((as_of, until, town.zone.key, region, town.streams)).encode())
    for one in containers:
        digest.update(repr(one).encode())
        known = series.get(one.container_id)
        if known is None:
            continue
        arrays = known.series
        digest.update(repr((known.is_healthy, known.reasons)).encode())
        for array in (
            arrays.observed_at_s,
            arrays.fill_fraction,
            arrays.quality,
            arrays.emptied_at_s,
            arrays.glanced_at_s,
            arrays.glance_fraction,
            known.reset_at_s,
        ):
            digest.update(len(array).to_bytes(8, "little"))
            digest.update(array.tobytes())
    return digest.digest()
