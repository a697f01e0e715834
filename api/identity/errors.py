"""Why somebody is not let in; the messages are the same whatever was wrong, so that nobody learns by trying."""

from api.identity.principal import Principal
from optimizer.domain.sendable_error import SendableError


class IdentityError(SendableError):
    """Root of every error that the package ``api.identity`` raises on purpose."""


class UnauthenticatedError(IdentityError):
    """There is no valid proof of who asks.

    Attributes
    ----------
    reason
        For the log only, e.g. ``"expired"``.
    claimed
        The holder of a known key that has ended or was used wrongly; None when nothing is known.
    """

    def __init__(self, reason: str, *, claimed: Principal | None = None) -> None:
        self.reason = reason
        self.claimed = claimed
        super().__init__("Send a valid key or login in the header Authorization: Bearer.")


class ThrottledError(IdentityError):
    """Too many attempts or requests came from one place, key or tenant.

    Attributes
    ----------
    retry_after_s
        When it is worth trying again.
    """

    def __init__(self, *, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"Too many requests came at once. Try again in {retry_after_s} seconds.")


class LoginProviderError(IdentityError):
    """The provider of logins cannot be asked, or answers what it must not."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"The login provider cannot be used: {detail}.")


class UnlistedOperationError(IdentityError):
    """An operation has no line in the table of permissions, so the service does not start."""

    def __init__(self, operations: list[str]) -> None:
        self.operations = operations
        super().__init__(
            f"These operations have no line in api/identity/permissions.py: {', '.join(sorted(operations))}. "
            "Say there who may use each of them."
        )
