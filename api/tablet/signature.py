"""Signs what tablets take out of the house, so that they can tell it from what somebody else put there (Ed25519)."""

import base64
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class TourSigner:
    """A private key with its id, which changes when the key does."""

    key_id: str
    private_key: Ed25519PrivateKey

    @classmethod
    def of_bytes(cls, key_id: str, private_key: bytes) -> "TourSigner":
        """The signer of a stored key."""
        return cls(key_id, Ed25519PrivateKey.from_private_bytes(private_key))

    @property
    def public_key(self) -> str:
        """The 32 bytes that verify, in Base64."""
        return base64.b64encode(self.private_key.public_key().public_bytes_raw()).decode()

    def sign(self, content: bytes) -> str:
        """The signature of the very bytes, in Base64."""
        return base64.b64encode(self.private_key.sign(content)).decode()


def new_private_key() -> bytes:
    """32 random bytes that sign."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def is_signed_by(public_key: str, content: bytes, signature: str) -> bool:
    """Whether a signature is of these bytes and this key: what a tablet does."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
        key.verify(base64.b64decode(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True
