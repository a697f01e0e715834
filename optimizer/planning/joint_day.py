"""A day that several towns drive together: planned alone and jointly, paid fairly, told to each town separately.

The joint day empties at least what the towns would empty alone, for at most the sum of what that costs. Due containers
that nobody could empty alone are added where the joint tours have room; what they cost more is paid by their town.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import add

from optimizer.domain.agreement import Agreement, AgreementState, PriceRule
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.map_age import stale_map_warnings
from optimizer.domain.plan import Plan, ReasonCode, SolverReport, Totals, Tour
from optimizer.domain.request import SolveLimits
from optimizer.planning.assemble_tour import assemble_tour
from optimizer.planning.inputs_digest import digest_inputs
from optimizer.planning.joint_answer import GroupCost, JointDay, JointShare
from optimizer.planning.joint_errands import ErrandBook
from optimizer.planning.joint_search import Found, JointSearch, windows_of
from optimizer.planning.joint_town import (
    Party,
    agreement_between,
    join_selections,
    join_towns,
    marked,
    owner_of,
    unmarked,
)
from optimizer.planning.joint_views import kg_by_owner, view_of_tours, view_of_unserved
from optimizer.planning.judge_fills import judge_fills
from optimizer.planning.steps import Steps
from optimizer.planning.unserved import list_unserved
from optimizer.ports import Ports, ReportsProgress
from optimizer.problem.build_problem import BuiltProblem, build_problem
from optimizer.problem.problem import MICRO_EUR_PER_EUR
from optimizer.problem.solution import Solution
from optimizer.sharing.apportion import apportion
from optimizer.sharing.price_rules import split_by_rule
from optimizer.sharing.split_cost import Coalition, Share, coalitions_of
from optimizer.solving.unserved_reasons import explain_unserved

MOST_TOGETHER = 4
"""Beyond, there are too many groups to plan while somebody waits."""

LEAST_SEARCH_S = 0.2


def plan_joint_day(
    parties: Sequence[Party],
    agreements: Sequence[Agreement],
    ports: Ports,
    *,
    plan_id: str,
    generated_at: datetime,
    progress: ReportsProgress | None = None,
) -> JointDay:
    """The checked joint day; the first party's limits, solver and day count.

    Raises
    ------
    InvalidInputError
        When the towns may not or cannot drive together.
    InvalidSolutionError
        When the checker finds that the solver broke a rule; nothing must be published then.
    CancelledError
        When ``progress`` asks to stop.
    """
    require_agreed(parties, agreements)
    first = parties[0].request
    steps = Steps(progress)
    town = join_towns(parties)
    fills = {one.party_id: judge_fills(one.request, ports, steps=steps) for one in parties}
    selection = join_selections(
        {
            one.party_id: replace(
                fills[one.party_id].selection,
                candidates=tuple(
                    candidate
                    for candidate in fills[one.party_id].selection.candidates
                    if candidate.container_id not in one.request.exclude
                ),
            )
            for one in parties
        }
    )
    with steps.step("matrix"):
        built = build_problem(
            town,
            selection,
            day=first.day,
            vehicle_ids=frozenset(),
            router=ports.router,
            progress=lambda share: steps.tell("matrix", share),
        )
    _require_one_map(parties, built)
    search = JointSearch(
        problem=built.problem,
        agreements=tuple(agreements),
        windows=windows_of(agreements, town, first.day),
        solver=ports.solvers[first.solver],
        limits=_limits(first.limits, len(parties)),
    )
    with steps.step("solve"):
        groups = _search_all(search, [one.party_id for one in parties], steps)
    with steps.step("explain"):
        everybody = frozenset(one.party_id for one in parties)
        candidates = {one.container_id: one for one in selection.candidates}
        containers = {one.container_id: one for one in town.containers}
        tours = tuple(
            assemble_tour(built.problem, tour, town=town, containers=containers, candidates=candidates)
            for tour in sorted(groups.final.tours, key=lambda tour: tour.vehicle_index)
        )
        shares = _shares(groups, everybody, agreements[0].price_rule, built, tours)
        unserved = list_unserved(
            selection,
            built.problem,
            refused=built.refused,
            explanations=explain_unserved(built.problem, _as_solution(groups.final, built)),
            excluded=frozenset(),
        )
    map_info = ports.router.map_info
    stale = stale_map_warnings(map_info.data_at, day=first.day, max_age_days=ports.map_max_age_days)
    plans = {}
    for party in parties:
        share = next(one for one in shares if one.party_id == party.party_id)
        seen = view_of_tours(tours, party.party_id)
        totals = reduce(add, (tour.totals for tour in seen), Totals())
        cost_eur = round((share.share_micro_eur + share.extra_micro_eur) / MICRO_EUR_PER_EUR, 2)
        plans[party.party_id] = Plan(
            plan_id=plan_id,
            town_id=party.request.town.town_id,
            town_name=party.request.town.name,
            day=first.day,
            streams=tuple(sorted(party.request.streams or {one.stream_id for one in party.request.town.streams})),
            generated_at=generated_at,
            data_as_of=party.request.as_of,
            inputs_digest=_digest(party, agreements, map_digest=map_info.digest),
            map_source=map_info.source,
            map_digest=map_info.digest,
            map_data_at=map_info.data_at,
            tours=seen,
            unserved=view_of_unserved(unserved, party.party_id),
            totals=replace(_rounded(totals), cost_eur=cost_eur),
            baseline=None,
            solver=SolverReport(
                name=groups.final.solver.solver,
                status=groups.final.solver.status,
                wall_s=round(groups.final.solver.wall_s, 3),
                iterations=groups.final.solver.iterations,
                cost_eur=cost_eur,
                seed=first.limits.seed,
            ),
            warnings=(_told(share, [one.party_id for one in parties]), *stale),
            degraded=fills[party.party_id].degraded,
            seconds_by_step=steps.seconds_by_step,
        )
    book = ErrandBook(plan_id=plan_id, town=town, tours=tours)
    return JointDay(
        plans=plans,
        crews={one.party_id: book.crews_of(one.party_id) for one in parties},
        places={one.party_id: book.places_of(one.party_id) for one in parties},
        entrusted={one.party_id: book.entrusted_by(one.party_id) for one in parties},
        shares=shares,
        groups=tuple(
            GroupCost(members=tuple(sorted(group)), micro_eur=cost) for group, cost in groups.cost_micro_eur.items()
        ),
        price_rule=agreements[0].price_rule,
        joint_micro_eur=groups.final.cost_micro_eur,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Groups:
    """What each group costs for the containers that its members empty alone, and the day that is driven."""

    cost_micro_eur: Mapping[Coalition, int]
    together: Found
    final: Found
    extra: frozenset[int]


def _search_all(search: JointSearch, party_ids: Sequence[str], steps: Steps) -> _Groups:
    groups = coalitions_of(party_ids)
    found: dict[Coalition, Found] = {}
    for done, group in enumerate(groups):
        steps.tell("solve", done / (len(groups) + 1), " + ".join(sorted(group)))
        if len(group) == 1:
            found[group] = search.alone(min(group))
            continue
        members = [found[frozenset({one})] for one in sorted(group)]
        served = frozenset().union(*(one.served for one in members))
        apart = sum(one.cost_micro_eur for one in members)
        start = tuple(tour for one in members for tour in one.tours)
        found[group] = search.together(group, served, start=start, kept=served, floor_micro_eur=2 * apart + 1)
        if not served <= found[group].served or found[group].cost_micro_eur > apart:
            # Nobody drives a joint day that is worse than the separate ones.
            found[group] = Found(tours=start, cost_micro_eur=apart, solver=found[group].solver)
    everybody = groups[-1]
    together = found[everybody]
    final, extra = _with_extra(search, everybody, together)
    return _Groups(
        cost_micro_eur={group: one.cost_micro_eur for group, one in found.items()},
        together=together,
        final=final,
        extra=extra,
    )


def _with_extra(search: JointSearch, everybody: Coalition, together: Found) -> tuple[Found, frozenset[int]]:
    """Due containers that nobody could empty alone, where there is room for them."""
    pickups = search.problem.pickups
    due = frozenset(at for at, one in enumerate(pickups) if one.is_must) - together.served
    if not due:
        return together, frozenset()
    floor = 2 * together.cost_micro_eur + 1
    more = search.together(
        everybody, together.served | due, start=together.tours, kept=together.served, floor_micro_eur=floor
    )
    extra = more.served - together.served
    if not extra or not together.served <= more.served:
        return together, frozenset()
    return more, extra


def _shares(
    groups: _Groups,
    everybody: Coalition,
    rule: PriceRule,
    built: BuiltProblem,
    tours: Sequence[Tour],
) -> tuple[JointShare, ...]:
    kg: dict[str, float] = dict.fromkeys(sorted(everybody), 0.0)
    for tour in tours:
        for owner, weight in kg_by_owner(tour).items():
            kg[owner] += weight
    extra_kg: dict[str, float] = {}
    extra_ids: dict[str, list[str]] = {one: [] for one in kg}
    for at in sorted(groups.extra):
        pickup = built.problem.pickups[at]
        owner = owner_of(pickup.container_ids[0])
        extra_kg[owner] = extra_kg.get(owner, 0.0) + pickup.demand_kg
        extra_ids[owner] += [unmarked(one) for one in pickup.container_ids]
    more = groups.final.cost_micro_eur - groups.together.cost_micro_eur
    cost = dict(groups.cost_micro_eur)
    if more < 0:  # the search went on and found better tours with the extra containers than without
        cost[everybody] = groups.final.cost_micro_eur
        more = 0
    extra = apportion(more, extra_kg) if extra_kg else {}
    split: tuple[Share, ...] = split_by_rule(cost, rule, expected_kg=kg)
    return tuple(
        JointShare(
            party_id=one.partner_id,
            alone_micro_eur=one.alone_micro_eur,
            share_micro_eur=one.share_micro_eur,
            extra_micro_eur=extra.get(one.partner_id, 0),
            extra_container_ids=tuple(extra_ids[one.partner_id]),
            expected_kg=round(kg[one.partner_id], 2),
        )
        for one in split
    )


def require_agreed(parties: Sequence[Party], agreements: Sequence[Agreement]) -> None:
    """Refuse what has not been agreed on, with the reason.

    Raises
    ------
    InvalidInputError
        When the first town has no agreement in force with one of the others.
    """
    names = [one.party_id for one in parties]
    first = parties[0].request
    if not 2 <= len(set(names)) == len(names) <= MOST_TOGETHER:
        raise _refused("partners", f"Plan 2 to {MOST_TOGETHER} different towns together.")
    for name in names[1:]:
        agreement = agreement_between(agreements, names[0], name)
        if agreement is None:
            raise _refused("no_agreement", f"There is no agreement with {name}. Propose one first.")
        state = agreement.state_on(first.day)
        if state is not AgreementState.IN_FORCE:
            raise _refused(state.value, f"The agreement with {name} cannot be used on {first.day}.")
    if len({one.price_rule for one in agreements}) > 1:
        raise _refused("price_rules", "The agreements have different price rules. Plan with one partner at a time.")
    if any(one.request.day != first.day for one in parties):
        raise _refused("days", "All towns must plan the same day.")


def _require_one_map(parties: Sequence[Party], built: BuiltProblem) -> None:
    """Where the map ends at the border, the partner's places fall off it."""
    for party in parties[1:]:
        refused = [one.code for one in built.refused if owner_of(one.container_id) == party.party_id]
        depots = {marked(party.party_id, depot.depot_id) for depot in party.request.town.depots}
        if ReasonCode.OUTSIDE_MAP in refused or not depots & set(built.place_ids):
            raise _refused("map_ends", f"The map does not reach {party.party_id}. Use one that covers both towns.")


def _limits(limits: SolveLimits, count: int) -> SolveLimits:
    """So much for each search that all together take the time that was asked for."""
    if limits.time_limit_s is None:
        return limits
    searches = 2 * count + (2**count - 1 - count) + 1
    return replace(limits, time_limit_s=max(LEAST_SEARCH_S, limits.time_limit_s / searches))


def _as_solution(found: Found, built: BuiltProblem) -> Solution:
    left = frozenset(range(len(built.problem.pickups))) - found.served
    return replace(found.solver, tours=found.tours, unserved=tuple(sorted(left)))


def _digest(party: Party, agreements: Sequence[Agreement], *, map_digest: str) -> str:
    own = digest_inputs(party.request, map_digest=map_digest)
    return hashlib.sha256(f"{own} {sorted(one.agreement_id for one in agreements)}".encode()).hexdigest()


def _told(share: JointShare, names: Sequence[str]) -> str:
    others = ", ".join(name for name in names if name != share.party_id)
    pays, alone = share.share_micro_eur / MICRO_EUR_PER_EUR, share.alone_micro_eur / MICRO_EUR_PER_EUR
    return f"shared: with {others}; the share is {pays:.2f} EUR, alone it would be {alone:.2f} EUR"


def _rounded(totals: Totals) -> Totals:
    return replace(
        totals,
        collected_kg=round(totals.collected_kg, 2),
        diesel_l=round(totals.diesel_l, 2),
        co2e_kg=round(totals.co2e_kg, 2),
    )


def _refused(code: str, message: str) -> InvalidInputError:
    return InvalidInputError([Issue(where="joint day", code=code, message=message)])
