"""Errors of a running job as codes and sentences that may be shown."""

import logging

from api.jobs.job import JobFailure
from api.plans.edits import ImpossibleEditError
from api.store.errors import StoreError, UnreadablePlanError
from optimizer.checking.errors import InvalidSolutionError
from optimizer.domain.issues import InvalidInputError
from routing.errors import RoutingError

_LOGGER = logging.getLogger(__name__)

CRASHED = JobFailure(
    code="solver_crashed", message="The worker process ended unexpectedly. Ask for the plan again; nothing was stored."
)
TOO_SLOW = JobFailure(
    code="job_time_limit",
    message="The job ran longer than this installation allows and was ended. Ask for fewer containers or streams.",
)
INTERRUPTED = JobFailure(
    code="interrupted", message="The service stopped twice while this job ran. Ask for the plan again."
)
RESOURCE_LIMIT = JobFailure(
    code="resource_limit",
    message="The job needed more memory than this installation allows. Ask for fewer containers or streams at once.",
)
NO_WORKER = JobFailure(
    code="no_worker", message="No worker could be started for this job. See what is not ready under /v1/health/ready."
)


def failure_of(error: BaseException) -> JobFailure:
    """What to tell about an error; the unexpected ones are logged with their trace and told without it."""
    if isinstance(error, InvalidInputError):
        message = "The day cannot be planned as asked; see the issues."
        return JobFailure(code="invalid_input", message=message, issues=error.issues)
    if isinstance(error, ImpossibleEditError):
        message = "The plan cannot be changed like that; see the issues."
        return JobFailure(code="edit_impossible", message=message, issues=error.issues)
    if isinstance(error, RoutingError | StoreError):
        code = "routing_failed" if isinstance(error, RoutingError) else "store_failed"
        code = "stored_plan_unreadable" if isinstance(error, UnreadablePlanError) else code
        return JobFailure(code=code, message=str(error))
    if isinstance(error, MemoryError):
        return RESOURCE_LIMIT
    _LOGGER.error("A job failed.", exc_info=error)
    if isinstance(error, InvalidSolutionError):
        return JobFailure(
            code="invalid_solution",
            message="The solver broke a rule, so nothing was published. Try another solver or seed, and report this.",
        )
    return JobFailure(
        code="internal_error", message="The job failed because of a fault in the program; its log has the details."
    )
