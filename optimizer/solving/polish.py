"""Cheap last improvements, judged by exact cost: another vehicle, another site, another place in the day.

Searches that see waits, breaks and gate fees only roughly leave such small things behind.
"""

from collections.abc import Sequence

from optimizer.solving.insertion import drop_what_does_not_pay, insert_best
from optimizer.solving.tour_draft import TourDraft

FEW_PICKUPS = 80
"""Up to so many pickups each is taken out once and put back where it costs least."""
MOST_PASSES = 4


def polish(drafts: Sequence[TourDraft]) -> None:
    """Improve the drafts until nothing helps; the objective never grows."""
    for _ in range(MOST_PASSES):
        has_changed = _to_other_vehicles(drafts)
        has_changed |= _to_other_sites(drafts)
        if drafts and len(drafts[0].bench.problem.pickups) <= FEW_PICKUPS:
            has_changed |= _to_other_tours(drafts)
        has_changed |= bool(drop_what_does_not_pay(drafts))
        if not has_changed:
            return


def _to_other_vehicles(drafts: Sequence[TourDraft]) -> bool:
    """Exchange the whole days of two vehicles, of which one may be unused."""
    has_changed = False
    for at, one in enumerate(drafts):
        for other in drafts[at + 1 :]:
            if one.order == other.order or one.bench.is_alike(one.vehicle_index, other.vehicle_index):
                continue
            before = one.cost_micro_eur + other.cost_micro_eur
            ours, theirs = one.order, other.order
            if not (one.may_drive(theirs) and other.may_drive(ours)):
                continue
            if not one.replace_order(theirs):
                continue
            if other.replace_order(ours) and one.cost_micro_eur + other.cost_micro_eur < before:
                has_changed = True
                continue
            one.replace_order(ours)
            other.replace_order(theirs)
    return has_changed


def _to_other_sites(drafts: Sequence[TourDraft]) -> bool:
    """Tip every trip where that is cheapest."""
    has_changed = False
    for draft in drafts:
        for at, visit in enumerate(draft.order):
            if visit >= 0:
                continue
            for other in draft.disposals_at(at):
                order, before = draft.order, draft.cost_micro_eur
                if ~other == order[at] or not draft.replace_order([*order[:at], ~other, *order[at + 1 :]]):
                    continue
                if draft.cost_micro_eur < before:
                    has_changed = True
                else:
                    draft.replace_order(order)
    return has_changed


def _to_other_tours(drafts: Sequence[TourDraft]) -> bool:
    """Take every pickup out once, and put it back where it costs least."""
    has_changed = False
    for pickup_index in range(len(drafts[0].bench.problem.pickups)):
        pickup = drafts[0].bench.problem.pickups[pickup_index]
        home = next((draft for draft in drafts if pickup_index in draft.order), None)
        before, orders = _cost_with(drafts, pickup_index), [draft.order for draft in drafts]
        if home is not None and not home.replace_order(home.without((pickup_index,))):
            continue
        # What an insertion costs is estimated; only the exact sum tells whether it pays.
        insert_best(drafts, pickup_index, highest_micro_eur=pickup.prize_micro_eur)
        if _cost_with(drafts, pickup_index) < before:
            has_changed = True
            continue
        for draft, order in zip(drafts, orders, strict=True):
            if draft.order is not order:
                draft.replace_order(order)
    return has_changed


def _cost_with(drafts: Sequence[TourDraft], pickup_index: int) -> int:
    """Micro-euros of all drafts, and of leaving out one pickup if none of them has it."""
    is_served = any(pickup_index in draft.order for draft in drafts)
    prize_micro_eur = 0 if is_served else drafts[0].bench.problem.pickups[pickup_index].prize_micro_eur
    return sum(draft.cost_micro_eur for draft in drafts) + prize_micro_eur
