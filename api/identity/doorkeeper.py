"""Lets in who proves to be somebody: by key, by login, or by a signed message; slows down who keeps guessing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from api.identity.access_keys import is_secret_of, split_key, why_ended
from api.identity.errors import ThrottledError, UnauthenticatedError
from api.identity.key_cache import KeyCache
from api.identity.oidc import LoginProvider
from api.identity.principal import Principal
from api.identity.token_bucket import TokenBuckets
from api.identity.webhook_signature import SeenSignatures, is_signed, is_timely
from api.store.tenant_ports import AccessKey, Role, TenantStores

FAILURES_PER_S = 0.2
FAILURES_AT_ONCE = 20
"""So many wrong proofs may come from a source, or against a key, before each further one has to wait."""

CheckBody = Callable[[bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """Somebody who is let in.

    Attributes
    ----------
    check_body
        Must be called with the body before the caller is believed; raises ``UnauthenticatedError``. None where the
        headers were proof enough.
    is_by_signature
        True where a signature is the proof: only ingestion believes those.
    """

    principal: Principal
    check_body: CheckBody | None = None

    @property
    def is_by_signature(self) -> bool:
        """Whether a signature is the proof."""
        return self.check_body is not None


class Doorkeeper(Protocol):
    """Recognises callers."""

    def recognise(self, headers: Mapping[str, str], *, source: str, now: datetime) -> Recognition:
        """Who sends these headers (names in lower case).

        Raises
        ------
        UnauthenticatedError
            When there is no valid proof.
        ThrottledError
            When too many wrong ones came.
        StoreError
            When the keys cannot be read.
        LoginProviderError
            When the login provider is needed and away.
        """
        ...

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Whether ``recognise`` would answer from memory: then it need not be kept off the event loop."""
        ...


class WithoutKeys:
    """Takes everybody on this machine for the administrator of the one town; for trying things out."""

    def __init__(self, tenant_id: str) -> None:
        self._recognition = Recognition(principal=Principal(tenant_id=tenant_id, role=Role.ADMIN, actor="without-keys"))

    def recognise(self, headers: Mapping[str, str], *, source: str, now: datetime) -> Recognition:  # noqa: ARG002
        """The administrator."""
        return self._recognition

    def knows(self, headers: Mapping[str, str]) -> bool:  # noqa: ARG002
        """Always."""
        return True


class WithKeys:
    """Believes keys, signatures made with sensor keys, and the tokens of a login provider."""

    def __init__(self, stores: TenantStores, *, logins: LoginProvider | None = None) -> None:
        self._cache = KeyCache(stores)
        self._logins = logins
        self._seen = SeenSignatures()
        self._failures_by_source = TokenBuckets(rate_per_s=FAILURES_PER_S, burst=FAILURES_AT_ONCE)
        self._failures_by_key = TokenBuckets(rate_per_s=FAILURES_PER_S, burst=FAILURES_AT_ONCE)

    def recognise(self, headers: Mapping[str, str], *, source: str, now: datetime) -> Recognition:
        """Who sends these headers."""
        offered, key_id = _offered(headers), headers.get("x-fuhre-key-id", "")
        if not offered and not key_id:
            raise UnauthenticatedError("missing")  # not a wrong guess: scripts and browsers forget it
        try:
            if not offered:
                return self._by_signature(key_id, headers, source=source, now=now)
            return Recognition(principal=self._by_token(offered, now))
        except UnauthenticatedError:
            self._count_failure(offered, key_id, source=source)
            raise

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Whether the key was looked up a moment ago."""
        offered = _offered(headers)
        named = (split_key(offered) or ("",))[0] if offered else headers.get("x-fuhre-key-id", "")
        return self._cache.knows(named)

    def _by_token(self, offered: str, now: datetime) -> Principal:
        if offered.startswith("fuhre_") or self._logins is None:
            return self._by_key(offered, now)
        principal = self._logins.recognise(offered, now)
        if not self._cache.is_active(principal.tenant_id):
            raise UnauthenticatedError("token_tenant")
        return principal

    def _by_key(self, text: str, now: datetime) -> Principal:
        key_id, secret = split_key(text) or ("", "")
        key = self._cache.key(key_id) if key_id else None
        if not is_secret_of(key, secret) or key is None:
            raise UnauthenticatedError("wrong_key")
        return self._holder(key, now)

    def _by_signature(self, key_id: str, headers: Mapping[str, str], *, source: str, now: datetime) -> Recognition:
        key = self._cache.key(key_id) if len(key_id) <= 40 and key_id.isalnum() else None
        timestamp, signature = headers.get("x-fuhre-timestamp", ""), headers.get("x-fuhre-signature", "")
        if key is None or key.role is not Role.SENSOR:
            raise UnauthenticatedError("wrong_key")
        principal = self._holder(key, now)
        if not is_timely(timestamp, now):
            raise UnauthenticatedError("untimely", claimed=principal)
        secret_sha256 = key.secret_sha256

        def check_body(body: bytes) -> None:
            if not is_signed(secret_sha256, timestamp=timestamp, body=body, signature=signature):
                self._count_failure("", key_id, source=source)
                raise UnauthenticatedError("wrong_signature", claimed=principal)
            if not self._seen.is_new(signature, now):
                raise UnauthenticatedError("replayed", claimed=principal)

        return Recognition(principal=principal, check_body=check_body)

    def _holder(self, key: AccessKey, now: datetime) -> Principal:
        principal = Principal(tenant_id=key.tenant_id, role=key.role, actor=key.key_id, subject_id=key.subject_id)
        reason = why_ended(key, now) or ("" if self._cache.is_active(key.tenant_id) else "tenant_ended")
        if reason:
            raise UnauthenticatedError(reason, claimed=principal)
        return principal

    def _count_failure(self, offered: str, key_id: str, *, source: str) -> None:
        # A right proof is never counted nor held up: nobody can lock others out by guessing at their key.
        named = key_id or (split_key(offered) or ("",))[0]
        waits_s = [self._failures_by_source.take(source)]
        if named:
            waits_s.append(self._failures_by_key.take(named))
        if any(waits_s):
            raise ThrottledError(retry_after_s=min(max(waits_s), 60))


def _offered(headers: Mapping[str, str]) -> str:
    """The key or token in the headers; nothing where there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else headers.get("x-fuhre-key", "")
