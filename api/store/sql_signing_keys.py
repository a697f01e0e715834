"""The key that signs a tenant's tours, in a SQL table; made at its first use."""

import secrets
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import insert, select

from api.store.database import Database
from api.store.instants import microseconds
from api.store.schema import SIGNING_KEYS


class SqlSigningKeyStore:
    """One row, once there is one; the newest counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def current(self, make: Callable[[], bytes], *, at: datetime) -> tuple[str, bytes]:
        """Id and private key; the key is made where there is none, once for all who ask at the same time."""
        query = select(SIGNING_KEYS.c.key_id, SIGNING_KEYS.c.private_key).order_by(SIGNING_KEYS.c.made_at_us.desc())
        with self._database.read() as connection:
            row = connection.execute(query.limit(1)).one_or_none()
        if row is not None:
            return row.key_id, row.private_key
        with self._database.write(alone_on=SIGNING_KEYS) as connection:
            row = connection.execute(query.limit(1)).one_or_none()
            if row is not None:
                return row.key_id, row.private_key
            key_id, private_key = secrets.token_hex(8), make()
            connection.execute(
                insert(SIGNING_KEYS).values(key_id=key_id, made_at_us=microseconds(at), private_key=private_key)
            )
            return key_id, private_key
