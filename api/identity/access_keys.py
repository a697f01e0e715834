"""Keys of programs, vehicles and devices: ``fuhre_<key_id>_<secret>``, of which only a digest is kept."""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta

from api.store.tenant_ports import AccessKey, Role

KEY_ID_BYTES = 6
SECRET_BYTES = 32
"""256 random bits: beyond guessing, so a plain fast digest protects them well enough."""

_KEY = re.compile(r"fuhre_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_IN_A_TEXT = re.compile(r"(fuhre_[0-9a-f]{12}_)[A-Za-z0-9_-]{20,}")
_NOBODY = hashlib.sha256(b"").hexdigest()


def mint_key(
    *,
    tenant_id: str,
    role: Role,
    label: str,
    now: datetime,
    subject_id: str | None = None,
    valid_days: int | None = None,
) -> tuple[AccessKey, str]:
    """A new key to be kept, and its text, which is shown once and never again."""
    key_id, secret = secrets.token_hex(KEY_ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    key = AccessKey(
        key_id=key_id,
        tenant_id=tenant_id,
        role=role,
        label=label,
        secret_sha256=digest_of(secret),
        created_at=now,
        subject_id=subject_id,
        expires_at=None if valid_days is None else now + timedelta(days=valid_days),
    )
    return key, f"fuhre_{key_id}_{secret}"


def split_key(text: str) -> tuple[str, str] | None:
    """Key id and secret, or None when the text has not the form of a key."""
    found = _KEY.fullmatch(text)
    return None if found is None else (found[1], found[2])


def digest_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_secret_of(key: AccessKey | None, secret: str) -> bool:
    """Whether the secret belongs to the key; takes as long where there is no such key."""
    kept = _NOBODY if key is None else key.secret_sha256
    return hmac.compare_digest(digest_of(secret), kept) and key is not None


def why_ended(key: AccessKey, now: datetime) -> str:
    """``"revoked"`` or ``"expired"`` for a key that is over, else nothing."""
    if key.revoked_at is not None and key.revoked_at <= now:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else ""


def without_secrets(text: str) -> str:
    """A text as it may be kept or told: somebody may have put a key where it does not belong."""
    return _IN_A_TEXT.sub(r"\1...", text)
