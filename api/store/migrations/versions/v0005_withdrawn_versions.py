"""The fifth layout: versions of plans that were proposed and refused are no longer what people go on from."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; no version was withdrawn before it."""
    op.add_column("plan_versions", sa.Column("withdrawn_at_ms", sa.BigInteger))
