"""What a planning job asks for, as JSON: everything of a day's request but the town and the readings."""

from dataclasses import dataclass
from datetime import date, datetime

from pydantic import TypeAdapter

from api.plans.edits import Edit
from optimizer.domain.reading import FillHistory
from optimizer.domain.request import DayRequest, SelectionRules, SolveLimits
from optimizer.domain.scenario import Scenario
from optimizer.domain.town import Town


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningAsk:
    """A day's request whose town and readings are looked up when a worker begins it.

    Attributes
    ----------
    as_of
        Fixed when the job is made: later readings do not change what was asked.
    partners
        Tenants to plan the day with.
    """

    day: date
    as_of: datetime
    streams: tuple[str, ...]
    vehicle_ids: tuple[str, ...]
    exclude: tuple[str, ...]
    force: tuple[str, ...]
    rules: SelectionRules
    limits: SolveLimits
    policy: str
    solver: str
    with_baseline: bool
    partners: tuple[str, ...] = ()

    def to_request(self, town: Town, history: FillHistory) -> DayRequest:
        """The request that the planner understands.

        Raises
        ------
        InvalidInputError
            When it names what the town does not have.
        """
        return DayRequest(
            town=town,
            day=self.day,
            as_of=self.as_of,
            history=history,
            streams=frozenset(self.streams),
            vehicle_ids=frozenset(self.vehicle_ids),
            exclude=frozenset(self.exclude),
            force=frozenset(self.force),
            rules=self.rules,
            limits=self.limits,
            policy=self.policy,
            solver=self.solver,
            with_baseline=self.with_baseline,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioAsk:
    """A scenario on a day's request; ``base_plan_id`` names the plan to compare with, None to plan the base too."""

    scenario: Scenario
    ask: PlanningAsk
    base_plan_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEditAsk:
    """Changes to a version of a plan.

    Attributes
    ----------
    base_version
        The version that was changed; what the job makes is the next one, or nothing when somebody was faster.
    vehicle_ids
        Vehicles that the plan was asked for with; empty for all.
    now
        Where its tours are under way; None before they begin.
    """

    plan_id: str
    base_version: int
    actor: str
    edits: tuple[Edit, ...]
    vehicle_ids: tuple[str, ...]
    limits: SolveLimits
    now: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationAsk:
    """Why a container is in a version of a plan or not."""

    content_id: str
    container_id: str


_PLANNING = TypeAdapter(PlanningAsk)
_EDIT = TypeAdapter(PlanEditAsk)
_EXPLANATION = TypeAdapter(ExplanationAsk)
_SCENARIO = TypeAdapter(ScenarioAsk)


def dump_planning_ask(ask: PlanningAsk) -> bytes:
    """The ask as JSON."""
    return _PLANNING.dump_json(ask)


def load_planning_ask(document: bytes) -> PlanningAsk:
    """The ask in a stored job; it was written by ``dump_planning_ask``."""
    return _PLANNING.validate_json(document)


def dump_scenario_ask(ask: ScenarioAsk) -> bytes:
    """The ask as JSON."""
    return _SCENARIO.dump_json(ask)


def load_scenario_ask(document: bytes) -> ScenarioAsk:
    """The ask in a stored job; it was written by ``dump_scenario_ask``."""
    return _SCENARIO.validate_json(document)


def dump_edit_ask(ask: PlanEditAsk) -> bytes:
    """The ask as JSON."""
    return _EDIT.dump_json(ask)


def load_edit_ask(document: bytes) -> PlanEditAsk:
    """The ask in a stored job; it was written by ``dump_edit_ask``."""
    return _EDIT.validate_json(document)


def dump_explanation_ask(ask: ExplanationAsk) -> bytes:
    """The ask as JSON."""
    return _EXPLANATION.dump_json(ask)


def load_explanation_ask(document: bytes) -> ExplanationAsk:
    """The ask in a stored job; it was written by ``dump_explanation_ask``."""
    return _EXPLANATION.validate_json(document)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAsk:
    """A new plan after an incident.

    Attributes
    ----------
    plan_id, version
        What the tablets have.
    now
        The instant from which on everything may change.
    """

    incident_id: str
    plan_id: str
    version: int
    actor: str
    now: datetime
    limits: SolveLimits


_INCIDENT_ASK = TypeAdapter(IncidentAsk)


def dump_incident_ask(ask: IncidentAsk) -> bytes:
    """The ask as JSON."""
    return _INCIDENT_ASK.dump_json(ask)


def load_incident_ask(document: bytes) -> IncidentAsk:
    """The ask in a stored job; it was written by ``dump_incident_ask``."""
    return _INCIDENT_ASK.validate_json(document)
