"""The sixth layout: SQLite, too, no longer looks for the container of each reading that is written.

The check took a third of the writing time, and PostgreSQL has gone without it since the second layout: containers are
never deleted, and every key is looked up in the transaction that writes it. ``api.store.check`` looks over all of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Move SQLite's readings into a table without the reference; PostgreSQL's has none."""
    if op.get_bind().dialect.name != "sqlite":
        return
    op.create_table(
        "unchecked_readings",
        sa.Column("container_key", sa.Integer, primary_key=True),
        sa.Column("observed_at_s", sa.BigInteger, primary_key=True),
        sa.Column("source", sa.SmallInteger, primary_key=True),
        sa.Column("is_emptying", sa.Boolean, primary_key=True),
        sa.Column("fill_ppm", sa.Integer, primary_key=True),
        sa.Column("received_at_s", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO unchecked_readings SELECT * FROM readings")
    op.drop_table("readings")
    op.rename_table("unchecked_readings", "readings")
