"""A plan's figures as people read them: one source for the command line, the page and the sheets.

Guards that no two places round or count differently: whoever shows a figure takes it from here.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from optimizer.domain.plan import Plan, StopKind, Totals, Tour, Unserved


class Figure(StrEnum):
    """What is compared with the baseline; each name carries its unit."""

    DISTANCE_KM = "distance_km"
    WORKING_H = "working_h"
    CONTAINERS = "containers"
    DIESEL_L = "diesel_l"
    CO2E_KG = "co2e_kg"
    COST_EUR = "cost_eur"
    OVERTIME_H = "overtime_h"
    TOLL_EUR = "toll_eur"
    DISTANCE_KM_PER_CONTAINER = "distance_km_per_container"
    COST_EUR_PER_CONTAINER = "cost_eur_per_container"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One figure of the plan beside the same figure of emptying everything.

    Attributes
    ----------
    change_percent
        Negative when the plan needs less; None when the baseline is zero.
    """

    figure: Figure
    plan_value: float
    baseline_value: float
    change_percent: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TourSummary:
    """One row of the tour table.

    Attributes
    ----------
    tour_index
        Position in the plan; chooses the colour everywhere.
    stop_count
        Stops at container sites.
    out_h
        From departure to return, breaks included.
    overtime_h, toll_eur
        Those of the working hours and of the cost.
    """

    tour_index: int
    vehicle_id: str
    streams: tuple[str, ...]
    departs_at: datetime
    returns_at: datetime
    trip_count: int
    stop_count: int
    container_count: int
    distance_km: float
    driving_h: float
    working_h: float
    break_h: float
    out_h: float
    overtime_h: float
    collected_kg: float
    diesel_l: float
    co2e_kg: float
    cost_eur: float
    toll_eur: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSummary:
    """The headline figures and tables of a plan.

    Attributes
    ----------
    container_count
        Containers emptied.
    due_count, due_emptied_count
        Containers that had to be emptied today, and how many of them are.
    extra_emptied_count
        Emptied although they could have waited, because it is cheaper today.
    waiting_count
        Left standing because they may wait.
    comparisons
        Empty when the plan has no baseline.
    unserved
        The most pressing first: due before waiting, then by the cost of waiting.
    """

    tour_count: int
    trip_count: int
    distance_km: float
    driving_h: float
    working_h: float
    container_count: int
    due_count: int
    due_emptied_count: int
    extra_emptied_count: int
    waiting_count: int
    collected_kg: float
    diesel_l: float
    co2e_kg: float
    cost_eur: float
    overtime_h: float
    toll_eur: float
    comparisons: tuple[Comparison, ...]
    tours: tuple[TourSummary, ...]
    unserved: tuple[Unserved, ...]

    def change_percent(self, figure: Figure) -> float | None:
        """Change against the baseline, or None where there is nothing to compare with."""
        return next((one.change_percent for one in self.comparisons if one.figure is figure), None)


def summarise_plan(plan: Plan) -> PlanSummary:
    """The plan's figures in the units that people use."""
    tours = tuple(_summarise_tour(index, tour) for index, tour in enumerate(plan.tours))
    collections = [one for tour in plan.tours for stop in tour.stops for one in stop.collections]
    must_emptied = sum(one.is_must for one in collections)
    due_left = sum(one.is_due for one in plan.unserved)
    values = _values(plan.totals)
    return PlanSummary(
        tour_count=len(tours),
        trip_count=sum(tour.trip_count for tour in tours),
        distance_km=values[Figure.DISTANCE_KM],
        driving_h=plan.totals.driving_s / 3600,
        working_h=values[Figure.WORKING_H],
        container_count=len(collections),
        due_count=must_emptied + due_left,
        due_emptied_count=must_emptied,
        extra_emptied_count=len(collections) - must_emptied,
        waiting_count=len(plan.unserved) - due_left,
        collected_kg=plan.totals.collected_kg,
        diesel_l=plan.totals.diesel_l,
        co2e_kg=plan.totals.co2e_kg,
        cost_eur=plan.totals.cost_eur,
        overtime_h=values[Figure.OVERTIME_H],
        toll_eur=plan.totals.toll_eur,
        comparisons=() if plan.baseline is None else _compare(values, _values(plan.baseline)),
        tours=tours,
        unserved=tuple(
            sorted(plan.unserved, key=lambda one: (not one.is_due, -one.cost_of_waiting_eur, one.container_id))
        ),
    )


def _summarise_tour(index: int, tour: Tour) -> TourSummary:
    collects = [stop for stop in tour.stops if stop.kind is StopKind.COLLECT]
    totals = tour.totals
    return TourSummary(
        tour_index=index,
        vehicle_id=tour.vehicle_id,
        streams=tuple(dict.fromkeys(stop.stream for stop in collects if stop.stream)),
        departs_at=tour.stops[0].departs_at,
        returns_at=tour.stops[-1].arrives_at,
        trip_count=sum(stop.kind is StopKind.TIP for stop in tour.stops),
        stop_count=len(collects),
        container_count=sum(len(stop.collections) for stop in collects),
        distance_km=totals.distance_m / 1000,
        driving_h=totals.driving_s / 3600,
        working_h=totals.working_s / 3600,
        break_h=totals.break_s / 3600,
        out_h=(totals.working_s + totals.break_s) / 3600,
        overtime_h=totals.overtime_s / 3600,
        collected_kg=totals.collected_kg,
        diesel_l=totals.diesel_l,
        co2e_kg=totals.co2e_kg,
        cost_eur=totals.cost_eur,
        toll_eur=totals.toll_eur,
    )


def _values(totals: Totals) -> dict[Figure, float]:
    values = {
        Figure.DISTANCE_KM: totals.distance_m / 1000,
        Figure.WORKING_H: totals.working_s / 3600,
        Figure.CONTAINERS: float(totals.lifts),
        Figure.DIESEL_L: totals.diesel_l,
        Figure.CO2E_KG: totals.co2e_kg,
        Figure.COST_EUR: totals.cost_eur,
        Figure.OVERTIME_H: totals.overtime_s / 3600,
        Figure.TOLL_EUR: totals.toll_eur,
    }
    if totals.lifts:
        # A day that empties fewer containers is always shorter; per container it must earn its praise.
        values[Figure.DISTANCE_KM_PER_CONTAINER] = values[Figure.DISTANCE_KM] / totals.lifts
        values[Figure.COST_EUR_PER_CONTAINER] = totals.cost_eur / totals.lifts
    return values


def _compare(values: dict[Figure, float], baseline: dict[Figure, float]) -> tuple[Comparison, ...]:
    return tuple(
        Comparison(
            figure=figure,
            plan_value=values[figure],
            baseline_value=baseline[figure],
            change_percent=(values[figure] / baseline[figure] - 1) * 100 if baseline[figure] else None,
        )
        for figure in Figure
        if figure in values and figure in baseline
    )
