"""Logins of people through an OpenID provider: its signed tokens are checked here, its pages are the provider's.

Guards that only a configured provider is ever asked, over TLS or this machine's loopback, without redirects; that
nothing but asymmetric algorithms are believed; and that no name or mail address of the token is kept.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

import httpx
import jwt
from jwt.types import Options

from api.identity.errors import LoginProviderError, UnauthenticatedError
from api.identity.principal import Principal
from api.store.tenant_ports import Role

ALGORITHMS = ("RS256", "ES256", "EdDSA")
REFETCH_AFTER_S = 30.0
"""A token that names an unknown signing key makes us ask the provider again at most this often."""

KEEP_KEYS_S = 600.0
_LEEWAY_S = 30
_MAX_TOKEN_BYTES = 8_192
_TIMEOUT_S = 3.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRules:
    """What is expected of a token.

    Attributes
    ----------
    tenant_claim
        Claim that names the tenant; ``default_tenant_id`` where the token has none.
    role_claim, roles
        Claim with a role or a list of roles, and what each of the provider's words means here; an empty mapping takes
        our own words.
    """

    issuer: str
    audience: str
    role_claim: str = "fuhre_role"
    tenant_claim: str = "fuhre_tenant"
    roles: Mapping[str, Role] = field(default_factory=dict)
    default_tenant_id: str | None = None


class LoginProvider:
    """Checks tokens of one provider, whose public keys it fetches when they are needed."""

    def __init__(self, rules: LoginRules, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        _require_safe(rules.issuer)
        self._rules = rules
        self._clock_s = clock_s
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at_s: float | None = None
        self._lock = threading.Lock()

    def recognise(self, token: str, now: datetime) -> Principal:
        """Who the token stands for.

        Raises
        ------
        UnauthenticatedError
            When it is not valid.
        LoginProviderError
            When the provider's keys are needed and cannot be had.
        """
        if len(token) > _MAX_TOKEN_BYTES:
            raise UnauthenticatedError("token_too_long")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise UnauthenticatedError("token_malformed") from error
        if header.get("alg") not in ALGORITHMS:
            raise UnauthenticatedError("token_algorithm")
        key = self._key(str(header.get("kid", "")))
        if key is None or key.algorithm_name != header["alg"]:
            raise UnauthenticatedError("token_key")
        options: Options = {"require": ["exp", "iss", "aud", "sub"], "verify_exp": False, "verify_nbf": False}
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[header["alg"]],
                audience=self._rules.audience,
                issuer=self._rules.issuer,
                options=options,
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise UnauthenticatedError("token_invalid") from error
        _require_timely(claims, now)
        return self._principal(claims)

    def _principal(self, claims: Mapping[str, object]) -> Principal:
        said = claims.get(self._rules.role_claim)
        words = [said] if isinstance(said, str) else said if isinstance(said, list) else []
        roles = self._rules.roles or {role.value: role for role in Role}
        known = [roles[word] for word in words if isinstance(word, str) and word in roles]
        tenant_id = claims.get(self._rules.tenant_claim, self._rules.default_tenant_id)
        if not known or not isinstance(tenant_id, str):
            raise UnauthenticatedError("token_role" if not known else "token_tenant")
        # The widest role that the provider gives; nobody has to log in twice to do their work.
        role = min(known, key=_WIDEST_FIRST.index)
        return Principal(tenant_id=tenant_id, role=role, actor=pseudonym(self._rules.issuer, str(claims["sub"])))

    def _key(self, key_id: str) -> jwt.PyJWK | None:
        with self._lock:
            now_s = self._clock_s()
            age_s = None if self._fetched_at_s is None else now_s - self._fetched_at_s
            is_missing = key_id not in self._keys
            if age_s is None or age_s > KEEP_KEYS_S or (is_missing and age_s > REFETCH_AFTER_S):
                try:
                    self._keys = self._fetch()
                except LoginProviderError:
                    if is_missing:
                        raise  # keys that we have outlive a provider that is away for a while
                self._fetched_at_s = now_s
            return self._keys.get(key_id)

    def _fetch(self) -> dict[str, jwt.PyJWK]:
        found = _get_json(f"{self._rules.issuer.rstrip('/')}/.well-known/openid-configuration")
        address = found.get("jwks_uri")
        if found.get("issuer") != self._rules.issuer or not isinstance(address, str):
            raise LoginProviderError("it calls itself by another name than FUHRE_OIDC_ISSUER")
        _require_safe(address)
        if urlsplit(address).hostname != urlsplit(self._rules.issuer).hostname:
            raise LoginProviderError("its keys lie on another host than itself")
        listed = _get_json(address).get("keys")
        keys: dict[str, jwt.PyJWK] = {}
        for one in listed if isinstance(listed, list) else []:
            try:
                key = jwt.PyJWK(one)
            except jwt.PyJWTError:  # a kind of key that we do not know
                continue
            if key.algorithm_name in ALGORITHMS and key.public_key_use in {None, "sig"}:
                keys[str(key.key_id or "")] = key
        return keys


_WIDEST_FIRST = (Role.ADMIN, Role.DISPATCHER, Role.PLANNER, Role.DRIVER, Role.SENSOR)


def pseudonym(issuer: str, subject: str) -> str:
    """How a person is called in logs: the same for the same login, and nothing that names them."""
    return f"login-{hashlib.sha256(f'{issuer}|{subject}'.encode()).hexdigest()[:16]}"


def _require_timely(claims: Mapping[str, object], now: datetime) -> None:
    # Judged by the service's own clock, which tests can set, not by the library's.
    now_s = now.timestamp()
    ends, begins = claims["exp"], claims.get("nbf", 0)
    if not isinstance(ends, int | float) or ends + _LEEWAY_S <= now_s:
        raise UnauthenticatedError("token_expired")
    if not isinstance(begins, int | float) or begins - _LEEWAY_S > now_s:
        raise UnauthenticatedError("token_early")


def _require_safe(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise LoginProviderError("its address must begin with https://")


def _get_json(address: str) -> Mapping[str, object]:
    try:
        answer = httpx.get(address, timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False)
        found = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        raise LoginProviderError("it does not answer as expected") from error
    if not isinstance(found, dict):
        raise LoginProviderError("it does not answer as expected")
    return found
