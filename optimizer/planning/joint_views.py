"""What each town sees of a joint day: its own containers, its part of the figures, and nothing of anybody else.

Guards that no id, address or location of another town is in a town's plan. A stop is shown when it stands on one's own
place; drives over what is left out are told as one. Vehicles of others are numbered. Whoever drives a vehicle for
another town has the whole of its tour from ``joint_errands``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from optimizer.domain.plan import Leg, Stop, Totals, Tour, Unserved
from optimizer.planning.joint_town import MARK, owner_of, unmarked
from optimizer.sharing.apportion import apportion

ELSEWHERE = "It was left out of the joint tours."
ELSEWHERE_DE = "Er blieb bei den gemeinsamen Touren übrig."


def view_of_tours(tours: Sequence[Tour], party_id: str) -> tuple[Tour, ...]:
    """The tours that empty the town's containers or are driven by its vehicles."""
    seen = []
    for tour, name in zip(tours, names_in_view(tours, party_id), strict=True):
        kg = kg_by_owner(tour)
        if owner_of(tour.vehicle_id) != party_id and party_id not in kg:
            continue
        seen.append(replace(tour, vehicle_id=name, stops=_own_stops(tour, party_id), totals=_part_of(tour, party_id)))
    return tuple(seen)


def names_in_view(tours: Sequence[Tour], party_id: str) -> list[str]:
    """What the town calls the vehicle of each tour: its own by their ids, those of others by numbers."""
    numbers: dict[str, int] = {}
    names = []
    for tour in tours:
        driver = owner_of(tour.vehicle_id)
        if driver == party_id:
            names.append(unmarked(tour.vehicle_id))
        else:
            numbers[driver] = numbers.get(driver, 0) + 1
            names.append(f"{driver}-{numbers[driver]}")
    return names


def kg_by_owner(tour: Tour) -> dict[str, float]:
    """Expected kilograms of each town in a tour."""
    kg: dict[str, float] = {}
    for stop in tour.stops:
        for one in stop.collections:
            owner = owner_of(one.container_id)
            kg[owner] = kg.get(owner, 0.0) + one.expected_kg
    return kg


def view_of_unserved(unserved: Sequence[Unserved], party_id: str) -> tuple[Unserved, ...]:
    """The town's containers without a tour; reasons that speak of others are told without them."""
    return tuple(_told(one, party_id) for one in unserved if owner_of(one.container_id) == party_id)


def _told(one: Unserved, party_id: str) -> Unserved:
    texts = {
        name: getattr(one, name).replace(f"{party_id}{MARK}", "")
        for name in ("message", "what_would_change_it", "message_de", "what_would_change_it_de")
    }
    if any(MARK in text for text in texts.values()):
        # What is left of marks may name somebody else's vehicle or site.
        texts = {
            "message": ELSEWHERE,
            "what_would_change_it": "",
            "message_de": ELSEWHERE_DE,
            "what_would_change_it_de": "",
        }
    return replace(one, container_id=unmarked(one.container_id), **texts)


def _own_stops(tour: Tour, party_id: str) -> tuple[Stop, ...]:
    stops: list[Stop] = []
    duration_s, distance_m, is_known = 0, 0, False
    for stop in tour.stops:
        if stop.leg is not None:
            duration_s, distance_m = duration_s + stop.leg.duration_s, distance_m + stop.leg.distance_m
        if owner_of(stop.place_id) != party_id:
            continue
        # Of the way to the first own place nothing is told: it says how far off the others' places lie.
        leg = Leg(duration_s=duration_s, distance_m=distance_m) if is_known and stop.leg is not None else None
        stops.append(_named(replace(stop, sequence=len(stops), leg=leg), party_id))
        duration_s, distance_m, is_known = 0, 0, True
    return tuple(stops)


def _named(stop: Stop, party_id: str) -> Stop:
    return replace(
        stop,
        place_id=unmarked(stop.place_id),
        label=stop.label.replace(f"{party_id}{MARK}", ""),
        collections=tuple(replace(one, container_id=unmarked(one.container_id)) for one in stop.collections),
    )


def _part_of(tour: Tour, party_id: str) -> Totals:
    """The town's part of a tour: lifts and kilograms are its own, the rest is divided by expected kilograms."""
    kg = kg_by_owner(tour)
    if not kg:
        return tour.totals if owner_of(tour.vehicle_id) == party_id else Totals()
    own = [one for stop in tour.stops for one in stop.collections if owner_of(one.container_id) == party_id]
    return replace(
        share_of_totals(tour.totals, kg, party_id),
        lifts=len(own),
        collected_kg=round(sum(one.expected_kg for one in own), 2),
    )


def share_of_totals(totals: Totals, weights: Mapping[str, float], party_id: str) -> Totals:
    """The part of all figures, in hundredths, so that the parts add up to the whole."""
    if party_id not in weights:
        return Totals()
    parts: dict[str, int | float] = {}
    for one in fields(Totals):
        value = getattr(totals, one.name)
        if isinstance(value, float):
            parts[one.name] = apportion(round(value * 100), weights)[party_id] / 100
        else:
            parts[one.name] = apportion(value, weights)[party_id]
    return Totals(**parts)  # type: ignore[arg-type]  # each field keeps its own type
