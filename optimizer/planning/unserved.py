"""Every container without a tour, with its reason: low risk, refused, excluded, or no room and no time."""

from collections.abc import Mapping

from optimizer.domain.plan import ReasonCode, Unserved
from optimizer.domain.selection import Candidate, Decision, Selection
from optimizer.problem.problem import Problem
from optimizer.problem.refused import RefusedContainer
from optimizer.solving.unserved_reasons import Explanation


def list_unserved(
    selection: Selection,
    problem: Problem,
    *,
    refused: tuple[RefusedContainer, ...],
    explanations: Mapping[int, Explanation],
    excluded: frozenset[str],
) -> tuple[Unserved, ...]:
    """Due containers first, then by the cost of waiting; each container of the selection that is in no tour once."""
    candidates = {candidate.container_id: candidate for candidate in selection.candidates}
    listed = [
        _forbidden(candidate) if candidate.container_id in excluded else _waits(candidate)
        for candidate in selection.candidates
        if candidate.decision is Decision.SKIP or candidate.container_id in excluded
    ]
    listed += [
        _unserved(
            candidates[one.container_id],
            reason=one.code,
            message=one.message,
            what_would_change_it=one.what_would_change_it,
        )
        for one in refused
    ]
    for pickup_index, explanation in explanations.items():
        listed += [
            _unserved(
                candidates[container_id],
                reason=explanation.code,
                message=explanation.message,
                what_would_change_it=explanation.what_would_change_it,
            )
            for container_id in problem.pickups[pickup_index].container_ids
        ]
    return tuple(sorted(listed, key=lambda one: (not one.is_due, -one.cost_of_waiting_eur, one.container_id)))


def _waits(candidate: Candidate) -> Unserved:
    return _unserved(
        candidate,
        reason=ReasonCode.LOW_RISK,
        message="; ".join(candidate.reasons),
        what_would_change_it="",
    )


def _forbidden(candidate: Candidate) -> Unserved:
    return _unserved(
        candidate,
        reason=ReasonCode.EXCLUDED,
        message="the request keeps it out",
        what_would_change_it="Take the container off the request's exclusions.",
    )


def _unserved(candidate: Candidate, *, reason: ReasonCode, message: str, what_would_change_it: str) -> Unserved:
    return Unserved(
        container_id=candidate.container_id,
        is_due=candidate.decision is Decision.MUST,
        reason=reason,
        message=message,
        what_would_change_it=what_would_change_it,
        expected_fraction=candidate.expected_fraction,
        overflow_probability=candidate.overflow_probability,
        cost_of_waiting_eur=candidate.cost_of_waiting_eur,
    )
