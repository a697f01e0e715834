"""Groups the due containers that a day leaves, and tries for each group what would serve it.

Guards that nothing is promised that was not tried: each change shown was applied to the day, filled by exact insertion
and judged by the checker. How much is tried is bounded by a count, so that the same day always gets the same answer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer.domain.plan import ReasonCode, Shortage, Unserved
from optimizer.domain.relaxation import Relaxation, RelaxationKind
from optimizer.planning.relaxed_days import RelaxedDay, relaxed_days
from optimizer.planning.shortage_words import relaxation_text, shortage_text
from optimizer.planning.try_relaxed_day import Effort, Orders, Trial, orders_of, translated, try_relaxed_day
from optimizer.problem.problem import MICRO_EUR_PER_EUR, Problem
from optimizer.problem.solution import Solution

MOST_INSERTIONS = 8_000
"""Insertions looked for in one day, over all groups and changes: about a second."""
MOST_GROUPS = 8
PLACE_REASONS = frozenset({ReasonCode.UNREACHABLE, ReasonCode.REVERSING, ReasonCode.TOO_FAR_FROM_ROAD})
ABOUT_PLACES = frozenset(
    {
        RelaxationKind.OTHER_PROFILE,
        RelaxationKind.STREET_ACCESS,
        RelaxationKind.STREET_WEIGHT,
        RelaxationKind.STREET_WIDTH,
    }
)
"""Changes that help where a place cannot be driven to, and are beside the point elsewhere."""
MOST_SHOWN = 6
"""Relaxations per shortage; a dispatcher reads no longer list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayWithMore:
    """The day built anew with vehicles or sites that it did not have; ``days`` are the single changes in it."""

    problem: Problem
    days: tuple[RelaxedDay, ...]


def find_shortages(
    problem: Problem,
    solution: Solution,
    unserved: Sequence[Unserved],
    stream_of: Mapping[str, str],
    more: Iterable[DayWithMore] = (),
) -> tuple[Shortage, ...]:
    """Due containers in no tour by stream and reason, the largest group first, with what would serve them.

    Parameters
    ----------
    stream_of
        Stream of every container.
    more
        Days that need travel times of their own; looked at only when something is short.
    """
    groups = _groups(unserved, stream_of)
    if not groups:
        return ()
    orders = orders_of(solution)
    rebuilt = [(one, translated(orders, problem, one.problem)) for one in more]
    effort = Effort(left=MOST_INSERTIONS)
    shortages = []
    for at, ((stream, reason), container_ids) in enumerate(groups.items()):
        share = Effort(left=effort.left // max(1, min(MOST_GROUPS, len(groups)) - at))
        found: list[Relaxation] = []
        if at < MOST_GROUPS and reason is not ReasonCode.EXCLUDED:
            effort.left -= share.left
            kinds = set(RelaxationKind) if reason in PLACE_REASONS else set(RelaxationKind) - ABOUT_PLACES
            found = list(_relaxations(problem, orders, container_ids, _only(rebuilt, kinds), share))
            effort.left += max(0, share.left)
        shortages.append(
            Shortage(
                reason=reason,
                stream=stream,
                container_ids=container_ids,
                text=shortage_text(reason, stream, len(container_ids)),
                relaxations=_best(found),
            )
        )
    return tuple(shortages)


def _groups(
    unserved: Sequence[Unserved], stream_of: Mapping[str, str]
) -> dict[tuple[str, ReasonCode], tuple[str, ...]]:
    found: dict[tuple[str, ReasonCode], list[str]] = {}
    for one in unserved:
        if one.is_due:
            found.setdefault((stream_of[one.container_id], one.reason), []).append(one.container_id)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0][0], item[0][1].value))
    return {key: tuple(sorted(ids)) for key, ids in ordered}


def _relaxations(
    problem: Problem,
    orders: Orders,
    container_ids: Sequence[str],
    rebuilt: Sequence[tuple[DayWithMore, Orders | None]],
    effort: Effort,
) -> Iterator[Relaxation]:
    wanted = _pickups_of(problem, container_ids)
    for day in relaxed_days(problem, wanted) if wanted else ():
        for trial in try_relaxed_day(day, orders, wanted, effort):
            yield _told(day, trial, container_ids)
    for more, theirs in rebuilt:
        if theirs is None:
            continue
        served = {visit for order in theirs.values() for visit in order}
        there = [at for at in _pickups_of(more.problem, container_ids) if at not in served]
        for day in more.days:
            for trial in try_relaxed_day(day, theirs, there, effort):
                yield _told(day, trial, container_ids)


def _only(
    rebuilt: Sequence[tuple[DayWithMore, Orders | None]], kinds: set[RelaxationKind]
) -> list[tuple[DayWithMore, Orders | None]]:
    return [
        (replace(more, days=tuple(day for day in more.days if day.kind in kinds)), theirs) for more, theirs in rebuilt
    ]


def _pickups_of(problem: Problem, container_ids: Sequence[str]) -> list[int]:
    names = set(container_ids)
    return [at for at, pickup in enumerate(problem.pickups) if names & set(pickup.container_ids)]


def _told(day: RelaxedDay, trial: Trial, container_ids: Sequence[str]) -> Relaxation:
    served = {name for at in trial.pickups for name in day.problem.pickups[at].container_ids} & set(container_ids)
    subject = trial.tight.subject or day.subject
    return Relaxation(
        kind=day.kind,
        subject=subject,
        amount=trial.tight.amount,
        container_ids=tuple(sorted(served)),
        out_of=len(container_ids),
        cost_eur=round(trial.added_micro_eur / MICRO_EUR_PER_EUR, 2),
        text=relaxation_text(
            day.kind,
            subject,
            amount=trial.tight.amount,
            since=trial.tight.since,
            serves=len(served),
            out_of=len(container_ids),
            added_micro_eur=trial.added_micro_eur,
        ),
    )


def _best(found: Sequence[Relaxation]) -> tuple[Relaxation, ...]:
    """The cheapest per container first, without those that another of their kind beats in both cost and containers.

    Kinds do not beat each other: overtime may be cheaper than a vehicle from the workshop, and yet not to be had.
    """
    fullest: dict[tuple[str, str, int], Relaxation] = {}
    for one in found:
        key = (one.kind.value, one.subject, one.amount)
        if key not in fullest or len(one.container_ids) > len(fullest[key].container_ids):
            fullest[key] = one
    kept: list[Relaxation] = []
    for one in sorted(fullest.values(), key=_rank_of):
        if not any(_is_beaten(one, better) for better in kept):
            kept.append(one)
    kept.sort(key=lambda one: (one.cost_eur / len(one.container_ids), -len(one.container_ids), one.subject))
    shown = kept[:MOST_SHOWN]
    whole = [one for one in kept if len(one.container_ids) == one.out_of]
    if whole and not any(len(one.container_ids) == one.out_of for one in shown):
        shown[-1] = whole[0]
    return tuple(shown)


def _rank_of(one: Relaxation) -> tuple[float, int, str, str]:
    return one.cost_eur, -len(one.container_ids), one.kind.value, one.subject


def _is_beaten(one: Relaxation, better: Relaxation) -> bool:
    return one.kind is better.kind and set(one.container_ids) <= set(better.container_ids)
