"""The flow of a day: clean, forecast, select, place, solve, check, explain."""

from datetime import datetime

from optimizer.domain.plan import Plan
from optimizer.domain.request import DayRequest
from optimizer.ports import Ports, ReportsProgress


def plan_day(
    request: DayRequest, ports: Ports, *, plan_id: str, generated_at: datetime, progress: ReportsProgress | None = None
) -> Plan:
    """The checked plan of a day.

    Raises
    ------
    InvalidInputError
        When the request cannot be planned at all (never for lack of room or time).
    InvalidSolutionError
        When the checker finds that the solver broke a rule; nothing must be published then.
    CancelledError
        When ``progress`` asks to stop.
    """
    raise NotImplementedError
