"""What the first start of a town's service makes: the tenant, its data from the folder, and a key to use it with."""

import logging
import os
import re
import sqlite3
import unicodedata
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from api.identity.access_keys import mint_key, why_ended
from api.store.homes import TENANT_FOLDER
from api.store.ports import Store
from api.store.sql_store import open_store
from api.store.tenant_ports import Role, Tenant, TenantStores
from api.store.town_document import TownRecord
from optimizer.domain.town import Town

KEY_NAME = "api-key"
EARLIER_NAME = "fuhre.db"
"""What held a town before there were tenants."""

_LOGGER = logging.getLogger(__name__)


def only_tenant(stores: TenantStores, folder: Path) -> str:
    """The tenant of a service of one town; made from the folder at the first start.

    Raises
    ------
    InvalidInputError
        When the folder's files are needed and cannot be used.
    StoreError
        When the database cannot be used.
    """
    from api.files.town_folder import read_town_folder  # noqa: PLC0415 - needed once, and slow to load

    known = stores.tenants()
    earlier = folder / EARLIER_NAME
    tenant_id = known[0].tenant_id if known else ""
    if not tenant_id:
        town = _town_in(earlier) or read_town_folder(folder).town
        tenant_id = tenant_id_of(town.town_id)
        stores.add_tenant(Tenant(tenant_id=tenant_id, name=town.name, created_at=datetime.now(UTC)))
    if earlier.is_file():
        _take_over(earlier, folder / TENANT_FOLDER / f"{tenant_id}.sqlite3")
    fill_from_folder(stores.store(tenant_id), folder)
    return tenant_id


def _town_in(earlier: Path) -> Town | None:
    if not earlier.is_file():
        return None
    store = open_store(f"sqlite:///{earlier}")
    try:
        store.claim()
        record = store.town.load()
    finally:
        store.close()
    return None if record is None else record.town


def _take_over(earlier: Path, target: Path) -> None:
    """Copy the one file of earlier versions into the tenant's; a start that is cut off here begins it again."""
    with closing(sqlite3.connect(earlier)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
    earlier.rename(earlier.with_name(f"{EARLIER_NAME}.taken-over"))
    _LOGGER.info("Took over %s, which is kept beside it under another name.", EARLIER_NAME)


def tenant_id_of(text: str) -> str:
    """A tenant id like the text: lower-case letters, digits and hyphens, at most 40."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return (slug if slug[:1].isalpha() else f"town-{slug}").rstrip("-")[:40]


def fill_from_folder(store: Store, folder: Path) -> None:
    """Fill an empty store from the folder's files.

    A store that has a town keeps it: what was changed over HTTP is not undone by a restart.

    Raises
    ------
    InvalidInputError
        When the folder's files cannot be used.
    """
    from api.files.town_folder import read_town_folder  # noqa: PLC0415 - needed once, and slow to load

    if store.town.version() > 0:
        return
    loaded = read_town_folder(folder)
    store.town.replace(TownRecord(town=loaded.town, rules=loaded.rules))
    count = store.readings.add_history(loaded.history, received_at=datetime.now(UTC))
    _LOGGER.info("Imported %d containers and %d readings.", len(loaded.town.containers), count)


def ensure_first_key(stores: TenantStores, tenant_id: str, folder: Path) -> Path | None:
    """Make a dispatcher's key where the tenant has none that works, and keep it for its owner's eyes only.

    Returns
    -------
    The file with the key, or None when there was a key already.
    """
    now = datetime.now(UTC)
    if any(not why_ended(key, now) for key in stores.keys.of_tenant(tenant_id)):
        return None
    key, text = mint_key(tenant_id=tenant_id, role=Role.DISPATCHER, label="made at the first start", now=now)
    path = folder / KEY_NAME
    partial = folder / f".{KEY_NAME}.{os.getpid()}"
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{text}\n")
    partial.replace(path)
    stores.keys.add(key)
    return path
