"""Every container without a tour, with its reason: low risk, refused, excluded, or no room and no time."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from optimizer.domain.plan import ReasonCode, Shortage, Unserved
from optimizer.domain.relaxation import Text
from optimizer.domain.selection import Candidate, Decision, Selection
from optimizer.problem.problem import Problem
from optimizer.problem.refused import RefusedContainer
from optimizer.solving.unserved_reasons import Explanation

REFUSED_DE = {
    ReasonCode.NO_VEHICLE: (
        "Es fährt kein Fahrzeug, das diese Abfallart sammelt und den Behälter heben kann.",
        "Ein passendes Fahrzeug für den Tag bereitstellen.",
    ),
    ReasonCode.DISPOSAL_CLOSED: (
        "Keine Entladestelle nimmt diese Abfallart während der Schicht eines passenden Fahrzeugs an.",
        "Eine Entladestelle während der Schicht öffnen oder eine weitere in die Stammdaten aufnehmen.",
    ),
    ReasonCode.EXCEEDS_VEHICLE: (
        "Sein Inhalt ist mehr, als ein passendes Fahrzeug lädt.",
        "Ein größeres Fahrzeug einsetzen oder Größe und Dichte in den Stammdaten berichtigen.",
    ),
    ReasonCode.TIME_WINDOW: (
        "Seine Zeiten lassen während der Schicht eines passenden Fahrzeugs keinen Raum für die Leerung.",
        "Die Zeiten des Behälters erweitern oder die Schicht verschieben.",
    ),
    ReasonCode.OUTSIDE_MAP: (
        "Er steht außerhalb der Karte.",
        "Die Koordinaten berichtigen oder eine größere Karte einlesen.",
    ),
    ReasonCode.TOO_FAR_FROM_ROAD: (
        "Er steht zu weit von jeder Straße, die das Fahrzeug befahren darf.",
        "Die Koordinaten an die Straße setzen, an der das Fahrzeug hält.",
    ),
    ReasonCode.UNREACHABLE: (
        "Das Fahrzeug kann ihn auf erlaubten Wegen nicht erreichen.",
        "Ein anderes Fahrzeug einsetzen oder die Beschränkung der Straße berichtigen.",
    ),
    ReasonCode.REVERSING: (
        "Er steht in einer Sackgasse ohne Wendeplatz: Das Fahrzeug müsste zu weit rückwärts fahren.",
        "Ein kürzeres Fahrzeug schicken, den Behälter vorziehen oder den Wendeplatz in die Karte eintragen.",
    ),
}
"""Message and remedy for containers that cannot enter the problem; the English ones carry the figures as well."""


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
            german=REFUSED_DE.get(one.code, ("", "")),
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
                german=(explanation.message_de, explanation.what_would_change_it_de),
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
        german=("; ".join(candidate.reasons_de), ""),
    )


def _forbidden(candidate: Candidate) -> Unserved:
    return _unserved(
        candidate,
        reason=ReasonCode.EXCLUDED,
        message="the request keeps it out",
        what_would_change_it="Take the container off the request's exclusions.",
        german=("Er ist von Hand ausgeschlossen.", "Den Behälter aus den Ausschlüssen nehmen."),
    )


def with_remedies(unserved: Iterable[Unserved], shortages: Iterable[Shortage]) -> tuple[Unserved, ...]:
    """The same containers, each with the first change of its shortage that was tried and serves it."""
    remedy_of: dict[str, Text] = {}
    for relaxation in (one for shortage in shortages for one in shortage.relaxations):
        for container_id in relaxation.container_ids:
            remedy_of.setdefault(container_id, relaxation.text)
    return tuple(
        replace(
            one,
            what_would_change_it=remedy_of[one.container_id].en,
            what_would_change_it_de=remedy_of[one.container_id].de,
        )
        if one.container_id in remedy_of
        else one
        for one in unserved
    )


def _unserved(
    candidate: Candidate, *, reason: ReasonCode, message: str, what_would_change_it: str, german: tuple[str, str]
) -> Unserved:
    return Unserved(
        container_id=candidate.container_id,
        is_due=candidate.decision is Decision.MUST,
        reason=reason,
        message=message,
        what_would_change_it=what_would_change_it,
        expected_fraction=candidate.expected_fraction,
        overflow_probability=candidate.overflow_probability,
        cost_of_waiting_eur=candidate.cost_of_waiting_eur,
        message_de=german[0],
        what_would_change_it_de=german[1],
    )
