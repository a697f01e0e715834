"""What may be asked of the planner over HTTP, and the planning job it becomes."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field

from api.http.agreements import require_partners
from api.http.errors import ProblemError
from api.http.fields import Body, Day, Identifier, Instant, Probability
from api.http.services import Services
from api.identity.principal import Principal
from api.jobs.planning_documents import PlanningAsk
from api.search_limits import search_limits
from optimizer.domain.hours import local_midnight
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.request import SelectionRules, SolveLimits
from optimizer.domain.town import Town

MAX_DAYS_AHEAD = 366
MAX_CLOCK_LEAD = timedelta(minutes=10)


class RulesBody(Body):
    """How boldly containers are left for later; what is left out is as the town has set it."""

    must_collect_probability: Probability | None = Field(
        default=None,
        description="Probability of an overflow before the next visit from which a container must be emptied.",
    )
    overflow_cost_eur: Annotated[float, Field(ge=0, le=100_000)] | None = None
    min_fill_fraction: Annotated[float, Field(ge=0, le=1)] | None = None
    max_blind_days: Annotated[int, Field(ge=1, le=3_650)] | None = None


class LimitsBody(Body):
    """When the search ends, whichever comes first."""

    time_limit_s: Annotated[float, Field(ge=0.05, le=3_600)] | None = None
    iteration_limit: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = Field(
        default=None, description="With this and no time limit, the same input and seed give the same plan."
    )
    seed: Annotated[int, Field(ge=0, le=2_147_483_647)] = 1


class PlanBody(Body):
    """One day to plan."""

    day: Day | None = Field(
        default=None, description="Calendar day of the tours at the depot. The next day with a shift when left out."
    )
    as_of: Instant | None = Field(
        default=None,
        description="Use readings up to this instant. Now when left out; for a past day the midnight it began with.",
    )
    streams: Annotated[list[Identifier], Field(max_length=100)] = Field(default=[], description="Empty for all.")
    vehicle_ids: Annotated[list[Identifier], Field(max_length=1_000)] = Field(default=[], description="Empty for all.")
    exclude: Annotated[list[Identifier], Field(max_length=2_000)] = Field(
        default=[], description="Containers to leave out."
    )
    force: Annotated[list[Identifier], Field(max_length=2_000)] = Field(
        default=[], description="Containers to empty anyway."
    )
    rules: RulesBody = RulesBody()
    limits: LimitsBody = LimitsBody()
    partners: Annotated[list[Identifier], Field(max_length=3)] = Field(
        default=[], description="Neighbouring towns to plan the day with; there must be an agreement with each."
    )
    policy: Identifier | None = None
    solver: Identifier | None = None
    with_baseline: bool = Field(default=False, description="Also plan the emptying of all containers, to compare with.")


class PlanRequestBody(PlanBody):
    """The same, asked for by somebody who may want to wait."""

    # Left out of what an Idempotency-Key stands for: who asks again may be more or less patient.
    max_wait_s: Annotated[float, Field(ge=0, le=30)] = Field(
        default=0, exclude=True, description="The answer is 200 with the plan when it is ready by then, else 202."
    )


EXAMPLES: dict[str, Any] = {
    "the next working day": {"limits": {"time_limit_s": 10}},
    "one stream on a given day": {"day": "2026-03-02", "streams": ["paper"]},
    "three trucks, one container forced, reproducible": {
        "day": "2026-03-02",
        "vehicle_ids": ["LUE-11", "LUE-12", "LUE-14"],
        "force": ["G-017"],
        "exclude": ["G-044"],
        "rules": {"must_collect_probability": 0.05},
        "limits": {"iteration_limit": 2000, "seed": 7},
        "solver": "sisr",
        "with_baseline": True,
    },
}


def planning_ask(body: PlanBody, services: Services, caller: Principal) -> PlanningAsk:
    """The planning job that the body asks for.

    Raises
    ------
    InvalidInputError
        When it names what the town or this installation does not have.
    ProblemError
        When it asks for more than this installation plans at once.
    """
    now = services.now()
    record = services.town_of(caller)
    today = now.astimezone(record.town.zone).date()
    day = body.day if body.day is not None else record.town.next_working_date(today)
    ask = PlanningAsk(
        day=day,
        as_of=_cut_off(body, day, now=now, zone=record.town.zone),
        streams=tuple(sorted(set(body.streams))),
        vehicle_ids=tuple(sorted(set(body.vehicle_ids))),
        exclude=tuple(sorted(set(body.exclude))),
        force=tuple(sorted(set(body.force))),
        rules=_rules(body.rules, record.rules),
        limits=_limits(body.limits, services),
        policy=_known("policy", body.policy, services.policies),
        solver=_known("solver", body.solver, services.solvers),
        with_baseline=body.with_baseline,
        partners=tuple(dict.fromkeys(body.partners)),
    )
    require_partners(services, caller, ask.partners, day)
    if day > today + timedelta(days=MAX_DAYS_AHEAD):
        raise _issue("day", "day_too_far", f"Ask for a day at most {MAX_DAYS_AHEAD} days ahead.")
    ask.to_request(record.town, {})  # refuses unknown names now rather than in the worker
    _require_size(ask, services, record.town)
    return ask


def _cut_off(body: PlanBody, day: date, *, now: datetime, zone: ZoneInfo) -> datetime:
    if body.as_of is not None:
        if body.as_of > now + MAX_CLOCK_LEAD:
            raise _issue("as_of", "in_the_future", "Nothing is known about the future. Give an instant up to now.")
        return body.as_of
    # A past day is planned with what was known when it began, or the study would see the answers.
    return min(now, local_midnight(day, zone)) if day < now.astimezone(zone).date() else now


def _rules(body: RulesBody, town_rules: SelectionRules) -> SelectionRules:
    return replace(town_rules, **body.model_dump(exclude_none=True))


def _limits(body: LimitsBody, services: Services) -> SolveLimits:
    longest_s = services.settings.max_time_limit_s
    time_limit_s = body.time_limit_s
    if time_limit_s is None and body.iteration_limit is None:
        time_limit_s = min(services.settings.default_time_limit_s, longest_s)
    if time_limit_s is not None and time_limit_s > longest_s:
        raise _issue("limits.time_limit_s", "number_out_of_range", f"Ask for at most {longest_s:g} seconds.")
    return search_limits(time_limit_s=time_limit_s, iteration_limit=body.iteration_limit, seed=body.seed)


def _known(name: str, asked: str | None, known: tuple[str, ...]) -> str:
    if asked is None:
        return known[0]
    if asked not in known:
        raise _issue(name, f"unknown_{name}", f"There is no {name} of this name. Use one of {', '.join(known)}.")
    return asked


def _require_size(ask: PlanningAsk, services: Services, town: Town) -> None:
    settings = services.settings
    container_count = sum(not ask.streams or one.stream in ask.streams for one in town.containers)
    vehicle_count = len(ask.vehicle_ids or town.vehicles)
    for count, most, kind in (
        (container_count, settings.max_containers_per_plan, "containers"),
        (vehicle_count, settings.max_vehicles_per_plan, "vehicles"),
    ):
        if count > most:
            raise ProblemError("plan_too_large", f"The request concerns {count} {kind}; at most {most} are planned.")


def _issue(where: str, code: str, message: str) -> InvalidInputError:
    return InvalidInputError([Issue(where=where, code=code, message=message)])
