"""The gate before every operation: who asks, may they, and not too often; nothing is read of a body before it."""

import logging
from dataclasses import dataclass

from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.types import Scope

from api.http.early_refusals import NEXT_TURN, EarlyRefusals, too_many
from api.http.errors import ProblemError
from api.http.fair_share import FairShare, Room
from api.http.operations import Operation, OperationIndex
from api.http.services import Services
from api.identity.audit_trail import AuditTrail
from api.identity.doorkeeper import CheckBody, Recognition
from api.identity.errors import LoginProviderError, ThrottledError, UnauthenticatedError
from api.identity.permissions import DOCUMENTATION, Trail
from api.identity.principal import Principal
from api.identity.source_address import parse_networks, source_of
from api.identity.token_bucket import TokenBuckets
from api.store.errors import StoreError

_LOGGER = logging.getLogger(__name__)
_BURST_S = 2
"""A caller may send this many seconds' worth of requests at once."""

SHARE_WAIT_S = 1
"""For a town whose messages under way are more than its part."""

_FORBIDDEN = ProblemError("forbidden", "Your key or login has a role that may not do this.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A request that may pass.

    Attributes
    ----------
    operation
        None where there is no such address or method, which the framework then says.
    caller
        None for public operations.
    check_body
        Must be called with the body before anything is done with it.
    """

    operation: Operation | None
    caller: Principal | None
    check_body: CheckBody | None = None


class Gate:
    """Decides about requests by their first lines and headers."""

    def __init__(
        self,
        services: Services,
        operations: OperationIndex,
        trail: AuditTrail,
        *,
        share: FairShare,
        early_refusals: EarlyRefusals,
    ) -> None:
        settings = services.settings
        self._share = share
        self._early_refusals = early_refusals
        self._services = services
        self._operations = operations
        self._trail = trail
        self._trusted = parse_networks(settings.trusted_proxies)
        self._by_key = _buckets(settings.key_requests_per_s)
        self._by_tenant = _buckets(settings.tenant_requests_per_s)
        self._ingestion = _buckets(settings.ingest_requests_per_s)

    async def admit(self, scope: Scope, trace_id: str) -> Admission:
        """Let a request pass, or end it.

        Raises
        ------
        ProblemError
            When it may not pass.
        StoreError
            When the keys cannot be read.
        """
        if scope["method"] in {"TRACE", "CONNECT"}:
            raise ProblemError("method_not_allowed", "This method is not spoken here.")
        operation = self._operations.find(scope)
        if operation is not None and self._is_public(operation):
            return Admission(operation=operation, caller=None)
        recognition = await self._recognise(scope, operation, trace_id)
        caller = recognition.principal
        is_ingestion = operation is not None and operation.permission.is_ingestion
        self._slow_down(scope, operation, caller, is_ingestion=is_ingestion)
        is_forbidden = operation is not None and caller.role not in operation.permission.roles
        if is_forbidden or (recognition.is_by_signature and not is_ingestion):
            await self._note_denial(caller, scope, operation, "denied:forbidden", trace_id)
            raise _FORBIDDEN
        check_body = None
        if recognition.check_body is not None:
            check_body = self._checked(recognition.check_body)
        return Admission(operation=operation, caller=caller, check_body=check_body)

    async def note_use(self, admission: Admission, scope: Scope, status: int, trace_id: str) -> None:
        """Write down what a request did, before it is answered.

        Raises
        ------
        StoreError
            When it cannot be written; then the request must not be called done.
        """
        operation, caller = admission.operation, admission.caller
        if operation is None or caller is None or status >= 400:
            return
        action, target = operation.operation_id, scope["path"]
        if operation.permission.trail is Trail.COUNTED:
            self._trail.count(caller, action=action, target=target)
        elif operation.permission.trail is Trail.EACH:
            await run_sync(
                lambda: self._trail.note(caller, action=action, target=target, outcome="accepted", trace_id=trace_id)
            )

    def _is_public(self, operation: Operation) -> bool:
        return operation.permission.is_public or (
            operation.operation_id == DOCUMENTATION and self._services.has_public_docs
        )

    async def _recognise(self, scope: Scope, operation: Operation | None, trace_id: str) -> Recognition:
        headers = Headers(scope=scope)
        peer = scope["client"][0] if scope.get("client") else ""
        source = source_of(peer, headers.getlist("x-forwarded-for"), self._trusted)
        doorkeeper, now = self._services.doorkeeper, self._services.now()
        try:
            if doorkeeper.knows(headers):
                return doorkeeper.recognise(headers, source=source, now=now)
            return await run_sync(lambda: doorkeeper.recognise(headers, source=source, now=now))
        except UnauthenticatedError as error:
            _LOGGER.info("denied", extra={"trace_id": trace_id, "reason": error.reason})
            if error.claimed is not None:
                await self._note_denial(error.claimed, scope, operation, f"denied:{error.reason}", trace_id)
            raise unauthenticated() from error
        except ThrottledError as error:
            wait_s = error.retry_after_s  # until the gate is asked again, the same wrong proof stays wrong
            operation_id = "none" if operation is None else operation.operation_id
            self._early_refusals.remember(scope, operation_id=operation_id, tenant_id="", verdict=lambda: wait_s)
            raise ProblemError("too_many_requests", str(error), retry_after_s=wait_s) from error
        except LoginProviderError as error:
            _LOGGER.warning("%s", error)
            raise ProblemError("login_unavailable", "The login provider does not answer.") from error

    def _slow_down(self, scope: Scope, operation: Operation | None, caller: Principal, *, is_ingestion: bool) -> None:
        tenant_id, key = caller.tenant_id, f"{caller.tenant_id}/{caller.actor}"
        room = self._share.room_for(tenant_id) if is_ingestion else Room.FREE
        if room is Room.NONE:
            wait_s = SHARE_WAIT_S
        elif is_ingestion:
            wait_s = self._ingestion.take(tenant_id)
        else:
            # The key first, so that one that is too fast takes nothing from its tenant's others.
            wait_s = self._by_key.take(key) or self._by_tenant.take(tenant_id)
        if room is Room.FREE and not wait_s:
            if self._early_refusals.is_busy:
                self._early_refusals.confirm(scope)
            return

        def verdict() -> int:
            if not is_ingestion:
                return self._by_key.wait_s(key) or self._by_tenant.wait_s(tenant_id)
            room = self._share.room_for(tenant_id)
            if room is Room.NONE:
                return SHARE_WAIT_S
            wait_s = self._ingestion.wait_s(tenant_id)
            if not wait_s and room is Room.FREE:
                self._share.expect(tenant_id)
            return wait_s or (0 if room is Room.FREE else NEXT_TURN)

        operation_id = "none" if operation is None else operation.operation_id
        self._early_refusals.remember(scope, operation_id=operation_id, tenant_id=tenant_id, verdict=verdict)
        if wait_s:
            raise too_many(wait_s)

    async def _note_denial(
        self, who: Principal, scope: Scope, operation: Operation | None, outcome: str, trace_id: str
    ) -> None:
        action = operation.operation_id if operation is not None else "unknown"
        try:
            await run_sync(
                lambda: self._trail.note(who, action=action, target=scope["path"], outcome=outcome, trace_id=trace_id)
            )
        except StoreError as error:
            _LOGGER.warning("A denial could not be written into the audit log: %s", error)

    @staticmethod
    def _checked(check_body: CheckBody) -> CheckBody:
        def checked(body: bytes) -> None:
            try:
                check_body(body)
            except UnauthenticatedError as error:
                raise unauthenticated() from error
            except ThrottledError as error:
                raise ProblemError("too_many_requests", str(error), retry_after_s=error.retry_after_s) from error

        return checked


def unauthenticated() -> ProblemError:
    """The same for every reason."""
    return ProblemError("unauthenticated", "Send a valid key or login in the header Authorization: Bearer.")


def _buckets(rate_per_s: float) -> TokenBuckets:
    return TokenBuckets(rate_per_s=rate_per_s, burst=max(1.0, rate_per_s * _BURST_S))
