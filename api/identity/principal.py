"""Who asks: the tenant, the role and the pseudonym that a key or a login stands for."""

from dataclasses import dataclass

from api.store.tenant_ports import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The holder of a valid key or login; made by ``api.identity`` only, never from what a request's body says.

    Attributes
    ----------
    actor
        Key id, or the pseudonym of a login; never a name.
    subject_id
        The vehicle or device that the key belongs to; None where it belongs to none.
    """

    tenant_id: str
    role: Role
    actor: str
    subject_id: str | None = None
