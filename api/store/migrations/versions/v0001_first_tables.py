"""The first layout: town, containers, readings, jobs, plans, tours, scenarios."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "town",
        sa.Column("town_id", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "containers",
        sa.Column("container_key", sa.Integer, primary_key=True),
        sa.Column("container_id", sa.String(64), nullable=False, unique=True),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("etag", sa.String(64), nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "readings",
        sa.Column("container_key", sa.Integer, sa.ForeignKey("containers.container_key"), primary_key=True),
        sa.Column("observed_at_s", sa.BigInteger, primary_key=True),
        sa.Column("source", sa.SmallInteger, primary_key=True),
        sa.Column("is_emptying", sa.Boolean, primary_key=True),
        sa.Column("fill_ppm", sa.Integer, primary_key=True),
        sa.Column("received_at_s", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    _make_jobs()
    _make_results()


def _make_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("job_id", sa.String(32), nullable=False, unique=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.Column("request_digest", sa.String(64), nullable=False),
        sa.Column("idempotency_key", sa.String(128), unique=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("step", sa.String(64), nullable=False),
        sa.Column("share", sa.Float, nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
        sa.Column("is_cancel_requested", sa.Boolean, nullable=False),
        sa.Column("error", sa.LargeBinary),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("started_at_ms", sa.BigInteger),
        sa.Column("finished_at_ms", sa.BigInteger),
    )
    op.create_index("jobs_by_state", "jobs", ["state", "sequence"])


def _make_results() -> None:
    op.create_table(
        "plans",
        sa.Column("plan_id", sa.String(32), sa.ForeignKey("jobs.job_id"), primary_key=True),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("generated_at_ms", sa.BigInteger, nullable=False),
        sa.Column("etag", sa.String(64), nullable=False),
        sa.Column("summary", sa.LargeBinary, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("plans_by_day", "plans", ["day"])
    op.create_table(
        "tours",
        sa.Column("plan_id", sa.String(32), sa.ForeignKey("plans.plan_id"), primary_key=True),
        sa.Column("vehicle_id", sa.String(64), primary_key=True),
        sa.Column("etag", sa.String(64), nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "tour_exports",
        sa.Column("plan_id", sa.String(32), primary_key=True),
        sa.Column("vehicle_id", sa.String(64), primary_key=True),
        sa.Column("format", sa.String(16), primary_key=True),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["plan_id", "vehicle_id"], ["tours.plan_id", "tours.vehicle_id"]),
    )
    op.create_table(
        "scenarios",
        sa.Column("scenario_id", sa.String(32), sa.ForeignKey("jobs.job_id"), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("etag", sa.String(64), nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
