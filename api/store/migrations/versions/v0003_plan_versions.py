"""The third layout: versions of plans, what was released when, and answers that a worker finds for one question."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; every plan that is there becomes its own first version."""
    op.create_table(
        "plan_versions",
        sa.Column("plan_id", sa.String(32), sa.ForeignKey("jobs.job_id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("content_id", sa.String(32), sa.ForeignKey("plans.plan_id"), nullable=False, unique=True),
        sa.Column("made_at_ms", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("edits", sa.LargeBinary, nullable=False),
        sa.Column("holds", sa.LargeBinary, nullable=False),
        sa.Column("changes", sa.LargeBinary),
        sa.Column("inputs", sa.LargeBinary),
    )
    op.create_table(
        "releases",
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("plan_id", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("released_at_ms", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("ended_by", sa.Integer),
        sa.ForeignKeyConstraint(["plan_id", "version"], ["plan_versions.plan_id", "plan_versions.version"]),
    )
    op.create_index("releases_by_day", "releases", ["day", "ended_by"])
    op.create_table(
        "answers",
        sa.Column("answer_id", sa.String(32), sa.ForeignKey("jobs.job_id"), primary_key=True),
        sa.Column("etag", sa.String(64), nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    binary = "BYTEA" if op.get_bind().dialect.name == "postgresql" else "BLOB"
    op.execute(
        "INSERT INTO plan_versions (plan_id, version, content_id, made_at_ms, actor, edits, holds) "  # noqa: S608 - ours
        f"SELECT plan_id, 1, plan_id, generated_at_ms, '', CAST('[]' AS {binary}), CAST('{{}}' AS {binary}) FROM plans"
    )
