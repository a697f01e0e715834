"""A column for the instant at which a tenant agreed to drive its part of a joint day."""

import sqlalchemy as sa
from alembic import op

revision = "s0003"
down_revision = "s0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nobody has agreed to anything before it."""
    op.add_column("joint_days", sa.Column("agreed_at_us", sa.BigInteger))
