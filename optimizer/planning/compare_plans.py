"""Compares two plans container by container; pure, and in one order whatever the order of the tours."""

from dataclasses import fields

from optimizer.domain.plan import Plan, Totals
from optimizer.domain.relaxation import Text
from optimizer.planning.plan_difference import Move, PlanDifference, VehicleDifference
from optimizer.planning.shortage_words import euros_de, euros_en

MOST_NAMED = 12
"""Containers named in one sentence; the lists of the difference have them all."""


def compare_plans(first: Plan, second: Plan) -> PlanDifference:
    """What the second plan does differently."""
    before, after = _orders(first), _orders(second)
    vehicle_before = {name: vehicle for vehicle, order in before.items() for name in order}
    vehicle_after = {name: vehicle for vehicle, order in after.items() for name in order}
    moved = tuple(
        Move(container_id=name, from_vehicle_id=vehicle_before[name], to_vehicle_id=vehicle_after[name])
        for name in sorted(vehicle_before.keys() & vehicle_after.keys())
        if vehicle_before[name] != vehicle_after[name]
    )
    totals_before = {tour.vehicle_id: tour.totals for tour in first.tours}
    totals_after = {tour.vehicle_id: tour.totals for tour in second.tours}
    vehicles = []
    for vehicle in sorted(before.keys() | after.keys()):
        ours, theirs = before.get(vehicle, []), after.get(vehicle, [])
        stayed = set(ours) & set(theirs)
        one = VehicleDifference(
            vehicle_id=vehicle,
            added=tuple(sorted(name for name in theirs if name not in vehicle_before)),
            dropped=tuple(sorted(name for name in ours if name not in vehicle_after)),
            moved_in=tuple(move for move in moved if move.to_vehicle_id == vehicle),
            moved_out=tuple(move for move in moved if move.from_vehicle_id == vehicle),
            is_reordered=[name for name in ours if name in stayed] != [name for name in theirs if name in stayed],
            difference=subtract(totals_after.get(vehicle, Totals()), totals_before.get(vehicle, Totals())),
        )
        if ours != theirs or one.difference != Totals():
            vehicles.append(one)
    added = tuple(sorted(vehicle_after.keys() - vehicle_before.keys()))
    dropped = tuple(sorted(vehicle_before.keys() - vehicle_after.keys()))
    difference = subtract(second.totals, first.totals)
    return PlanDifference(
        first_plan_id=first.plan_id,
        second_plan_id=second.plan_id,
        added=added,
        dropped=dropped,
        moved=moved,
        vehicles=tuple(vehicles),
        difference=difference,
        sentences=(_of_day(added, dropped, moved, difference), *(_of_vehicle(one) for one in vehicles)),
    )


def subtract(left: Totals, right: Totals) -> Totals:
    """Figure by figure; two decimals are what totals carry, binary fractions would show in the JSON."""
    return Totals(**{one.name: round(getattr(left, one.name) - getattr(right, one.name), 2) for one in fields(Totals)})


def _orders(plan: Plan) -> dict[str, list[str]]:
    """Containers of every vehicle in the order of its stops; within a stop the order means nothing."""
    return {
        tour.vehicle_id: [name for stop in tour.stops for name in sorted(one.container_id for one in stop.collections)]
        for tour in plan.tours
    }


def _of_day(added: tuple[str, ...], dropped: tuple[str, ...], moved: tuple[Move, ...], difference: Totals) -> Text:
    if not added and not dropped and not moved and difference == Totals():
        return Text(
            en="Both plans empty the same containers with the same vehicles, at the same cost.",
            de="Beide Pläne leeren dieselben Behälter mit denselben Fahrzeugen, zu denselben Kosten.",
        )
    return Text(
        en=f"{_count(len(added), 'container')} more, {len(dropped)} fewer, {len(moved)} with another vehicle; "
        f"{_figures_en(difference)}.",
        de=f"{len(added)} Behälter mehr, {len(dropped)} weniger, {len(moved)} mit einem anderen Fahrzeug; "
        f"{_figures_de(difference)}.",
    )


def _of_vehicle(one: VehicleDifference) -> Text:
    en, de = [], []
    if one.added:
        en.append(f"also empties {_named(one.added, 'more')}")
        de.append(f"leert zusätzlich {_named(one.added, 'weitere')}")
    if one.dropped:
        en.append(f"no longer empties {_named(one.dropped, 'more')}")
        de.append(f"leert nicht mehr {_named(one.dropped, 'weitere')}")
    if one.moved_in:
        names = tuple(f"{move.container_id} ({move.from_vehicle_id})" for move in one.moved_in)
        en.append(f"takes over {_named(names, 'more')}")
        de.append(f"übernimmt {_named(names, 'weitere')}")
    if one.moved_out:
        names = tuple(f"{move.container_id} ({move.to_vehicle_id})" for move in one.moved_out)
        en.append(f"hands over {_named(names, 'more')}")
        de.append(f"gibt ab {_named(names, 'weitere')}")
    if one.is_reordered:
        en.append("drives in another order")
        de.append("fährt in anderer Reihenfolge")
    return Text(
        en=f"{one.vehicle_id} {'; '.join(en) or 'keeps its containers'}; {_figures_en(one.difference)}.",
        de=f"{one.vehicle_id} {'; '.join(de) or 'behält seine Behälter'}; {_figures_de(one.difference)}.",
    )


def _named(names: tuple[str, ...], more: str) -> str:
    rest = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" + {rest} {more}" if rest > 0 else "")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _figures_en(one: Totals) -> str:
    sign = "+" if one.cost_eur >= 0 else "-"
    return f"{one.distance_m / 1000:+.1f} km, {one.working_s / 60:+.0f} min, {sign}{euros_en(abs(one.cost_eur))}"


def _figures_de(one: Totals) -> str:
    sign = "+" if one.cost_eur >= 0 else "-"
    km = f"{one.distance_m / 1000:+.1f}".replace(".", ",")
    return f"{km} km, {one.working_s / 60:+.0f} min, {sign}{euros_de(abs(one.cost_eur))}"
