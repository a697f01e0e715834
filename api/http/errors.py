"""Every way a request can fail, in one table: code, HTTP status, title, and what the caller can do (RFC 9457).

Guards that an answer never carries a stack, a path, SQL, or what the caller sent.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.identity.access_keys import without_secrets
from api.jobs.errors import AlreadyFinishedError, QueueFullError, QueueStoppedError
from api.plans.edits import ImpossibleEditError
from api.store.errors import (
    BrokenDatabaseError,
    IdempotencyConflictError,
    StaleVersionError,
    StoreFullError,
    StoreUnavailableError,
    UnreadablePlanError,
)
from optimizer.domain.issues import InvalidInputError, Issue
from optimizer.domain.sendable_error import SendableError

MEDIA_TYPE = "application/problem+json"
MAX_ISSUES = 50
_NOT_PRINTABLE = re.compile(r"[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemKind:
    """One row of the table."""

    status: int
    title: str
    what_you_can_do: str
    retry_after_s: int | None = None


PROBLEMS: Mapping[str, ProblemKind] = {
    "malformed_json": ProblemKind(
        status=400, title="The body is no JSON", what_you_can_do="Send one valid UTF-8 JSON document."
    ),
    "unauthenticated": ProblemKind(
        status=401,
        title="Nobody is recognised",
        what_you_can_do="Send Authorization: Bearer with a key or login; the operator can give you one.",
    ),
    "forbidden": ProblemKind(
        status=403, title="Your role may not do this", what_you_can_do="Use a key of another role, or ask the operator."
    ),
    "not_found": ProblemKind(
        status=404, title="There is no such thing", what_you_can_do="Check the id; lists show what there is."
    ),
    "method_not_allowed": ProblemKind(
        status=405, title="This address does not know the method", what_you_can_do="See the header Allow, and /docs."
    ),
    "not_acceptable": ProblemKind(
        status=406, title="There is no such format of this", what_you_can_do="Leave out 'format' to get JSON."
    ),
    "body_too_slow": ProblemKind(
        status=408, title="The body took too long", what_you_can_do="Send it again over a better connection."
    ),
    "already_finished": ProblemKind(
        status=409, title="It has already ended", what_you_can_do="Fetch the result, or ask for a new one."
    ),
    "agreement_unusable": ProblemKind(
        status=409,
        title="The agreement cannot be used",
        what_you_can_do="See the issues; leave out the partner, or agree anew.",
    ),
    "idempotency_conflict": ProblemKind(
        status=409, title="The Idempotency-Key is taken", what_you_can_do="Use a new key for a new request."
    ),
    "edit_impossible": ProblemKind(
        status=409,
        title="The plan cannot be changed like that",
        what_you_can_do="See the issues: each says what to do.",
    ),
    "joint_plan": ProblemKind(
        status=409,
        title="The plan is driven together with other towns",
        what_you_can_do="Release it under /v1/joint-days; for other tours plan anew, with your wishes or alone.",
    ),
    "plan_not_finished": ProblemKind(
        status=409, title="The plan is not finished", what_you_can_do="Wait until its status is 'succeeded'."
    ),
    "version_conflict": ProblemKind(
        status=412, title="It was changed meanwhile", what_you_can_do="Read it again and repeat your change."
    ),
    "body_too_large": ProblemKind(
        status=413, title="The body is too large", what_you_can_do="Send less at once, e.g. several batches."
    ),
    "unsupported_media_type": ProblemKind(
        status=415,
        title="The body is of another type",
        what_you_can_do="Send Content-Type: application/json, not compressed.",
    ),
    "invalid_request": ProblemKind(
        status=422, title="The request is not valid", what_you_can_do="Correct what the issues name."
    ),
    "body_too_deep": ProblemKind(
        status=413, title="The body is nested too deeply", what_you_can_do="Send a document as in the examples."
    ),
    "body_too_wide": ProblemKind(
        status=413, title="The body holds too many values", what_you_can_do="Send less at once, e.g. several batches."
    ),
    "plan_too_large": ProblemKind(
        status=422, title="The plan is too large", what_you_can_do="Ask for fewer streams or vehicles at once."
    ),
    "version_required": ProblemKind(
        status=428, title="Name the version", what_you_can_do="Send If-Match with the ETag that you read."
    ),
    "too_many_requests": ProblemKind(
        status=429,
        title="Too many requests came at once",
        what_you_can_do="Try again after the time in Retry-After.",
        retry_after_s=1,
    ),
    "headers_too_large": ProblemKind(
        status=431, title="The headers are too large", what_you_can_do="Send shorter headers."
    ),
    "internal_error": ProblemKind(
        status=500, title="A fault in the program", what_you_can_do="Report it with the trace id; it is in the log."
    ),
    "stored_plan_unreadable": ProblemKind(
        status=500,
        title="A stored plan cannot be read",
        what_you_can_do="Ask for the day's plan anew, and tell the operator: a later version may have written it.",
    ),
    "job_failed": ProblemKind(
        status=503,
        title="The work on it failed",
        what_you_can_do="Try again after the time in Retry-After; nothing was changed.",
        retry_after_s=2,
    ),
    "login_unavailable": ProblemKind(
        status=503,
        title="The login provider does not answer",
        what_you_can_do="Try again after the time in Retry-After; keys work meanwhile.",
        retry_after_s=5,
    ),
    "no_town": ProblemKind(
        status=503, title="There is no town yet", what_you_can_do="Start the service with a town's folder."
    ),
    "queue_full": ProblemKind(
        status=503,
        title="Too many jobs are waiting",
        what_you_can_do="Try again after the time in Retry-After.",
        retry_after_s=5,
    ),
    "stopping": ProblemKind(
        status=503,
        title="The service is stopping",
        what_you_can_do="Try again after the time in Retry-After.",
        retry_after_s=5,
    ),
    "store_unavailable": ProblemKind(
        status=503,
        title="The database does not answer",
        what_you_can_do="Try again after the time in Retry-After.",
        retry_after_s=5,
    ),
    "store_full": ProblemKind(
        status=507,
        title="The disk is full",
        what_you_can_do="Ask the operator for space; nothing was stored.",
        retry_after_s=30,
    ),
}
"""By code; codes are stable, titles are not."""

_CODE_OF_ERROR: tuple[tuple[type[Exception], str], ...] = (
    (QueueFullError, "queue_full"),
    (QueueStoppedError, "stopping"),
    (AlreadyFinishedError, "already_finished"),
    (IdempotencyConflictError, "idempotency_conflict"),
    (UnreadablePlanError, "stored_plan_unreadable"),
    (StoreFullError, "store_full"),
    (StoreUnavailableError, "store_unavailable"),
    (BrokenDatabaseError, "store_unavailable"),
)
_CODE_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large", 415: "unsupported_media_type"}


class ProblemError(SendableError):
    """Ends a request with a row of the table.

    Attributes
    ----------
    code
        Key of ``PROBLEMS``.
    detail
        A sentence about this very request.
    """

    def __init__(
        self, code: str, detail: str, *, issues: Sequence[Issue] = (), retry_after_s: int | None = None
    ) -> None:
        self.code = code
        self.detail = detail
        self.issues = tuple(issues)
        self.retry_after_s = retry_after_s
        super().__init__(detail)


class IssueDocument(BaseModel):
    """One thing that is wrong with a request."""

    model_config = ConfigDict(extra="forbid")

    where: str = Field(description="Place in the body, e.g. `limits.seed`, or a thing, e.g. `container G-017`.")
    code: str
    message: str


class ProblemDocument(BaseModel):
    """An RFC 9457 problem document."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="Stable name of the kind of problem, `urn:fuhre:problem:<code>`.")
    code: str = Field(description="The last part of `type`.")
    title: str
    status: int
    detail: str = Field(description="What is wrong with this very request.")
    what_you_can_do: str
    issues: list[IssueDocument]
    trace_id: str = Field(description="Names this request in the service's log.")


def problem_of(error: Exception) -> ProblemError:
    """The problem that an error is to the caller."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, InvalidInputError):
        return ProblemError(
            "invalid_request", "The request does not fit the town; see the issues.", issues=error.issues
        )
    if isinstance(error, ImpossibleEditError):
        return ProblemError("edit_impossible", "The plan cannot be changed like that.", issues=error.issues)
    if isinstance(error, StaleVersionError):
        return ProblemError("version_required" if error.is_missing else "version_conflict", str(error))
    for kind, code in _CODE_OF_ERROR:
        if isinstance(error, kind):
            # A broken database's message names files, which are nobody's business here.
            detail = f"{PROBLEMS[code].title}." if isinstance(error, BrokenDatabaseError) else str(error)
            return ProblemError(code, detail, retry_after_s=getattr(error, "retry_after_s", None))
    return ProblemError("internal_error", "The service met a fault of its own.")


def problem_of_status(status: int) -> ProblemError:
    """The problem behind a bare HTTP status of the framework."""
    code = _CODE_OF_STATUS.get(status, "internal_error" if status >= 500 else "invalid_request")
    return ProblemError(code, f"{PROBLEMS[code].title}.")


def issues_of(errors: Iterable[Mapping[str, Any]]) -> list[Issue]:
    """Pydantic's errors as issues, without anything that was sent but the names of fields."""
    return [
        Issue(where=_place(error["loc"]), code=error["type"], message=_message(error))
        for error, _ in zip(errors, range(MAX_ISSUES), strict=False)
    ]


def problem_body(problem: ProblemError, trace_id: str) -> tuple[int, dict[str, str], ProblemDocument]:
    """Status, headers and document of a problem."""
    kind = PROBLEMS[problem.code]
    retry_after_s = problem.retry_after_s or kind.retry_after_s
    document = ProblemDocument(
        type=f"urn:fuhre:problem:{problem.code}",
        code=problem.code,
        title=kind.title,
        status=kind.status,
        detail=shown(problem.detail),
        what_you_can_do=kind.what_you_can_do,
        issues=[
            IssueDocument(where=shown(issue.where), code=issue.code, message=shown(issue.message))
            for issue in problem.issues[:MAX_ISSUES]
        ],
        trace_id=trace_id,
    )
    headers = {"content-type": MEDIA_TYPE, "cache-control": "no-store"}
    if kind.status == 401:
        headers["www-authenticate"] = 'Bearer realm="fuhre"'
    if retry_after_s is not None:
        headers["retry-after"] = str(retry_after_s)
    return kind.status, headers, document


def shown(text: str, *, limit: int = 300) -> str:
    """Text that is safe to show: printable, short, and without a key's secret."""
    clean = _NOT_PRINTABLE.sub("?", without_secrets(text))
    return clean if len(clean) <= limit else f"{clean[: limit - 3]}..."


def _place(location: Sequence[str | int]) -> str:
    parts = [part for part in location if part not in {"body", "query", "path", "header"}]
    return shown(".".join(str(part) for part in parts) or "body", limit=100)


def _message(error: Mapping[str, Any]) -> str:
    if error["type"] == "union_tag_invalid":  # pydantic's own message repeats what was sent
        return f"Use one of {error['ctx']['expected_tags']}."
    return str(error["msg"]).removeprefix("Value error, ")
