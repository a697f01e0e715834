"""What can go wrong in the store; the shell turns each kind into an answer or an exit code."""

from optimizer.domain.sendable_error import SendableError


class StoreError(SendableError):
    """Root of every error that the package ``api.store`` raises on purpose."""


class StoreUnavailableError(StoreError):
    """The database does not answer, or is locked for too long."""

    def __init__(self) -> None:
        super().__init__("The database does not answer just now. Try again in a few seconds.")


class StoreBusyError(StoreUnavailableError):
    """More is waiting to be written than the store can take just now."""


class MovedDatabaseError(StoreUnavailableError):
    """A SQLite file is no longer where the service opened it; the message is for everybody, so it names no path."""

    def __init__(self, *, source: str) -> None:
        self.source = source
        StoreError.__init__(
            self,
            "A database file was moved away or replaced while the service runs; nothing is written until that is "
            "undone. Put the file back, or restart the service if the one in its place is the right one.",
        )


class StoreFullError(StoreError):
    """There is no room left on the database's disk."""

    def __init__(self) -> None:
        super().__init__("The database's disk is full. Free some space; nothing of this request was stored.")


class BrokenDatabaseError(StoreError):
    """The database is damaged, or is no database of this service."""

    def __init__(self, *, source: str, detail: str) -> None:
        self.source = source
        super().__init__(f"The database {source} cannot be used: {detail}. Restore a backup or choose another file.")


class UnreadablePlanError(StoreError):
    """A plan that lies in the store cannot be read by this version: it is damaged, or a later version wrote it."""

    def __init__(self, *, plan: str) -> None:
        self.plan = plan
        super().__init__(
            f"The stored {plan} cannot be read: it is damaged, or a later version of the service wrote it. Ask for the "
            "day's plan anew, and tell the operator."
        )


class NewerDatabaseError(StoreError):
    """The database was written by a later version."""

    def __init__(self, *, source: str, found: str, known: str) -> None:
        self.source = source
        self.found = found
        super().__init__(
            f"The database {source} has layout {found}, but this version knows only up to {known}. "
            "Install the later version again, or restore the backup made before its installation."
        )


class InUseError(StoreError):
    """Another service works on the same database."""

    def __init__(self, *, source: str) -> None:
        self.source = source
        super().__init__(f"Another service already works on {source}. Stop it first, or choose another database.")


class IdempotencyConflictError(StoreError):
    """An idempotency key was used again for another request."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key belongs to a different request. Use a new key for a new request.")


class StaleVersionError(StoreError):
    """The caller wants to change something that has changed since they read it, or that they did not read at all.

    Attributes
    ----------
    is_missing
        True when no version was named although the thing exists.
    """

    def __init__(self, *, is_missing: bool) -> None:
        self.is_missing = is_missing
        super().__init__(
            "Name the version that you read in If-Match, so that no change of others is lost."
            if is_missing
            else "It was changed by someone else since you read it. Read it again and repeat your change."
        )


class TenantExistsError(StoreError):
    """There is a tenant with this id already."""

    def __init__(self, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        super().__init__(f"There is a tenant {tenant_id} already. Choose another id.")


class UnknownTenantError(StoreError):
    """There is no tenant with this id."""

    def __init__(self, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        super().__init__(f"There is no tenant {tenant_id!r}. Add it with `fuhre tenant add`, or check the spelling.")


class InvalidTenantIdError(StoreError):
    """An id cannot name a tenant's database."""

    def __init__(self, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        super().__init__(
            f"{tenant_id!r} cannot be a tenant's id. Use at most 40 lower-case letters, digits and hyphens, "
            "a letter first."
        )


class BrokenArchiveError(StoreError):
    """A backup archive is damaged, or is none."""

    def __init__(self, *, source: str, detail: str) -> None:
        self.source = source
        super().__init__(f"The archive {source} cannot be restored: {detail}. Take another archive.")


class TargetExistsError(StoreError):
    """Something would be overwritten."""

    def __init__(self, target: str) -> None:
        self.target = target
        super().__init__(f"{target} exists already and is not overwritten. Name a new place.")
