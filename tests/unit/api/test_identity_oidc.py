import hashlib
import hmac
import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from api.identity.errors import LoginProviderError, UnauthenticatedError
from api.identity.oidc import LoginProvider, LoginRules
from api.store.tenant_ports import Role

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
NOW_S = int(NOW.timestamp())


class Provider:
    """A login provider on this machine, with one key of each allowed kind."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {
            "RS256": rsa.generate_private_key(public_exponent=65_537, key_size=2048),
            "ES256": ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate(),
        }
        self.asked: list[str] = []
        self.answers: dict[str, tuple[int, dict[str, Any], dict[str, str]]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append(self.path)
                status, document, headers = provider.answers.get(self.path, (404, {}, {}))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(json.dumps(document).encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.publish(list(self.keys))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def publish(self, names: list[str], **extra: Any) -> None:
        configuration = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"} | extra
        self.answers["/.well-known/openid-configuration"] = (200, configuration, {})
        self.answers["/keys"] = (200, {"keys": [self.public(name) for name in names]}, {})

    def public(self, name: str) -> dict[str, Any]:
        kind: Any = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}[name]
        return {**kind.to_jwk(self.keys[name].public_key(), as_dict=True), "kid": name, "use": "sig", "alg": name}

    def token(self, algorithm: str = "RS256", *, headers: dict[str, Any] | None = None, **claims: Any) -> str:
        content = {
            "iss": self.issuer, "aud": "fuhre", "sub": "anna.mustermann", "exp": NOW_S + 300, "name": "Anna Mustermann",
            "fuhre_role": "dispatcher", "fuhre_tenant": "lue",
        } | claims  # fmt: skip
        content = {name: value for name, value in content.items() if value is not None}
        return jwt.encode(content, self.keys[algorithm], algorithm, headers={"kid": algorithm} | (headers or {}))


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def provider(running: Provider) -> Provider:
    running.publish(list(running.keys))
    running.asked.clear()
    return running


def logins(provider: Provider, **rules: Any) -> LoginProvider:
    return LoginProvider(LoginRules(issuer=provider.issuer, audience="fuhre", **rules))


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_login_is_recognised_without_its_name(provider: Provider, algorithm: str) -> None:
    who = logins(provider).recognise(provider.token(algorithm), NOW)
    assert (who.tenant_id, who.role) == ("lue", Role.DISPATCHER)
    assert who.actor.startswith("login-")
    assert "anna" not in repr(who).lower()


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW_S - 31},
        {"exp": None},
        {"exp": "never"},
        {"exp": True},
        {"nbf": NOW_S + 31},
        {"aud": "another"},
        {"aud": None},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"sub": None},
        {"fuhre_role": None},
        {"fuhre_role": "emperor"},
        {"fuhre_role": ["emperor", 7]},
        {"fuhre_tenant": None},
        {"fuhre_tenant": 7},
    ],
    ids=str,
)
def test_token_with_a_wrong_claim_is_refused(provider: Provider, claims: dict[str, Any]) -> None:
    with pytest.raises(UnauthenticatedError):
        logins(provider).recognise(provider.token(**claims), NOW)


def test_token_with_a_forbidden_or_confused_algorithm_is_refused(provider: Provider) -> None:
    claims = jwt.decode(provider.token(), options={"verify_signature": False})
    none = jwt.encode(claims, None, algorithm="none", headers={"kid": "RS256"})
    confused = signed_with_the_public_key(provider, claims)
    crossed = provider.token("ES256", headers={"kid": "RS256"})
    own = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    forged = jwt.encode(claims, own, "RS256", headers={"kid": "RS256"})
    with_own_key = jwt.encode(
        claims, own, "RS256", headers={"jwk": json.loads(RSAAlgorithm.to_jwk(own.public_key())), "kid": "mine"}
    )
    elsewhere = jwt.encode(claims, own, "RS256", headers={"jku": "http://127.0.0.1:1/keys", "kid": "RS256"})
    whole = provider.token()
    cut, changed = whole[:-4], whole.replace(".", ".e", 1)
    for token in (none, confused, crossed, forged, with_own_key, elsewhere, cut, changed, "a.b.c", "", "x" * 9_000):
        with pytest.raises(UnauthenticatedError):
            logins(provider).recognise(token, NOW)


def signed_with_the_public_key(provider: Provider, claims: dict[str, Any]) -> str:
    """A token that is valid for whoever takes the public key for a shared secret."""
    public = provider.keys["RS256"].public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [{"alg": "HS256", "typ": "JWT", "kid": "RS256"}, claims]
    said = b".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    proof = urlsafe_b64encode(hmac.new(pem, said, hashlib.sha256).digest()).rstrip(b"=")
    return (said + b"." + proof).decode()


def test_roles_and_tenant_are_mapped(provider: Provider) -> None:
    mapped = logins(
        provider, role_claim="groups", roles={"abfall-dispo": Role.DISPATCHER, "abfall-lesen": Role.PLANNER},
        default_tenant_id="only",
    )  # fmt: skip
    token = provider.token(groups=["abfall-lesen", "abfall-dispo", "others"], fuhre_tenant=None)
    who = mapped.recognise(token, NOW)
    assert (who.role, who.tenant_id) == (Role.DISPATCHER, "only")
    with pytest.raises(UnauthenticatedError):
        mapped.recognise(provider.token(groups=["admin"]), NOW)


def test_keys_are_fetched_once_and_again_when_the_provider_changes_them(provider: Provider) -> None:
    now_s = 0.0
    checked = LoginProvider(LoginRules(issuer=provider.issuer, audience="fuhre"), clock_s=lambda: now_s)
    provider.publish(["RS256"])
    for _ in range(5):
        checked.recognise(provider.token(), NOW)
    assert provider.asked == ["/.well-known/openid-configuration", "/keys"]
    provider.publish(["ES256"])
    for _ in range(5):  # unknown keys do not make us ask all the time
        with pytest.raises(UnauthenticatedError):
            checked.recognise(provider.token("ES256"), NOW)
    assert len(provider.asked) == 2
    now_s = 31.0
    checked.recognise(provider.token("ES256"), NOW)
    with pytest.raises(UnauthenticatedError):
        checked.recognise(provider.token("RS256"), NOW)


def test_known_keys_outlive_a_provider_that_is_away(provider: Provider) -> None:
    now_s = 0.0
    checked = LoginProvider(LoginRules(issuer=provider.issuer, audience="fuhre"), clock_s=lambda: now_s)
    checked.recognise(provider.token(), NOW)
    provider.answers.clear()
    now_s = 10_000.0
    checked.recognise(provider.token(), NOW)


def test_provider_that_cannot_be_trusted_is_not_used(provider: Provider) -> None:
    redirect = {"Location": f"{provider.issuer}/keys"}
    for answer in (
        (404, {}, {}),
        (302, {}, redirect),
        (200, {"issuer": "https://elsewhere.example", "jwks_uri": f"{provider.issuer}/keys"}, {}),
        (200, {"issuer": provider.issuer, "jwks_uri": "http://169.254.169.254/keys"}, {}),
        (200, {"issuer": provider.issuer, "jwks_uri": "file:///etc/passwd"}, {}),
        (200, {"issuer": provider.issuer, "jwks_uri": "https://elsewhere.example/keys"}, {}),
        (200, {"issuer": provider.issuer}, {}),
    ):
        provider.answers["/.well-known/openid-configuration"] = answer
        provider.asked.clear()
        with pytest.raises(LoginProviderError):
            logins(provider).recognise(provider.token(), NOW)
        assert provider.asked == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize("issuer", ["http://example.org", "file:///etc", "ftp://127.0.0.1", "example.org", ""])
def test_issuer_must_be_reached_safely(issuer: str) -> None:
    with pytest.raises(LoginProviderError):
        LoginProvider(LoginRules(issuer=issuer, audience="fuhre"))
