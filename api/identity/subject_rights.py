"""What a person may ask for: everything that is kept about them, and that it no longer leads to them.

People are known by the id of the key that they use, or by the pseudonym of their login; names are kept nowhere but in a
key's label, where somebody wrote one against the advice.
"""

import secrets
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.identity.audit_report import all_entries
from api.identity.audit_trail import AuditTrail
from api.store.retention import DEFAULT_DAYS
from api.store.tenant_ports import AccessKey, Tenant, TenantStores

LOGIN_PREFIX = "login-"


def subject_report(stores: TenantStores, tenant: Tenant, actor: str) -> Mapping[str, Any]:
    """Everything that is kept about somebody: their key, what the audit log says they did, every row that names them.

    Parameters
    ----------
    actor
        The id of a key of this tenant, or a login's pseudonym.
    """
    store = stores.store(tenant.tenant_id)
    key = stores.keys.find(actor)
    lines = [entry for entry in all_entries(store.audit) if entry.actor == actor]
    uses = Counter(f"{entry.action} {entry.outcome}" for entry in lines)
    return {
        "tenant": tenant.tenant_id,
        "key": None if key is None or key.tenant_id != tenant.tenant_id else _told(key),
        "audit_log": {
            "first_at": lines[0].at if lines else None,
            "last_at": lines[-1].at if lines else None,
            "lines": dict(sorted(uses.items())),
            "entries": [
                {"at": one.at, "role": one.role, "action": one.action, "target": one.target, "outcome": one.outcome}
                for one in lines
            ],
        },
        "traces": store.subjects.traces_of(actor),
        "kept_for_days": {**DEFAULT_DAYS, **(tenant.retention_days or {})},
        "not_kept": ["positions", "names of drivers", "figures about a person's work"],
    }


def erase_subject(stores: TenantStores, tenant: Tenant, actor: str, *, now: datetime) -> Mapping[str, Any]:
    """Make what is kept lead to nobody: the key ends and forgets its holder, a new name stands in every row.

    The lines of the audit log stay for their days, for they prove that nothing was changed in secret; the id in them no
    longer leads to a key's label, nor to any event of a tour. Doing it again does what came in between.
    """
    key = stores.keys.find(actor)
    is_key = key is not None and key.tenant_id == tenant.tenant_id and stores.keys.forget_holder(actor, at=now)
    pseudonym = f"erased-{secrets.token_hex(6)}"
    changed = stores.store(tenant.tenant_id).subjects.hand_over(actor, pseudonym)
    AuditTrail(stores, now=lambda: now).note_by_operator(tenant.tenant_id, action="eraseSubject", target=actor)
    return {
        "tenant": tenant.tenant_id,
        "is_key_ended": is_key,
        "rows_changed": changed,
        "audit_log_kept_for_days": {**DEFAULT_DAYS, **(tenant.retention_days or {})}["audit"],
    }


def _told(key: AccessKey) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "role": key.role.value,
        "label": key.label,
        "subject_id": key.subject_id,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }
