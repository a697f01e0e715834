"""From a town's files to a study: the season, the travel times, the policies, and what cannot be studied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from api.files.town_folder import LoadedTown
from api.study.fills import TownFills, town_fills
from api.study.lineup import Dials, lineup, served_by_nobody
from api.study.report import ReportFacts
from api.study.run_study import Study, Variant, inputs_digest
from api.study.trucks import energy_models
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.request import SolveLimits
from optimizer.domain.town import Town
from optimizer.ports import Solver
from optimizer.season.kept_travel import KeptTravel, keep_travel
from optimizer.season.run_policy import SeasonPorts
from optimizer.season.spec import NO_FAILURES, SeasonSpec, SensorFailures
from optimizer.simulation.statistics import FillStatistics
from routing.ports import StreetRouter

FAILURES = SensorFailures(silent_share=0.20, stuck_share=0.05, outage_days=3)
"""A bad year: every fifth sensor falls silent, every twentieth gets stuck, an area is down for three days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What was asked for.

    Attributes
    ----------
    sensor_shares
        Shares of containers with a sensor, 0 to 1.
    first_day
        None for the first Monday of ``year``.
    needs_own_fills
        Whether streams with too few readings are refused.
    """

    days: int
    seeds: int
    policies: tuple[str, ...]
    sensor_shares: tuple[float, ...]
    year: int
    first_day: date | None = None
    warm_up_days: int = 28
    iterations: int = 2_000
    dials: Dials = field(default_factory=Dials)
    has_failures: bool = False
    needs_own_fills: bool = False


def make_study(
    loaded: LoadedTown,
    wishes: Wishes,
    *,
    known_fills: Mapping[str, FillStatistics],
    router: StreetRouter,
    solver: Solver,
) -> tuple[Study, ReportFacts]:
    """The study, and what its report says besides the figures.

    Raises
    ------
    InvalidInputError
        When policies, shares or the town's data do not do; every message says what would.
    """
    policies = lineup(wishes.policies, wishes.dials)
    _check(loaded.town, wishes)
    fills = town_fills(loaded, known_fills, needs_own=wishes.needs_own_fills)
    travel = keep_travel(loaded.town, router)
    study = Study(
        spec=_spec(loaded, wishes, fills),
        ports=SeasonPorts(travel=travel, solver=solver, energy=energy_models(loaded.town)),
        policies=policies,
        sensor_shares=wishes.sensor_shares,
    )
    facts = ReportFacts(
        study=study,
        fills=fills.origins,
        has_map=loaded.map_path is not None,
        n_not_served=len(served_by_nobody(loaded.town)),
        n_not_reached=_not_reached(loaded.town, travel),
        digest=inputs_digest(study),
    )
    return study, facts


def baseline_of(study: Study, name: str | None) -> Variant:
    """The variant to compare with: the named policy, or the first one, with the largest share of sensors.

    Raises
    ------
    InvalidInputError
        When the study has no such policy.
    """
    wanted = name if name is not None else study.policies[0].name
    if wanted not in {one.name for one in study.policies}:
        raise _issue("--baseline", "unknown_policy", f"'{wanted}' is none of --policies. Name one of them.")
    return _with_most_sensors(study, wanted)


def ours_of(study: Study, baseline: Variant, preferred: str) -> Variant:
    """The variant that the headline is about: the preferred policy, or the last one that can be had in practice."""
    names = [one.name for one in study.policies if one.name != baseline.policy]
    feasible = [one.name for one in study.policies if one.uses_sensors and one.name in names]
    return _with_most_sensors(study, preferred if preferred in names else (feasible or names)[-1])


def first_monday(year: int) -> date:
    """Of January."""
    new_year = date(year, 1, 1)
    return new_year + timedelta(days=-new_year.weekday() % 7)


def _with_most_sensors(study: Study, policy: str) -> Variant:
    variants = [one for one in study.variants if one.policy == policy]
    return max(variants, key=lambda one: one.sensor_share or 0.0)


def _spec(loaded: LoadedTown, wishes: Wishes, fills: TownFills) -> SeasonSpec:
    return SeasonSpec(
        name=loaded.town.name,
        town=loaded.town,
        statistics=fills.statistics,
        first_day=wishes.first_day or first_monday(wishes.year),
        n_days=wishes.days,
        warm_up_days=wishes.warm_up_days,
        seeds=tuple(range(1, wishes.seeds + 1)),
        rules=loaded.rules,
        limits=SolveLimits(time_limit_s=None, iteration_limit=wishes.iterations),
        failures=FAILURES if wishes.has_failures else NO_FAILURES,
    )


def _check(town: Town, wishes: Wishes) -> None:
    issues: list[Issue] = []
    shares = wishes.sensor_shares
    if not shares or any(not 0 <= one <= 1 for one in shares) or len(set(shares)) < len(shares):
        message = "Give shares of containers with a sensor in per cent, each once, as in 100,50,0."
        issues.append(Issue(where="--sensors", code="shares", message=message))
    if len(served_by_nobody(town)) == len(town.containers):
        message = "No available vehicle collects any of the containers. Correct streams or is_available in fleet.toml."
        issues.append(Issue(where=f"town {town.name}", code="nothing_served", message=message))
    if issues:
        raise InvalidInputError(issues)


def _not_reached(town: Town, travel: KeptTravel) -> int:
    """Containers at which no vehicle that collects their stream arrives."""
    count = 0
    for one in town.containers:
        profiles: Sequence[str] = sorted({v.profile for v in town.vehicles if one.stream in v.streams})
        index = travel.index_of[one.location, one.side, False]
        placed = [travel.travel_by_profile[name] for name in profiles if name in travel.travel_by_profile]
        count += bool(profiles) and all(int(kept.row_of[index]) < 0 for kept in placed)
    return count


def _issue(where: str, code: str, message: str) -> InvalidInputError:
    return InvalidInputError([Issue(where=where, code=code, message=message)])
