"""Errors arrive in another process as they were sent: kind, message, facts."""

import pickle
import re
from pathlib import Path

import pytest

from api.export.geojson import UnknownTourError
from api.http.errors import ProblemError
from api.identity.errors import LoginProviderError, ThrottledError, UnauthenticatedError, UnlistedOperationError
from api.ingest.record import RefusedMessageError
from api.jobs.errors import AlreadyFinishedError, QueueFullError, QueueStoppedError
from api.plans.edits import ImpossibleEditError
from api.sharing.agreements import AgreementUnusableError
from api.store import errors as store
from optimizer.checking.errors import InvalidSolutionError, Violation
from optimizer.domain.issues import InvalidInputError, Issue
from routing import errors as ground

ROOT = Path(__file__).resolve().parents[3]
ISSUES = (
    Issue(where="container G-1", code="hours", message="The hours are empty."),
    Issue(where="day", code="day", message="There is no such day."),
)
SENT: tuple[Exception, ...] = (
    InvalidInputError(ISSUES),
    ImpossibleEditError(ISSUES),
    AgreementUnusableError(ISSUES),
    InvalidSolutionError([Violation(code="late", where="LUE-1", sentence="It is late.")]),
    ProblemError("not_found", "There is none.", issues=ISSUES, retry_after_s=3),
    UnknownTourError(vehicle_id="LUE-1", known=("LUE-2",)),
    RefusedMessageError("no_json", "It is no JSON."),
    QueueFullError(waiting=4, retry_after_s=5),
    QueueStoppedError(),
    AlreadyFinishedError(state="failed"),
    UnauthenticatedError("expired"),
    ThrottledError(retry_after_s=2),
    LoginProviderError("no answer"),
    UnlistedOperationError(["getThings"]),
    store.StoreUnavailableError(),
    store.StoreFullError(),
    store.StaleVersionError(is_missing=True),
    store.UnreadablePlanError(plan="plan p"),
    store.BrokenDatabaseError(source="db", detail="cut off"),
    store.NewerDatabaseError(source="db", found="9", known="5"),
    store.InUseError(source="db"),
    store.IdempotencyConflictError(),
    ground.BrokenMapError(source="m", detail="cut off"),
    ground.UnknownProfileError(profile="x", known=("y",)),
    ground.OutsideMapError(label="a", lon_deg=1.0, lat_deg=2.0),
)


@pytest.mark.parametrize("error", SENT, ids=lambda error: type(error).__name__)
def test_error_arrives_as_it_was_sent(error: Exception) -> None:
    arrived = pickle.loads(pickle.dumps(error))
    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert arrived.args == error.args
    assert vars(arrived) == vars(error)


def test_every_error_with_facts_of_its_own_can_be_sent() -> None:
    """Whoever writes a constructor for an error has to begin at a root that can be sent."""
    roots = {"SendableError", "RoutingError", "StoreError", "JobsError", "IdentityError"}
    found: dict[str, tuple[set[str], bool]] = {}
    for path in (one for folder in ("api", "optimizer", "routing") for one in (ROOT / folder).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for name, bases, body in re.findall(r"^class (\w+Error)\(([^)]*)\):\n((?:(?:    .*)?\n)*)", text, re.MULTILINE):
            found[name] = ({one.strip() for one in bases.split(",")}, "def __init__" in body)
    assert len(found) > 30

    def is_sendable(name: str) -> bool:
        return name in roots or any(is_sendable(base) for base in found.get(name, (set(), False))[0])

    assert [name for name, (_, has_facts) in found.items() if has_facts and not is_sendable(name)] == []
