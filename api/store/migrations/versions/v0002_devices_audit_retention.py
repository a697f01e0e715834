"""The second layout: message keys, daily levels, devices, quarantine, audit; on PostgreSQL, readings by month."""

import sqlalchemy as sa
from alembic import op

from api.store.reading_partitions import partition_by_month

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, and move PostgreSQL's readings into partitions."""
    op.create_table(
        "message_keys",
        sa.Column("message_key", sa.String(200), primary_key=True),
        sa.Column("received_at_s", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("message_keys_by_time", "message_keys", ["received_at_s"])
    op.create_table(
        "daily_levels",
        sa.Column("container_key", sa.Integer, sa.ForeignKey("containers.container_key"), primary_key=True),
        sa.Column("day_number", sa.Integer, primary_key=True),
        sa.Column("level_count", sa.Integer, nullable=False),
        sa.Column("least_ppm", sa.Integer),
        sa.Column("most_ppm", sa.Integer),
        sa.Column("sum_ppm", sa.BigInteger, nullable=False),
        sa.Column("emptying_count", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    _make_ingest_tables()
    _make_audit_tables()
    if op.get_bind().dialect.name == "postgresql":
        partition_by_month(op.get_bind())


def _make_ingest_tables() -> None:
    op.create_table(
        "devices",
        sa.Column("device_id", sa.String(64), primary_key=True),
        sa.Column("decoder", sa.String(64), nullable=False),
        sa.Column("container_id", sa.String(64)),
        sa.Column("empty_mm", sa.Float),
        sa.Column("full_mm", sa.Float),
        sa.Column("shape", sa.String(32), nullable=False),
        sa.Column("registered_at_us", sa.BigInteger, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
    )
    op.create_table(
        "quarantine",
        sa.Column("message_id", sa.String(64), primary_key=True),
        sa.Column("received_at_us", sa.BigInteger, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("detail", sa.String(1_000), nullable=False),
        sa.Column("content_type", sa.String(200), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("device_id", sa.String(64)),
        sa.Column("replayed_at_us", sa.BigInteger),
    )


def _make_audit_tables() -> None:
    op.create_table(
        "audit",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("target", sa.String(500), nullable=False),
        sa.Column("outcome", sa.String(100), nullable=False),
        sa.Column("trace_id", sa.String(64), nullable=False),
        sa.Column("chain_sha256", sa.String(64), nullable=False),
    )
    op.create_table(
        "audit_ends",
        sa.Column("name", sa.String(8), primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("chain_sha256", sa.String(64), nullable=False),
    )
