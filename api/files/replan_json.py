"""The state of a running day as a JSON document, and the new plan made of it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields

from pydantic import TypeAdapter, ValidationError

from optimizer.domain.day_state import BreakTaken, DayState, VehicleState
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.planning.replan import Replan

_STATE = TypeAdapter(DayState)
_REPLAN = TypeAdapter(Replan)


def load_state(document: bytes, *, source: str) -> DayState:
    """The state in a JSON document.

    Raises
    ------
    InvalidInputError
        When the document is cut off, has wrong fields or says what cannot be; a misspelt field is named, since leaving
        it out in silence would plan for another day.
    """
    try:
        state = _STATE.validate_json(document)
    except ValidationError as error:
        raise InvalidInputError(
            Issue(where=f"{source}, {'.'.join(str(part) for part in one['loc'])}", code=one["type"], message=one["msg"])
            for one in error.errors()
        ) from error
    unknown = list(_unknown_fields(json.loads(document), source))
    if unknown:
        raise InvalidInputError(unknown)
    return state


def dump_state(state: DayState) -> bytes:
    """The state as UTF-8 JSON."""
    return _STATE.dump_json(state, indent=1)


def dump_replan(replan: Replan) -> bytes:
    """The new plan and what it changes, as UTF-8 JSON."""
    return _REPLAN.dump_json(replan, indent=1)


def _unknown_fields(document: Mapping[str, object], source: str) -> Iterator[Issue]:
    yield from _unknown(document, DayState, source)
    vehicles = document.get("vehicles", [])
    for at, vehicle in enumerate(vehicles if isinstance(vehicles, list) else []):
        yield from _unknown(vehicle, VehicleState, f"{source}, vehicles.{at}")
        for number, taken in enumerate(vehicle.get("breaks") or []):
            yield from _unknown(taken, BreakTaken, f"{source}, vehicles.{at}.breaks.{number}")


def _unknown(document: Mapping[str, object], kind: type, where: str) -> Iterator[Issue]:
    known = [one.name for one in fields(kind)]
    for name in sorted(document.keys() - set(known)):
        message = f"There is no field '{name}' here. Use {', '.join(known)}."
        yield Issue(where=f"{where}.{name}", code="unknown_field", message=message)
