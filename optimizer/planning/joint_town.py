"""Several towns as one, every id marked with its owner, so that nothing is mistaken for another town's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer.domain.agreement import Agreement
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.request import DayRequest
from optimizer.domain.selection import Candidate, Selection
from optimizer.domain.town import Town

MARK = "/"
"""Stands between owner and id; ids of tenants never contain it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A town that takes part, and what it wants of the day."""

    party_id: str
    request: DayRequest


def marked(party_id: str, name: str) -> str:
    """The id as it is called in the joint town."""
    return f"{party_id}{MARK}{name}"


def owner_of(name: str) -> str:
    """Whose it is."""
    return name.partition(MARK)[0]


def unmarked(name: str) -> str:
    """What its owner calls it."""
    return name.partition(MARK)[2]


def join_towns(parties: Sequence[Party]) -> Town:
    """The joint town; streams of one name are one stream.

    Raises
    ------
    InvalidInputError
        When the towns' clocks differ.
    """
    first = parties[0].request.town
    zones = {one.request.town.zone.key for one in parties}
    if len(zones) > 1:
        message = f"The towns' clocks differ: {', '.join(sorted(zones))}. Plan the day separately."
        raise InvalidInputError([Issue(where="joint day", code="zones", message=message)])
    streams = {stream.stream_id: stream for one in reversed(parties) for stream in one.request.town.streams}
    own = [_marked_town(one) for one in parties]
    return replace(
        first,
        town_id=MARK.join(one.party_id for one in parties),
        name=", ".join(one.request.town.name for one in parties),
        streams=tuple(streams[name] for name in sorted(streams)),
        depots=tuple(depot for town in own for depot in town.depots),
        disposal_sites=tuple(site for town in own for site in town.disposal_sites),
        vehicles=tuple(vehicle for town in own for vehicle in town.vehicles),
        containers=tuple(container for town in own for container in town.containers),
    )


def join_selections(selections: Mapping[str, Selection]) -> Selection:
    """What all towns want emptied."""
    candidates = tuple(
        _marked_candidate(party_id, one) for party_id, selection in selections.items() for one in selection.candidates
    )
    return Selection(candidates=candidates, policy="joint")


def agreement_between(agreements: Sequence[Agreement], one: str, other: str) -> Agreement | None:
    """What the two have agreed on."""
    return next((each for each in agreements if set(each.parties) == {one, other}), None)


def _marked_candidate(party_id: str, one: Candidate) -> Candidate:
    return replace(one, container_id=marked(party_id, one.container_id))


def _marked_town(party: Party) -> Town:
    town, own = party.request.town, party.party_id
    return replace(
        town,
        depots=tuple(
            replace(one, depot_id=marked(own, one.depot_id), name=marked(own, one.name or one.depot_id))
            for one in town.depots
        ),
        disposal_sites=tuple(
            replace(
                one,
                disposal_site_id=marked(own, one.disposal_site_id),
                name=marked(own, one.name or one.disposal_site_id),
            )
            for one in town.disposal_sites
        ),
        vehicles=tuple(
            replace(
                one,
                vehicle_id=marked(own, one.vehicle_id),
                start_depot_id=marked(own, one.start_depot_id),
                end_depot_id=marked(own, one.end_depot_id),
                name=marked(own, one.name or one.vehicle_id),
                # Vehicles that the request leaves out stay at home in the joint day, too.
                is_available=one.is_available
                and (not party.request.vehicle_ids or one.vehicle_id in party.request.vehicle_ids),
            )
            for one in town.vehicles
        ),
        containers=tuple(
            replace(
                one,
                container_id=marked(own, one.container_id),
                site_id=marked(own, one.site_id),
                address=marked(own, one.address) if one.address else "",
            )
            for one in town.containers
        ),
    )
