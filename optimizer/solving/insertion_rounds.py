"""In which order, and with which vehicles, cheapest insertion builds a day; several ways, since none is best always."""

import random
from dataclasses import dataclass

from optimizer.problem.problem import Problem
from optimizer.solving.tour_draft import Workbench

SMALL_DAY = 400
"""Up to so many pickups several rounds are made; beyond it one has to do."""
TINY_DAY = 25
SHUFFLED_ROUNDS = 12
"""More rounds for a tiny day, where they cost nothing and little is averaged out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One way to build a day.

    Attributes
    ----------
    order
        All pickups, in the order of their insertion.
    is_eager
        Whether an optional pickup may open a tour or a trip that does not pay at once.
    resting
        Vehicles used only for what the others leave.
    """

    order: tuple[int, ...]
    is_eager: bool = False
    resting: frozenset[int] = frozenset()


def rounds_of(bench: Workbench, *, seed: int) -> list[Round]:
    """The rounds for a day, the most promising first."""
    problem = bench.problem
    everyone = range(len(problem.pickups))
    away_s = _seconds_from_depots(problem)
    farthest = tuple(sorted(everyone, key=lambda at: (not problem.pickups[at].is_must, -away_s[at], at)))
    if len(problem.pickups) > SMALL_DAY:
        return [Round(order=farthest, is_eager=True)]
    prized = tuple(sorted(everyone, key=lambda at: (-problem.pickups[at].prize_micro_eur, at)))
    tightest = tuple(
        sorted(
            everyone,
            key=lambda at: (not problem.pickups[at].is_must, _open_s(problem, at), -problem.pickups[at].demand_kg, at),
        )
    )
    rounds = [
        Round(order=farthest),
        Round(order=farthest, is_eager=True),
        Round(order=prized),
        Round(order=tightest),
    ]
    if len(problem.pickups) <= TINY_DAY:
        rounds += _rounds_of_tiny_day(bench, farthest, seed=seed)
    return rounds


def _rounds_of_tiny_day(bench: Workbench, farthest: tuple[int, ...], *, seed: int) -> list[Round]:
    """Each kind of vehicle kept back once, and chance."""
    rounds = []
    kinds = sorted(set(bench.first_alike))
    if len(kinds) > 1:
        for kind in kinds:
            resting = frozenset(at for at, first in enumerate(bench.first_alike) if first == kind)
            rounds.append(Round(order=farthest, is_eager=True, resting=resting))
    chance = random.Random(seed)  # noqa: S311 - no secret depends on it
    for _ in range(SHUFFLED_ROUNDS):
        shuffled = list(farthest)
        chance.shuffle(shuffled)
        shuffled.sort(key=lambda at: not bench.problem.pickups[at].is_must)
        rounds.append(Round(order=tuple(shuffled), is_eager=True))
    return rounds


def _seconds_from_depots(problem: Problem) -> list[int]:
    depots = sorted({(vehicle.profile, vehicle.start_place_index) for vehicle in problem.vehicles})
    away_s = []
    for pickup in problem.pickups:
        ways_s = [int(problem.travel[profile].duration_s[depot, pickup.place_index]) for profile, depot in depots]
        away_s.append(min(ways_s, default=0))
    return away_s


def _open_s(problem: Problem, pickup_index: int) -> int:
    return sum(end - start for start, end in problem.pickups[pickup_index].windows)
