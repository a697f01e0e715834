"""Plans as JSON documents: the same shape in files, in the store and over HTTP."""

from pydantic import TypeAdapter, ValidationError

from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.plan import Plan
from optimizer.planning.container_explanation import ContainerExplanation
from optimizer.planning.plan_difference import PlanDifference
from optimizer.planning.scenario_comparison import ScenarioComparison

_PLAN = TypeAdapter(Plan)
_COMPARISON = TypeAdapter(ScenarioComparison)
_DIFFERENCE = TypeAdapter(PlanDifference)
_EXPLANATION = TypeAdapter(ContainerExplanation)


def dump_plan(plan: Plan) -> bytes:
    """The plan as UTF-8 JSON; instants carry their offset."""
    return _PLAN.dump_json(plan, indent=1)


def load_plan(document: bytes, *, source: str) -> Plan:
    """The plan in a JSON document.

    Raises
    ------
    InvalidInputError
        When the document is cut off or has wrong fields; each field is named.
    """
    try:
        return _PLAN.validate_json(document)
    except ValidationError as error:
        raise InvalidInputError(
            Issue(where=f"{source}, {'.'.join(str(part) for part in one['loc'])}", code=one["type"], message=one["msg"])
            for one in error.errors()
        ) from error


def dump_comparison(comparison: ScenarioComparison) -> bytes:
    """A scenario's comparison as UTF-8 JSON."""
    return _COMPARISON.dump_json(comparison, indent=1)


def dump_difference(difference: PlanDifference) -> bytes:
    """Two plans' difference as UTF-8 JSON."""
    return _DIFFERENCE.dump_json(difference, indent=1)


def dump_explanation(explanation: ContainerExplanation) -> bytes:
    """A container's explanation as UTF-8 JSON."""
    return _EXPLANATION.dump_json(explanation, indent=1)
