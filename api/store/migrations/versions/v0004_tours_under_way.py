"""The fourth layout: what tablets report, what is learnt of it, incidents, closures, alerts, and the signing key."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    _make_tour_tables()
    _make_incident_tables()
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.String(200), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject_id", sa.String(128), nullable=False),
        sa.Column("container_id", sa.String(64)),
        sa.Column("began_at_us", sa.BigInteger, nullable=False),
        sa.Column("seen_at_us", sa.BigInteger, nullable=False),
        sa.Column("ended_at_us", sa.BigInteger),
        sa.Column("detail", sa.String(1_000), nullable=False),
    )
    op.create_index("alerts_by_end", "alerts", ["ended_at_us"])
    op.create_table(
        "signing_keys",
        sa.Column("key_id", sa.String(32), primary_key=True),
        sa.Column("made_at_us", sa.BigInteger, nullable=False),
        sa.Column("private_key", sa.LargeBinary, nullable=False),
    )


def _make_tour_tables() -> None:
    op.create_table(
        "tour_events",
        sa.Column("event_key", sa.String(80), primary_key=True),
        sa.Column("vehicle_id", sa.String(64), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("received_at_us", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("tour_events_by_tour", "tour_events", ["day", "vehicle_id"])
    op.create_table(
        "tour_lessons",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("vehicle_id", sa.String(64), primary_key=True),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )


def _make_incident_tables() -> None:
    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.String(32), primary_key=True),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("vehicle_id", sa.String(64), nullable=False),
        sa.Column("reported_at_us", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.Column("job_id", sa.String(32)),
        sa.Column("closure_id", sa.String(32)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decided_at_us", sa.BigInteger),
        sa.Column("decided_by", sa.String(200)),
    )
    op.create_index("incidents_by_day", "incidents", ["day"])
    op.create_table(
        "closures",
        sa.Column("closure_id", sa.String(32), primary_key=True),
        sa.Column("added_at_us", sa.BigInteger, nullable=False),
        sa.Column("added_by", sa.String(200), nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.Column("confirmed_at_us", sa.BigInteger),
        sa.Column("confirmed_by", sa.String(200)),
        sa.Column("withdrawn_at_us", sa.BigInteger),
        sa.Column("withdrawn_by", sa.String(200)),
    )
